// What happened, as it is kept: append-only, each event holding the hash of the one before.
import type { IncidentId, Instant, PersonId, RunId } from '../ids.ts'

/** Whose record an event belongs to: an incident's, or a run's that has no incident. */
export type TimelineId = IncidentId | RunId

/** Through which surface a person spoke. */
export type Door = 'cli' | 'web' | 'slack' | 'teams' | 'nagios' | 'bot'

/** Who did it. `bot` for what the program did by itself. */
export interface Actor {
  readonly person: PersonId | 'bot' | 'nagios'
  readonly door: Door
}

/** An event before it is chained. `type` is a dotted name such as `page.sent`; `data` is plain JSON. */
export interface Happening {
  readonly type: EventType
  readonly at: Instant
  readonly by: Actor
  /** One sentence for people, plain text. */
  readonly text: string
  readonly data?: Readonly<Record<string, unknown>>
}

export const eventTypes = [
  'incident.opened',
  'incident.reopened',
  'incident.watching',
  'incident.resolved',
  'alerts.joined',
  'alerts.recovered',
  'alerts.other',
  'page.ordered',
  'page.sent',
  'page.failed',
  'page.stopped',
  'call.nobody',
  'acknowledged',
  'clock.reminder',
  'clock.extended',
  'clock.ended',
  'clock.corrected',
  'escalated',
  'room.open',
  'room.failed',
  'room.closed',
  'chat.away',
  'chat.back',
  'nagios.told',
  'note',
  'run.proposed',
  'run.approved',
  'run.denied',
  'run.cancelled',
  'run.expired',
  'run.step',
  'run.done',
  'run.failed',
  'run.unknown',
  'run.gone',
  'run.holds',
  'run.over',
  'run.debt',
  'run.undone',
  'run.paid',
] as const
export type EventType = (typeof eventTypes)[number]

/** An event as kept. `hash` is SHA-256 (hex) over the canonical JSON of all other fields, `previous` included. */
export interface TimelineEvent extends Happening {
  readonly timeline: TimelineId
  /** 1, 2, 3, ... without a gap. */
  readonly seq: number
  /** The hash of event `seq - 1`; 64 zeros for the first. */
  readonly previous: string
  readonly hash: string
}

/** Where a timeline ends; kept beside the state, so that cutting off the tail is found too. */
export interface Head {
  readonly seq: number
  readonly hash: string
}

export const emptyHead: Head = { seq: 0, hash: '0'.repeat(64) }

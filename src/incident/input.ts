// What can happen to an incident, and what decide() says to it.
import type { Duration, IncidentId, Instant, SystemId } from '../ids.ts'
import type { RunTold } from '../effect.ts'
import type { Wish } from './change.ts'
import type { Actor, Happening } from '../timeline/event.ts'
import type { Incident } from './incident.ts'

/** An alert as triage saw it: what it means for this incident. */
export interface Attached {
  readonly alert: string
  readonly key: string
  readonly system: SystemId
  readonly state: string
  readonly output: string
  readonly at: Instant
  /** When the outage of this object began, as Nagios knows it. */
  readonly since: Instant
  /**
   * broke: the object was good (or unknown) before. repeat: it is still bad. mended: it was bad.
   * quiet: good now but flapping, so not yet to be trusted. other: for the record only.
   */
  readonly change: 'broke' | 'repeat' | 'mended' | 'quiet' | 'other'
  readonly text: string
}

export type IncidentInput =
  | { readonly kind: 'alerts'; readonly attached: readonly Attached[] }
  /** Look at the clocks. */
  | { readonly kind: 'tick' }
  /** `name` is the author as Nagios wrote it, when no person of the plan has it. */
  | { readonly kind: 'ack'; readonly by: Actor; readonly name?: string }
  /** `heardIn` is the chat in whose room the words stand already; `general`: it concerns all open incidents alike. */
  | {
      readonly kind: 'note'
      readonly by: Actor
      readonly text: string
      readonly heardIn?: string
      readonly general?: true
    }
  | { readonly kind: 'extend'; readonly by: Actor; readonly duration: Duration; readonly reason: string }
  | { readonly kind: 'escalate'; readonly by: Actor; readonly reason?: string }
  | { readonly kind: 'resolve'; readonly by: Actor; readonly what?: string }
  | {
      readonly kind: 'page-result'
      readonly page: string
      readonly step: number
      readonly outcome: 'sent' | 'failed'
      readonly reason?: string
    }
  | {
      readonly kind: 'room'
      readonly chat: string
      readonly state: 'open' | 'failed'
      readonly link?: string
      readonly reason?: string
      /** Parts of an open room that could not be done for now, with the reason. */
      readonly left?: readonly string[]
    }
  /** Words of the moment `at` could not be said in a room, and are not tried on their own any more. */
  | { readonly kind: 'unsaid'; readonly chat: string; readonly at: Instant; readonly reason: string }
  /** A room was told what it had missed up to a moment; `toldTo` is the number of the last event it was told of. */
  | {
      readonly kind: 'caught-up'
      readonly chat: string
      readonly until: Instant
      readonly toldTo?: number | undefined
    }
  /** A chat takes nothing from the bot: as one process knows it, which others may know better. */
  | { readonly kind: 'chat-away'; readonly chat: string; readonly since: Instant; readonly refused: boolean }
  /** A chat has answered a process of the bot at that moment. */
  | { readonly kind: 'chat-back'; readonly chat: string; readonly heard: Instant }
  | { readonly kind: 'nagios-told'; readonly ok: boolean; readonly text: string }
  /** What became of a run; `checkBy` is when the incident looks at the run again, whatever was said. */
  | (RunTold & { readonly kind: 'run-news'; readonly checkBy: Instant })

/** What begins an incident. */
export interface Opening {
  readonly id: IncidentId
  readonly system: SystemId
  readonly title: string
  readonly by: Actor
  readonly attached: readonly Attached[]
}

/** `same`: nothing to write. `refused`: a person asked for what cannot be; the message says the next step. */
export type Decision =
  | {
      readonly kind: 'change'
      readonly next: Incident
      readonly events: readonly Happening[]
      readonly effects: readonly Wish[]
    }
  | { readonly kind: 'same' }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }

/** The one way to change an incident: load, decide, commit, start the effects. */
export interface Incidents {
  /** Opens an incident; when one of the system is open already, that one is returned. */
  readonly open: (opening: Omit<Opening, 'id'>) => Promise<Incident>
  /** Throws UserError when refused. */
  readonly input: (id: IncidentId, input: IncidentInput) => Promise<Incident>
}

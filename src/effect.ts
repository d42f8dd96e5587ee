// What is to be done outside, as data: recorded in the same commit as the decision that wants it.
import type { IncidentId, Instant, PersonId, RunId, SystemId } from './ids.ts'
import type { Channel } from './incident/incident.ts'
import type { Actor } from './timeline/event.ts'

/** Something to be done outside, recorded in the same commit as the decision. Same key: same effect, done at least once. */
export interface Effect {
  /** `INC-12-v5-2`: aggregate, version, number in the commit; or a stable key such as `INC-12-card` for what coalesces. */
  readonly key: string
  readonly body: EffectBody
}

export type EffectBody =
  /** Bring the incident's room in one chat up to date: its card, its people, its topic; many commits, one update. */
  | { readonly kind: 'card'; readonly incident: IncidentId; readonly chat: string }
  | { readonly kind: 'room'; readonly incident: IncidentId; readonly chat: string }
  | {
      readonly kind: 'say'
      readonly incident: IncidentId
      readonly chat: string
      readonly text: string
      /** When it happened. */
      readonly at: Instant
      /** The number of the last event that it tells of. */
      readonly seq?: number
    }
  /** Tell a room in one message what it missed while its chat was away. */
  | { readonly kind: 'catch-up'; readonly incident: IncidentId; readonly chat: string }
  /** Put the room of an incident that is over away. */
  | { readonly kind: 'close-room'; readonly incident: IncidentId; readonly chat: string }
  /** Show a run where its incident is shown, or update it there; many commits, one update. */
  | { readonly kind: 'run-card'; readonly run: RunId; readonly chat: string }
  /** Say what concerns no incident in the chat's common place. */
  | { readonly kind: 'announce'; readonly chat: string; readonly text: string; readonly at: Instant }
  | {
      readonly kind: 'page'
      readonly incident: IncidentId
      readonly page: string
      readonly step: number
      readonly person: PersonId
      readonly channel: Channel
    }
  /** Tell one person something of the incident that wants no answer. */
  | {
      readonly kind: 'tell'
      readonly incident: IncidentId
      readonly person: PersonId
      readonly text: string
    }
  /** Acknowledge the incident's problems at Nagios. */
  | {
      readonly kind: 'tell-nagios'
      readonly incident: IncidentId
      readonly author: string
      readonly comment: string
    }
  /** Look for objects that the incident explained and that are still bad, and open what they need. */
  | { readonly kind: 'release'; readonly incident: IncidentId }
  /** Carry a run one step on. */
  | { readonly kind: 'advance'; readonly run: RunId }
  /** Tell an incident what became of a run: `by` is who caused it, `text` one sentence for the room. */
  | (RunTold & { readonly kind: 'run-news'; readonly incident: IncidentId })

/** What an incident is told of a run. */
export interface RunTold {
  readonly run: RunId
  readonly news: RunNews
  readonly direction: 'failover' | 'failback'
  /** What it recovers; absent in those of older versions. */
  readonly system?: SystemId
  /** Its name in the plan; absent in those of older versions. */
  readonly recovery?: string
  readonly by: Actor
  readonly text: string
  /** The service was looked at from outside, and answered; without it nobody but Nagios says whether it works. */
  readonly seen?: true
  /** When clients that hold an old DNS answer will have followed it. */
  readonly followed?: Instant
  /** It waits for a person now: the change of a card makes no sound. */
  readonly waits?: true
  /** Approved long ago: it goes on after it had stopped, or was under way before the incident was opened. */
  readonly goesOn?: true
  /** The incident did not seem to know it: worth nothing when it does. */
  readonly again?: true
}

export type RunNews =
  | 'proposed'
  | 'approved'
  | 'step'
  | 'done'
  | 'failed'
  | 'cancelled'
  | 'denied'
  | 'expired'
  | 'unknown'
  /** What it set does not hold any more; it holds again. */
  | 'gone'
  | 'holds'

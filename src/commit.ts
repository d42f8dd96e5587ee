// One decision as it is written: the next state, its timeline, effects and claims; all of it, or nothing.
import type { Effect } from './effect.ts'
import type { IncidentId, Instant, RunId, SystemId } from './ids.ts'
import type { Incident } from './incident/incident.ts'
import type { Run } from './recovery/run.ts'
import type { Head, TimelineEvent, TimelineId } from './timeline/event.ts'

/** What is known of one Nagios object (a host or a service) that is, or lately was, in a problem. */
export interface ObjectRecord {
  readonly key: string
  readonly system: SystemId
  /** Seen by the bot itself: Nagios knows nothing of it. */
  readonly own?: true
  /** The incident it belongs to while `bad`; the last one it belonged to afterwards. */
  readonly incident?: IncidentId
  readonly bad: boolean
  readonly state: string
  readonly flapping: boolean
  readonly downtime: boolean
  readonly problemId?: string
  /** The problem that ended last; a late PROBLEM of it changes nothing. */
  readonly endedProblemId?: string
  /** $TIMET$ of the newest notification that counted. */
  readonly at: Instant
  readonly output: string
}

/** A state, the version it had when read, and where its timeline ended. */
export interface Versioned<S> {
  readonly state: S
  readonly version: number
}

/** A named single-holder claim: `system:lb` (the newest incident of a system), `lock:TARGET`, `run-key:KEY`, `frozen`. */
export interface ClaimChange {
  readonly name: string
  /** The value it must have now; '' for none. */
  readonly from: string
  /** The value it gets; '' removes it. */
  readonly to: string
}

/** One decision. Everything in it becomes true at once, or nothing does. */
export interface Commit {
  /** The aggregate that was decided on; `expected` is the version read, 0 when it is new. */
  readonly write:
    | {
        readonly kind: 'incident'
        readonly id: IncidentId
        readonly expected: number
        readonly next: Incident
        readonly wakeAt: Instant | undefined
      }
    | {
        readonly kind: 'run'
        readonly id: RunId
        readonly expected: number
        readonly next: Run
        readonly wakeAt: Instant | undefined
      }
    | undefined
  /** The timeline's new events, already chained; they must follow `head`. */
  readonly timeline?: {
    readonly id: TimelineId
    readonly head: Head
    readonly events: readonly TimelineEvent[]
  }
  readonly effects?: readonly Effect[]
  readonly claims?: readonly ClaimChange[]
  /** Object records to replace. */
  readonly objects?: readonly ObjectRecord[]
  /** Ids of accepted alerts that are hereby dealt with. */
  readonly triaged?: readonly string[]
}

/** An effect in the hand of this process: what is to be done by now, and how often it was tried in vain. */
export interface Taken {
  readonly effect: Effect
  readonly tried: number
}

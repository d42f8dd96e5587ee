// What can be asked of a run, and the one way to ask.
import type { IncidentId, RunId, SystemId } from '../ids.ts'
import type { Actor } from '../timeline/event.ts'
import type { Order, Run } from './run.ts'

/** A person's wish, before the world was looked at. */
export interface Ask {
  readonly system: SystemId
  readonly direction: 'failover' | 'failback'
  /** The recovery's name in the plan; absent: the first one. For a failback: absent means undo of the newest done run. */
  readonly recovery?: string
  readonly order?: Order
  readonly incident?: IncidentId
  /** Another incident, in whose room it is asked for. */
  readonly askedIn?: IncidentId
  readonly by: Actor
  /** Safety rules that the asker takes on himself, by name, with a reason. */
  readonly overrides: readonly { readonly rule: string; readonly reason: string }[]
}

/** A person's verdict on a run. */
export type Verdict =
  | { readonly kind: 'approve'; readonly by: Actor; readonly typed?: string }
  | { readonly kind: 'deny'; readonly by: Actor; readonly reason?: string }
  | { readonly kind: 'cancel'; readonly by: Actor }
  /** `debt`: which of what it has left to be done, from 1. */
  | { readonly kind: 'paid'; readonly by: Actor; readonly debt: number; readonly what: string }
  /** `override`: the run is to go on without a good answer of its check query. */
  | { readonly kind: 'retry'; readonly by: Actor; readonly override?: Ask['overrides'][number] }

export interface Runs {
  /** Looks at the world and proposes; a wish that is proposed or running already gives that run and `existing: true`. */
  readonly propose: (ask: Ask) => Promise<{ readonly run: Run; readonly existing: boolean }>
  /** Throws UserError when refused, with the reason and the next step. The work itself goes on in the background. */
  readonly verdict: (id: RunId, verdict: Verdict) => Promise<Run>
  /** Does what is due on a run now: the effect `advance` and the run's bell come here. Safe to call at any time, twice. */
  readonly advance: (id: RunId) => Promise<void>
  /** No recovery starts while frozen. False when it was frozen already: then the first freeze stands. */
  readonly freeze: (by: Actor, reason: string | undefined) => Promise<boolean>
  readonly unfreeze: (by: Actor) => Promise<void>
  readonly frozen: () => Promise<
    { readonly by: string; readonly reason?: string; readonly since: number } | undefined
  >
}

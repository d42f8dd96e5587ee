// A run: one recovery being proposed, approved, carried out, undone.
import type { Recovery } from '../drplan/schema.ts'
import type { Duration, IncidentId, Instant, PersonId, RunId, SystemId } from '../ids.ts'
import type { Door } from '../timeline/event.ts'
import type { Action } from './action.ts'
import type { Remaining } from './queues/drain-rate.ts'

/**
 * reversible: the asker confirms. disruptive: the target's name is typed.
 * loses-data: a second person with the role `approver` approves.
 */
export type Risk = 'reversible' | 'disruptive' | 'loses-data'

/** What a step starts at its provider: enough to check on it after a restart. Plain JSON, no secret. */
export interface Operation {
  readonly id: string
  readonly data?: Readonly<Record<string, unknown>>
}

/**
 * ready: not begun. intended: about to be started; after a crash in this phase the outcome is unknown and is
 * reconciled by looking. started: the provider has it; it is checked until done. done, failed: ended.
 */
export interface Step {
  readonly title: string
  readonly action: Action
  /** What puts the world back; absent for steps that only look. */
  readonly undo?: Action
  readonly phase: 'ready' | 'intended' | 'started' | 'done' | 'failed'
  readonly startedAt?: Instant
  readonly endedAt?: Instant
  readonly operation?: Operation
  readonly note?: string
  /** What it looked for was not found, and somebody has taken that on himself, for this reason. */
  readonly overriddenWith?: string
  /** How often it was begun. */
  readonly attempts: number
  /** Until when whoever wrote its intent acts alone, by the store's clock; absent once that one has let go of it. */
  readonly aloneUntil?: Instant | undefined
  /** Since when it could not be looked at; absent while the provider answers. */
  readonly silentSince?: Instant
  /** Its provider is waited for since then; to ask one that blocks before it is over makes it longer. */
  readonly waits?: { readonly since: Instant; readonly blockedUntil?: Instant }
}

/**
 * A safety rule's verdict on the proposal. A refusal can be overridden by name with a reason, and that is recorded.
 * `unknown`: nobody could look, so it is neither kept nor broken; one that is `ok` all the same only warns.
 */
export interface Finding {
  readonly rule: string
  readonly ok: boolean
  readonly unknown?: true
  readonly text: string
  readonly overriddenWith?: string
}

/** What is still owed after a run: must be paid or accepted by name. */
export interface Debt {
  readonly id: string
  readonly text: string
  /** What to type or do to pay it. */
  readonly remedy: string
}

/** Everything a person sees before deciding, and exactly what will run. */
export interface Proposal {
  /** What is locked while it runs: `cloudflare:example.com/api.example.com`. */
  readonly targets: readonly string[]
  /** The name that must be typed when the risk is disruptive. */
  readonly typed: string
  readonly risk: Risk
  /** What will be, once it is carried out. */
  readonly summary: string
  /** The same for a run that is done; absent where the summary does not say when. */
  readonly did?: string
  /** Before and after, a line each. */
  readonly changes: readonly { readonly what: string; readonly before: string; readonly after: string }[]
  /** How the service answers now on each way to it, side by side, and what that says is broken. */
  readonly looked?: {
    readonly says: string
    readonly ways: readonly { readonly way: string; readonly ok: boolean; readonly answer: string }[]
    /** What others say, on which nothing stands. */
    readonly hint?: string
  }
  /**
   * All ways to the same end, side by side; `meets`: the objective, in time and data; absent: in time, while nobody knows
   * how much is lost. `open`: it can be gone now.
   */
  readonly compared?: {
    readonly says: string
    readonly ways: readonly {
      readonly way: string
      readonly takes: string
      readonly loses: string
      readonly open: boolean
      readonly meets?: boolean
    }[]
  }
  /** What a person must do outside, in this order; the run waits for it. */
  readonly byHand?: readonly string[]
  readonly findings: readonly Finding[]
  /** From start to seen working, and where the number comes from (measured, documented). */
  readonly expected: { readonly duration: Duration; readonly source: string }
  /** After the change: how long until every client follows (the old TTL). */
  readonly effectWithin?: Duration
  /** `dataLoss`: absent where nobody knows it, or where there is none to speak of. */
  readonly cost: { readonly downtime?: Duration; readonly dataLoss?: Duration; readonly text: string }
  readonly debts: readonly Debt[]
  /** SHA-256 (hex) over the world that was seen; the run starts only while the world still has it. */
  readonly digest: string
  readonly warnings: readonly string[]
  /** When the objective (RTO) of its incident is missed. */
  readonly objectiveAt?: Instant
}

export interface Approval {
  readonly by: PersonId
  readonly door: Door
  readonly at: Instant
}

/** What a recovery must be told beside its name, for those that need more. */
export type Order =
  /** The database as it was then. */
  | { readonly kind: 'restore-point'; readonly at: Instant; readonly database?: string }
  /** How many workers: that many, that many more (or fewer), or as many as the queues need. */
  | { readonly kind: 'pool-size'; readonly size: PoolSize }

/** So many, so many more (or fewer, below 0), or as many as the queues need. */
export type PoolSize = { readonly to: number } | { readonly by: number } | 'auto'

/** Another open run that would change something of the same; `name`: as it would be typed. */
export interface Rival {
  readonly id: RunId
  readonly name: string
}

interface Common {
  readonly id: RunId
  /** Same asker, target and world: the run that already exists is shown instead of a second one. */
  readonly key: string
  /**
   * Where it is shown and recorded: the outage of its system; while there is none, the one in whose room it was asked
   * for.
   */
  readonly incident?: IncidentId
  /** Another incident, in whose room it was asked for: that one hears how it ends. */
  readonly askedIn?: IncidentId
  readonly system: SystemId
  readonly recovery: string
  readonly direction: 'failover' | 'failback'
  readonly order?: Order
  /** What the DR plan had of the recovery when it was proposed; absent: nothing. It starts only while that is the same. */
  readonly planned?: Omit<Recovery, 'expected'>
  /** The run that this one undoes. */
  readonly undoes?: RunId
  /** The run that undid this one. */
  readonly undoneBy?: RunId
  /** What somebody, or a reload, has undone of it since, in words; absent while it holds. */
  readonly gone?: { readonly since: Instant; readonly text: string }
  /** Somebody has said that nobody will go on with it, half-way as it is, and why. */
  readonly over?: Approval & { readonly reason: string }
  /** What it had left to be done (the debt's id) and somebody has done, or taken on as it is. */
  readonly paid?: readonly (Approval & { readonly debt: string; readonly what: string })[]
  /** While they are open; absent: none. */
  readonly rivals?: readonly Rival[]
  /**
   * How long nobody had gone on with it when it was found again, longer than what was approved stays young: it begins no
   * change by itself any more. Absent: that has not been, or somebody has said retry since.
   */
  readonly idleFor?: Duration
  /** How much is left in the queues of a pool of workers that this run has sized. */
  readonly left?: Remaining
  readonly askedBy: PersonId
  readonly askedAt: Instant
  readonly door: Door
  readonly proposal: Proposal
  readonly steps: readonly Step[]
  readonly approvals: readonly Approval[]
  /** How long before its proposal lapses. */
  readonly expiresAt: Instant
}

export type Run =
  | (Common & { readonly state: 'proposed' })
  | (Common & {
      readonly state: 'running'
      readonly startedAt: Instant
      readonly current: number
      /** When the current step must be looked at again. */
      readonly checkAt: Instant
      /** A cancel was asked for: no further step starts. */
      readonly cancelling?: Approval
    })
  | (Common & { readonly state: 'done'; readonly startedAt: Instant; readonly endedAt: Instant })
  | (Common & {
      readonly state: 'failed'
      readonly startedAt: Instant
      readonly endedAt: Instant
      readonly current: number
      readonly reason: string
      readonly advice: string
    })
  /** A step's outcome could not be found out; a person looks and says retry or cancel. Its lock is kept. */
  | (Common & {
      readonly state: 'unknown'
      readonly startedAt: Instant
      readonly current: number
      readonly since: Instant
      readonly reason: string
      readonly checkAt: Instant
    })
  | (Common & {
      readonly state: 'cancelled'
      readonly startedAt?: Instant
      readonly endedAt: Instant
      readonly by: Approval
      readonly done: number
    })
  | (Common & {
      readonly state: 'denied'
      readonly endedAt: Instant
      readonly by: Approval
      readonly reason?: string
    })
  /**
   * `reason`: absent when nobody approved it in time; else in what the world, or the wish, differed. `replacedBy`: the
   * newer proposal of the same.
   */
  | (Common & {
      readonly state: 'expired'
      readonly endedAt: Instant
      readonly reason?: string
      readonly replacedBy?: RunId
    })

export type RunState = Run['state']

/** A proposal that came to nothing: no step of it has begun. */
export type NeverBegun = Extract<Run, { readonly state: 'denied' | 'expired' | 'cancelled' }>

/** Whether it ended before it began. */
export function isNeverBegun(run: Run): run is NeverBegun {
  if (run.state === 'cancelled') return run.startedAt === undefined
  return run.state === 'denied' || run.state === 'expired'
}

/** Whether it waits for a word, is under way, or needs a person's look. */
export function isOpen({ state }: Run): boolean {
  return state === 'proposed' || state === 'running' || state === 'unknown'
}

/** True once something was changed outside, so that there is something to undo. */
export function changedSomething(run: Pick<Run, 'steps'>): boolean {
  return run.steps.some((step) => step.phase === 'done' && step.undo !== undefined)
}

/** A change that was begun, and whose end nobody saw. */
export function isUnseen({ phase, undo }: Step): boolean {
  return undo !== undefined && (phase === 'intended' || phase === 'started')
}

/** True once something may have been changed outside: whether it was is found by looking. */
export function mayHaveChanged(run: Pick<Run, 'steps'>): boolean {
  return changedSomething(run) || run.steps.some(isUnseen)
}

/**
 * Whether later decisions need it however long ago it was: it has changed something, or may have, that nobody has undone,
 * or it owes something. A way back that is done has only taken away what another run had changed.
 */
export function isLasting(run: Run): boolean {
  if (run.state === 'proposed' || !mayHaveChanged(run) || run.undoneBy !== undefined) return false
  return run.direction === 'failover' || run.state !== 'done' || run.proposal.debts.length > 0
}

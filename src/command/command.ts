// A command as data: what each verb carries once it is parsed, and what a command file in commands/ must say.
import type { Duration, IncidentId, PersonId, RunId, SystemId } from '../ids.ts'
import type { Card } from '../message.ts'
import type { PoolSize } from '../recovery/run.ts'
import type { Door } from '../timeline/event.ts'

/** Options that some verbs take, after the words: `--yes`, `--override RULE "reason"`. */
export interface RecoveryOptions {
  readonly yes: boolean
  readonly overrides: readonly { readonly rule: string; readonly reason: string }[]
}

export type Command =
  | { readonly verb: 'help'; readonly about?: string }
  | { readonly verb: 'status'; readonly incident?: IncidentId; readonly system?: SystemId }
  | { readonly verb: 'ack'; readonly incident?: IncidentId }
  | { readonly verb: 'note'; readonly incident?: IncidentId; readonly text: string }
  | {
      readonly verb: 'extend'
      readonly incident?: IncidentId
      readonly duration: Duration
      readonly reason: string
    }
  | { readonly verb: 'escalate'; readonly incident?: IncidentId; readonly reason?: string }
  | { readonly verb: 'resolve'; readonly incident?: IncidentId; readonly what?: string }
  | { readonly verb: 'open'; readonly system: SystemId; readonly summary?: string }
  /** `run`: the record of a run that belongs to no incident. `head`: a hash of the record that was noted elsewhere. */
  | {
      readonly verb: 'timeline'
      readonly incident?: IncidentId
      readonly run?: RunId
      readonly verify: boolean
      readonly head?: string
    }
  | { readonly verb: 'report'; readonly incident?: IncidentId; readonly run?: RunId }
  | { readonly verb: 'oncall'; readonly rotation?: string }
  /** `from` and `to` are local date-times of the plan's zone, as typed; checked when carried out. */
  | {
      readonly verb: 'oncall override'
      readonly person: PersonId
      readonly from: string
      readonly to: string
      readonly rotation?: string
    }
  /** `from` as typed, or as it stands in the override; absent: the person has only one. `rotation` with `from` only. */
  | {
      readonly verb: 'oncall cancel'
      readonly person: PersonId
      readonly from?: string
      readonly rotation?: string
    }
  | {
      readonly verb: 'failover'
      readonly system: SystemId
      readonly to?: string
      readonly options: RecoveryOptions
    }
  | { readonly verb: 'failback'; readonly system: SystemId; readonly options: RecoveryOptions }
  | { readonly verb: 'dns show' }
  /** `accept`: copies even a zone that has lost most of its records. */
  | { readonly verb: 'dns sync'; readonly accept: boolean }
  | { readonly verb: 'dns bypass'; readonly to?: string; readonly options: RecoveryOptions }
  | { readonly verb: 'dns protect'; readonly options: RecoveryOptions }
  | { readonly verb: 'workers show' }
  /** `pool`: absent when the plan has only one. */
  | {
      readonly verb: 'workers scale'
      readonly pool?: string
      readonly size: PoolSize
      readonly options: RecoveryOptions
    }
  /** `time` as typed: so long ago, or with a zone; checked when carried out. */
  | {
      readonly verb: 'db restore'
      readonly time: string
      readonly database?: string
      readonly options: RecoveryOptions
    }
  | { readonly verb: 'db geo-restore'; readonly database?: string; readonly options: RecoveryOptions }
  | { readonly verb: 'runs'; readonly run?: RunId }
  | { readonly verb: 'debts' }
  /** `debt`: which of the run's, from 1, as `debts` numbers them. */
  | { readonly verb: 'debts done'; readonly run: RunId; readonly debt: number; readonly what: string }
  | { readonly verb: 'approve'; readonly run: RunId; readonly typed?: string }
  | { readonly verb: 'deny'; readonly run: RunId; readonly reason?: string }
  | { readonly verb: 'cancel'; readonly run: RunId }
  /** `override`: what the run waits for is taken on by whoever says so. */
  | {
      readonly verb: 'retry'
      readonly run: RunId
      readonly override?: RecoveryOptions['overrides'][number]
    }
  | { readonly verb: 'freeze'; readonly reason?: string }
  | { readonly verb: 'unfreeze' }
  | { readonly verb: 'logout'; readonly person?: PersonId }

export type Verb = Command['verb']
export type CommandOf<V extends Verb> = Extract<Command, { readonly verb: V }>

/** Who may: `anyone` known to the plan, or one of these roles. */
export type Right = 'anyone' | 'engineer' | 'manager' | 'approver' | 'admin'

/** A word as typed; in `text` its quotes are taken off. */
export interface Word {
  readonly text: string
  readonly quoted: boolean
  /** With its quotes. */
  readonly raw: string
  /** The white space before it, so that a free text keeps its lines. */
  readonly gap: string
}

export type Parsed<C> = { readonly command: C } | { readonly problem: string }

/** One file in commands/ for each: data and pure functions. */
export interface CommandSpec<V extends Verb> {
  readonly verb: V
  /** `extend [INC-n] 10m reason` */
  readonly usage: string
  /** One line for help. */
  readonly summary: string
  /** Complete examples without the leading `dr`. */
  readonly examples: readonly string[]
  /** Any one of these rights is enough. */
  readonly rights: readonly Right[]
  /** True when it changes something: asked for by POST, written to the record. */
  readonly changes: boolean
  readonly parse: (words: readonly Word[]) => Parsed<CommandOf<V>>
  /** The command as it would be typed; `parse(print(c))` is `c`. */
  readonly print: (command: CommandOf<V>) => string
}

/** Who says it, and where: the person is already known to the door. */
export interface Speaker {
  readonly person: PersonId
  readonly door: Door
  /** The incident of the room in which it was said. */
  readonly incident?: IncidentId
  /** The chat in whose room the words stand already. */
  readonly heardIn?: string
  /** How long the door can wait for what depends on slow systems, in real milliseconds; absent: 2.5 s. */
  readonly waits?: Duration
}

/** The answer, for every door. `status` is also the CLI's exit code: done 0, refused 1, usage 2. */
export interface Answer {
  readonly status: 'done' | 'refused' | 'usage'
  readonly card: Card
  /** What was done, in a sentence that also stands in the card: enough where the card is in view already. */
  readonly said?: string
  /** The answer as data, for `--json` and the API. */
  readonly data?: unknown
  /** What it was about, so that a door can lead there. */
  readonly incident?: IncidentId
  readonly run?: RunId
}

/** The door of all doors: parse, permit, carry out. Never throws for what a person can mend. */
export type Dispatch = (text: string, speaker: Speaker) => Promise<Answer>

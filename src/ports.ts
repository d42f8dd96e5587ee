// Every way out of the program, on one page. Stages take these as arguments; edges implement them; app.ts joins them.
import type { Commit, ObjectRecord, Taken, Versioned } from './commit.ts'
import type { Effect } from './effect.ts'
import type { Card } from './message.ts'
import type { Duration, IncidentId, Instant, PersonId, RunId } from './ids.ts'
import type { Alert } from './intake/alert.ts'
import type { Channel, Incident } from './incident/incident.ts'
import type { ActionOf, ProviderName } from './recovery/action.ts'
import type { Operation, Run } from './recovery/run.ts'
import type { Head, TimelineEvent, TimelineId } from './timeline/event.ts'

/** The only clock and the only timer, so that tests can move time and a demo's time can run faster. */
export interface Clock {
  readonly now: () => Instant
  /** What the machine shows; absent: this clock is another one, which all processes share, as in the demo. */
  readonly shown?: () => Instant
  /** Calls `run` once, `duration` of this clock from now; the answer cancels it. */
  readonly after: (duration: Duration, run: () => void) => () => void
  /** How many milliseconds of real time `duration` takes; the same number on a clock that runs at normal speed. */
  readonly real: (duration: Duration) => Duration
}

/** Structured log: a fixed message plus fields. Never a secret. */
export interface Log {
  readonly debug: (message: string, fields?: object) => void
  readonly info: (message: string, fields?: object) => void
  readonly warn: (message: string, fields?: object) => void
  readonly error: (message: string, fields?: object) => void
}

// ---- the store: one atomic commit per decision ----

/**
 * Several processes share one store. Each holds the effects that it is at, for as long as it gives signs of life;
 * what a dead one held is lent to another. A commit gives its effects to the committer; what another process is at
 * already stays with it, and counts there as put again.
 */
export interface Store {
  /**
   * Makes alerts durable before they are answered. An alert whose id was accepted before is not stored again.
   * Resolves only once on disk.
   */
  readonly accept: (
    alerts: readonly Alert[],
  ) => Promise<readonly { readonly id: string; readonly fresh: boolean }[]>
  /** Accepted alerts that no commit has triaged yet, oldest first. */
  readonly untriaged: (limit: number) => Promise<readonly Alert[]>
  /** Those of the ids whose alerts no commit has triaged yet. */
  readonly stillUntriaged: (ids: readonly string[]) => Promise<ReadonlySet<string>>
  /** Next number for `INC` or `R`, never given twice. */
  readonly nextNumber: (kind: 'INC' | 'R') => Promise<number>
  /** Of a record that only a newer version of the bot understands these two throw UserError `newer-version`. */
  readonly incident: (id: IncidentId) => Promise<Versioned<Incident> | undefined>
  readonly run: (id: RunId) => Promise<Versioned<Run> | undefined>
  /** Newest first; `open` leaves out what has ended. What only a newer version understands is left out. */
  readonly incidents: (query: {
    readonly open: boolean
    readonly limit: number
  }) => Promise<readonly Incident[]>
  /** Newest first. `lasting`: beside the newest `limit` also all older ones that still matter (`isLasting`). */
  readonly runs: (query: {
    readonly open: boolean
    readonly limit: number
    readonly lasting?: true
  }) => Promise<readonly Run[]>
  /**
   * `conflict` when a version, a head or a claim was not as expected, or an alert was triaged already: nothing was
   * written; load and decide again.
   */
  readonly commit: (commit: Commit) => Promise<'committed' | 'conflict'>
  readonly claims: (names: readonly string[]) => Promise<readonly string[]>
  readonly objects: (keys: readonly string[]) => Promise<readonly (ObjectRecord | undefined)[]>
  /** Keys of the bad objects that belong to an incident. */
  readonly objectsOf: (incident: IncidentId, limit: number) => Promise<readonly ObjectRecord[]>
  readonly head: (id: TimelineId) => Promise<Head>
  /** Oldest first; all of them, or the newest so many. */
  readonly timeline: (
    id: TimelineId,
    wanted?: { readonly newest: number },
  ) => Promise<readonly TimelineEvent[]>
  /** Ids whose wakeAt is not after `now`, earliest first. */
  readonly due: (
    now: Instant,
    limit: number,
  ) => Promise<readonly { readonly id: IncidentId | RunId; readonly wakeAt: Instant }[]>
  /**
   * Lends what is due at `now` and nobody holds, and what dead processes held. What this process has held for some
   * seconds comes too: it was lost on the way here when nobody is at it.
   */
  readonly lend: (now: Instant, limit: number) => Promise<readonly Effect[]>
  /** Takes an effect for a try; undefined when it is done already, or another process holds it. */
  readonly take: (key: string) => Promise<Taken | undefined>
  /**
   * `done`: it is forgotten. `again`: it was put again since it was taken, and stays with this process to be done once
   * more. `lost`: this process does not hold it any more, since it was taken for dead; nothing was changed.
   */
  readonly effectDone: (key: string) => Promise<'done' | 'again' | 'lost'>
  /** Tried in vain, or `untried`: this process gives it back; nobody is lent it before `at`. */
  readonly effectLater: (key: string, at: Instant, options?: { readonly untried?: true }) => Promise<void>
  readonly pendingEffects: () => Promise<number>
  /** Small settings by name (overrides of the rotation, revoked sessions): JSON, compare-and-set on the text read. */
  readonly setting: (name: string) => Promise<string | undefined>
  readonly putSetting: (
    name: string,
    from: string | undefined,
    to: string,
  ) => Promise<'committed' | 'conflict'>
  /**
   * True for the first who asks with this name; false for everybody else, in all processes, until `forMs` (real
   * milliseconds) are over. As durable as a commit: who was told true is remembered over a crash of Redis. Who hears
   * no answer does not know whether it was the first: asking again may say false although nobody was told true.
   */
  readonly once: (name: string, forMs: Duration) => Promise<boolean>
  /** From now on `once` says false for so long (real milliseconds) to whoever asks with this name; 0: to nobody. */
  readonly holdOnce: (name: string, forMs: Duration) => Promise<void>
  /** What the store's clock shows. All processes share it, while their own clocks may differ. */
  readonly time: () => Promise<Instant>
  /** The same of whichever clock is ahead of all others: the store's, or that of a process's machine. */
  readonly latest: () => Promise<Instant>
  /** Resolves when the store answers and can write; rejects with what to do. */
  readonly ping: () => Promise<void>
}

// ---- the queue: it only rings; what is true is in the store ----

/** A bell that will ring at (or soon after) `at`, even after a restart; ringing twice is harmless. */
export interface Bells {
  readonly set: (id: IncidentId | RunId, at: Instant) => Promise<void>
  readonly onRing: (listener: (id: IncidentId | RunId, at: Instant) => Promise<void>) => void
}

/** Effects that failed or were found by the sweep are tried through the queue; a key is in it at most once. */
export interface EffectQueue {
  readonly put: (effect: Effect, at: Instant) => Promise<void>
  readonly onEffect: (listener: (effect: Effect) => Promise<void>) => void
}

// ---- chats and pagers ----

/** What a room shows beside its messages, as it should be now. */
export interface RoomView {
  readonly card: Card
  /** One line: the state, who has it, and what is broken. */
  readonly topic: string
  /** Who belongs into the room by now, in the order of their coming. */
  readonly people: readonly PersonId[]
  /** Groups of the plan that belong into the room by now. */
  readonly groups: readonly string[]
  /** Those of them all who are in another chat of the incident and not in this one: nobody misses them here. */
  readonly elsewhere: readonly PersonId[]
  /** What to have at hand: console, runbook, report. */
  readonly links: readonly { readonly title: string; readonly link: string }[]
}

/** How far a room is in line with its view. */
export interface RoomShown {
  /** Where the room is now; absent: where it was. It moves when somebody has put it away in the middle of an outage. */
  readonly link?: string
  /** Parts that could not be done, each with its reason. */
  readonly left: readonly string[]
  /** Whether trying again can mend any of them. */
  readonly again: boolean
  /** How long to wait before that, in milliseconds; absent when the other side did not say. */
  readonly after?: Duration
}

/** A place where people are. Calls may hang or fail: each is given a signal and is tried again by its effect. */
export interface Chat {
  readonly name: string
  /** Makes the incident's room, or finds the one made before. */
  readonly openRoom: (incident: Incident, signal: AbortSignal) => Promise<{ readonly link: string }>
  /**
   * Brings the room in line with the view, each part for itself; the same view twice changes nothing. Throws when the
   * card itself could not be shown.
   */
  readonly showRoom: (incident: Incident, view: RoomView, signal: AbortSignal) => Promise<RoomShown>
  /** Shows a run's newest card in its incident's room; of a run without one, in the chat's common place, if it has one. */
  readonly showRun: (run: Run, card: Card, signal: AbortSignal) => Promise<void>
  readonly say: (incident: Incident, text: string, key: string, signal: AbortSignal) => Promise<void>
  /** Says what concerns no incident in the chat's common place, if it has one; the same key once. */
  readonly announce: (text: string, key: string, signal: AbortSignal) => Promise<void>
  /** Puts the room away; what was said in it can still be read. */
  readonly closeRoom: (incident: Incident, signal: AbortSignal) => Promise<void>
}

/** Whether a chat is there, as this process knows it. */
export interface ChatState {
  readonly chat: string
  /** Since when it takes nothing from the bot, because it is silent or because it refuses the bot; absent while it does. */
  readonly away?: { readonly since: Instant; readonly refused: boolean }
  /** When it last took something; absent: never yet. */
  readonly heard?: Instant
  /** Why nothing that is pressed or typed in it comes to this process; absent while it does, or nobody can tell. */
  readonly shut?: string
}

/** What one person is told, on any channel. */
export interface PageMessage {
  /** The effect's key: the same page sent twice carries the same id, which channels use to suppress the double. */
  readonly key: string
  readonly incident: IncidentId
  readonly subject: string
  readonly lines: readonly string[]
  readonly link: string
  readonly card: Card
  /** It is no page: nothing to answer, and nothing that will be over. */
  readonly news?: true
}

/** A page that is out, on a channel with several ways to the person: what becomes of it on the others. */
export interface PageOut {
  /** Settles when each of them has answered; rejects when sending the same page again may bring it to one of them. */
  readonly others: Promise<void>
}

/** One channel by which a person can be reached. `to` is the person's address on it, from the plan. */
export interface Pager {
  readonly channel: Channel
  /** Resolves as soon as the page is out. */
  readonly send: (
    person: PersonId,
    to: string,
    message: PageMessage,
    signal: AbortSignal,
  ) => Promise<PageOut | void>
}

/** Tells Nagios that somebody has it. */
export interface NagiosCommands {
  readonly acknowledge: (
    object: { readonly host: string; readonly service?: string },
    author: string,
    comment: string,
    signal: AbortSignal,
  ) => Promise<void>
}

// ---- providers ----

/** What was seen, as plain JSON. Only what matters for the decision: it is digested. */
export type Facts = Readonly<Record<string, unknown>>

export type Progress =
  | {
      readonly state: 'running'
      readonly note: string
      readonly percent?: number
      readonly checkAfter: Duration
    }
  | { readonly state: 'done'; readonly note: string }
  | { readonly state: 'failed'; readonly reason: string; readonly advice: string }

/**
 * What the world says of an action. `under-way`: it was started and goes on by itself; `check` must be able to follow
 * it without what its start answered.
 */
export type Settled = 'done' | 'not-done' | 'under-way' | 'unclear'

/** Three verbs. `observe` only reads. `start` may be called again with the same key only after `settled` said `not-done`. */
export interface Provider<N extends ProviderName> {
  readonly observe: (action: ActionOf<N>, signal: AbortSignal) => Promise<Facts>
  readonly start: (action: ActionOf<N>, key: string, signal: AbortSignal) => Promise<Operation>
  readonly check: (
    action: ActionOf<N>,
    operation: Operation,
    now: Instant,
    signal: AbortSignal,
  ) => Promise<Progress>
  /** Pure: does the world, as observed, already hold what the action wants? */
  readonly settled: (action: ActionOf<N>, facts: Facts) => Settled
}

/** The compiler makes sure that each action has a provider. */
export type Providers = { readonly [N in ProviderName]: Provider<N> }

/** What a part of the program says of itself, for /readyz; `text` says what to do when it is not ok. */
export interface Check {
  readonly ok: boolean
  readonly text?: string
  /** The text names people: it is for those who are signed in. */
  readonly personal?: true
}

/** Whether the program can do its work, and what is not well: that may be what it does not need for its work. */
export interface Readiness {
  readonly ready: boolean
  readonly checks: Readonly<Record<string, Check>>
}

/** Happenings for those who watch live (the console's event stream), in this process or in another one. */
export interface Changes {
  readonly tell: (id: IncidentId | RunId) => void
  /** `all`: anything may have changed, for this process could not hear of it. */
  readonly subscribe: (listener: (id: IncidentId | RunId | 'all') => void) => () => void
}

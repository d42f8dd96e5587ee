// An incident: one outage of one system, its state, who is called, its clocks. The incident is the timer.
import type { Duration, IncidentId, Instant, PersonId, RunId, SystemId } from '../ids.ts'

/** The kinds of channel a page can take; one file each in pagers/ (chat: one each in chat/). */
export const channels = ['chat', 'email', 'sms', 'voice', 'ntfy', 'webhook'] as const
export type Channel = (typeof channels)[number]

/** Who is called: `rotation:primary`, `group:dev`, `person:ann`. */
export type Target = `rotation:${string}` | `group:${string}` | `person:${string}`

/** The plan's timings, frozen when the incident opens, so that an edit of the plan does not move a running clock. */
export interface Timings {
  readonly nextEngineerAfter: Duration
  readonly remind: Duration
  readonly deadline: Duration
  readonly resolveAfter: Duration
  /** How long after it was resolved a new problem re-opens the same incident. */
  readonly relapseWithin: Duration
}

/** The objective, frozen when the incident opens. */
export interface Objective {
  readonly rto: Duration
  readonly rpo?: Duration
}

/** A recovery of the plan: how long it is expected to take, and where that number comes from. */
export interface WayOut {
  readonly recovery: string
  readonly takes: Duration
  readonly source: string
  /** After it: until no client holds the old DNS answer any more, as the TTL was when it was last looked at. */
  readonly follows?: Duration
  /** Why it could not be carried out when that was last looked at; absent: nothing is known to be missing. */
  readonly lacks?: readonly string[]
}

/** One try on one channel. `sent` and `failed` come back from the channel. */
export interface PageStep {
  readonly channel: Channel
  /** When it is to be ordered; once it is, when it was. */
  readonly at: Instant
  readonly outcome?: 'ordered' | 'sent' | 'failed'
  readonly reason?: string
}

/** The attempt to get one person's attention, over one or more channels, until somebody answers. */
export interface Page {
  /** Unique in the incident: `p1`, `p2`, ... */
  readonly id: string
  readonly person: PersonId
  readonly target: Target
  /** 0: the available engineer; 1: managers and dev team; as in the plan's `escalation`. */
  readonly level: number
  /** Why this person, in words: the rule, the shift and its end, the override. */
  readonly why: string
  readonly startedAt: Instant
  readonly steps: readonly PageStep[]
  readonly stopped?: {
    readonly at: Instant
    readonly because: 'acknowledged' | 'recovered' | 'resolved' | 'next-round'
    /** Who answered. */
    readonly by?: PersonId
  }
}

/** One target being called until one of its people answers. */
export interface Call {
  readonly target: Target
  readonly level: number
  readonly since: Instant
  /** 1, 2, ...: when all people of the target were silent, it begins again. */
  readonly round: number
  readonly nextAt: Instant
  /** Who answered, or why nobody need answer any more. */
  readonly answeredBy?: PersonId | 'acknowledged' | 'recovered' | 'resolved' | 'next-round'
}

/** The moments from which the phases are measured; each is set once per outage. */
export interface Marks {
  /** Nagios saw the state change. */
  readonly outage: Instant
  /** The alert was durable here. */
  readonly detected: Instant
  /** The first page was handed to a channel. */
  readonly paged?: Instant
  readonly acknowledged?: Instant
  /** "I know what it is and what to do": a recovery was proposed, or the cause was noted by resolving. */
  readonly diagnosed?: Instant
  /** A recovery was approved. */
  readonly decided?: Instant
  /** The last step of the recovery ended. */
  readonly acted?: Instant
  /** Seen from outside, or by Nagios: it works again. */
  readonly verified?: Instant
  /**
   * When clients that hold an old DNS answer have followed the recovery, too: the old TTL is over. Absent: none hold
   * any.
   */
  readonly followed?: Instant
  readonly resolved?: Instant
  /** The way back of its recovery was done after it was resolved: nothing leads around what is broken any more. */
  readonly ledBack?: Instant
  /** Closed by a person while Nagios still reported problems, and nobody had seen it work: when it ended is not known. */
  readonly byHand?: { readonly name: string; readonly problems: number; readonly what?: string }
}

/**
 * Where the incident lives in one chat. A room that failed is tried again; it never holds up the page. Once it is put
 * away (`closed`) nothing is shown or said in it any more, unless there is a relapse.
 */
export interface Room {
  readonly chat: string
  readonly state: 'opening' | 'open' | 'failed' | 'closed'
  readonly link?: string
  readonly reason?: string
  /** Parts of an open room that could not be done for now, with the reason; absent when it is complete. */
  readonly left?: readonly string[]
  /** The first and the last moment of words that could not be said in it: they are said together, in one message. */
  readonly missed?: { readonly since: Instant; readonly until: Instant }
  /** The number of the last event of which it was told when it had missed some: words about those are not said again. */
  readonly toldTo?: number
  /** From which moment on it was told then: words from before still have to be said. */
  readonly toldSince?: Instant
  /** Since when its chat takes nothing from the bot, as the other rooms were told; absent while it does. */
  readonly away?: { readonly since: Instant; readonly refused: boolean }
  /** When its chat answered again after that: what began before is over, whoever comes with it. */
  readonly heard?: Instant
}

/** What is broken, shortly: counts and the first few objects; the whole list is in the store's object table. */
export interface Problems {
  /** Objects of this system in a problem state now. */
  readonly open: number
  /** Alerts ever attached. */
  readonly alerts: number
  /** Open objects of other systems that this outage explains, by system. */
  readonly explains: Partial<Record<SystemId, number>>
  /** Since when each of those systems is down; absent in those of older versions. */
  readonly explainsSince?: Partial<Record<SystemId, Instant>>
  /** The objects that broke first, at most five: those that are broken, and as far as there is room what has recovered. */
  readonly first: readonly {
    readonly key: string
    readonly state: string
    readonly output: string
    readonly at: Instant
    readonly mendedAt?: Instant
  }[]
}

interface Common {
  readonly id: IncidentId
  readonly system: SystemId
  /** What is broken now; when nothing is, what was broken last. */
  readonly title: string
  /** What it was opened for, when that is not its title any more. */
  readonly openedFor?: string
  /** `nagios`, or the person who opened it by hand. */
  readonly openedBy: 'nagios' | PersonId
  readonly openedAt: Instant
  readonly objective: Objective
  /**
   * In the plan's order, as known when the incident last changed while it was open to decide; absent in those of
   * older versions.
   */
  readonly waysOut?: readonly WayOut[]
  /** Until when the moments at which a way out became too late are shown and said. */
  readonly lateUntil?: Instant
  readonly timings: Timings
  readonly problems: Problems
  /** 0 = engineer, 1 and up = escalated; never goes down. */
  readonly level: number
  readonly calls: readonly Call[]
  readonly pages: readonly Page[]
  readonly nextPage: number
  readonly engineer?: PersonId
  readonly marks: Marks
  /** Outages under this number that were over before the one of `marks`, oldest first; absent: none. */
  readonly earlier?: readonly Marks[]
  readonly rooms: readonly Room[]
  /** The recovery that was carried out last; it counts while `marks.acted` is there. */
  readonly carriedOut?: { readonly run: RunId; readonly recovery?: string }
  /** The newest run that was approved for this incident. */
  readonly run?: RunId
  readonly relapses: number
}

/** The diagnosis clock: runs from the first page, may be extended with a reason, never past 30 minutes in all. */
export interface DiagnosisClock {
  readonly startedAt: Instant
  readonly endsAt: Instant
  /** The next reminder. */
  readonly remindAt?: Instant
  /** When it ran out and the incident was escalated. */
  readonly endedAt?: Instant
}

export type Incident =
  | (Common & { readonly state: 'paging'; readonly clock: DiagnosisClock })
  | (Common & { readonly state: 'diagnosing'; readonly clock: DiagnosisClock })
  | (Common & {
      readonly state: 'recovering'
      readonly clock: DiagnosisClock
      readonly run: RunId
      /** When the run must be looked at again, whatever it said. */
      readonly checkBy: Instant
    })
  | (Common & {
      readonly state: 'watching'
      readonly since: Instant
      readonly until: Instant
      readonly because: 'nagios' | 'verified'
    })
  | (Common & {
      readonly state: 'resolved'
      readonly at: Instant
      readonly by: 'nagios' | 'verified' | PersonId
      readonly what?: string
      /** When its rooms are put away; absent once they are, or when there are none. */
      readonly closeAt?: Instant
    })

export type IncidentState = Incident['state']

/** The longest a diagnosis may take, extensions included (the DR plan: 5 to 30 minutes). */
export const diagnosisLimit: Duration = 30 * 60_000

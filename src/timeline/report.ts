// What a review needs of one incident, as data: objective against measured, who was called, who approved what.
import { nameOf } from '../drplan/person-name.ts'
import { hasLeftDebts } from '../recovery/change.ts'
import { warnedOf } from '../recovery/clock-warnings.ts'
import { dataLost } from '../recovery/data-lost.ts'
import type { DataLost } from '../recovery/data-lost.ts'
import { codeOf } from '../recovery/kinds/sql-query.ts'
import { runName } from '../recovery/news.ts'
import { isCoveredBy, isStanding } from '../recovery/taken-over.ts'
import { verifyChain } from './chain.ts'
import { measure, outageEnd, phasesOf } from './phases.ts'
import { timelineDays } from './render.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Duration, Instant } from '../ids.ts'
import type { Incident, Marks } from '../incident/incident.ts'
import type { Run } from '../recovery/run.ts'
import { aboutText } from '../recovery/summary.ts'
import type { Head, TimelineEvent } from './event.ts'
import type { Measured, Phase } from './phases.ts'
import type { TimelineDay } from './render.ts'

/** Everything that is kept of an incident. */
export interface IncidentRecord {
  readonly incident: Incident
  readonly events: readonly TimelineEvent[]
  readonly head: Head
  /** The runs of all incidents, newest first: later ones may have taken over what those of this one owe. */
  readonly runs: readonly Run[]
}

export interface ReportedPage {
  readonly at: Instant
  readonly person: string
  readonly why: string
  /** Each channel that was tried, and what came of it. */
  readonly channels: readonly string[]
  readonly end: string
}

/** What a run has left to be done, and what has become of it; `became` is absent while it is still to do. */
export interface ReportedDebt {
  readonly text: string
  readonly remedy: string
  readonly became?:
    | {
        readonly how: 'paid'
        readonly person: string
        readonly door: string
        readonly at: Instant
        readonly what: string
      }
    | { readonly how: 'undone'; readonly by: string }
    | { readonly how: 'taken-over'; readonly by: readonly string[] }
}

export interface ReportedRun {
  readonly id: string
  readonly what: string
  readonly state: string
  readonly summary: string
  readonly risk: string
  readonly askedBy: string
  readonly approvals: readonly { readonly person: string; readonly door: string; readonly at: Instant }[]
  /** Who refused it, and why. */
  readonly denied?: { readonly person: string; readonly at: Instant; readonly reason?: string }
  readonly changes: readonly { readonly what: string; readonly before: string; readonly after: string }[]
  /** What whoever approved it was shown: what it costs, and what speaks against it. */
  readonly cost: string
  readonly warnings: readonly string[]
  /** What a restore has lost; absent where nothing was, or nobody can tell. */
  readonly lost?: DataLost
  readonly overridden: readonly { readonly rule: string; readonly reason: string }[]
  readonly steps: readonly {
    readonly title: string
    readonly phase: string
    /** What a database answered. */
    readonly answer?: string
    readonly ms?: Duration
  }[]
  /** What stands in the texts of it and of its steps as code: the questions that are asked of databases. */
  readonly code: readonly string[]
  /** The run that undid it, and when, as far as the record has it. */
  readonly undone?: { readonly by: string; readonly at?: Instant }
  readonly debts: readonly ReportedDebt[]
  readonly ms?: Duration
}

export interface ReportedOutage {
  readonly began: Instant
  readonly ended?: Instant
  readonly byHand?: Marks['byHand']
  readonly measured: Measured
  readonly phases: readonly Phase[]
}

/** A report as data; the texts in it are as they came in and must be escaped by whoever shows them. */
export interface Report {
  readonly id: string
  readonly organisation: string
  readonly zone: string
  readonly writtenAt: Instant
  readonly system: string
  readonly title: string
  readonly state: string
  readonly what?: string
  /** Who had it, in their order. */
  readonly engineers: readonly string[]
  /** Each outage under this number, oldest first; the last one is the newest. */
  readonly outages: readonly ReportedOutage[]
  readonly rpo?: Duration
  readonly alerts: number
  readonly broke: readonly { readonly key: string; readonly state: string; readonly output: string }[]
  readonly relapses: number
  readonly escalated: boolean
  readonly pages: readonly ReportedPage[]
  readonly runs: readonly ReportedRun[]
  readonly notes: readonly { readonly at: Instant; readonly person: string; readonly text: string }[]
  readonly days: readonly TimelineDay[]
  readonly record: { readonly events: number; readonly hash: string; readonly problem?: string }
}

/** Puts the report of an incident together, at `now`; it may be taken at any time, of an open incident too. */
export function reportOf(record: IncidentRecord, plan: DrPlan, now: Instant): Report {
  const { incident, events, head } = record
  const { marks } = incident
  const verdict = verifyChain(events, head)
  return {
    id: incident.id,
    organisation: plan.organisation,
    zone: plan.timezone,
    writtenAt: now,
    system: incident.system,
    title: incident.openedFor ?? incident.title,
    state: incident.state,
    ...(incident.state === 'resolved' && incident.what !== undefined ? { what: incident.what } : {}),
    engineers: engineersOf(record, plan),
    outages: [...(incident.earlier ?? []), marks].map((each) => outageOf(each, incident, now)),
    ...(incident.objective.rpo === undefined ? {} : { rpo: incident.objective.rpo }),
    alerts: incident.problems.alerts,
    broke: incident.problems.first.map(({ key, state, output }) => ({ key, state, output })),
    relapses: incident.relapses,
    escalated: incident.level > 0,
    pages: incident.pages.map((page) => pageOf(page, plan)),
    runs: record.runs
      .filter((run) => run.incident === incident.id)
      .map((run) => runOf(run, plan, record))
      .toReversed(),
    notes: events
      .filter(({ type, data }) => type === 'note' && data?.['general'] !== true)
      .map(({ at, by, text }) => ({ at, person: nameOf(plan, by.person), text })),
    days: timelineDays(events, plan),
    record: { events: head.seq, hash: head.hash, ...(verdict.ok ? {} : { problem: verdict.problem }) },
  }
}

function outageOf(marks: Marks, { objective }: Incident, now: Instant): ReportedOutage {
  const ended = outageEnd(marks)
  return {
    began: marks.outage,
    ...(ended === undefined ? {} : { ended }),
    ...(marks.byHand === undefined ? {} : { byHand: marks.byHand }),
    measured: measure({ marks, objective }, now),
    phases: phasesOf(marks, now),
  }
}

/** Why nobody need answer a page any more, in words. */
const endings = {
  acknowledged: 'acknowledged',
  recovered: 'it works again',
  resolved: 'resolved',
  'next-round': 'called again',
} as const

/** Everybody who took it, by the record; a name once for each time in a row. */
function engineersOf({ incident, events }: IncidentRecord, plan: DrPlan): readonly string[] {
  const taken = events.flatMap(({ type, data }) =>
    type === 'acknowledged' && typeof data?.['name'] === 'string' ? [data['name']] : [],
  )
  const now = incident.engineer === undefined ? [] : [nameOf(plan, incident.engineer)]
  const all = taken.length > 0 ? taken : now
  return all.filter((name, index) => name !== all[index - 1])
}

function pageOf(page: Incident['pages'][number], plan: DrPlan): ReportedPage {
  return {
    at: page.startedAt,
    person: nameOf(plan, page.person),
    why: page.why,
    channels: page.steps
      .filter((step) => step.outcome !== undefined)
      .map(({ channel, outcome, reason }) => {
        const failure = reason === undefined ? 'failed' : `failed: ${reason}`
        return outcome === 'failed' ? `${channel} (${failure})` : channel
      }),
    end: page.stopped === undefined ? 'still going' : endings[page.stopped.because],
  }
}

function runOf(run: Run, plan: DrPlan, { events, runs }: IncidentRecord): ReportedRun {
  const { proposal } = run
  const ended = 'startedAt' in run && 'endedAt' in run && run.startedAt !== undefined
  return {
    id: run.id,
    what: runName(run),
    state: run.state,
    summary: aboutText(run),
    risk: proposal.risk,
    askedBy: nameOf(plan, run.askedBy),
    approvals: run.approvals.map(({ by, door, at }) => ({ person: nameOf(plan, by), door, at })),
    ...(run.state === 'denied' ? { denied: deniedOf(run, plan) } : {}),
    changes: proposal.changes,
    cost: proposal.cost.text,
    warnings: warnedOf(run),
    ...lostOf(run),
    overridden: [
      ...proposal.findings,
      ...run.steps.map(({ overriddenWith }) => ({ rule: 'check-query', overriddenWith })),
    ].flatMap(({ rule, overriddenWith }) =>
      overriddenWith === undefined ? [] : [{ rule, reason: overriddenWith }],
    ),
    steps: run.steps.map(({ title, action, phase, note, startedAt, endedAt }) => ({
      title,
      phase,
      ...(action.provider === 'sql-query' && note !== undefined ? { answer: note } : {}),
      ...(startedAt === undefined || endedAt === undefined ? {} : { ms: endedAt - startedAt }),
    })),
    code: run.steps.flatMap(({ action }) => (action.provider === 'sql-query' ? codeOf(action) : [])),
    ...(run.undoneBy === undefined ? {} : { undone: undoneOf(run.id, run.undoneBy, events) }),
    debts: debtsOf(run, plan, runs),
    ...(ended ? { ms: run.endedAt - (run.startedAt ?? run.endedAt) } : {}),
  }
}

function lostOf(run: Run): Pick<ReportedRun, 'lost'> {
  const lost = dataLost(run)
  return lost === undefined ? {} : { lost }
}

function debtsOf(run: Run, plan: DrPlan, all: readonly Run[]): readonly ReportedDebt[] {
  if (!hasLeftDebts(run)) return []
  const { undoneBy, paid = [] } = run
  const later = takenOverBy(run, all)
  return run.proposal.debts.map(({ id, text, remedy }): ReportedDebt => {
    const done = paid.find(({ debt }) => debt === id)
    if (done !== undefined) {
      const { by, door, at, what } = done
      return { text, remedy, became: { how: 'paid', person: nameOf(plan, by), door, at, what } }
    }
    if (undoneBy !== undefined) return { text, remedy, became: { how: 'undone', by: undoneBy } }
    return { text, remedy, ...(later.length > 0 && { became: { how: 'taken-over', by: later } }) }
  })
}

/** Later failovers that stand and were carried out on all that it was at work on: they owe in its place. */
function takenOverBy(run: Run, all: readonly Run[]): readonly string[] {
  const index = all.findIndex(({ id }) => id === run.id)
  const later = all.slice(0, Math.max(0, index)).filter((one) => one.system === run.system && isStanding(one))
  if (run.direction !== 'failover' || !isCoveredBy(run, later)) return []
  const { targets } = run.proposal
  return later
    .filter(({ proposal }) => proposal.targets.some((one) => targets.includes(one)))
    .map(({ id }) => id)
}

function undoneOf(
  run: Run['id'],
  by: Run['id'],
  events: readonly TimelineEvent[],
): NonNullable<ReportedRun['undone']> {
  const event = events.findLast(({ type, data }) => type === 'run.undone' && data?.['run'] === run)
  return { by, ...(event === undefined ? {} : { at: event.at }) }
}

function deniedOf(
  { by, reason }: Extract<Run, { state: 'denied' }>,
  plan: DrPlan,
): NonNullable<ReportedRun['denied']> {
  return { person: nameOf(plan, by.by), at: by.at, ...(reason === undefined ? {} : { reason }) }
}

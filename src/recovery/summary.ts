// What a person must know before saying yes to a run: what changes, what it costs, whether the time is enough, whose word it takes.
import { nameOf } from '../drplan/person-name.ts'
import { never } from '../errors.ts'
import { printDuration, printTook } from '../drplan/duration.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Duration, Instant } from '../ids.ts'
import { timeOn } from '../message.ts'
import type { Field, Line, Span } from '../message.ts'
import { told } from '../told.ts'
import { clockCautions } from './clock-warnings.ts'
import { dataLost } from './data-lost.ts'
import { followedAt } from './news.ts'
import type { Proposal, Run } from './run.ts'

/** What a run is seen with: the plan for people's names, the time for its clocks. */
export interface Seen {
  readonly plan: DrPlan
  readonly now: Instant
}

/** A line for each thing that changes: `api.example.com A: 203.0.113.10, TTL 300 s → 203.0.113.20, TTL 60 s`. */
export function changeLines({ proposal }: Run): readonly Line[] {
  return proposal.changes.map(({ what, before, after }) => [`${what}: ${before} → `, { strong: after }])
}

/**
 * What speaks against it or needs a second thought: what the clock says now, or said at the approval of a run that has
 * ended, rules that were overridden, or that nobody could look at, notes.
 */
export function cautions(run: Run, seen: Seen): readonly Line[] {
  const { findings, warnings } = run.proposal
  const unkept = findings
    .filter(({ ok, unknown }) => !ok || unknown === true)
    .map(({ rule, text, overriddenWith }): Line => [
      '⚠ ',
      { code: rule },
      ` ${text}${takenOn(run, overriddenWith, seen)}`,
    ])
  const notes = warnings.map((text) => told(`⚠ ${text}`))
  return [...unkept, ...rivalCautions(run), ...clockCautions(run, seen.now), ...notes]
}

function rivalCautions({ state, rivals = [] }: Run): readonly Line[] {
  if (state !== 'proposed') return []
  return rivals.map(({ id, name }) => [
    `⚠ ${id} (${name}) is open for the same target, too: only one of the two can be under way. To see it: `,
    { command: `runs ${id}` },
  ])
}

/** What it is about, in words of the time: it will be, it was, or it did not come to that. */
export function aboutText({ state, proposal: { summary, did = summary } }: Run): string {
  if (state === 'done') return did
  return state === 'proposed' || state === 'running' || state === 'unknown'
    ? summary
    : `What was proposed: ${summary}`
}

function takenOn(run: Run, reason: string | undefined, { plan }: Seen): string {
  return reason === undefined ? '' : `; overridden by ${nameOf(plan, run.askedBy)}: ${reason}`
}

/** What a restore has lost, against the objective. */
function lostField(run: Run, { plan, now }: Seen): readonly Field[] {
  const lost = dataLost(run)
  if (lost === undefined) return []
  const rpo = plan.systems[run.system]?.rpo
  const missed = rpo !== undefined && lost.ms > rpo
  const verdict =
    rpo === undefined ? '' : `; objective (RPO) of ${printDuration(rpo)} ${missed ? 'missed' : 'met'}`
  const time = (at: Instant): Span => timeOn(at, now, plan.timezone)
  const value: Line = [
    `${printTook(lost.ms)}: what was written from `,
    time(lost.from),
    ' to ',
    time(lost.to),
    verdict,
  ]
  return [{ label: 'Data lost', value, ...(missed ? { tone: 'bad' } : {}) }]
}

/** What it costs, how long it takes, and how long it may take. */
export function costFields(run: Run, seen: Seen): readonly Field[] {
  const { state, proposal } = run
  const { cost, risk, expected, effectWithin, objectiveAt } = proposal
  const open = state === 'proposed' || state === 'running'
  return [
    ...lostField(run, seen),
    { label: 'Cost', value: [cost.text], ...(risk === 'loses-data' ? { tone: 'bad' } : {}) },
    { label: 'Expected', value: [`${printDuration(expected.duration)} (${expected.source})`] },
    ...(effectWithin === undefined
      ? []
      : [{ label: 'In effect for all', value: effectLine(effectWithin, followedAt(run), seen) }]),
    ...(objectiveAt === undefined || !open ? [] : [objective(objectiveAt, expected, seen.now)]),
  ]
}

function effectLine(within: Duration, at: Instant | undefined, { now, plan }: Seen): Line {
  const ttl = printDuration(within)
  return at === undefined
    ? [`within ${ttl} (the old TTL)`]
    : ['by ', timeOn(at, now, plan.timezone), ` (the old TTL of ${ttl})`]
}

function objective(objectiveAt: Instant, expected: Proposal['expected'], now: Instant): Field {
  const label = 'Objective (RTO)'
  const left = objectiveAt - now
  if (left <= 0) return { label, value: ['missed ', { at: objectiveAt, show: 'ago' }], tone: 'bad' }
  const tone = expected.duration > left ? 'bad' : 'good'
  return { label, value: [{ at: objectiveAt, show: 'countdown' }], tone }
}

/** Whose word lets it run, by name, and what they type. */
export function approvalLine(run: Run, plan: DrPlan): Line {
  const { id, proposal, askedBy } = run
  const asker = nameOf(plan, askedBy)
  switch (proposal.risk) {
    case 'reversible':
      return [`${asker}, or another engineer or manager: `, { command: `approve ${id}` }]
    case 'disruptive':
      return [
        `${asker}, or another engineer or manager, who types the name of the target: `,
        { command: `approve ${id} ${proposal.typed}` },
      ]
    case 'loses-data': {
      const others = Object.entries(plan.people)
        .filter(([person, { roles }]) => person !== askedBy && roles.includes('approver'))
        .map(([, { name }]) => name)
      const who = others.length === 0 ? 'the DR plan names nobody' : others.join(', ')
      return [`a second person with the role approver (${who}): `, { command: `approve ${id}` }]
    }
    default:
      return never(proposal.risk)
  }
}

/** The question before a verdict, a line each: what a modal shows above the field in which the name is typed. */
export function verdictSummary(run: Run, seen: Seen): readonly Line[] {
  return summaryWith(run, seen, [['Approval: ', ...approvalLine(run, seen.plan)]])
}

/** The same without whose word lets it run: whoever denies types nothing of that. */
export function denialSummary(run: Run, seen: Seen): readonly Line[] {
  return summaryWith(run, seen, [])
}

function summaryWith(run: Run, seen: Seen, approval: readonly Line[]): readonly Line[] {
  const { summary, risk } = run.proposal
  return [
    [{ strong: summary }],
    ...changeLines(run),
    ...costFields(run, seen).map(({ label, value }): Line => [`${label}: `, ...value]),
    [`Risk: ${risk}`],
    ...approval,
    ...cautions(run, seen),
  ]
}

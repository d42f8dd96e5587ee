// A run's card: before and after, each step and its undo, what was checked, what it costs, and what can be done now.
import { never } from '../errors.ts'
import { printDuration } from '../drplan/duration.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Instant } from '../ids.ts'
import type { Button, Card, Field, Line, Section, Tone } from '../message.ts'
import { changedSomething, doneSteps } from './change.ts'
import { approvalText, runName, runNewsText, tookText } from './news.ts'
import type { Run, Step } from './run.ts'
import { undoTextOf } from './world.ts'

/** The card of a run, the same for every door. */
export function runCard(run: Run, now: Instant, plan: DrPlan): Card {
  const sections = [
    { lines: [[run.proposal.summary]] },
    outcome(run),
    looked(run),
    changes(run),
    steps(run),
    findings(run),
    warnings(run),
    debts(run),
  ]
  return {
    title: runTitle(run),
    tone: toneOf(run),
    fields: fields(run, now, plan),
    sections: sections.filter((section) => section !== undefined),
    buttons: buttons(run),
    footer: [
      `Asked for by ${nameOf(plan, run.askedBy)} through ${run.door} at `,
      { at: run.askedAt, show: 'date-time' },
      run.incident === undefined ? '' : ` for ${run.incident}`,
    ],
  }
}

/** A run on one line: its number, what it does, how far it is. */
export function runTitle(run: Run): string {
  return `${run.id} · ${runName(run)} · ${stateText(run)}`
}

function stateText(run: Run): string {
  switch (run.state) {
    case 'proposed':
      return 'waits for approval'
    case 'running':
      return `${run.cancelling ? 'stopping after' : 'running,'} step ${run.current + 1} of ${run.steps.length}`
    case 'done':
      return run.undoneBy === undefined ? 'done' : `done, undone by ${run.undoneBy}`
    case 'failed':
      return `failed at step ${run.current + 1} of ${run.steps.length}`
    case 'unknown':
      return `outcome of step ${run.current + 1} unknown`
    case 'cancelled':
      return `cancelled after ${run.done} of ${run.steps.length} steps`
    case 'denied':
      return 'denied'
    case 'expired':
      return 'expired'
    default:
      return never(run)
  }
}

function toneOf(run: Run): Tone {
  switch (run.state) {
    case 'proposed':
      return isPlain(run) ? 'good' : 'warn'
    case 'running':
      return 'warn'
    case 'done':
      return 'good'
    case 'failed':
    case 'unknown':
      return 'bad'
    case 'cancelled':
    case 'denied':
    case 'expired':
      return 'quiet'
    default:
      return never(run)
  }
}

/** Nothing about the proposal needs a second thought. */
function isPlain({ proposal }: Run): boolean {
  const { risk, warnings, findings } = proposal
  return risk === 'reversible' && warnings.length === 0 && findings.every((finding) => finding.ok)
}

function fields(run: Run, now: Instant, plan: DrPlan): readonly Field[] {
  const { expected, effectWithin, cost, risk, objectiveAt } = run.proposal
  const list: Field[] = [
    { label: 'Risk', value: [risk], tone: risk === 'reversible' ? 'good' : 'bad' },
    { label: 'Cost', value: [cost.text], ...(risk === 'loses-data' ? { tone: 'bad' } : {}) },
    { label: 'Expected', value: [`${printDuration(expected.duration)} (${expected.source})`] },
  ]
  if (effectWithin !== undefined)
    list.push({ label: 'In effect for all', value: [`within ${printDuration(effectWithin)} (the old TTL)`] })
  if (objectiveAt !== undefined && (run.state === 'proposed' || run.state === 'running'))
    list.push(objective(objectiveAt, expected.duration, now))
  if (run.state === 'proposed') {
    list.push({ label: 'Approval', value: [approvalText(run)] })
    list.push({ label: 'Valid', value: [{ at: run.expiresAt, show: 'countdown' }] })
  }
  for (const { by, door, at } of run.approvals) {
    list.push({
      label: 'Approved by',
      value: [`${nameOf(plan, by)} through ${door} at `, { at, show: 'time' }],
    })
  }
  if ('endedAt' in run && 'startedAt' in run && run.startedAt !== undefined)
    list.push({ label: 'Took', value: [tookText(run.endedAt - run.startedAt)] })
  return list
}

function objective(objectiveAt: Instant, expected: number, now: Instant): Field {
  const label = 'Objective (RTO)'
  const left = objectiveAt - now
  if (left <= 0) return { label, value: ['missed ', { at: objectiveAt, show: 'ago' }], tone: 'bad' }
  return {
    label,
    value: [{ at: objectiveAt, show: 'countdown' }],
    tone: expected > left ? 'bad' : 'good',
  }
}

function looked({ state, proposal }: Run): Section | undefined {
  if (state !== 'proposed' || proposal.looked === undefined) return undefined
  const { says, ways } = proposal.looked
  const rows = ways.map(({ way, ok, answer }): readonly Line[] => [[way], [`${ok ? '✓' : '✗'} ${answer}`]])
  return { heading: 'What answers now', lines: [[says]], table: { columns: ['Way', 'Answer'], rows } }
}

function changes(run: Run): Section {
  const rows = run.proposal.changes.map(({ what, before, after }): readonly Line[] => [
    [what],
    [before],
    [after],
  ])
  return { heading: 'Before and after', table: { columns: ['What', 'Before', 'After'], rows } }
}

function steps(run: Run): Section {
  const rows = run.steps.map((step, index): readonly Line[] => [
    [`${index + 1}. ${step.title}`],
    [step.note === undefined ? phaseText(step) : `${phaseText(step)}: ${step.note}`],
    [undoText(step)],
  ])
  return { heading: 'Steps', table: { columns: ['Step', 'State', 'Undo'], rows } }
}

function phaseText({ phase }: Step): string {
  switch (phase) {
    case 'ready':
      return 'not begun'
    case 'intended':
      return 'being started'
    case 'started':
      return 'going on'
    case 'done':
    case 'failed':
      return phase
    default:
      return never(phase)
  }
}

function undoText({ undo }: Step): string {
  return undo === undefined ? 'only looks' : undoTextOf(undo)
}

function findings(run: Run): Section {
  const lines = run.proposal.findings.map(({ rule, ok, text, overriddenWith }): Line => {
    if (ok) return ['✓ ', { code: rule }, ` ${text}`]
    const taken = overriddenWith === undefined ? '' : `; overridden by ${run.askedBy}: ${overriddenWith}`
    return ['✗ ', { code: rule }, ` ${text}${taken}`]
  })
  return { heading: 'Safety rules', lines }
}

function warnings(run: Run): Section | undefined {
  const { warnings: list } = run.proposal
  return list.length === 0 ? undefined : { heading: 'Note', lines: list.map((text) => [text]) }
}

function debts(run: Run): Section | undefined {
  const { debts: list } = run.proposal
  const paid = run.undoneBy !== undefined
  if (list.length === 0 || paid || run.state === 'denied' || run.state === 'expired') return undefined
  if (run.state !== 'proposed' && run.state !== 'running' && !changedSomething(run)) return undefined
  const heading = run.state === 'proposed' ? 'Will be owed afterwards' : 'Still owed'
  return { heading, lines: list.map(({ text, remedy }) => [`${text}. ${remedy}`]) }
}

/** What happened, where there is more to say than the state. */
function outcome(run: Run): Section | undefined {
  if (run.state === 'proposed' || run.state === 'running') return undefined
  return { lines: [[runNewsText(run, run.state)]] }
}

function buttons(run: Run): readonly Button[] {
  const { id } = run
  switch (run.state) {
    case 'proposed':
      return verdictButtons(run)
    case 'running':
      return run.cancelling ? [] : [cancelButton(run)]
    case 'unknown':
      return [{ label: 'Look again and go on', command: `retry ${id}`, style: 'primary' }, cancelButton(run)]
    case 'failed':
      return [
        ...(run.undoneBy === undefined
          ? [{ label: 'Try again', command: `retry ${id}`, style: 'primary' } as const]
          : []),
        ...undoButton(run),
      ]
    case 'done':
    case 'cancelled':
      return undoButton(run)
    case 'denied':
    case 'expired':
      return [
        {
          label: 'Propose anew',
          command: runName(run),
          style: 'plain',
        },
      ]
    default:
      return never(run)
  }
}

/** Approve and deny, as the risk of a proposed run demands them. */
export function verdictButtons(run: Run): readonly Button[] {
  return [approveButton(run), { label: 'Deny', command: `deny ${run.id}`, style: 'plain', input: 'Why not?' }]
}

function approveButton({ id, proposal }: Run): Button {
  const base = { label: 'Approve', command: `approve ${id}`, style: 'primary' } as const
  switch (proposal.risk) {
    case 'reversible':
      return base
    case 'disruptive':
      return { ...base, style: 'danger', typed: proposal.typed }
    case 'loses-data':
      return { ...base, style: 'danger', confirm: `This can lose data: ${proposal.summary}. Approve ${id}?` }
    default:
      return never(proposal.risk)
  }
}

function cancelButton({ id, steps }: Run): Button {
  const confirm = `${doneSteps({ steps })} of ${steps.length} steps are done. Start no further step of ${id}?`
  return { label: 'Cancel', command: `cancel ${id}`, style: 'danger', confirm }
}

function undoButton(run: Run): readonly Button[] {
  if (run.direction === 'failback' || run.undoneBy !== undefined || !changedSomething(run)) return []
  return [{ label: 'Undo (proposes)', command: `failback ${run.system}`, style: 'plain' }]
}

function nameOf(plan: DrPlan, person: string): string {
  return Object.hasOwn(plan.people, person) ? (plan.people[person]?.name ?? person) : person
}

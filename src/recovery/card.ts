// A run's card: what changes, what it costs and whose word it takes first; then each step and its undo, and what was checked.
import { nameOf } from '../drplan/person-name.ts'
import { never } from '../errors.ts'
import { printTook } from '../drplan/duration.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Instant } from '../ids.ts'
import { timeOn, withDays } from '../message.ts'
import type { Card, Field, Line, Section, Tone } from '../message.ts'
import { told } from '../told.ts'
import { isGone, runButtons } from './buttons.ts'
import { owes } from './change.ts'
import { anewText, runName, runNewsText, sentence, stepOfPerson } from './news.ts'
import { isNeverBegun, isOpen } from './run.ts'
import { emptyAt } from './queues/drain-rate.ts'
import type { Remaining } from './queues/drain-rate.ts'
import { remainingText } from './queues/words.ts'
import type { NeverBegun, Run, Step } from './run.ts'
import { aboutText, approvalLine, cautions, changeLines, costFields } from './summary.ts'
import type { Seen } from './summary.ts'
import { leftBy, undoTextOf } from './world.ts'

/** Over what a person must do outside. */
export const byHandHeading = 'What a person must do'
/** Over the steps. */
export const stepsHeading = 'Steps'

/** The card of a run, the same for every door. */
export function runCard(run: Run, now: Instant, plan: DrPlan): Card {
  const seen = { plan, now }
  const card = isNeverBegun(run) ? neverBegunCard(run, seen) : fullCard(run, seen)
  return withDays(card, now, plan.timezone)
}

function fullCard(run: Run, seen: Seen): Card {
  const warned = cautions(run, seen)
  const sections = [
    outcome(run),
    byHandNow(run),
    { lines: [[aboutText(run)], ...changeLines(run)] },
    warned.length === 0
      ? undefined
      : { ...(isOpen(run) ? {} : { heading: 'What was warned of' }), lines: warned },
    looked(run),
    compared(run),
    byHand(run),
    steps(run),
    findings(run),
    debts(run),
  ]
  return {
    title: runTitle(run),
    tone: toneOf(run, warned.length > 0),
    fields: fields(run, seen),
    sections: sections.filter((section) => section !== undefined),
    buttons: runButtons(run, seen),
    footer: askedLine(run, seen),
  }
}

/** The card of a proposal that came to nothing: how it ended, what it was, and what to do when it is still wanted. */
function neverBegunCard(run: NeverBegun, seen: Seen): Card {
  const next =
    run.state === 'expired' && run.replacedBy !== undefined
      ? `To see the newer proposal: runs ${run.replacedBy}`
      : anewText(run)
  return {
    title: runTitle(run),
    tone: toneOf(run, false),
    sections: [{ lines: [endLine(run, seen), [`Nothing was changed. ${aboutText(run)}`], told(next)] }],
    buttons: runButtons(run, seen),
    footer: askedLine(run, seen),
  }
}

function endLine(run: NeverBegun, { plan, now }: Seen): Line {
  if (run.state === 'expired') {
    return run.reason === undefined
      ? ['Nobody approved it before ', { at: run.expiresAt, show: 'date-time' }, '.']
      : [`It does not start: ${sentence(run.reason)}`]
  }
  const { by, door, at } = run.by
  const who = `${nameOf(plan, by)} (${door}) at `
  const when = timeOn(at, now, plan.timezone)
  if (run.state === 'cancelled') return ['Cancelled before it began by ', who, when, '.']
  const why = run.reason === undefined ? ', without a reason.' : `: ${run.reason}`
  return ['Denied by ', who, when, why]
}

function askedLine(run: Run, { plan }: Seen): Line {
  return [
    `Asked for by ${nameOf(plan, run.askedBy)} through ${run.door} at `,
    { at: run.askedAt, show: 'date-time' },
    run.incident === undefined ? '' : ` for ${run.incident}`,
  ]
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
      return doneState(run)
    case 'failed':
      return `failed at step ${run.current + 1} of ${run.steps.length}${overText(run)}`
    case 'unknown':
      return `outcome of step ${run.current + 1} unknown`
    case 'cancelled':
      return run.startedAt === undefined
        ? 'cancelled before it began'
        : `cancelled after ${run.done} of ${run.steps.length} steps${overText(run)}`
    case 'denied':
      return 'denied'
    case 'expired':
      return run.replacedBy === undefined ? 'expired' : `replaced by ${run.replacedBy}`
    default:
      return never(run)
  }
}

function overText({ over }: Run): string {
  return over === undefined ? '' : ', declared over'
}

function doneState(run: Run): string {
  if (run.undoneBy !== undefined) return `done, undone by ${run.undoneBy}`
  return isGone(run) ? 'done, but does not hold any more' : 'done'
}

/** `warned`: something about it needs a second thought. */
function toneOf(run: Run, warned: boolean): Tone {
  switch (run.state) {
    case 'proposed':
      return run.proposal.risk === 'reversible' && !warned ? 'good' : 'warn'
    case 'running':
      return 'warn'
    case 'done':
      return isGone(run) ? 'bad' : 'good'
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

function fields(run: Run, seen: Seen): readonly Field[] {
  const { now, plan } = seen
  const { risk } = run.proposal
  const list: Field[] = [
    ...costFields(run, seen),
    { label: 'Risk', value: [risk], tone: risk === 'reversible' ? 'good' : 'bad' },
  ]
  if (run.state === 'proposed') {
    list.push({ label: 'Approval', value: approvalLine(run, plan) })
    list.push({ label: 'Valid', value: [{ at: run.expiresAt, show: 'countdown' }] })
  }
  for (const { by, door, at } of run.approvals) {
    list.push({
      label: 'Approved by',
      value: [`${nameOf(plan, by)} through ${door} at `, timeOn(at, now, plan.timezone)],
    })
  }
  if (run.left !== undefined && run.undoneBy === undefined) list.push(leftField(run, run.left, seen))
  if ('endedAt' in run && 'startedAt' in run && run.startedAt !== undefined)
    list.push({ label: 'Took', value: [printTook(run.endedAt - run.startedAt)] })
  return list
}

function leftField({ proposal: { objectiveAt } }: Run, seen: Remaining, { now, plan }: Seen): Field {
  const end = emptyAt(seen)
  const late = objectiveAt !== undefined && (end === undefined || end > objectiveAt)
  const value: Line = [`${remainingText(seen)} (at `, timeOn(seen.at, now, plan.timezone), ')']
  return { label: 'Queues', value, ...(late ? { tone: 'bad' } : {}) }
}

function looked({ state, proposal }: Run): Section | undefined {
  if (state !== 'proposed' || proposal.looked === undefined) return undefined
  const { says, ways, hint } = proposal.looked
  const rows = ways.map(({ way, ok, answer }): readonly Line[] => [[way], [`${ok ? '✓' : '✗'} ${answer}`]])
  const lines: Line[] = hint === undefined ? [[says]] : [[says], [hint]]
  return { heading: 'What answers now', lines, table: { columns: ['What', 'Answer'], rows } }
}

function compared({ state, proposal }: Run): Section | undefined {
  if (state !== 'proposed' || proposal.compared === undefined) return undefined
  const { says, ways } = proposal.compared
  const rows = ways.map(({ way, takes, loses, open, meets }): readonly Line[] => [
    [way],
    [open ? takes : 'not now'],
    [loses],
    [meetsText(meets)],
  ])
  const columns = ['Way', 'Takes', 'Loses', 'Objective']
  return { heading: 'All ways of the DR plan for this database', lines: [[says]], table: { columns, rows } }
}

function meetsText(meets: boolean | undefined): string {
  if (meets === undefined) return '⚠ not known'
  return meets ? '✓ met' : '✗ not met'
}

/** A run that waits for a person says so before all else. */
function byHandNow(run: Run): Section | undefined {
  if (!stepOfPerson(run)) return undefined
  return { lines: [[{ strong: 'A person must act now:' }], ...byHandLines(run.proposal)] }
}

function byHandLines({ byHand: list = [] }: Run['proposal']): readonly Line[] {
  return list.map((text, index) => [`${index + 1}. ${text}`])
}

/** Until the run has ended, and not yet at that step: what it will wait for is nowhere else. */
function byHand(run: Run): Section | undefined {
  if (!isOpen(run) || stepOfPerson(run) || run.proposal.byHand === undefined) return undefined
  return { heading: byHandHeading, lines: byHandLines(run.proposal) }
}

function steps(run: Run): Section {
  const waiting = run.state === 'proposed'
  const lines = run.steps.map((step, index): Line => {
    const note = step.note === undefined ? '' : `: ${step.note}`
    const state = waiting ? '' : ` — ${phaseText(step)}${note}`
    const undo = afterwards(step)
    return [`${index + 1}. ${step.title}${state}${undo}`]
  })
  return { heading: stepsHeading, lines }
}

/** What puts the world back, or what stays of it; nothing for a step that only looks. */
function afterwards({ action, undo }: Step): string {
  const left = undo === undefined ? leftBy(action) : `undo: ${undoTextOf(undo)}`
  return left === undefined ? '' : ` (${left})`
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

/** What was checked and found good; what was not, or could not be looked at, stands among the warnings. */
function findings(run: Run): Section | undefined {
  const lines = run.proposal.findings
    .filter(({ ok, unknown }) => ok && unknown === undefined)
    .map(({ rule, text }): Line => ['✓ ', { code: rule }, ` ${text}`])
  return lines.length === 0 ? undefined : { heading: 'Safety rules', lines }
}

/** Nothing is owed before everything is changed that will be. */
function debts(run: Run): Section | undefined {
  const { debts: list } = run.proposal
  if (list.length === 0 || !(isOpen(run) || owes(run))) return undefined
  const heading = isOpen(run) ? 'To do afterwards' : 'Still to do'
  const lines = list.map(({ id, text, remedy }): Line => {
    const done = run.paid?.find(({ debt }) => debt === id)
    return done ? [`✓ ${text}. Done: ${done.what}`] : [`${text}. `, ...told(remedy)]
  })
  return { heading, lines }
}

/** What happened, where there is more to say than the state. */
function outcome(run: Run): Section | undefined {
  if (run.state === 'proposed' || run.state === 'running') return undefined
  return { lines: [told(runNewsText(run, isGone(run) ? 'gone' : run.state))] }
}

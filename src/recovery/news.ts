// What became of a run, in one sentence for the room and the record.
import { never } from '../errors.ts'
import { printDuration, printTook } from '../drplan/duration.ts'
import type { Instant } from '../ids.ts'
import type { RunNews } from '../effect.ts'
import { dataLost } from './data-lost.ts'
import { changedSomething, isNeverBegun, mayHaveChanged } from './run.ts'
import type { PoolSize, Run } from './run.ts'
import type { DelegationAction } from './standby-action.ts'

/** `failover lb to backup`, `failback lb`, `workers scale pool +4`: what the run does, as it would be typed. */
export function runName(run: Pick<Run, 'direction' | 'system' | 'recovery' | 'order'>): string {
  if (run.order?.kind === 'pool-size') return `workers scale ${run.recovery} ${sizeText(run.order.size)}`
  return run.direction === 'failback' ? `failback ${run.system}` : `failover ${run.system} to ${run.recovery}`
}

/** A size of a pool of workers as it is typed: `8`, `+4`, `-2`, `auto`. */
export function sizeText(size: PoolSize): string {
  if (size === 'auto') return size
  if ('to' in size) return String(size.to)
  return size.by < 0 ? String(size.by) : `+${size.by}`
}

/** How a run ended, where that must be heard: the change of its card makes no sound. */
export function loudNews({ state }: Run): 'done' | 'failed' | 'unknown' | undefined {
  return state === 'done' || state === 'failed' || state === 'unknown' ? state : undefined
}

/** One sentence about a run that has just come to where it is. */
export function runNewsText(run: Run, news: RunNews): string {
  const what = `${run.id} (${runName(run)})`
  switch (news) {
    case 'proposed':
      return `${what} is proposed: ${run.proposal.summary}. ${approvalText(run)}`
    case 'approved':
      return `${what} was approved and starts now`
    case 'step':
      return `${what}: ${stepText(run)}`
    case 'done':
      return doneText(run, what)
    case 'failed':
      return run.state === 'failed'
        ? `${what} failed at step ${run.current + 1} of ${run.steps.length}: ${sentence(run.reason)} ${sentence(run.advice)}${askedText(run)}${undoText(run)}`
        : `${what} failed`
    case 'cancelled':
      return isNeverBegun(run)
        ? `${what} was cancelled before it began. ${anewText(run)}`
        : `${what} was cancelled after ${countOf(run)} of ${run.steps.length} steps; no further step starts.${openText(run)}${nextText(run)}`
    case 'denied':
      return run.state === 'denied' && run.reason !== undefined
        ? `${what} was denied: ${run.reason}`
        : `${what} was denied`
    case 'expired':
      return expiredText(run, what)
    case 'unknown':
      return run.state === 'unknown'
        ? `${what}: the outcome of step ${run.current + 1} (${run.steps[run.current]?.title ?? ''}) is not known: ${sentence(run.reason)} Look at it, then: retry ${run.id}, or cancel ${run.id}`
        : `${what}: the outcome of a step is not known`
    case 'gone':
      return `${what} does not hold any more: ${sentence(run.gone?.text ?? 'it was undone')} A reload, or somebody, has undone it. To do it again: ${anewCommand(run)}`
    case 'holds':
      return `${what} holds again`
    default:
      return never(news)
  }
}

function expiredText(run: Run, what: string): string {
  const { reason, replacedBy } = run.state === 'expired' ? run : {}
  if (replacedBy !== undefined)
    return `${what} does not start: ${replacedBy} has taken its place. To see it: runs ${replacedBy}`
  const why = reason === undefined ? 'was not approved in time.' : `does not start: ${sentence(reason)}`
  return `${what} ${why} ${anewText(run)}`
}

/** What to do about a proposal that has not come to anything and may still be wanted. */
export function anewText(run: Run): string {
  return `To have it proposed again: ${anewCommand(run)}`
}

/** The whole command that proposes the same again: of a restore with its moment, without which it is refused. */
export function anewCommand(run: Run): string {
  const { order, proposal } = run
  if (order?.kind !== 'restore-point') return runName(run)
  const moment = Temporal.Instant.fromEpochMilliseconds(order.at).toString()
  return `db restore ${moment} ${order.database ?? proposal.typed}`
}

/** When the old TTL is over after the last change of a run that is done, so that every client has followed. */
export function followedAt(run: Run): Instant | undefined {
  const { effectWithin } = run.proposal
  const changed = run.steps.findLast(({ phase, undo }) => phase === 'done' && undo !== undefined)?.endedAt
  return run.state === 'done' && effectWithin !== undefined && changed !== undefined
    ? changed + effectWithin
    : undefined
}

/** The step that a person does outside, when the run is at one. */
export function stepOfPerson(run: Run): DelegationAction | undefined {
  const action = run.state === 'running' ? run.steps[run.current]?.action : undefined
  return action?.provider === 'delegation' ? action : undefined
}

/**
 * A step has asked the service, or its database, after the last change, and the answer was good. That the name servers
 * have the new records says nothing of what answers there.
 */
export function wasSeen({ steps }: Pick<Run, 'steps'>): boolean {
  const lastChange = steps.findLastIndex(({ undo }) => undo !== undefined)
  return steps.some(({ action, phase, overriddenWith }, index) => {
    if (phase !== 'done' || overriddenWith !== undefined || index < lastChange) return false
    return action.provider === 'probe' || action.provider === 'sql-query'
  })
}

/** Who must do what before it runs. */
export function approvalText(run: Run): string {
  const { id, proposal } = run
  switch (proposal.risk) {
    case 'reversible':
      return `To let it run: approve ${id}`
    case 'disruptive':
      return `It is disruptive. To let it run: approve ${id} ${proposal.typed}`
    case 'loses-data':
      return `It can lose data: a second person with the role approver must say: approve ${id}`
    default:
      return never(proposal.risk)
  }
}

/** A text that ends as a sentence does. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

const unseenText = ' Nothing has asked the service from outside: whether it helped Nagios will say.'

function doneText(run: Run, what: string): string {
  const took =
    'startedAt' in run && 'endedAt' in run && run.startedAt !== undefined
      ? ` in ${printTook(run.endedAt - run.startedAt)}`
      : ''
  const { effectWithin } = run.proposal
  const follow =
    effectWithin === undefined ? '' : ` Every client follows within ${printDuration(effectWithin)}.`
  const loss = dataLost(run)
  const lost = loss === undefined ? '' : ` ${printTook(loss.ms)} of data is lost, up to the swap.`
  if (wasSeen(run)) return `${what} is done and verified${took}.${lost}${follow}${undoText(run)}`
  const unseen = run.direction === 'failover' && run.incident !== undefined ? unseenText : ''
  return `${what} is carried out${took}.${unseen}${lost}${follow}${undoText(run)}`
}

function stepText(run: Run): string {
  const last = run.steps.findLastIndex((step) => step.phase === 'done')
  const step = run.steps[last]
  if (!step) return 'begins'
  const note = step.note === undefined ? '' : ` (${step.note})`
  return `step ${last + 1} of ${run.steps.length} is done: ${step.title}${note}${personText(run, last + 1)}`
}

/** The step that comes now is a person's: whoever reads this must know what to do. */
function personText(run: Run, next: number): string {
  if (run.steps[next]?.action.provider !== 'delegation') return ''
  const what = (run.proposal.byHand ?? []).map((text, index) => ` ${index + 1}. ${sentence(text)}`)
  return `. Now a person must act:${what.join('')}`
}

/** A database did not answer as wanted: that is for people to judge. */
function askedText(run: Extract<Run, { state: 'failed' }>): string {
  if (run.steps[run.current]?.action.provider !== 'sql-query') return ''
  return ` To ask again: retry ${run.id}. When you have looked, and the data is right all the same: retry ${run.id} --override check-query "reason"`
}

function undoText(run: Run): string {
  return mayHaveChanged(run) && run.direction === 'failover'
    ? ` To undo what was changed: failback ${run.system}`
    : ''
}

/** What follows a run that was stopped half-way: both directions, by name. */
function nextText(run: Run): string {
  if (!changedSomething(run) || run.order !== undefined) return undoText(run)
  const over = `failover ${run.system} to ${run.recovery}`
  const back = `failback ${run.system}`
  const [on, undo] = run.direction === 'failover' ? [over, back] : [back, over]
  return ` To put back what it changed: ${undo}. To go on: ${on}`
}

/** A step that was begun and whose end nobody knows, when the run was cancelled all the same. */
function openText(run: Run): string {
  const index = run.steps.findIndex((step) => step.phase === 'intended' || step.phase === 'started')
  const step = run.steps[index]
  if (step?.action.provider === 'delegation')
    return ' The registrar is not watched any more: what somebody has entered there stands.'
  return step ? ` Whether step ${index + 1} (${step.title}) has happened is not known: look at it.` : ''
}

function countOf(run: Run): number {
  return run.steps.filter((step) => step.phase === 'done').length
}

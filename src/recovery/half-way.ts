// Runs that stopped half-way and let go of their targets: whoever starts another recovery there must know of them.
import { printDuration } from '../drplan/duration.ts'
import { UserError } from '../errors.ts'
import type { RunId } from '../ids.ts'
import type { ProviderName } from './action.ts'
import { retryWithin } from './change.ts'
import type { Draft } from './draft.ts'
import type { Ask } from './input.ts'
import { runName } from './news.ts'
import { isUnseen, mayHaveChanged } from './run.ts'
import type { Finding, Run, Step } from './run.ts'
import { UnsafeError } from './safety.ts'
import type { SafetyRule } from './safety.ts'
import { inForce, isCoveredBy } from './taken-over.ts'

/** It has ended before its end, and may have changed something. */
export type Stopped = Extract<Run, { readonly state: 'failed' | 'cancelled' }>

const rule: SafetyRule = 'no-half-way-run'

/** Between two of these a database is out of its failover group, without its copy, or without its name. */
const brokenBetween: readonly ProviderName[] = ['sql-group', 'sql-link', 'sql-rename']

/** Whether it has changed something, or may have, so that its target is neither as before nor as it should be. */
export function isHalfWay(run: Stopped): boolean {
  return mayHaveChanged(run)
}

function isStopped(run: Run): run is Stopped {
  return run.state === 'failed' || run.state === 'cancelled'
}

/**
 * Those that nobody has gone on with, undone, or declared over. A later run that was carried out says what its own
 * targets are like now, and nothing of the others. `history`: newest first.
 */
export function halfWay(history: readonly Run[]): readonly Stopped[] {
  return history.filter(isStopped).filter((run) => {
    if (!isHalfWay(run)) return false
    const undone = history.find(({ id }) => id === run.undoes)?.undoneBy ?? run.undoneBy
    if (undone !== undefined || run.over !== undefined) return false
    return isBroken(run) || !isCovered(run, history)
  })
}

/**
 * Whether later runs were carried out on all that it was at work on. It says nothing of what is broken: a run on top of
 * that went only because somebody took it on himself, and it may have left the database out of its group.
 */
function isCovered(stopped: Stopped, history: readonly Run[]): boolean {
  const later = history.filter((run) => run.state === 'done' && run.endedAt > stopped.endedAt)
  return isCoveredBy(stopped, inForce(later))
}

/** That a run has stopped, and what it has changed. */
export function halfWayText(run: Stopped): string {
  const changes = run.steps.filter(({ undo }) => undo !== undefined)
  const titles = (which: (step: Step) => boolean): string =>
    changes
      .filter(which)
      .map(({ title }) => `"${title}"`)
      .join(', ')
  const where =
    run.state === 'failed' ? `failed at step ${run.current + 1}` : `was cancelled after ${run.done}`
  const done = titles(({ phase }) => phase === 'done')
  const unseen = titles(isUnseen)
  const left = titles(({ phase }) => phase === 'ready' || phase === 'failed')
  return [
    `${run.id} (${runName(run)}) ${where} of ${run.steps.length} steps, and nobody has gone on with it or undone it`,
    ...(done === '' ? [] : [`It has changed: ${done}`]),
    ...(unseen === '' ? [] : [`Nobody saw the end of ${unseen}`]),
    ...(left === '' ? [] : [`It has not changed: ${left}`]),
  ].join('. ')
}

/** What can be typed about it. */
export function halfWayRemedy(run: Stopped): string {
  const { id, system, direction, order } = run
  const on = [
    ...(run.state === 'failed' ? [`retry ${id} (within ${printDuration(retryWithin)} of its failure)`] : []),
    ...(direction === 'failback' ? [`failback ${system}`] : []),
    ...(run.state === 'cancelled' && direction === 'failover' && order === undefined ? [runName(run)] : []),
  ]
  return [
    ...(on.length === 0 ? [] : [`To go on: ${on.join(', or ')}`]),
    ...(direction === 'failover' ? [`To put it back: failback ${system}`] : []),
    byHandRemedy(run),
  ].join('. ')
}

/** What ends the warnings of it without another run. */
export function byHandRemedy({ id }: Stopped): string {
  return `When it was put right by hand: deny ${id} "what was done"`
}

/** A wish, and what it is about: `undoes`, for a way back. */
interface Wished {
  readonly ask: Ask
  readonly undoes: RunId | undefined
  readonly history: readonly Run[]
}

/** What the ways know of the wish: the rule of this file is not theirs. */
export function withoutOwnRule(ask: Ask): Ask {
  return { ...ask, overrides: ask.overrides.filter((one) => one.rule !== rule) }
}

/**
 * The draft, with every run that has stopped half-way on one of its targets among its warnings. Throws UnsafeError where
 * that has left a target broken, unless the asker takes it on himself; the way back of such a run is no other recovery.
 */
export function besideHalfWay(draft: Draft, wished: Wished): Draft {
  const { ask, undoes, history } = wished
  const { proposal } = draft
  const found = halfWay(history).filter((run) => !belongs(run, undoes) && meets(run, draft))
  if (found.length === 0) return draft
  const warnings = found.map((run) => `${halfWayText(run)}. ${halfWayRemedy(run)}`)
  const broken = found.filter(isBroken)
  if (broken.length === 0) {
    return { ...draft, proposal: { ...proposal, warnings: [...warnings, ...proposal.warnings] } }
  }
  const override = ask.overrides.find((one) => one.rule === rule)
  const finding: Finding = { rule, ok: false, text: broken.map(halfWayText).join('; ') }
  if (!override) throw refusal(broken, ask, [...proposal.findings, finding])
  const taken = { ...finding, overriddenWith: override.reason }
  const others = warnings.filter((_, index) => !broken.some((run) => run === found[index]))
  return {
    ...draft,
    proposal: {
      ...proposal,
      findings: [...proposal.findings, taken],
      warnings: [...others, ...broken.map(halfWayRemedy), ...proposal.warnings],
    },
  }
}

/** A refusal in a system where a run has left a target broken: that may be its reason, and must be known. */
export function blameHalfWay(thrown: unknown, { ask, undoes, history }: Wished): unknown {
  if (!(thrown instanceof UserError)) return thrown
  const broken = halfWay(history).filter(
    (run) => run.system === ask.system && isBroken(run) && !belongs(run, undoes),
  )
  if (broken.length === 0) return thrown
  const why = broken.map((run) => `${halfWayText(run)}. ${halfWayRemedy(run)}`).join('. ')
  const message = `${thrown.message} Mind that ${why}.`
  if (thrown instanceof UnsafeError) return new UnsafeError(message, thrown.findings)
  return new UserError(thrown.code, message, { cause: thrown })
}

/** Those that have stopped on a target of this proposal since it was made: it says nothing of them. */
export function stoppedSince(run: Run, history: readonly Run[]): readonly Stopped[] {
  return halfWay(history).filter(
    (one) => one.id !== run.id && one.endedAt > run.askedAt && !belongs(one, run.undoes) && meets(one, run),
  )
}

function refusal(broken: readonly Stopped[], { system }: Ask, found: readonly Finding[]): UnsafeError {
  const what = broken.map((run) => `${halfWayText(run)}. ${halfWayRemedy(run)}`).join('. ')
  return new UnsafeError(
    `Refused by the safety rule ${rule}: ${what}. Nothing was changed. To start another recovery of ${system} on top of it, and take that on yourself: the same again with --override ${rule} "reason"`,
    found,
  )
}

/** The run that is undone, or another way back of it, which is gone on with. */
function belongs(run: Stopped, undoes: RunId | undefined): boolean {
  return undoes !== undefined && (run.id === undoes || run.undoes === undoes)
}

function meets(run: Pick<Run, 'proposal'>, other: Pick<Run, 'proposal'>): boolean {
  return run.proposal.targets.some((target) => other.proposal.targets.includes(target))
}

function isBroken({ steps }: Stopped): boolean {
  const changes = steps.filter(({ undo }) => undo !== undefined)
  const whole = changes.every(({ phase }) => phase === 'done')
  const begun = changes.filter((step) => step.phase === 'done' || isUnseen(step))
  return !whole && begun.some(({ action }) => brokenBetween.includes(action.provider))
}

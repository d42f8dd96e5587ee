// The one place where a run changes its state: what somebody says, or what the engine learned, leads to the next state.
import { never } from '../errors.ts'
import { aheadBy, broughtBack } from '../ahead.ts'
import { printDuration } from '../drplan/duration.ts'
import { minute } from '../ids.ts'
import type { Duration, IncidentId, Instant } from '../ids.ts'
import { retryWithin, same, tell, to, happened, owes } from './change.ts'
import type { RunChange, RunDecision, Running, Unknown } from './change.ts'
import { runName, runNewsText } from './news.ts'
import {
  intended,
  laterWhenSilent,
  notStarted,
  progress,
  started,
  stepDone,
  stepFailed,
  unclear,
} from './progress.ts'
import type { Learned } from './progress.ts'
import { approve, cancel, deny, retry } from './verdicts.ts'
import type { Said } from './verdicts.ts'
import { bare, bot } from './change.ts'
import { paid } from './paid.ts'
import { isOpen } from './run.ts'
import type { Rival, Run, Step } from './run.ts'
import type { Remaining } from './queues/drain-rate.ts'

/** What can happen to a run. */
export type RunInput =
  | Said
  | Learned
  /** Look at the clock. */
  | { readonly kind: 'tick' }
  /** It is found again, and perhaps nobody has gone on with it for long. */
  | { readonly kind: 'idle' }
  /** A clock that was ahead has written it; `until`: when a call is over that may be on its way now. */
  | { readonly kind: 'ahead'; readonly until: Instant }
  /** A proposal that must not start any more, and why; `by`: a newer one has taken its place. */
  | { readonly kind: 'lapsed'; readonly reason: string; readonly by?: Run['id'] }
  /** Another run was proposed that would change the same. */
  | { readonly kind: 'rivalled'; readonly by: Rival }
  /** These rivals are not open any more. */
  | { readonly kind: 'rivals-ended'; readonly ended: readonly Run['id'][] }
  /** What it has set does not hold any more: in what the world differs. */
  | { readonly kind: 'gone'; readonly text: string }
  /** It holds again. */
  | { readonly kind: 'holds' }
  /** How much was left in the queues of its pool at a look. */
  | { readonly kind: 'left'; readonly seen: Remaining }
  /** An incident of its system was opened while it was under way without one. */
  | { readonly kind: 'joined'; readonly incident: IncidentId }
  /** Another run put back what this one had changed. */
  | { readonly kind: 'undone'; readonly by: Run['id'] }

/** A new proposal. */
export function beginRun(run: Extract<Run, { readonly state: 'proposed' }>, now: Instant): RunChange {
  const by = { person: run.askedBy, door: run.door }
  const text = runNewsText(run, 'proposed')
  const { risk, digest, findings } = run.proposal
  const data = { run: run.id, risk, digest, findings }
  return tell(happened(to(run), 'run.proposed', { at: now, by, text, data }), 'proposed', by)
}

/**
 * Decides; pure and total. What the engine learned about a step counts only while the run is still at that step and
 * at that try of it, so that whoever comes late changes nothing.
 */
export function decideRun(run: Run, input: RunInput, now: Instant): RunDecision {
  switch (input.kind) {
    case 'approve':
      return approve(run, input, now)
    case 'deny':
      return deny(run, input, now)
    case 'cancel':
      return cancel(run, input, now)
    case 'retry':
      return retry(run, input, now)
    case 'paid':
      return paid(run, input, now)
    case 'tick':
      return run.state === 'proposed' && run.expiresAt <= now ? expire(run, {}, now) : same
    case 'idle':
      return isIdle(run, now) ? to({ ...run, idleFor: now - run.checkAt }) : same
    case 'ahead':
      return brought(run, input.until, now)
    case 'lapsed':
      return run.state === 'proposed' ? expire(run, why(input), now) : same
    case 'rivalled':
      return rivalled(run, input.by)
    case 'rivals-ended':
      return rivalsEnded(run, input.ended)
    case 'undone':
      return undone(run, input.by, now)
    case 'gone':
      return gone(run, input.text, now)
    case 'holds':
      return holds(run, now)
    case 'left':
      return left(run, input.seen)
    case 'joined':
      return joined(run, input.incident, now)
    case 'intended':
    case 'started':
    case 'progress':
    case 'step-done':
    case 'step-failed':
    case 'not-started':
    case 'silent':
    case 'unclear':
      return learned(run, input, now)
    default:
      return never(input)
  }
}

function learned(run: Run, input: Learned, now: Instant): RunDecision {
  if (run.state !== 'running' && run.state !== 'unknown') return same
  const step = run.steps[input.step]
  if (run.current !== input.step || step?.attempts !== input.attempt) return same
  if ((step.phase === 'ready') !== (input.kind === 'intended')) return same
  if (run.state === 'unknown' && input.seenIn === 'running') return learnedBefore(run, input, now)
  switch (input.kind) {
    case 'intended':
      return intended(run, input, now)
    case 'started':
      return started(run, input, now)
    case 'progress':
      return progress(run, input, now)
    case 'step-done':
      return stepDone(run, input, now)
    case 'step-failed':
      return stepFailed(run, input, now)
    case 'not-started':
      return notStarted(run, input.reason, now)
    case 'silent':
      return laterWhenSilent(run, input, now)
    case 'unclear':
      return unclear(run, input, now)
    default:
      return never(input)
  }
}

/**
 * What was learned before the run became unknown. Nobody has asked since whether it may go on alone: what its start
 * answered is kept, and all else is looked at anew.
 */
function learnedBefore(run: Unknown, input: Learned, now: Instant): RunDecision {
  if (input.kind !== 'started') return same
  return started(run, { ...input, held: 'its outcome was unknown meanwhile' }, now)
}

/** When the run must be looked at again; undefined when it has ended. */
export function runWakeAt(run: Run): Instant | undefined {
  switch (run.state) {
    case 'proposed':
      return run.expiresAt
    case 'running':
    case 'unknown':
      return run.checkAt
    case 'done':
    case 'failed':
    case 'cancelled':
    case 'denied':
    case 'expired':
      return undefined
    default:
      return never(run)
  }
}

/**
 * How far ahead the clock was that wrote an open run; 0 when its times can be believed. Nothing is looked at less
 * often than each hour.
 */
export function runAheadBy(run: Run, now: Instant): Duration {
  if (!isOpen(run)) return 0
  const steps = run.steps.flatMap(({ startedAt = 0, endedAt = 0 }) => [startedAt, endedAt])
  const own =
    run.state === 'unknown' ? [run.startedAt, run.since] : run.state === 'running' ? [run.startedAt] : []
  const happened = [run.askedAt, ...run.approvals.map(({ at }) => at), ...steps, ...own]
  const longest = run.state === 'proposed' ? Infinity : 60 * minute
  return aheadBy({ happened, next: runWakeAt(run) }, longest, now)
}

/** Nobody has gone on with it for so long that what was approved is too old, and that is not written down yet. */
export function isIdle(run: Run, now: Instant): run is Running {
  return run.state === 'running' && run.idleFor === undefined && now - run.checkAt > retryWithin
}

/** What was shown and approved stays as it was, times included; so does what providers need, and the store's time. */
const asShown: ReadonlySet<string> = new Set([
  'proposal',
  'order',
  'action',
  'undo',
  'operation',
  'aloneUntil',
])

/** Brought back to now: it would else sleep until that time comes. */
function brought(run: Run, until: Instant, now: Instant): RunDecision {
  const ahead = runAheadBy(run, now)
  if (ahead === 0) return same
  const back = broughtBack(run, { ahead, now, left: asShown })
  const steps = back.steps.map((step) => begunBy(step, ahead, now))
  const next = 'checkAt' in back ? { ...back, steps, checkAt: until } : { ...back, steps }
  const text = `The clock of the bot was ahead by ${printDuration(ahead)} when ${run.id} was written; it goes on from now`
  return happened(to(next), 'clock.corrected', { at: now, by: bot, text, data: { run: run.id, ahead } })
}

/** When it was begun is what a step's provider counts from; all else that the provider needs stays as it is. */
function begunBy(step: Step, ahead: Duration, now: Instant): Step {
  const { operation } = step
  const startedAt = operation?.data?.['startedAt']
  if (!operation || typeof startedAt !== 'number' || startedAt <= now) return step
  const data = { ...operation.data, startedAt: Math.min(now, startedAt - ahead) }
  return { ...step, operation: { ...operation, data } }
}

type Why = Pick<Extract<Run, { state: 'expired' }>, 'reason' | 'replacedBy'>

function why({ reason, by }: Extract<RunInput, { kind: 'lapsed' }>): Why {
  return { reason, ...(by === undefined ? {} : { replacedBy: by }) }
}

function expire(run: Run, why: Why, now: Instant): RunDecision {
  const next: Run = {
    ...bare(run),
    state: 'expired',
    endedAt: now,
    ...why,
  }
  const text = runNewsText(next, 'expired')
  return tell(happened(to(next), 'run.expired', { at: now, by: bot, text }), 'expired', bot)
}

function rivalled(run: Run, by: Rival): RunDecision {
  const { rivals = [] } = run
  if (!isOpen(run) || rivals.some(({ id }) => id === by.id)) return same
  return to({ ...run, rivals: [...rivals, by] })
}

function rivalsEnded(run: Run, ended: readonly Run['id'][]): RunDecision {
  const { rivals = [], ...alone } = run
  const left = rivals.filter(({ id }) => !ended.includes(id))
  if (!isOpen(run) || left.length === rivals.length) return same
  return to(left.length === 0 ? alone : { ...run, rivals: left })
}

/** The record of its incident hears of it, however long that is over: else what was owed would stand there for ever. */
function undone(run: Run, by: Run['id'], now: Instant): RunDecision {
  const ended = run.state === 'done' || run.state === 'failed' || run.state === 'cancelled'
  if (!ended || run.undoneBy !== undefined) return same
  const owed = owes(run) && run.proposal.debts.length > 0 ? '; what it owed is paid by that' : ''
  const text = `${run.id} (${runName(run)}) was undone by ${by}${owed}`
  const data = { run: run.id, undoneBy: by }
  return happened(to({ ...run, undoneBy: by }), 'run.undone', { at: now, by: bot, text, data })
}

/** From now on it is told in the incident's record and rooms; what it did before stands in its own. */
function joined(run: Run, incident: IncidentId, now: Instant): RunDecision {
  if (run.state !== 'running' || run.incident !== undefined) return same
  const by = { person: run.askedBy, door: run.door }
  const text = `${run.id} (${runName(run)}) was under way before ${incident} was opened, and is its recovery now`
  const data = { run: run.id, approvals: run.approvals, changes: run.proposal.changes }
  const next = happened(to({ ...run, incident }), 'run.step', { at: now, by: bot, text, data })
  return tell(next, 'approved', by, text)
}

/** Nothing else follows: whether to do it again is for people to say. */
function gone(run: Run, text: string, now: Instant): RunDecision {
  if (run.state !== 'done' || run.undoneBy !== undefined || run.gone?.text === text) return same
  const next: Run = { ...run, gone: { since: run.gone?.since ?? now, text } }
  const event = { at: now, by: bot, text: runNewsText(next, 'gone'), data: { text } }
  return tell(happened(to(next), 'run.gone', event), 'gone', bot)
}

/** Once the queues were empty, what comes in later is no matter of this run any more. */
function left(run: Run, seen: Remaining): RunDecision {
  if (run.left !== undefined && (run.left.left === 0 || run.left.at >= seen.at)) return same
  return to({ ...run, left: seen })
}

function holds(run: Run, now: Instant): RunDecision {
  if (run.gone === undefined) return same
  const { gone: _gone, ...next } = run
  const event = { at: now, by: bot, text: runNewsText(next, 'holds') }
  return tell(happened(to(next), 'run.holds', event), 'holds', bot)
}

// What the engine learned about the step that a run is at: begun, started, going on, done, failed, or not to be known.
import type { Duration, Instant } from '../ids.ts'
import { printDuration } from '../drplan/duration.ts'
import { minute } from '../ids.ts'
import { bare, beginWithin, bot, cancelled, cleared, done, failed, goOn, heard } from './change.ts'
import { happened, retryWithin, same, tell, to, withStep } from './change.ts'
import type { RunChange, RunDecision, Running, Unknown } from './change.ts'
import { pause } from './hurry.ts'
import { runNewsText } from './news.ts'
import type { Operation, Run, Step } from './run.ts'
import { changesToCome } from './world.ts'

interface AtStep {
  /** Index of the step. */
  readonly step: number
  /** Which try of it. */
  readonly attempt: number
  /** The run's state when this was learned. */
  readonly seenIn?: Run['state']
  /** Why a run whose outcome was unknown begins no change by itself now; absent: nothing speaks against it. */
  readonly held?: string | undefined
}

/** Instants named `until` are when somebody else may take over: whoever wrote them has given up by then. */
export type Learned = AtStep &
  /** `aloneUntil`: the same by the store's clock. */
  (
    | { readonly kind: 'intended'; readonly until: Instant; readonly aloneUntil?: Instant }
    | { readonly kind: 'started'; readonly operation: Operation; readonly until: Instant }
    | { readonly kind: 'progress'; readonly note: string; readonly checkAfter: Duration }
    | { readonly kind: 'step-done'; readonly note: string }
    | { readonly kind: 'step-failed'; readonly reason: string; readonly advice: string }
    /** It was looked at: what was intended has not happened. */
    | { readonly kind: 'not-started'; readonly reason: string }
    /** The provider does not answer: look again `after` milliseconds; `blocked`: to ask before makes it longer. */
    | {
        readonly kind: 'silent'
        readonly reason: string
        readonly after: Duration
        readonly blocked?: true
        /** Nobody looks before that, by the store's clock: a start was not answered, and may still be on its way. */
        readonly aloneUntil?: Instant
      }
    /** It was looked at, and the world holds neither what was nor what was wanted. */
    | { readonly kind: 'unclear'; readonly reason: string }
  )

type LearnedOf<K extends Learned['kind']> = Extract<Learned, { readonly kind: K }>

/** How often a step is begun before it counts as failed. */
const mostStarts = 3
/** How long a provider may be silent before a person must look. */
const silenceLimit: Duration = 2 * minute
/** What a provider may ask to wait, at most: Cloudflare blocks for five minutes, and to ask before that is in vain. */
const longestPause: Duration = 5 * minute
/** How often the bot looks by itself at a step whose outcome is unknown. */
const lookEvery: Duration = minute

/** The intent is written before anything is started: who comes second finds it and does not start. */
export function intended(
  run: Running | Unknown,
  { until, aloneUntil }: LearnedOf<'intended'>,
  now: Instant,
): RunDecision {
  const step = run.steps[run.current]
  if (run.state !== 'running' || step?.phase !== 'ready' || run.cancelling) return same
  const startedAt = step.startedAt ?? now
  const fields = { phase: 'intended' as const, startedAt, attempts: step.attempts + 1, aloneUntil }
  return to({ ...run, steps: withStep(run, run.current, fields), checkAt: until })
}

/** The provider has it, as its answer or a look at it says. */
export function started(
  run: Running | Unknown,
  { operation, until, held }: LearnedOf<'started'>,
  now: Instant,
): RunDecision {
  const step = run.steps[run.current]
  if (step?.phase !== 'intended') return same
  const next = { ...cleared(step), phase: 'started' as const, operation }
  return followed(run, run.steps.with(run.current, next), { now, checkAt: until, held })
}

export function progress(
  run: Running | Unknown,
  { note, checkAfter, held }: LearnedOf<'progress'>,
  now: Instant,
): RunDecision {
  const step = run.steps[run.current]
  if (step?.phase !== 'started') return same
  const steps = run.steps.with(run.current, { ...heard(step), note })
  return followed(run, steps, { now, checkAt: now + checkAfter, held })
}

/**
 * A step that goes on outside. A run whose outcome was unknown runs again, for what was not known has been seen; one
 * that begins no change by itself stays as it is until a person has decided, or that step has ended.
 */
function followed(
  run: Running | Unknown,
  steps: readonly Step[],
  {
    now,
    checkAt,
    held,
  }: { readonly now: Instant; readonly checkAt: Instant; readonly held: string | undefined },
): RunChange {
  if (run.state === 'running') return to({ ...run, steps, checkAt })
  const { startedAt, current } = run
  if (heldBack({ ...run, steps }, held, now) !== undefined) return to({ ...run, steps, checkAt })
  const text = `${run.id} goes on: step ${current + 1} of ${steps.length} was seen to be under way`
  const on: Running = { ...bare(run), steps, state: 'running', startedAt, current, checkAt }
  return happened(to(on), 'run.step', { at: now, by: bot, text })
}

/** Why a run that was unknown does not go on alone: people have decided otherwise since, or for too long nothing at all. */
function heldBack(run: Running | Unknown, held: string | undefined, now: Instant): string | undefined {
  if (run.state === 'running' || !changesToCome(run.steps)) return undefined
  const unknownFor = now - run.since
  if (unknownFor < retryWithin) return held
  return `what became of the step before was unknown for ${printDuration(unknownFor)}, and what was approved is too old by now`
}

/** The step's end, and then the next step, the end of the run, or the end that somebody asked for. */
export function stepDone(
  run: Running | Unknown,
  { note, held }: Pick<LearnedOf<'step-done'>, 'note' | 'held'>,
  now: Instant,
): RunDecision {
  const step = run.steps[run.current]
  if (!step) return same
  const steps = run.steps.with(run.current, { ...heard(step), phase: 'done', endedAt: now, note })
  const at = { ...run, steps }
  const text = runNewsText(at, 'step')
  const data = { step: run.current + 1, title: step.title, note }
  const hindrance = heldBack(at, held, now)
  const change = hindrance === undefined ? afterStep(at, now) : stopsAfter(at, hindrance, now)
  return { ...change, events: [{ type: 'run.step', at: now, by: bot, text, data }, ...change.events] }
}

/** What is done is done; the next step waits for somebody's word. */
function stopsAfter(run: Running | Unknown, hindrance: string, now: Instant): RunChange {
  const reason = `It does not go on by itself: ${hindrance}. Nothing of this step was changed.`
  const advice = `When it is to go on all the same: retry ${run.id}`
  return failed({ ...run, current: run.current + 1 }, { reason, advice }, now)
}

function afterStep(run: Running | Unknown, now: Instant): RunChange {
  if (run.current + 1 === run.steps.length) return done(run, run.steps, now)
  if (run.state === 'running' && run.cancelling) return cancelled(run, run.cancelling, now)
  const { startedAt, steps, current } = run
  const next: Running = {
    ...bare(run),
    steps,
    state: 'running',
    startedAt,
    current: current + 1,
    checkAt: now,
  }
  return tell(advanceTo(next, now), 'step', bot)
}

/** The run with its current step to be begun now. */
export function advanceTo(run: Running, now: Instant): RunChange {
  return goOn(to({ ...run, checkAt: now + beginWithin }))
}

export function stepFailed(
  run: Running | Unknown,
  { reason, advice }: LearnedOf<'step-failed'>,
  now: Instant,
): RunDecision {
  return failed(run, { reason, advice }, now)
}

/** It has not happened, so it may be started again; not for ever. A run that was cancelled meanwhile ends here. */
export function notStarted(run: Running | Unknown, reason: string, now: Instant): RunDecision {
  const step = run.steps[run.current]
  if (run.state === 'unknown') return to({ ...run, checkAt: now + lookEvery })
  if (step?.phase !== 'intended') return same
  if (run.cancelling) {
    const steps = run.steps.with(run.current, { ...cleared(step), phase: 'ready' })
    return cancelled({ ...run, steps }, run.cancelling, now)
  }
  if (step.attempts % mostStarts === 0) {
    const advice = `It was tried ${mostStarts} times and has not happened. When the provider answers again: retry ${run.id}`
    return failed(run, { reason, advice }, now)
  }
  return advanceTo({ ...run, steps: run.steps.with(run.current, { ...cleared(step), phase: 'ready' }) }, now)
}

/** No answer: look again later; when it has been silent for long, a person must look. */
export function laterWhenSilent(
  run: Running | Unknown,
  { reason, after, blocked, aloneUntil }: LearnedOf<'silent'>,
  now: Instant,
): RunDecision {
  // Whatever a provider asks for: to look without a pause would use up what it allows, and help nobody.
  const wait = Math.min(Math.max(after, pause), longestPause)
  const waits = { since: now, ...(blocked ? { blockedUntil: now + wait } : {}) }
  const steps = withStep(run, run.current, { waits })
  const unknownFor = blocked ? Math.max(wait, lookEvery) : lookEvery
  if (run.state === 'unknown') return to({ ...run, steps, checkAt: now + unknownFor })
  const silentSince = run.steps[run.current]?.silentSince ?? now
  if (now - silentSince >= silenceLimit) return toUnknown({ ...run, steps }, reason, now, unknownFor)
  return to({
    ...run,
    steps: withStep(run, run.current, { silentSince, waits, note: reason, aloneUntil }),
    checkAt: now + wait,
  })
}

export function unclear(run: Running | Unknown, { reason }: LearnedOf<'unclear'>, now: Instant): RunDecision {
  return run.state === 'unknown' ? to({ ...run, checkAt: now + lookEvery }) : toUnknown(run, reason, now)
}

/** Somebody who has said cancel already has decided: the run ends, and the record says what is not known. */
function toUnknown(run: Running, reason: string, now: Instant, lookAfter = lookEvery): RunDecision {
  const { startedAt, current } = run
  const next: Run = {
    ...bare(run),
    state: 'unknown',
    startedAt,
    current,
    since: now,
    reason,
    checkAt: now + lookAfter,
  }
  const text = runNewsText(next, 'unknown')
  const data = { step: current + 1, reason }
  if (run.cancelling) {
    const said = `The outcome of step ${current + 1} of ${run.id} is not known: ${reason}`
    const change = cancelled(run, run.cancelling, now)
    const event = { type: 'run.unknown' as const, at: now, by: bot, text: said, data }
    return { ...change, events: [event, ...change.events] }
  }
  return tell(happened(to(next), 'run.unknown', { at: now, by: bot, text, data }), 'unknown', bot)
}

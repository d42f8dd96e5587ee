// Carries a run one step on: intent, start, check; after a crash it looks before it does anything.
import { printDuration } from '../drplan/duration.ts'
import { RetryableError, UserError, reasonOf } from '../errors.ts'
import type { Duration, Instant, RunId } from '../ids.ts'
import { second } from '../ids.ts'
import type { Effect } from '../effect.ts'
import type { Facts, Progress } from '../ports.ts'
import type { Calls } from './calls.ts'
import { bot, tell, to } from './change.ts'
import type { Running, Unknown } from './change.ts'
import { apply, load, markUndone } from './commit.ts'
import type { LoopDeps } from './commit.ts'
import { heldBy } from './held.ts'
import { pause } from './hurry.ts'
import { joinIncident } from './join.ts'
import { forgetEnded } from './rivals.ts'
import { isIdle, runAheadBy } from './decide.ts'
import type { RunInput } from './decide.ts'
import type { Learned } from './progress.ts'
import type { Operation, Run, Step } from './run.ts'
import { isAnothersTurn, lease, margin, turnAt, waitsUntil } from './turn.ts'
import { changesWorld, differencesIn, isPartly } from './world.ts'

export interface AdvanceDeps extends LoopDeps {
  readonly calls: Calls
}

/** What has only just ended is being told: nobody need tell it again. */
const toldWithin: Duration = 30 * second

/** A step of a run, and which try of it. */
interface At {
  readonly id: RunId
  readonly run: Running | Unknown
  readonly step: Step
  readonly index: number
}

/** Does what is due; nothing when that is nothing, or when somebody else is at it. */
export async function advanceOnce(deps: AdvanceDeps, id: RunId): Promise<void> {
  const { state: run } = await load(deps.store, id)
  const now = deps.clock.now()
  if (runAheadBy(run, now) > 0) {
    const current = currentOf(run)
    await apply(deps, id, { kind: 'ahead', until: current ? now + lease(deps, current.step) : now })
    return
  }
  if (run.state === 'proposed') {
    if (run.expiresAt <= now) await apply(deps, id, { kind: 'tick' })
    else await forgetEnded(deps, run)
    return
  }
  // Written down first: whatever it is seen to be, and whoever dies over it, it is as old as that.
  const noted = isIdle(run, now) ? (await apply(deps, id, { kind: 'idle' })).run : run
  const found = await joinIncident(deps, noted)
  const at = currentOf(found)
  if (!at) return retell(deps, found)
  if (isTooOld(at)) return giveUp(deps, at)
  if (found.state === 'running' && at.step.phase === 'ready') return begin(deps, at)
  if (at.run.checkAt > now) return
  if (at.step.phase === 'started' && at.step.operation) return check(deps, at, at.step.operation)
  if (await isAnothersTurn(deps, at.step)) return
  return reconcile(deps, at)
}

/**
 * An incident that still waits for a run which has ended was told in the wrong order, or not at all: it is told again.
 * It asks by itself, since it has the run looked at every minute.
 */
async function retell(deps: AdvanceDeps, run: Run): Promise<void> {
  if (run.state !== 'done' && run.state !== 'failed' && run.state !== 'cancelled') return
  const incident = run.incident && (await deps.store.incident(run.incident))?.state
  if (!incident || incident.state !== 'recovering' || incident.run !== run.id) return
  if (deps.clock.now() - run.endedAt < toldWithin) return
  const { effects } = tell(to(run), run.state, bot)
  const again = effects.map((body): Effect => ({
    key: `${run.id}-told-again`,
    body: body.kind === 'run-news' ? { ...body, again: true } : body,
  }))
  await deps.store.commit({ write: undefined, effects: again })
  deps.kick(again)
}

function currentOf(run: Run): At | undefined {
  if (run.state !== 'running' && run.state !== 'unknown') return undefined
  const step = run.steps[run.current]
  return step && { id: run.id, run, step, index: run.current }
}

/**
 * Nobody was there for so long that what was approved must not begin to change anything by itself. A change that was
 * begun goes on all the same, if it has happened or is under way outside: it is followed to its end, and then looked at.
 */
function isTooOld({ run, step, index }: At): boolean {
  if (run.state !== 'running' || run.idleFor === undefined) return false
  const changesFollow = run.steps.slice(index).some(({ action }) => changesWorld(action))
  return changesFollow && (step.phase === 'ready' || !changesWorld(step.action))
}

async function giveUp(deps: AdvanceDeps, at: At): Promise<void> {
  const now = deps.clock.now()
  // Of two that come at once only one has the intent: the other may have begun it just before it was too old.
  const intent =
    at.step.phase === 'ready' && (await apply(deps, at.id, learned(at, { kind: 'intended', until: now })))
  const here = intent ? intent.changed && currentOf(intent.run) : at
  if (!here) return
  const gone = printDuration(at.run.idleFor ?? 0)
  await report(deps, here, {
    kind: 'step-failed',
    reason: `Nobody went on with it for ${gone}: what was approved is too old by now. Nothing of this step was changed.`,
    advice: `If it is still wanted: retry ${at.id}`,
  })
}

/**
 * The commit of the intent is the fence: of two that come at once, one commits it, and the other finds that the step
 * is not ready any more. The start must be out before the intent's time is up, for then others look and act.
 */
async function begin(deps: AdvanceDeps, at: At): Promise<void> {
  const { id, index } = at
  const before = deps.clock.now()
  const hindrance = changesWorld(at.step.action) ? await hindranceOf(deps, at) : undefined
  const turn = await turnAt(deps, at.step)
  // The machine slept over the look: what was seen is too old by now, and so may be what was approved.
  if (deps.clock.now() - before > lease(deps, at.step)) return
  const intent = await apply(deps, id, learned(at, { kind: 'intended', ...turn }))
  const now = currentOf(intent.run)
  if (!intent.changed || !now) return
  if (hindrance) return report(deps, now, hindrance)
  const left = deps.clock.real(turn.until - deps.clock.now()) - margin
  if (left <= 0) return
  let operation: Operation
  try {
    operation = await deps.calls.start(now.step.action, keyOf(id, index), left)
  } catch (thrown) {
    return startFailed(deps, now, thrown)
  }
  const next = deps.clock.now() + lease(deps, now.step)
  const { run, changed } = await apply(deps, id, learned(now, { kind: 'started', operation, until: next }))
  const going = currentOf(run)
  if (changed && going) await check(deps, going, operation)
}

/**
 * Between the approval and now anything may have happened outside: a step changes only a world that is as it was shown.
 * It is looked at before the intent, whose time is for the start alone. Undefined when the step may start.
 */
async function hindranceOf(deps: AdvanceDeps, at: At): Promise<Report | undefined> {
  const seen = await look(deps, at)
  switch (seen.kind) {
    case 'not-done':
      return undefined
    case 'done':
      return { kind: 'step-done', note: 'it was so already when its turn came' }
    case 'under-way':
      return followed(deps, at)
    case 'unclear':
      return {
        kind: 'step-failed',
        reason: `Somebody has changed it meanwhile: ${seen.text} Nothing of this step was started.`,
        advice: `Look at it. When it is as before: retry ${at.id}`,
      }
    case 'silent':
      return seen
  }
}

/** The key under which a provider knows the step: the same whenever the step is started again. */
function keyOf(id: RunId, index: number): string {
  return `${id}-s${index + 1}`
}

/** A refusal has changed nothing; after anything else the outcome is not known, and is found by looking. */
async function startFailed(deps: AdvanceDeps, at: At, thrown: unknown): Promise<void> {
  const reason = reasonOf(thrown)
  deps.log.warn('a step could not be started', { run: at.id, step: at.index + 1, reason })
  if (thrown instanceof UserError) {
    await report(deps, at, { kind: 'step-failed', reason, advice: `Then: retry ${at.id}` })
    return
  }
  const seen = await look(deps, at)
  if (seen.kind === 'done') {
    await report(deps, at, { kind: 'step-done', note: `seen to be done, though: ${reason}` })
    return
  }
  if (seen.kind === 'under-way') {
    await report(deps, at, followed(deps, at))
    return
  }
  // Not done yet does not mean never: the request may still be on its way. It is looked at again before another start.
  await report(deps, at, { ...silent(thrown, at.step), aloneUntil: await waitsUntil(deps, at.step) })
}

type Silent = Extract<Look, { readonly kind: 'silent' }>

/** It is waited for as long as the provider says, else longer with each try. */
function silent(thrown: unknown, step: Step): Silent {
  const said = thrown instanceof RetryableError ? thrown : undefined
  const after = said?.after ?? pause * Math.max(1, step.attempts)
  return { kind: 'silent', reason: reasonOf(thrown), after, ...(said?.blocked ? { blocked: true } : {}) }
}

/** What the world says of a step. */
export type Look =
  | { readonly kind: 'done' | 'not-done' }
  | { readonly kind: 'under-way' }
  /** `partly`: a part of it is there, which its undo puts back. */
  | { readonly kind: 'unclear'; readonly text: string; readonly partly: boolean }
  | Pick<Extract<Learned, { readonly kind: 'silent' }>, 'kind' | 'reason' | 'after' | 'blocked'>

/** Whether the world already holds what the step wants. Only reads. */
export async function look({ calls }: Pick<AdvanceDeps, 'calls'>, { step }: Pick<At, 'step'>): Promise<Look> {
  let facts: Facts
  try {
    facts = await calls.observe(step.action)
  } catch (thrown) {
    return silent(thrown, step)
  }
  const settled = calls.settled(step.action, facts)
  if (settled !== 'unclear') return { kind: settled }
  const differences = differencesIn([{ action: step.action, facts }]).join('; ')
  const text = `the world is neither as before the step nor as after it: ${differences}.`
  return { kind: 'unclear', text, partly: isPartly(step.action, facts) }
}

/** After a crash, or a start without an answer: what has become of it? */
async function reconcile(deps: AdvanceDeps, at: At): Promise<void> {
  const seen = await look(deps, at)
  await report(deps, at, seen.kind === 'under-way' ? followed(deps, at) : learnedBy(seen, at.step))
}

/** What its start answered is lost, but it goes on: it is followed by looking. */
function followed({ clock }: AdvanceDeps, { id, index }: At): Report {
  return { kind: 'started', operation: { id: keyOf(id, index) }, until: clock.now() }
}

function learnedBy(seen: Exclude<Look, { readonly kind: 'under-way' }>, step: Step): Report {
  const why = step.note ?? 'the bot was interrupted'
  switch (seen.kind) {
    case 'done':
      return { kind: 'step-done', note: 'seen to be done after an interruption' }
    case 'not-done':
      return { kind: 'not-started', reason: `It has not happened (${why})` }
    case 'unclear':
      return { kind: 'unclear', reason: seen.text }
    case 'silent':
      return seen
  }
}

async function check(deps: AdvanceDeps, at: At, operation: Operation): Promise<void> {
  const now: Instant = deps.clock.now()
  let progress: Progress
  try {
    progress = await deps.calls.check(at.step.action, operation, now)
  } catch (thrown) {
    const reason = reasonOf(thrown)
    deps.log.warn('a step could not be checked', { run: at.id, step: at.index + 1, reason })
    await report(deps, at, silent(thrown, at.step))
    return
  }
  await report(deps, at, reportOf(progress))
}

function reportOf(progress: Progress): Report {
  switch (progress.state) {
    case 'running':
      return { kind: 'progress', note: progress.note, checkAfter: progress.checkAfter }
    case 'done':
      return { kind: 'step-done', note: progress.note }
    case 'failed':
      return { kind: 'step-failed', reason: progress.reason, advice: progress.advice }
  }
}

async function report(deps: AdvanceDeps, at: At, what: Report): Promise<void> {
  if (what.kind === 'step-done') await markUndone(deps, at.run, at.index)
  const held = at.run.state === 'unknown' ? await heldBy(deps, at.run) : undefined
  try {
    await apply(deps, at.id, learned(at, { ...what, held }))
  } catch (thrown) {
    if (!(thrown instanceof UserError) || thrown.code !== 'frozen') throw thrown
    // Frozen between that look and the commit.
    await apply(deps, at.id, learned(at, { ...what, held: 'recoveries were frozen a moment ago' }))
  }
}

/** What was learned, without the step it is about. */
type Report = Learned extends infer L
  ? L extends Learned
    ? Omit<L, 'step' | 'attempt' | 'seenIn'>
    : never
  : never

function learned({ run, index, step }: At, report: Report): RunInput {
  return { ...report, step: index, attempt: step.attempts, seenIn: run.state }
}

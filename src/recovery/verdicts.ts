// What people say about a run: approve, deny, cancel, retry; who may, and what it leads to.
import { never } from '../errors.ts'
import type { Instant, PersonId } from '../ids.ts'
import type { Role } from '../drplan/schema.ts'
import type { Actor } from '../timeline/event.ts'
import { bare, beginWithin, retryWithin, cancelled, cleared } from './change.ts'
import { warnedOf } from './clock-warnings.ts'
import { goOn, happened, refused, same, tell, to, withStep } from './change.ts'
import type { RunDecision, Running } from './change.ts'
import { advanceTo, stepDone } from './progress.ts'
import { hurried } from './hurry.ts'
import { isHalfWay } from './half-way.ts'
import type { Stopped } from './half-way.ts'
import type { Verdict } from './input.ts'
import { anewText, runName, runNewsText, sentence } from './news.ts'
import { mayHaveChanged } from './run.ts'
import type { Approval, Run, Step } from './run.ts'
import { leftBy } from './world.ts'

type Of<K extends Verdict['kind']> = Extract<Verdict, { readonly kind: K }>

/** A verdict, with what must be known to judge it. */
export type Said =
  /** `roles`: what the plan lets this person do. */
  | (Of<'approve'> & { readonly roles: readonly Role[] })
  | Of<'deny'>
  | Of<'cancel'>
  | Of<'paid'>
  /** `seen`: the world was looked at just now; done means that the step has happened after all. */
  | (Of<'retry'> & {
      readonly seen: 'done' | 'not-done' | 'unclear'
      readonly text: string
      /** What has changed since it was approved, and does not keep it from going on: sentences. */
      readonly since: readonly string[]
    })

type SaidOf<K extends Said['kind']> = Extract<Said, { readonly kind: K }>

/** Whose word lets a run start that loses no data, besides the asker's own. */
const confirming: readonly Role[] = ['engineer', 'manager', 'approver']

/** Starts a proposed run; on one that started already it changes nothing. */
export function approve(run: Run, said: SaidOf<'approve'>, now: Instant): RunDecision {
  if (run.state === 'denied' || run.state === 'expired' || run.state === 'cancelled') {
    return refused('run-ended', `${run.id} is ${run.state}. ${anewText(run)}`)
  }
  if (run.state !== 'proposed') return same
  if (run.expiresAt <= now) {
    return refused('run-expired', `${run.id} was not approved in time. ${anewText(run)}`)
  }
  const refusal = whyNot(run, said)
  if (refusal) return refused(refusal.code, refusal.message)
  const next: Run = {
    ...bare(run),
    approvals: [...run.approvals, approvalOf(said.by, now)],
    state: 'running',
    startedAt: now,
    current: 0,
    checkAt: now + beginWithin,
  }
  const text = runNewsText(next, 'approved')
  const overridden = run.proposal.findings.filter((finding) => finding.overriddenWith !== undefined)
  const { risk, changes } = run.proposal
  const data = { run: run.id, risk, changes, overridden, warned: warnedOf(next) }
  return goOn(
    tell(happened(to(next), 'run.approved', { at: now, by: said.by, text, data }), 'approved', said.by),
  )
}

interface Refusal {
  readonly code: string
  readonly message: string
}

function whyNot(run: Run, { by, roles, typed }: SaidOf<'approve'>): Refusal | undefined {
  const { risk, typed: name } = run.proposal
  const mayConfirm = by.person === run.askedBy || roles.some((role) => confirming.includes(role))
  switch (risk) {
    case 'reversible':
      return mayConfirm ? undefined : notYours(run)
    case 'disruptive':
      if (!mayConfirm) return notYours(run)
      if (typed?.trim() === name) return undefined
      return {
        code: 'type-the-name',
        message: `${run.id} is disruptive: ${run.proposal.summary}. Type the name of its target to confirm: approve ${run.id} ${name}`,
      }
    case 'loses-data':
      if (by.person === run.askedBy) {
        return {
          code: 'second-person',
          message: `${run.id} can lose data: somebody else than you, with the role approver, must say: approve ${run.id}`,
        }
      }
      if (roles.includes('approver')) return undefined
      return {
        code: 'second-person',
        message: `${run.id} can lose data: somebody with the role approver must say: approve ${run.id}. Who has it stands in the DR plan under "people".`,
      }
    default:
      return never(risk)
  }
}

/** Whether this person's word lets a proposed run start, once what must be typed is typed. */
export function mayApprove(run: Run, person: PersonId, roles: readonly Role[], now: Instant): boolean {
  if (run.state !== 'proposed' || run.expiresAt <= now) return false
  const by: Actor = { person, door: 'bot' }
  return whyNot(run, { kind: 'approve', by, roles, typed: run.proposal.typed }) === undefined
}

function notYours(run: Run): Refusal {
  return {
    code: 'not-permitted',
    message: `${run.id} is approved by who asked for it, or by an engineer, a manager or an approver: approve ${run.id}`,
  }
}

/** Refuses a proposal; of a run that has stopped half-way it says that nobody will go on with it. */
export function deny(run: Run, said: SaidOf<'deny'>, now: Instant): RunDecision {
  if (run.state === 'running' || run.state === 'unknown') {
    return refused('run-started', `${run.id} has started. To stop it before its next step: cancel ${run.id}`)
  }
  if ((run.state === 'failed' || run.state === 'cancelled') && isHalfWay(run)) {
    return declareOver(run, said, now)
  }
  if (run.state === 'done' || run.state === 'failed') return ended(run)
  if (run.state !== 'proposed') return lateWords(run, said, now)
  const reason = said.reason === undefined ? {} : { reason: said.reason }
  const next: Run = {
    ...bare(run),
    state: 'denied',
    endedAt: now,
    by: approvalOf(said.by, now),
    ...reason,
  }
  const text = runNewsText(next, 'denied')
  return tell(happened(to(next), 'run.denied', { at: now, by: said.by, text }), 'denied', said.by)
}

/** What is said to a run that has ended already is kept; a double click says nothing new. */
function lateWords(run: Run, { by, reason }: SaidOf<'deny'>, now: Instant): RunDecision {
  if (reason === undefined || (run.state === 'denied' && run.reason === reason)) return same
  return happened(to(run), 'note', { at: now, by, text: `${run.id}: ${reason}` })
}

/** Other recoveries are not warned of it any more; what it has changed stands, and can still be undone. */
function declareOver(run: Stopped, { by, reason }: SaidOf<'deny'>, now: Instant): RunDecision {
  if (run.undoneBy !== undefined || run.over !== undefined) return same
  if (reason === undefined) {
    return refused(
      'reason-missing',
      `${run.id} stopped half-way. To say that nobody will go on with it, say what was put right by hand: deny ${run.id} "what was done"`,
    )
  }
  const next: Run = { ...run, over: { ...approvalOf(by, now), reason } }
  const text = `${run.id} (${runName(run)}) is declared over, half-way as it is: ${reason}`
  return happened(to(next), 'run.over', { at: now, by, text })
}

/** Stops a run: no further step starts. A step that is under way is waited for, since it cannot be taken back. */
export function cancel(run: Run, said: SaidOf<'cancel'>, now: Instant): RunDecision {
  const by = approvalOf(said.by, now)
  switch (run.state) {
    case 'proposed': {
      const next: Run = { ...bare(run), state: 'cancelled', endedAt: now, by, done: 0 }
      const text = runNewsText(next, 'cancelled')
      return tell(happened(to(next), 'run.cancelled', { at: now, by: said.by, text }), 'cancelled', said.by)
    }
    case 'running':
      return stop(run, by, now)
    case 'unknown':
      return cancelled(run, by, now)
    case 'done':
    case 'failed':
      return ended(run)
    case 'cancelled':
    case 'denied':
    case 'expired':
      return same
    default:
      return never(run)
  }
}

/** Where its provider is waited for, it is looked at right away: nobody wants to wait for what is stopped. */
function stop(run: Running, by: Approval, now: Instant): RunDecision {
  if (run.cancelling) return hurried(run, now) ?? same
  if (canBeLeft(run.steps[run.current])) return cancelled(run, by, now)
  const stopping = { ...run, cancelling: by }
  return hurried(stopping, now) ?? to(stopping)
}

/**
 * Not begun; or it only watches for what a person does somewhere else; or it makes something beside what is in use, and
 * may go on making it when nobody waits any more.
 */
function canBeLeft(step: Step | undefined): boolean {
  if (step?.phase === 'ready' || step?.action.provider === 'delegation') return true
  return step?.phase === 'started' && step.undo === undefined && leftBy(step.action) !== undefined
}

function ended(run: Run): RunDecision {
  const undo =
    mayHaveChanged(run) && run.direction === 'failover' ? ` To undo it: failback ${run.system}` : ''
  return refused('run-ended', `${run.id} is ${run.state} already: nothing is left to stop.${undo}`)
}

/** Goes on with a run that failed or whose step's outcome was unknown, after it was looked at. */
export function retry(run: Run, said: SaidOf<'retry'>, now: Instant): RunDecision {
  if (run.state === 'running') return hurried(run, now) ?? same
  if (run.state !== 'unknown' && run.state !== 'failed') {
    return refused(
      'not-to-retry',
      `${run.id} is ${run.state}; only a failed run, or one whose outcome is unknown, can be gone on with. ${anewText(run)}`,
    )
  }
  if (run.state === 'failed' && (run.undoneBy !== undefined || now - run.endedAt > retryWithin)) {
    const why = run.undoneBy === undefined ? 'failed too long ago' : `was undone by ${run.undoneBy}`
    return refused('too-late', `${run.id} ${why}. ${anewText(run)}`)
  }
  if (said.seen === 'unclear') {
    return refused('world-differs', `${run.id} cannot go on: ${sentence(said.text)} ${anewText(run)}`)
  }
  const { startedAt, current } = run
  const refusal = said.override && overrideRefused(run, said.override.rule)
  if (refusal) return refused(refusal.code, refusal.message)
  const steps = run.steps.map((step, at) =>
    at === current ? { ...cleared(step), phase: 'ready' as const } : step,
  )
  const { over: _over, idleFor: _idle, ...rest } = bare(run)
  const running = { ...rest, steps, state: 'running' as const, startedAt, current, checkAt: now }
  const text = withSince(`${run.id} goes on with step ${current + 1} of ${run.steps.length}`, said)
  if (said.override) return goesOn(takenOn(running, said, { reason: said.override.reason, now }), said.by)
  if (said.seen === 'done') {
    const on = stepDone(running, { note: said.text }, now)
    return on.kind === 'change'
      ? goesOn({ ...on, events: [{ type: 'run.step', at: now, by: said.by, text }, ...on.events] }, said.by)
      : on
  }
  return goesOn(happened(advanceTo(running, now), 'run.step', { at: now, by: said.by, text }), said.by)
}

/** Its incident, which was told that it had stopped, is told that it goes on; one that has ended says that itself. */
function goesOn(decision: RunDecision, by: Actor): RunDecision {
  if (decision.kind !== 'change' || decision.next.state !== 'running') return decision
  const { effects, ...change } = decision
  const [first] = decision.events
  const told = tell({ ...change, effects: [] }, 'approved', by, first?.text)
  return { ...told, effects: [...told.effects, ...effects] }
}

/** Only a step that asks a database may be passed over: all others make what comes after them possible. */
function overrideRefused(
  run: Extract<Run, { state: 'failed' | 'unknown' }>,
  rule: string,
): Refusal | undefined {
  if (rule === 'check-query' && run.steps[run.current]?.action.provider === 'sql-query') return undefined
  return {
    code: 'unknown-rule',
    message: `${run.id} does not wait for a check query, so there is nothing to take on yourself: retry ${run.id}`,
  }
}

/** Somebody has looked at the data himself: the step counts as done, and the record says how. */
function takenOn(
  run: Running,
  said: SaidOf<'retry'>,
  { reason, now }: { readonly reason: string; readonly now: Instant },
): RunDecision {
  const { by } = said
  const step = run.current + 1
  const steps = withStep(run, run.current, { overriddenWith: reason })
  const goesOn = `${run.id} goes on without a good answer in step ${step} of ${steps.length}, which ${by.person} takes on: ${reason}`
  const text = withSince(goesOn, said)
  const note = `not answered as wanted; taken on by ${by.person}: ${reason}`
  const on = stepDone({ ...run, steps }, { note }, now)
  if (on.kind !== 'change') return on
  const event = {
    type: 'run.step' as const,
    at: now,
    by,
    text,
    data: { step, overridden: 'check-query', reason },
  }
  return { ...on, events: [event, ...on.events] }
}

function withSince(text: string, { since }: SaidOf<'retry'>): string {
  return [text, ...since].join('. ')
}

function approvalOf(by: Actor, at: Instant): Approval {
  return { by: by.person, door: by.door, at }
}

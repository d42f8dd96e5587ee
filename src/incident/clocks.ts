// The diagnosis clock: reminders, extension with a reason, the end of it, and escalation.
import { nameOf } from '../drplan/person-name.ts'
import type { Duration, Instant } from '../ids.ts'
import { minute } from '../ids.ts'
import { printDuration } from '../drplan/duration.ts'
import type { Actor } from '../timeline/event.ts'
import type { DiagnosisClock, Incident, Timings } from './incident.ts'
import { diagnosisLimit } from './incident.ts'
import { call, nextLevel } from './calls.ts'
import { bot, effect, happened, patch, targetNames } from './change.ts'
import type { Change, Moment } from './change.ts'
import { whoWhere } from './elsewhere.ts'

/** What is offered at once when more time is wanted. */
export const extension: Duration = 10 * minute
/** The last reminder comes this long before the end. */
const lastCall: Duration = 2 * minute

/** An incident whose clock is running. */
export type Clocked = Extract<Incident, { readonly clock: DiagnosisClock }>

/** How much longer the diagnosis may still be made; 0 when it may not. */
export function extensionLeft(clock: DiagnosisClock): Duration {
  return clock.endedAt === undefined ? Math.max(0, clock.startedAt + diagnosisLimit - clock.endsAt) : 0
}

/** A clock that begins now. */
export function newClock(timings: Timings, now: Instant): DiagnosisClock {
  return withReminder({ startedAt: now, endsAt: now + timings.deadline }, now + timings.remind, now)
}

/** Reminds at the first mark, then shortly before the end. */
function withReminder(clock: DiagnosisClock, wanted: Instant, now: Instant): DiagnosisClock {
  const { remindAt: _, ...rest } = clock
  const last = clock.endsAt - lastCall
  const at = wanted < last ? wanted : last
  return at > now && at < clock.endsAt ? { ...rest, remindAt: at } : rest
}

/** What is due on the clock of an incident that is being paged or diagnosed. */
export function tickClock(change: Change, moment: Moment): Change {
  const { next } = change
  if (next.state !== 'paging' && next.state !== 'diagnosing') return change
  if (next.clock.endedAt === undefined && next.clock.endsAt <= moment.now)
    return clockOut(change, next, moment)
  if (next.clock.remindAt !== undefined && next.clock.remindAt <= moment.now)
    return remind(change, next, moment)
  return change
}

function remind(change: Change, incident: Clocked, moment: Moment): Change {
  const { clock, timings } = incident
  const over = clock.endedAt !== undefined
  const left = clock.endsAt - moment.now
  const more = Math.min(extension, extensionLeft(clock))
  const text = over
    ? `Still no decision ${printDuration(moment.now - clock.startedAt)} after the first page. Order a recovery: failover ${incident.system}. Or say what is known: note ${incident.id} WORDS`
    : `${printDuration(left)} left to diagnose ${incident.id}. Then it goes to ${targetsAt(moment, nextLevel(incident, moment.policy.plan))}.${more > 0 ? ` More time: extend ${incident.id} ${printDuration(more)} REASON` : ''}`
  const next = over
    ? { ...clock, remindAt: moment.now + timings.remind }
    : withReminder(clock, moment.now + diagnosisLimit, moment.now)
  const said = happened(setClock(change, next), 'clock.reminder', { at: moment.now, by: bot, text })
  return effect(said, { kind: 'say', incident: incident.id, text }, { kind: 'card', incident: incident.id })
}

function clockOut(change: Change, incident: Clocked, moment: Moment): Change {
  const took = printDuration(moment.now - incident.clock.startedAt)
  const text = `The time to diagnose is over (${took})`
  const ended = { ...incident.clock, endedAt: moment.now, remindAt: moment.now + incident.timings.remind }
  const said = happened(setClock(change, ended), 'clock.ended', { at: moment.now, by: bot, text })
  const level = nextLevel(incident, moment.policy.plan)
  return escalateTo(said, level, { by: bot, reason: text }, moment) ?? said
}

function setClock(change: Change, clock: DiagnosisClock): Change {
  return { ...change, next: { ...change.next, clock } as Incident }
}

function targetsAt(moment: Moment, level: number | undefined): string {
  const { plan } = moment.policy
  const targets = level === undefined ? undefined : plan.escalation[level]?.to
  return targets === undefined ? 'nobody else: the plan has no further level' : targetNames(plan, targets)
}

/** Calls the targets of a level; undefined when the plan has no such level. */
export function escalateTo(
  change: Change,
  level: number | undefined,
  cause: { readonly by: Actor; readonly reason: string | undefined },
  moment: Moment,
): Change | undefined {
  const targets = level === undefined ? undefined : moment.policy.plan.escalation[level]?.to
  if (level === undefined || targets === undefined) return undefined
  const { id } = change.next
  const why = cause.reason === undefined ? '' : `: ${cause.reason}`
  const text = `Escalated to ${targetNames(moment.policy.plan, targets)}${why}`
  const data = { level, targets, ...(cause.reason === undefined ? {} : { reason: cause.reason }) }
  const raised = happened(patch(change, { level: Math.max(change.next.level, level) }), 'escalated', {
    at: moment.now,
    by: cause.by,
    text,
    data,
  })
  const called = targets.reduce((so, target) => call(so, { target, level }, moment), raised)
  const heard = `${text}${whoWhere(change.next, cause.by, moment.policy.plan)}`
  return effect(called, { kind: 'say', incident: id, text: heard }, { kind: 'card', incident: id })
}

/** More time to diagnose, never past 30 minutes in all. A text when it is refused. */
export function extend(
  change: Change,
  ask: { readonly by: Actor; readonly duration: Duration; readonly reason: string },
  moment: Moment,
): Change | string {
  const { next } = change
  if (next.state !== 'diagnosing') {
    return next.state === 'paging'
      ? `${next.id} has not been acknowledged. First: ack ${next.id}`
      : `${next.id} is ${next.state}: no diagnosis clock is running.`
  }
  if (next.clock.endedAt !== undefined) {
    return `The time to diagnose ${next.id} is over and it was escalated; it cannot be extended any more. Order a recovery: failover ${next.system}`
  }
  const limit = next.clock.startedAt + diagnosisLimit
  const endsAt = next.clock.endsAt + ask.duration
  if (endsAt > limit) return tooLong(next, limit - next.clock.endsAt)
  const { plan } = moment.policy
  const text = `${nameOf(plan, ask.by.person)} extended the diagnosis by ${printDuration(ask.duration)}: ${ask.reason}`
  const clock = withReminder({ ...next.clock, endsAt }, next.clock.remindAt ?? endsAt, moment.now)
  const data = { duration: ask.duration, endsAt, reason: ask.reason }
  const said = happened(setClock(change, clock), 'clock.extended', { at: moment.now, by: ask.by, text, data })
  return effect(said, { kind: 'card', incident: next.id })
}

function tooLong(incident: Clocked, left: Duration): string {
  if (left < 1_000) {
    return `A diagnosis takes 30 minutes at most, and ${incident.id} already has them all. Order a recovery: failover ${incident.system}. Or escalate it: escalate ${incident.id}`
  }
  return `A diagnosis takes 30 minutes at most: ${incident.id} can be extended by ${printDuration(left)} and no more. Say: extend ${incident.id} ${printDuration(left)} REASON`
}

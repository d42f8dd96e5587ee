// What the news of a run mean for its incident: decided, recovering, works again, or back to diagnosing.
import { nameOf } from '../drplan/person-name.ts'
import { never } from '../errors.ts'
import type { Actor } from '../timeline/event.ts'
import type { Incident } from './incident.ts'
import type { IncidentInput } from './input.ts'
import { bare, watch } from './alerts.ts'
import { bot, effect, nagios, patch } from './change.ts'
import type { Change, Moment } from './change.ts'
import { newClock } from './clocks.ts'
import { nowCarriedOut } from './decide-by.ts'
import { where, whoWhere } from './elsewhere.ts'

type News = Extract<IncidentInput, { readonly kind: 'run-news' }>
type Acknowledge = (
  change: Change,
  by: Actor,
  name: string | undefined,
  moment: Moment,
) => Change | string | undefined

/** The run writes its own events; here only the incident's state follows. A failback never ends an outage. */
export function runNews(
  change: Change,
  news: News,
  moment: Moment,
  acknowledge: Acknowledge,
): Change | undefined {
  const { next } = change
  if (news.again && !(next.state === 'recovering' && next.run === news.run)) return undefined
  if (next.state === 'resolved' || news.direction === 'failback' || isOthers(news, next))
    return aside(change, news, moment)
  switch (news.news) {
    case 'proposed':
      return card(diagnosed(taken(change, news, moment, acknowledge), moment))
    case 'approved':
      return card(heard(recovering(taken(change, news, moment, acknowledge), news, moment), news, moment))
    case 'step':
      return next.state === 'recovering' && next.run === news.run
        ? card(heard({ ...change, next: { ...next, checkBy: news.checkBy } }, news, moment))
        : card(heard(change, news, moment))
    case 'done':
      return card(said(done(change, news, moment), news, moment))
    case 'failed':
    case 'cancelled':
      return card(said(backToDiagnosing(change, news, moment), news, moment))
    case 'gone':
      return card(said(doubted(change, news, moment), news, moment))
    case 'unknown':
    case 'holds':
    case 'denied':
      return card(said(change, news, moment))
    case 'expired':
      return card(change)
    default:
      return never(news.news)
  }
}

/** Whatever becomes of another system, this one is as broken as before: only its own recovery moves its outage. */
function isOthers({ system }: News, incident: Incident): boolean {
  return system !== undefined && system !== incident.system
}

/** A run that does not move the outage: its room hears how it ended, since the change of a card makes no sound. */
function aside(change: Change, news: News, moment: Moment): Change | undefined {
  const ended: readonly News['news'][] = ['done', 'failed', 'cancelled', 'denied', 'unknown', 'gone', 'holds']
  const isTakenBack = news.news === 'done' && !isOthers(news, change.next)
  // An older version may have let it wait for a run of another system: it waits no longer than that.
  const moved = isTakenBack
    ? ledBack(takenBack(change), news, moment)
    : backToDiagnosing(change, news, moment)
  if (ended.includes(news.news)) return card(said(moved, news, moment))
  return news.waits || news.goesOn ? card(said(change, news, moment)) : undefined
}

/** After a way back nothing is carried out any more that could still help: somebody has to decide again. */
function takenBack(change: Change): Change {
  if (nowCarriedOut(change.next) === undefined) return change
  const { acted: _, followed: __, ...marks } = change.next.marks
  return patch(change, { marks })
}

/** What a verified recovery led around carries the load again: from now on it is news when Nagios reports it. */
function ledBack(change: Change, { direction }: News, { now }: Moment): Change {
  const { state, marks } = change.next
  if (state !== 'resolved' || direction !== 'failback') return change
  return patch(change, { marks: { ...marks, ledBack: now } })
}

/** A step makes no sound, unless somebody must act after it; nor does a start that people have just ordered. */
function heard(change: Change, news: News, moment: Moment): Change {
  return news.waits || news.goesOn ? said(change, news, moment) : change
}

function said(change: Change, news: News, { policy }: Moment): Change {
  const denier = ` (by ${nameOf(policy.plan, news.by.person)}${where(change.next, news.by)})`
  const who = news.news === 'denied' ? denier : whoWhere(change.next, news.by, policy.plan)
  const text = `${news.text}${who}`
  return effect(change, { kind: 'say', incident: change.next.id, text })
}

function card(change: Change): Change {
  return effect(change, { kind: 'card', incident: change.next.id })
}

/** Who orders a recovery has the incident: an unanswered page is answered by that. */
function taken(change: Change, news: News, moment: Moment, acknowledge: Acknowledge): Change {
  if (change.next.state !== 'paging') return change
  const result = acknowledge(change, news.by, undefined, moment)
  return typeof result === 'object' ? result : change
}

function diagnosed(change: Change, moment: Moment): Change {
  const { marks } = change.next
  return marks.diagnosed === undefined
    ? patch(change, { marks: { ...marks, diagnosed: moment.now } })
    : change
}

function recovering(change: Change, news: News, moment: Moment): Change {
  const known = diagnosed(change, moment)
  const before = known.next
  const clock = 'clock' in before ? before.clock : newClock(before.timings, moment.now)
  const marks = { ...before.marks, decided: before.marks.decided ?? moment.now }
  const next: Incident = {
    ...bare(before),
    marks,
    state: 'recovering',
    run: news.run,
    clock,
    checkBy: news.checkBy,
  }
  return { ...known, next }
}

function done(change: Change, news: News, moment: Moment): Change {
  const { marks } = change.next
  const followed = news.followed === undefined ? {} : { followed: news.followed }
  const acted = patch(change, {
    run: news.run,
    carriedOut: { run: news.run, ...(news.recovery === undefined ? {} : { recovery: news.recovery }) },
    marks: { ...marks, acted: marks.acted ?? moment.now, ...followed },
  })
  if (change.next.state === 'watching') return acted
  return news.seen ? watch(acted, 'verified', bot, moment) : unseen(acted, moment)
}

/**
 * Carried out, and nobody has asked the service: Nagios says whether it helped, and there is time again to wait for
 * that.
 */
function unseen(change: Change, moment: Moment): Change {
  const { next } = change
  if (isMended(next)) return watch(change, 'nagios', nagios, moment)
  const clock = newClock(next.timings, moment.now)
  return { ...change, next: { ...bare(next), state: 'diagnosing', clock } }
}

/**
 * What was seen working does not hold any more while Nagios still reports problems: those are not what it leads around
 * now. The outage goes on, and somebody has to decide.
 */
function doubted(change: Change, { run }: News, { now }: Moment): Change {
  const { next } = change
  if (next.state !== 'watching' || next.because !== 'verified' || isMended(next)) return change
  if (next.carriedOut?.run !== run) return change
  const { verified: _, acted: __, followed: ___, ...marks } = next.marks
  const clock = newClock(next.timings, now)
  return { ...change, next: { ...bare(next), marks, state: 'diagnosing', clock } }
}

function isMended({ problems }: Incident): boolean {
  return problems.open === 0 && problems.alerts > 0
}

function backToDiagnosing(change: Change, news: News, moment: Moment): Change {
  const { next } = change
  if (next.state !== 'recovering' || next.run !== news.run) return change
  if (isMended(next)) return watch(change, 'nagios', nagios, moment)
  return { ...change, next: { ...bare(next), state: 'diagnosing', clock: next.clock } }
}

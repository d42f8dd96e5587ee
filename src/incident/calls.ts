// Calling people: who is paged, through what, who is next when nobody answers, and when it stops.
import { nameOf } from '../drplan/person-name.ts'
import type { Instant, PersonId } from '../ids.ts'
import { minute } from '../ids.ts'
import { candidates } from '../oncall/candidates.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Call, Incident, Page, PageStep, Target } from './incident.ts'
import { bot, effect, happened, patch, targetNames } from './change.ts'
import type { Change, Moment } from './change.ts'
import { order, page, stepsWakeAt, withStep } from './pages.ts'
import type { Chosen } from './pages.ts'

/** When a whole round was silent, the next begins after this many turns at most. */
const longestPause = 5

/** A target to be called; `first` is who had it before and is called before the others. */
export interface Wanted {
  readonly target: Target
  readonly level: number
  readonly first?: PersonId | undefined
}

/** The next level that was not called in this outage; undefined when the plan has no further one. */
export function nextLevel(incident: Incident, plan: DrPlan): number | undefined {
  const called = new Set(incident.calls.map((each) => each.level))
  const level = plan.escalation.findIndex((_, index) => index > 0 && !called.has(index))
  return level < 0 ? undefined : level
}

/** Whether managers and developers were called in this outage; `level` also remembers the ones before a relapse. */
export function isEscalated(incident: Incident): boolean {
  return incident.calls.some((each) => each.level > 0)
}

/** Begins to call a target: the first of its people, or all of a group at once. */
export function call(change: Change, wanted: Wanted, moment: Moment): Change {
  const { target, level } = wanted
  const since = moment.now
  const begun: Call = {
    target,
    level,
    since,
    round: 1,
    nextAt: since + change.next.timings.nextEngineerAfter,
  }
  const known = change.next.calls.filter((other) => other.target !== target)
  return round(patch(change, { calls: [...known, begun] }), begun, moment, wanted.first)
}

/** Pages the first of a target's people (a group: all of them); says so loudly when there is nobody. */
function round(change: Change, begun: Call, moment: Moment, first?: PersonId): Change {
  const people = ordered(candidates(moment.policy.plan, begun.target, moment.now), moment.policy.plan, first)
  if (people.length === 0) return nobody(change, begun.target, moment)
  const chosen = begun.target.startsWith('group:') ? people : people.slice(0, 1)
  return chosen.reduce((so, person) => page(so, begun, person, moment), change)
}

/** Who had it before comes first, also when it would be somebody else's turn. */
function ordered(people: readonly Chosen[], plan: DrPlan, first: PersonId | undefined): readonly Chosen[] {
  if (first === undefined || !Object.hasOwn(plan.people, first)) return people
  const same = people.find((each) => each.person === first)
  const why = same ? `had it before the relapse; ${same.why}` : 'had it before the relapse'
  return [{ person: first, why }, ...people.filter((each) => each.person !== first)]
}

function nobody(change: Change, target: Target, moment: Moment): Change {
  const text = `Nobody of ${targetNames(moment.policy.plan, [target])} is available now. Add an override: oncall override PERSON FROM TO`
  return happened(change, 'call.nobody', { at: moment.now, by: bot, text, data: { target } })
}

/** Goes on to the next person of each target that has been silent; after the last one it begins again. */
export function goOn(change: Change, moment: Moment): Change {
  return change.next.calls
    .filter((each) => each.answeredBy === undefined && each.nextAt <= moment.now)
    .reduce((so, silent) => nextOf(so, silent, moment), change)
}

function nextOf(change: Change, silent: Call, moment: Moment): Change {
  const paged = new Set(running(change, silent.target).map((each) => each.person))
  const left = candidates(moment.policy.plan, silent.target, moment.now).filter(
    (each) => !paged.has(each.person),
  )
  const [next] = left
  if (next && !silent.target.startsWith('group:')) {
    const moved = { ...silent, nextAt: moment.now + change.next.timings.nextEngineerAfter }
    return page(withCall(change, moved), moved, next, moment)
  }
  return againFromTheStart(change, silent, moment)
}

function againFromTheStart(change: Change, silent: Call, moment: Moment): Change {
  const pause = change.next.timings.nextEngineerAfter * Math.min(silent.round, longestPause)
  const again = { ...silent, round: silent.round + 1, nextAt: moment.now + Math.max(pause, minute) }
  const text = `Nobody of ${targetNames(moment.policy.plan, [silent.target])} has answered; calling again from the first (round ${again.round})`
  const data = { target: silent.target, round: again.round }
  const said = happened(withCall(change, again), 'call.nobody', { at: moment.now, by: bot, text, data })
  return round(
    stopWhere(said, { because: 'next-round' }, (each) => each.target === silent.target, moment),
    again,
    moment,
  )
}

function running(change: Change, target: Target): readonly Page[] {
  return change.next.pages.filter((each) => each.target === target && !each.stopped)
}

function withCall(change: Change, call: Call): Change {
  return patch(change, {
    calls: change.next.calls.map((each) => (each.target === call.target ? call : each)),
  })
}

type Because = NonNullable<Page['stopped']>['because']

/** Stops every page and answers every call: the outage is over, or somebody of the first level has it. */
export function stopAll(change: Change, because: Because, moment: Moment, by?: PersonId): Change {
  const calls = change.next.calls.map((each) =>
    each.answeredBy === undefined ? { ...each, answeredBy: by ?? because } : each,
  )
  return stopWhere(patch(change, { calls }), { because, by }, () => true, moment)
}

/** Answers the calls of the targets that `person` belongs to; undefined when there is none. */
export function answer(change: Change, person: PersonId, moment: Moment): Change | undefined {
  const mine = new Set(
    change.next.calls
      .filter((each) => each.answeredBy === undefined && belongs(moment.policy.plan, each.target, person))
      .map((each) => each.target),
  )
  if (mine.size === 0) return undefined
  const calls = change.next.calls.map((each) =>
    mine.has(each.target) ? { ...each, answeredBy: person } : each,
  )
  const end: End = { because: 'acknowledged', by: person }
  return stopWhere(patch(change, { calls }), end, (each) => mine.has(each.target), moment)
}

/** True when `person` is one of those whom the target means, on call now or not. */
function belongs(plan: DrPlan, target: Target, person: PersonId): boolean {
  const colon = target.indexOf(':')
  const [kind, name] = [target.slice(0, colon), target.slice(colon + 1)]
  if (kind === 'person') return name === person
  if (kind === 'group') return plan.groups[name]?.people.includes(person) ?? false
  const covers = plan.oncall.overrides.some((each) => each.person === person)
  return (
    covers || (plan.oncall.rotations.find((each) => each.name === name)?.people.includes(person) ?? false)
  )
}

interface End {
  readonly because: Because
  readonly by?: PersonId | undefined
}

function stopWhere(change: Change, end: End, which: (page: Page) => boolean, moment: Moment): Change {
  const { now } = moment
  const { because, by } = end
  const hit = change.next.pages.filter((each) => !each.stopped && which(each))
  if (hit.length === 0) return change
  const pages = change.next.pages.map((each) =>
    hit.includes(each)
      ? { ...each, stopped: { at: now, because, ...(by === undefined ? {} : { by }) } }
      : each,
  )
  const text = `Stopped paging ${hit.map((each) => nameOf(moment.policy.plan, each.person)).join(', ')}: ${because}`
  const data = { pages: hit.map((each) => each.id), because }
  return happened(patch(change, { pages }), 'page.stopped', { at: now, by: bot, text, data })
}

/**
 * Records what a channel said; a failed step brings the next one forward, or the next person. A channel that had failed
 * may have taken the page after all: a chat that is back.
 */
export function pageResult(
  change: Change,
  result: {
    readonly page: string
    readonly step: number
    readonly outcome: 'sent' | 'failed'
    readonly reason?: string
  },
  moment: Moment,
): Change | undefined {
  const page = change.next.pages.find((each) => each.id === result.page)
  const step = page?.steps[result.step]
  const { reason, outcome } = result
  if (!page || !step || step.outcome === 'sent' || step.outcome === outcome) return undefined
  const { channel, at } = step
  const told: PageStep = { channel, at, outcome, ...(reason === undefined ? {} : { reason }) }
  const kept = patch(change, { pages: withStep(change.next.pages, page.id, result.step, told) })
  const name = nameOf(moment.policy.plan, page.person)
  const data = {
    page: page.id,
    person: page.person,
    channel: step.channel,
    ...(reason === undefined ? {} : { reason }),
  }
  if (outcome === 'failed') {
    const text = `The page to ${name} by ${step.channel} failed: ${reason ?? 'no reason given'}`
    return hurry(happened(kept, 'page.failed', { at: moment.now, by: bot, text, data }), page.id, moment)
  }
  const marks =
    kept.next.marks.paged === undefined ? { ...kept.next.marks, paged: moment.now } : kept.next.marks
  const late = step.outcome === 'failed'
  const text = `Page to ${name} by ${step.channel} is out${late ? ', after it had failed' : ''}`
  const sent = happened(patch(kept, { marks }), 'page.sent', { at: moment.now, by: bot, text, data })
  return late ? effect(sent, { kind: 'card', incident: change.next.id }) : sent
}

/** After a failure nobody waits for the ladder: the next step is due now, else the next person is. */
function hurry(change: Change, id: string, moment: Moment): Change {
  const page = change.next.pages.find((each) => each.id === id)
  if (!page || page.stopped) return change
  const next = page.steps.findIndex((step) => step.outcome === undefined)
  const step = page.steps[next]
  if (step) {
    const at = Math.min(step.at, moment.now)
    return order(patch(change, { pages: withStep(change.next.pages, id, next, { ...step, at }) }), moment)
  }
  if (page.steps.some((each) => each.outcome !== 'failed')) return change
  const call = change.next.calls.find((each) => each.target === page.target && each.answeredBy === undefined)
  // Every channel of this person has failed. A group's people were all called at once: the others may still answer.
  const othersWait = running(change, page.target).some((each) => each.id !== id)
  return call && !othersWait && call.round === 1
    ? goOn(withCall(change, { ...call, nextAt: moment.now }), moment)
    : change
}

/** When the calls must be looked at next. */
export function callsWakeAt(calls: readonly Call[], pages: readonly Page[]): readonly Instant[] {
  const silent = calls.filter((each) => each.answeredBy === undefined).map((each) => each.nextAt)
  return [...silent, ...pages.flatMap(stepsWakeAt)]
}

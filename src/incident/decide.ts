// What an incident does about what happens to it: pure and total, the only place where an incident changes.
import { nameOf } from '../drplan/person-name.ts'
import type { Instant } from '../ids.ts'
import { minute } from '../ids.ts'
import type { Actor } from '../timeline/event.ts'
import { timingsOf } from '../drplan/timings.ts'
import type { DiagnosisClock, Incident, Objective } from './incident.ts'
import type { Decision, IncidentInput, Opening } from './input.ts'
import { believed } from './ahead.ts'
import { attach } from './alerts.ts'
import { answer, call, callsWakeAt, goOn, pageResult, stopAll, isEscalated, nextLevel } from './calls.ts'
import { order } from './pages.ts'
import { bot, effect, happened, patch, unchanged } from './change.ts'
import type { Change, Moment, Policy } from './change.ts'
import { decideWakeAt, seenAnew, tickDecideBy, waysOut } from './decide-by.ts'
import { chatAway, chatBack } from './chat-away.ts'
import { escalateTo, extend, newClock, tickClock } from './clocks.ts'
import { placeOf, where } from './elsewhere.ts'
import { noProblems, stillBroken } from './problems.ts'
import { runNews } from './run-news.ts'
import { putAway, resolved } from './ending.ts'
import { roomNews } from './room.ts'
import { caughtUp, remembered, unsaid } from './words.ts'
import { never } from '../errors.ts'

/** Begins an incident: who is called, which rooms open, when it must be looked at again. */
export function begin(opening: Opening, now: Instant, policy: Policy): Change {
  const moment: Moment = { now, policy }
  const objective = objectiveOf(opening, policy)
  const timings = timingsOf(policy.plan, opening.system)
  const outage = Math.min(now, ...opening.attached.map((each) => each.since))
  const first: Incident = {
    state: 'paging',
    id: opening.id,
    system: opening.system,
    title: opening.title,
    openedBy: opening.by.person,
    openedAt: now,
    objective,
    waysOut: waysOut(policy.plan, opening.system, policy),
    timings,
    problems: noProblems,
    level: 0,
    calls: [],
    pages: [],
    nextPage: 1,
    marks: { outage, detected: now },
    rooms: policy.chats.map((chat) => ({ chat, state: 'opening' })),
    relapses: 0,
    clock: newClock(timings, now),
  }
  const opened = happened(unchanged(first), 'incident.opened', {
    at: now,
    by: opening.by,
    text: `${opening.id} opened: ${opening.title}`,
    data: { system: opening.system, outage, objective, timings },
  })
  const told = opening.attached.length > 0 ? attach(opened, opening.attached, moment) : opened
  const targets = policy.plan.escalation[0]?.to ?? []
  const called = targets.reduce((so, target) => call(so, { target, level: 0 }, moment), told)
  const alone = called.next.pages.length === 0
  const reason = 'nobody of the first level is available'
  const heard = alone ? (escalateTo(called, 1, { by: bot, reason }, moment) ?? called) : called
  const rooms = policy.chats.map((chat) => ({ kind: 'room', incident: opening.id, chat }) as const)
  return remembered(effect(heard, ...rooms, { kind: 'card', incident: opening.id }), moment)
}

/** The system's objective as the plan says now; ten minutes where it says nothing. */
function objectiveOf(opening: Opening, { plan }: Policy): Objective {
  const system = plan.systems[opening.system]
  return { rto: system?.rto ?? 10 * minute, ...(system?.rpo === undefined ? {} : { rpo: system.rpo }) }
}

/** What follows from an input at an instant. Nothing outside is read or changed. */
export function decide(incident: Incident, input: IncidentInput, now: Instant, policy: Policy): Decision {
  const moment: Moment = { now, policy }
  const change = seenAnew(believed(incident, wakeAt(incident), now), policy)
  const result = react(change, input, moment)
  if (result === undefined)
    return change.next === incident ? { kind: 'same' } : { kind: 'change', ...remembered(change, moment) }
  if (typeof result === 'string') return { kind: 'refused', code: `incident-${input.kind}`, message: result }
  return { kind: 'change', ...remembered(result, moment) }
}

/** undefined: nothing changes; a text: refused. */
type Reaction = Change | string | undefined

function react(change: Change, input: IncidentInput, moment: Moment): Reaction {
  switch (input.kind) {
    case 'alerts':
      return input.attached.length === 0 ? undefined : attach(change, input.attached, moment)
    case 'tick':
      return tick(change, moment)
    case 'ack':
      return acknowledge(change, input.by, input.name, moment)
    case 'note':
      return note(change, input, moment)
    case 'extend':
      return extend(change, input, moment)
    case 'escalate':
      return escalate(change, input.by, input.reason, moment)
    case 'resolve':
      return resolveByHand(change, input.by, input.what, moment)
    case 'page-result':
      return pageResult(change, input, moment)
    case 'room':
      return roomNews(change, input, moment)
    case 'unsaid':
      return unsaid(change, input, moment)
    case 'caught-up':
      return caughtUp(change, input)
    case 'chat-away':
      return chatAway(change, input, moment)
    case 'chat-back':
      return chatBack(change, input, moment)
    case 'nagios-told':
      return happened(change, 'nagios.told', {
        at: moment.now,
        by: bot,
        text: input.text,
        data: { ok: input.ok },
      })
    case 'run-news':
      return runNews(change, input, moment, acknowledge)
    default:
      return never(input)
  }
}

/** What somebody notes is for everybody who works on it, wherever it was typed. */
function note(change: Change, input: Extract<IncidentInput, { kind: 'note' }>, moment: Moment): Change {
  const { by, text, heardIn, general } = input
  const { id } = change.next
  const data = general ? { data: { general } } : {}
  const noted = happened(change, 'note', { at: moment.now, by, text, ...data })
  const place = placeOf(change.next, by)
  const who = `${nameOf(moment.policy.plan, by.person)} noted${place === undefined ? '' : ` ${place}`}`
  const words = by.person === 'bot' ? text : `${who}: ${text}`
  return effect(noted, {
    kind: 'say',
    incident: id,
    text: words,
    ...(heardIn === undefined ? {} : { except: heardIn }),
  })
}

function tick(change: Change, moment: Moment): Reaction {
  const { next } = change
  if (next.state === 'resolved') return putAway(change, moment)
  if (next.state === 'watching' && next.until <= moment.now)
    return resolved(change, { by: next.because, actor: bot }, moment)
  const called = goOn(order(change, moment), moment)
  // Whoever was called although it works again is called until somebody answers.
  if (next.state === 'watching') return called.next === next ? undefined : called
  const managers = nobodyLeft(change, called)
    ? escalateTo(called, 1, { by: bot, reason: 'nobody answered' }, moment)
    : undefined
  const ticked = tickDecideBy(tickClock(managers ?? called, moment), moment)
  const checked =
    next.state === 'recovering' && next.checkBy <= moment.now ? lookAtRun(ticked, moment) : ticked
  return checked.next === next ? undefined : checked
}

/** All engineers were called once and were silent: the managers are called at once, whatever the clock says. */
function nobodyLeft(before: Change, after: Change): boolean {
  const again = after.next.calls.some((each) => each.level === 0 && each.round === 2)
  const already = before.next.calls.some((each) => each.level === 0 && each.round >= 2)
  return !isEscalated(after.next) && again && !already
}

function lookAtRun(change: Change, moment: Moment): Change {
  const { next } = change
  if (next.state !== 'recovering') return change
  const later: Incident = { ...next, checkBy: moment.now + minute }
  return effect({ ...change, next: later }, { kind: 'advance', run: next.run })
}

function acknowledge(change: Change, by: Actor, name: string | undefined, moment: Moment): Reaction {
  const { next } = change
  if (next.state === 'resolved') {
    return `${next.id} is resolved. If it is broken again, open it: open ${next.system} SUMMARY`
  }
  if (next.state !== 'paging') return acknowledgeLater(change, by, moment)
  const quiet = stopAll(change, 'acknowledged', moment, by.person)
  const marks = { ...next.marks, acknowledged: next.marks.acknowledged ?? moment.now }
  const taken: Incident = {
    ...quiet.next,
    marks,
    state: 'diagnosing',
    engineer: by.person,
    clock: next.clock,
  }
  const who = name ?? nameOf(moment.policy.plan, by.person)
  const text = `${who} has it`
  const said = happened({ ...quiet, next: taken }, 'acknowledged', {
    at: moment.now,
    by,
    text,
    data: { name: who },
  })
  const told =
    by.door === 'nagios'
      ? said
      : effect(said, { kind: 'tell-nagios', incident: next.id, author: who, comment: `${next.id}: ${text}` })
  const heard = `${text}${where(next, by)}`
  return effect(told, { kind: 'say', incident: next.id, text: heard }, { kind: 'card', incident: next.id })
}

/** Somebody has it already: a manager or developer answers the call to them; anybody else takes it over. */
function acknowledgeLater(change: Change, by: Actor, moment: Moment): Reaction {
  const { next } = change
  const who = nameOf(moment.policy.plan, by.person)
  const answered = answer(change, by.person, moment)
  if (answered) {
    const text = `${who} answered and joins`
    const said = happened(answered, 'acknowledged', { at: moment.now, by, text })
    const heard = `${text}${where(next, by)}`
    return effect(said, { kind: 'say', incident: next.id, text: heard }, { kind: 'card', incident: next.id })
  }
  // Who answered a call and presses again has joined already: a double click must not take the incident over.
  const joined = next.calls.some((each) => each.answeredBy === by.person)
  if (joined || next.engineer === by.person || by.door === 'nagios') return undefined
  return takeOver(change, by, moment)
}

/** Somebody else has it from now on: the room hears it, and who had it is told, wherever they look. */
function takeOver(change: Change, by: Actor, moment: Moment): Change {
  const { id, engineer } = change.next
  const { plan } = moment.policy
  const who = nameOf(plan, by.person)
  const before = engineer === undefined ? '' : ` (before: ${nameOf(plan, engineer)})`
  const text = `${who} has it now${before}`
  const said = happened(patch(change, { engineer: by.person }), 'acknowledged', {
    at: moment.now,
    by,
    text,
    data: { name: who, ...(engineer === undefined ? {} : { before: engineer }) },
  })
  const heard = `${text}${where(change.next, by)}`
  const shown = effect(said, { kind: 'say', incident: id, text: heard }, { kind: 'card', incident: id })
  return engineer === undefined || !Object.hasOwn(plan.people, engineer)
    ? shown
    : effect(shown, { kind: 'tell', incident: id, person: engineer, text })
}

function escalate(change: Change, by: Actor, reason: string | undefined, moment: Moment): Reaction {
  const { next } = change
  if (next.state === 'resolved') return `${next.id} is resolved; there is nothing to escalate.`
  const raised = escalateTo(change, nextLevel(next, moment.policy.plan), { by, reason }, moment)
  return (
    raised ??
    `${next.id} is at the last level of the plan already; all that it names have been called. Call others by phone, and add a level under escalation: in the plan for the next time.`
  )
}

function resolveByHand(change: Change, by: Actor, what: string | undefined, moment: Moment): Reaction {
  const { next } = change
  if (next.state === 'resolved')
    // A double click says the same again; other words are worth keeping.
    return what === undefined || what === next.what
      ? undefined
      : note(change, { kind: 'note', by, text: what }, moment)
  if (next.state === 'recovering') {
    return `${next.run} is running for ${next.id}. Wait for it, or stop it first: cancel ${next.run}`
  }
  if (what === undefined && next.problems.open > 0) {
    return `${stillBroken(next)} To close ${next.id} all the same, say why: resolve ${next.id} "reason"`
  }
  return resolved(change, { by: by.person, actor: by, what }, moment)
}

/** When the incident must be looked at again; undefined only when it is resolved and its rooms are put away. */
export function wakeAt(incident: Incident): Instant | undefined {
  switch (incident.state) {
    case 'resolved':
      return incident.closeAt
    case 'watching':
      return Math.min(incident.until, ...callsWakeAt(incident.calls, incident.pages))
    case 'recovering':
      return Math.min(incident.checkBy, ...callsWakeAt(incident.calls, incident.pages))
    case 'paging':
    case 'diagnosing':
      return Math.min(
        ...clockWakeAt(incident.clock),
        ...callsWakeAt(incident.calls, incident.pages),
        ...decideWakeAt(incident),
      )
    default:
      return never(incident)
  }
}

function clockWakeAt(clock: DiagnosisClock): readonly Instant[] {
  const end = clock.endedAt === undefined ? [clock.endsAt] : []
  return clock.remindAt === undefined ? end : [...end, clock.remindAt]
}

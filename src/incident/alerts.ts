// Alerts arriving at an incident: what is broken is counted, the last one mended begins the watch, a new one is a relapse.
import type { Actor } from '../timeline/event.ts'
import type { Incident } from './incident.ts'
import type { Attached } from './input.ts'
import { call, stopAll } from './calls.ts'
import { newClock } from './clocks.ts'
import { effect, happened, nagios, patch } from './change.ts'
import type { Change, Moment } from './change.ts'
import { counted, leading, noProblems, titled } from './problems.ts'

/** Alerts of one event whose output the record has in full; a storm's others say the same in their first words. */
const toldInFull = 20
/** Longest output of the others, in UTF-16 units. */
const shortOutput = 100

/** Counts a batch of alerts and moves the incident as they demand. */
export function attach(change: Change, attached: readonly Attached[], moment: Moment): Change {
  const before = change.next
  const problems = attached.reduce((so, each) => counted(so, each, before.system), before.problems)
  const known = patch(change, { problems })
  // At its beginning it has the title that it is opened with.
  const next = before.problems.alerts === 0 ? known.next : titled(before.problems, known.next)
  const told = record({ ...known, next }, attached, moment)
  const broke = attached.find((each) => each.change === 'broke' && each.system === next.system)
  if (broke && (next.state === 'watching' || next.state === 'resolved')) return relapse(told, broke, moment)
  const active = next.state === 'paging' || next.state === 'diagnosing'
  const mended = attached.some((each) => each.change === 'mended')
  if (active && mended && problems.open === 0) return watch(told, 'nagios', nagios, moment)
  return told
}

/** One event for all that broke in a batch, one for what was mended, one for the rest: a storm stays readable. */
function record(change: Change, attached: readonly Attached[], moment: Moment): Change {
  const broke = attached.filter((each) => each.change === 'broke')
  const mended = attached.filter((each) => each.change === 'mended')
  const rest = attached.filter((each) => each.change !== 'broke' && each.change !== 'mended')
  let so = change
  if (broke.length > 0) so = recorded(so, 'alerts.joined', broke, moment)
  if (mended.length > 0) so = recorded(so, 'alerts.recovered', mended, moment)
  if (rest.length > 0) so = recorded(so, 'alerts.other', rest, moment)
  return effect(so, { kind: 'card', incident: change.next.id })
}

function recorded(
  change: Change,
  type: 'alerts.joined' | 'alerts.recovered' | 'alerts.other',
  alerts: readonly Attached[],
  moment: Moment,
): Change {
  const [first] = alerts
  const more = alerts.length > 1 ? ` and ${alerts.length - 1} more` : ''
  const elsewhere = alerts.filter((each) => each.system !== change.next.system)
  const explained =
    elsewhere.length > 0
      ? ` (${change.next.system} explains ${elsewhere.length} of them: ${systems(elsewhere)})`
      : ''
  const data = {
    alerts: alerts.map((each, index) => ({
      id: each.alert,
      key: each.key,
      system: each.system,
      state: each.state,
      at: each.at,
      output: index < toldInFull ? each.output : shortly(each.output),
    })),
  }
  return happened(change, type, {
    at: moment.now,
    by: nagios,
    text: `${first?.text ?? ''}${more}${explained}`,
    data,
  })
}

function shortly(output: string): string {
  return output.length <= shortOutput ? output : `${output.slice(0, shortOutput - 1)}…`.toWellFormed()
}

function systems(attached: readonly Attached[]): string {
  return [...new Set(attached.map((each) => each.system))].join(', ')
}

/** Works again, as somebody saw: nobody is paged any more, and it is watched for a while before it is resolved. */
export function watch(change: Change, because: 'nagios' | 'verified', by: Actor, moment: Moment): Change {
  const { id, timings, marks } = change.next
  const until = moment.now + timings.resolveAfter
  const quiet = stopAll(change, 'recovered', moment)
  const next: Incident = {
    ...bare(quiet.next),
    marks: { ...marks, verified: marks.verified ?? moment.now },
    state: 'watching',
    since: moment.now,
    until,
    because,
  }
  const text =
    because === 'nagios'
      ? 'Nagios says that it works again; watching before it is resolved'
      : 'Seen working from outside; watching before it is resolved'
  const said = happened({ ...quiet, next }, 'incident.watching', {
    at: moment.now,
    by,
    text,
    data: { because, until },
  })
  return effect(said, { kind: 'card', incident: id })
}

/** It is broken again: the same incident goes on, and the engineer is paged again. */
function relapse(change: Change, broke: Attached, moment: Moment): Change {
  const before = change.next
  const { verified: _, acted: __, resolved: ___, followed: ____, ...kept } = before.marks
  // A resolved outage is over and measured: what comes now is a new one under the same number.
  // It began after the last one had ended and not later than now, whatever the clock of Nagios says.
  const marks =
    before.state === 'resolved'
      ? { outage: Math.min(moment.now, Math.max(before.at, broke.since)), detected: moment.now }
      : kept
  // Nobody has it any more, and everybody may be called again: those who were called before, too.
  const { engineer, ...nobodys } = bare(before)
  const away = before.rooms.filter((room) => room.state === 'closed')
  const again: Incident = {
    ...nobodys,
    problems: leading(before.problems, broke),
    rooms: before.rooms.map((room) => (away.includes(room) ? { ...room, state: 'opening' } : room)),
    calls: [],
    marks,
    ...(before.state === 'resolved' ? { earlier: [...(before.earlier ?? []), before.marks] } : {}),
    relapses: before.relapses + 1,
    state: 'paging',
    clock: newClock(before.timings, moment.now),
  }
  const next = titled(noProblems, again)
  const when = before.state === 'resolved' ? 'after it was resolved' : 'while it was being watched'
  const text = `Broken again ${when}: ${broke.text}`
  const type = 'incident.reopened'
  const reopening = happened({ ...change, next }, type, {
    at: moment.now,
    by: nagios,
    text,
    data: { key: broke.key },
  })
  const targets = moment.policy.plan.escalation[0]?.to ?? []
  const called = targets.reduce(
    (so, target, index) => call(so, { target, level: 0, first: index === 0 ? engineer : undefined }, moment),
    reopening,
  )
  const reopened = away.map(({ chat }) => ({ kind: 'room', incident: before.id, chat }) as const)
  return effect(
    called,
    ...reopened,
    { kind: 'say', incident: before.id, text },
    { kind: 'card', incident: before.id },
  )
}

/** Fields that belong to a state; all others belong to the incident. */
const ofStates: readonly string[] = [
  'state',
  'clock',
  'checkBy',
  'since',
  'until',
  'because',
  'at',
  'by',
  'what',
  'closeAt',
]

/** The fields that every state has, without those of the state it is in. */
export function bare(incident: Incident): Omit<Extract<Incident, { state: 'paging' }>, 'state' | 'clock'> {
  return Object.fromEntries(
    Object.entries(incident).filter(([key]) => !ofStates.includes(key)),
  ) as unknown as Omit<Extract<Incident, { state: 'paging' }>, 'state' | 'clock'>
}

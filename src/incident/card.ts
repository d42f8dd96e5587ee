// An incident's card: what is broken, since when, who has it, what the clocks say, and what can be done now.
import { nameOf } from '../drplan/person-name.ts'
import { printDuration } from '../drplan/duration.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Duration, Instant, SystemId } from '../ids.ts'
import { timeOn, withDays } from '../message.ts'
import type { Card, Field, Line, Section, Span, Tone } from '../message.ts'
import { never } from '../errors.ts'
import type { Run } from '../recovery/run.ts'
import type { Incident, Page, Room } from './incident.ts'
import { incidentButtons, restoreCarriedOut, restoresOf } from './actions.ts'
import { byHandLead } from './by-hand.ts'
import { isEscalated } from './calls.ts'
import { nowCarriedOut, decideByField, lackingWays, noWayLeft } from './decide-by.ts'
import { chatName, isElsewhere, roomLinks } from './elsewhere.ts'
import { problemsSection } from './problems.ts'
import { measure, verdictText, verdictTone } from '../timeline/phases.ts'

/** What a card is drawn from, beside the incident. */
export interface CardView {
  readonly plan: DrPlan
  readonly now: Instant
  /** The chat in whose room the card stands: it needs no way to itself. */
  readonly chat?: string
  /** Its runs, as far as they are open: one may wait for a person. */
  readonly runs?: readonly Run[]
}

/** The card of an incident, the same for every door. */
export function incidentCard(incident: Incident, view: CardView): Card {
  const parts = [
    byHandLead(view.runs ?? []),
    wrongData(incident, view),
    problemsSection(incident),
    calling(incident, view),
    lacking(incident),
    runbook(incident, view.plan),
    rooms(incident, view),
  ]
  const sections = parts.filter((each) => each !== undefined)
  const card: Card = {
    title: `${incident.id} · ${incident.system} · ${stateText(incident)}`,
    tone: toneOf(incident, view.now),
    fields: incidentFields(incident, view),
    sections: [{ lines: [[incident.title]] }, ...sections],
    buttons: incidentButtons(incident, view.plan, view.now),
    links: roomLinks(incident, view.chat),
    footer: openedLine(incident, view.plan),
  }
  return withDays(card, view.now, view.plan.timezone)
}

/** When it was opened, by whom, and for what when that is not what is broken now. */
export function openedLine(incident: Incident, plan: DrPlan): Line {
  const { openedAt, openedBy, openedFor } = incident
  const by = ` by ${nameOf(plan, openedBy)}${openedFor === undefined ? '' : ` for ${openedFor}`}`
  return ['Opened ', { at: openedAt, show: 'date-time' }, by]
}

/** The state in words that a person at 3 a.m. understands. */
export function stateText(incident: Incident): string {
  switch (incident.state) {
    case 'paging':
      return 'nobody has it yet'
    case 'diagnosing':
      return `${diagnosingText(incident)}${isEscalated(incident) ? ', escalated' : ''}`
    case 'recovering':
      return `recovering (${incident.run})`
    case 'watching':
      return 'works again, watching'
    case 'resolved':
      return incident.marks.byHand === undefined ? 'resolved' : 'closed by hand'
    default:
      return never(incident)
  }
}

/** After a recovery that nobody has looked at from outside, it is Nagios that knows. */
function diagnosingText(incident: Incident): string {
  const done = nowCarriedOut(incident)
  return done === undefined
    ? 'diagnosing'
    : `${done.run} is carried out, Nagios has not said yet that it works`
}

/** Red while nobody acts or the objective is missed, amber while somebody does, green when it works again. */
export function toneOf(incident: Incident, now: Instant): Tone {
  if (incident.state === 'resolved') return 'quiet'
  if (incident.state === 'watching') return 'good'
  if (incident.state === 'paging' || objectiveAt(incident) <= now || noWayLeft(incident, now)) return 'bad'
  return 'warn'
}

/** The moment at which the objective (RTO) is missed. */
export function objectiveAt(incident: Incident): Instant {
  return incident.marks.outage + incident.objective.rto
}

/** Since when, who has it, what is left of the objective, and the clocks. */
export function incidentFields(incident: Incident, { plan, now }: CardView): readonly Field[] {
  const list: Field[] = [{ label: 'Down since', value: [{ at: incident.marks.outage, show: 'date-time' }] }]
  const who = incident.engineer === undefined ? 'nobody yet' : nameOf(plan, incident.engineer)
  list.push({
    label: 'Who has it',
    value: [who],
    ...(incident.engineer === undefined ? { tone: 'bad' as const } : {}),
  })
  list.push(objective(incident, now))
  const decide = decideByField(incident, now)
  if (decide) list.push(decide)
  if (incident.state === 'paging' || incident.state === 'diagnosing')
    list.push(diagnosis(incident.clock, now))
  if (incident.state === 'watching') {
    const value: Line = [{ at: incident.until, show: 'countdown' }, ', then it resolves by itself']
    list.push({ label: 'Watching', value })
  }
  if (incident.state === 'resolved') list.push(endField(incident))
  if (incident.state === 'resolved' && incident.what !== undefined)
    list.push({ label: 'What it was', value: [incident.what] })
  if (incident.relapses > 0) list.push({ label: 'Relapses', value: [String(incident.relapses)] })
  return list
}

function endField({ at, marks }: Extract<Incident, { state: 'resolved' }>): Field {
  const value: Line = [{ at, show: 'date-time' }]
  return marks.byHand === undefined
    ? { label: 'Resolved', value }
    : { label: 'Closed by hand', value: [...value, ` by ${marks.byHand.name}`] }
}

function objective(incident: Incident, now: Instant): Field {
  const { rto } = incident.objective
  const label = `Objective (RTO ${printDuration(rto)})`
  const measured = measure(incident, now)
  if (measured.over)
    return {
      label,
      value: [verdictText(measured, printDuration(measured.ms))],
      tone: verdictTone(measured),
    }
  return objectiveClock(rto, objectiveAt(incident), now)
}

/** The clock of an objective that is missed at `at`. */
export function objectiveClock(rto: Duration, at: Instant, now: Instant): Field {
  const label = `Objective (RTO ${printDuration(rto)})`
  return at <= now
    ? { label, value: ['missed ', { at, show: 'ago' }], tone: 'bad' }
    : { label, value: [{ at, show: 'countdown' }], tone: at - now < rto / 3 ? 'bad' : 'warn' }
}

function diagnosis(clock: { readonly endsAt: Instant; readonly endedAt?: Instant }, now: Instant): Field {
  const label = 'Diagnosis clock'
  if (clock.endedAt !== undefined || clock.endsAt <= now)
    return { label, value: ['is over; escalated'], tone: 'bad' }
  return { label, value: [{ at: clock.endsAt, show: 'deadline' }], tone: 'warn' }
}

/** Over what the ways out lacked. */
export const notReadyHeading = 'Not ready when last looked at'

/** Why what the plan offers could not be carried out, while somebody has to decide. */
function lacking(incident: Incident): Section | undefined {
  if (incident.state !== 'paging' && incident.state !== 'diagnosing') return undefined
  const lines = lackingWays(incident).flatMap(({ recovery, lacks = [] }) =>
    lacks.map((text): Line => ['✗ ', { command: `failover ${incident.system} to ${recovery}` }, `: ${text}`]),
  )
  return lines.length === 0 ? undefined : { heading: notReadyHeading, lines }
}

function runbook(incident: Incident, plan: DrPlan): Section | undefined {
  const link = plan.systems[incident.system]?.runbook
  if (link === undefined || incident.state === 'resolved') return undefined
  return { lines: [[{ link, text: `Runbook of ${incident.system}` }]] }
}

/** Nagios does not say whether data is wrong: what helps then, and that the other ways do not. */
export function wrongData(incident: Incident, { plan, now }: CardView): Section | undefined {
  const open = incident.state === 'paging' || incident.state === 'diagnosing'
  const restores = restoresOf(incident, plan, now)
  if (!open || restores.length === 0) return undefined
  const done = restoreCarriedOut(incident, plan)
  if (done) {
    const database = restores.find(({ recovery }) => recovery === done.recovery)?.database ?? ''
    return { lines: [restoredLine(`${done.run} has restored ${database}`, database, incident.system)] }
  }
  const commands = restores.flatMap(({ command }, index): Line => [index === 0 ? '' : ', ', { command }])
  const began: Span = timeOn(incident.marks.outage, now, plan.timezone)
  return {
    lines: [
      [
        'For data that is wrong: ',
        ...commands.filter((span) => span !== ''),
        ' (before the outage began, at ',
        began,
        '; if it went wrong earlier, write an earlier moment). A failover carries the wrong data along.',
      ],
    ],
  }
}

/** A restore was carried out: the moment may have been too late, and nothing else helps against wrong data. */
function restoredLine(what: string, database: string, system: SystemId): Line {
  return [
    `${what}. If its data is wrong still, an earlier moment: `,
    { command: `db restore TIME ${database}` },
    '; to take it back: ',
    { command: `failback ${system}` },
    '. A failover carries the wrong data along.',
  ]
}

/** What is still missing of its rooms; nothing while all is well. */
function rooms(incident: Incident, view: CardView): Section | undefined {
  const lines = incident.rooms
    .filter(isElsewhere)
    .flatMap(({ chat, state, left, reason, away }): readonly Line[] => {
      const name = chatName(chat)
      if (away && state !== 'closed') return [awayLine(name, away, view)]
      if (state === 'failed')
        return [[`No room in ${name} yet: ${reason ?? 'no reason given'}; trying again`]]
      return state === 'open' && left ? [[`${name} room, not yet: ${left.join('; ')}`]] : []
    })
  return lines.length === 0 ? undefined : { lines }
}

function awayLine(
  name: string,
  { since, refused }: NonNullable<Room['away']>,
  { now, plan }: CardView,
): Line {
  const what = refused ? 'takes nothing from the bot' : 'does not answer'
  return [
    `${name} ${what}, since `,
    timeOn(since, now, plan.timezone),
    '; what happens here it is told when it is back',
  ]
}

/** Over those who are being called. */
export const calledNow = 'Calling'

function calling(incident: Incident, { plan, now }: CardView): Section | undefined {
  if (incident.state === 'resolved') return undefined
  const running = incident.pages.filter((page) => !page.stopped)
  const nobody = incident.state === 'paging' && running.length === 0
  if (nobody)
    return {
      heading: calledNow,
      lines: [['Nobody is available. Call somebody by phone, then: ', { command: `ack ${incident.id}` }]],
    }
  if (running.length === 0) return undefined
  return { heading: calledNow, lines: running.map((page) => pageLine(page, plan, now)) }
}

/** What became of one message to somebody, in words. */
const outcomes = { ordered: 'on its way', sent: 'sent', failed: 'failed' } as const

function pageLine(page: Page, plan: DrPlan, now: Instant): Line {
  const done = page.steps.filter((step) => step.outcome !== undefined)
  const channels = done.map((step) => `${step.channel} ${outcomes[step.outcome ?? 'ordered']}`).join(', ')
  const spans: Span[] = [
    { strong: nameOf(plan, page.person) },
    ` since `,
    timeOn(page.startedAt, now, plan.timezone),
  ]
  return [...spans, channels === '' ? '' : ` (${channels})`, ` — ${page.why}`]
}

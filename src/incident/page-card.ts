// The cards of pages: an engineer's begins with the answer; a manager's says what was tried, and offers what a manager can do.
import { nameOf } from '../drplan/person-name.ts'
import type { DrPlan, Role } from '../drplan/schema.ts'
import type { PersonId } from '../ids.ts'
import { withDays } from '../message.ts'
import type { Button, Card, Line, Section } from '../message.ts'
import { verdictButtons } from '../recovery/buttons.ts'
import { runTitle } from '../recovery/card.ts'
import type { Run } from '../recovery/run.ts'
import { mayApprove } from '../recovery/verdicts.ts'
import type { TimelineEvent } from '../timeline/event.ts'
import { calledNow, incidentCard, incidentFields, openedLine, stateText, toneOf } from './card.ts'
import type { CardView } from './card.ts'
import { roomLinks } from './elsewhere.ts'
import type { Incident, Page } from './incident.ts'

/** What a page is drawn from, beside its incident. */
export interface PageView extends CardView {
  readonly publicUrl: string
}

/** What was done so far, oldest first: read for those who are called later than the first engineer. */
export interface Tried {
  readonly runs: readonly Run[]
  readonly events: readonly TimelineEvent[]
}

/** More notes than these are in the timeline. */
const notesShown = 3

/** The engineer's card: the incident's own, with why this person is called, and the answer as its first button. */
export function engineerCard(incident: Incident, page: Page, view: PageView): Card {
  const { id } = incident
  const card = incidentCard(incident, view)
  const others = (card.buttons ?? []).filter((button) => button.command !== `ack ${id}`)
  const buttons: readonly Button[] = [
    { label: 'I have it', command: `ack ${id}`, style: 'primary' },
    ...others,
  ]
  // Who is called stands there already, unless it is somebody else, too.
  const alone = incident.pages.every((each) => each.stopped !== undefined || each.person === page.person)
  const [first, ...rest] = (card.sections ?? []).filter(({ heading }) => !(alone && heading === calledNow))
  const sections = [...(first ? [first] : []), { lines: whyYou(incident, page, view.plan) }, ...rest]
  return { ...card, sections, buttons, links: pageLinks(incident, view) }
}

/** The card of somebody who is called because others could not mend it: managers, the dev team. */
export function managerCard(incident: Incident, page: Page, tried: Tried, view: PageView): Card {
  const card: Card = {
    title: `${incident.id} · ${incident.system} · ${stateText(incident)}`,
    tone: toneOf(incident, view.now),
    fields: incidentFields(incident, view),
    sections: [
      { lines: [[incident.title]] },
      { lines: [...escalation(tried), ...whyYou(incident, page, view.plan)] },
      { heading: 'What was tried', lines: triedLines(tried) },
      ...notes(tried, view.plan),
    ],
    buttons: [...answers(incident, page.person, view.plan), ...verdicts(tried, page.person, view)],
    links: pageLinks(incident, view),
    footer: openedLine(incident, view.plan),
  }
  return withDays(card, view.now, view.plan.timezone)
}

/** Why this person, and how to answer where the button does not help. */
function whyYou({ id }: Incident, { why, person }: Page, plan: DrPlan): readonly Line[] {
  const answer: Line = ['Answer with the first button, or type: ', { command: `ack ${id}` }]
  return [[`Why you: ${why}`], ...(mayAnswer(plan, person) ? [answer] : [])]
}

function mayAnswer(plan: DrPlan, person: PersonId): boolean {
  return rolesOf(plan, person).some((role) => role === 'engineer' || role === 'manager')
}

/** The rooms to join, and the console. */
export function pageLinks(
  incident: Incident,
  { publicUrl }: Pick<PageView, 'publicUrl'>,
): NonNullable<Card['links']> {
  const console = { label: 'Console', link: `${publicUrl}/incidents/${incident.id}` }
  return [...roomLinks(incident), console]
}

/** Each run with what became of it; that there is none is news, too. */
export function triedLines({ runs }: Tried): readonly Line[] {
  if (runs.length === 0) return [['No recovery has been ordered yet.']]
  return runs.map((run) => {
    const reason = 'reason' in run ? run.reason : undefined
    return reason === undefined ? [runTitle(run)] : [`${runTitle(run)}: ${reason}`]
  })
}

/** The newest notes, oldest first. */
export function noteLines({ events }: Tried, plan: DrPlan): readonly Line[] {
  return events
    .filter((event) => event.type === 'note')
    .slice(-notesShown)
    .map(({ at, by, text }) => [{ at, show: 'time' }, ` ${nameOf(plan, by.person)}: ${text}`])
}

function notes(tried: Tried, plan: DrPlan): readonly Section[] {
  const lines = noteLines(tried, plan)
  return lines.length === 0 ? [] : [{ heading: 'Last notes', lines }]
}

/** The newest escalation, with who wanted it and why; nothing when the first level was not escalated. */
export function escalation({ events }: Tried): readonly Line[] {
  const last = events.findLast((event) => event.type === 'escalated')
  return last === undefined ? [] : [[last.text]]
}

function rolesOf(plan: DrPlan, person: PersonId): readonly Role[] {
  return Object.hasOwn(plan.people, person) ? (plan.people[person]?.roles ?? []) : []
}

function answers({ id }: Incident, person: PersonId, plan: DrPlan): readonly Button[] {
  return mayAnswer(plan, person) ? [{ label: 'I am on it', command: `ack ${id}`, style: 'primary' }] : []
}

/** The runs that wait for a word which this person may say. */
export function waitingFor({ runs }: Tried, person: PersonId, { plan, now }: CardView): readonly Run[] {
  return runs.filter((run) => mayApprove(run, person, rolesOf(plan, person), now))
}

/** Which run is meant stands on the button, since one card may offer several. */
function verdicts(tried: Tried, person: PersonId, view: CardView): readonly Button[] {
  return waitingFor(tried, person, view).flatMap((run) =>
    verdictButtons(run, view).map((button) => ({ ...button, label: `${button.label} ${run.id}` })),
  )
}

// What a person who is paged is told, in words that any channel can carry, and what becomes of it when the page is over.
import { nameOf } from '../drplan/person-name.ts'
import { printClock } from '../drplan/duration.ts'
import type { Instant } from '../ids.ts'
import { plain } from '../message.ts'
import type { Card, Field, Line, Span } from '../message.ts'
import { momentSeenAt, momentText } from '../moment.ts'
import type { PageMessage } from '../ports.ts'
import { incidentFields, openedLine, wrongData } from './card.ts'
import type { Incident, Page } from './incident.ts'
import {
  engineerCard,
  escalation,
  managerCard,
  noteLines,
  pageLinks,
  triedLines,
  waitingFor,
} from './page-card.ts'
import type { PageView, Tried } from './page-card.ts'

/** A page that is to be sent: `key` is its effect's; `tried` is what those above level 0 are told of. */
export interface Sending {
  readonly key: string
  readonly page: Page
  readonly tried: Tried
}

/** The message of one page: the engineer's, or that of somebody to whom it was escalated. */
export function pageMessage(incident: Incident, { key, page, tried }: Sending, view: PageView): PageMessage {
  const manager = page.level > 0
  const still = (line: Line): string => said(line, view.plan.timezone, view.now)
  const story = manager
    ? [
        ...triedLines(tried).map((line) => `Recovery: ${still(line)}`),
        ...noteLines(tried, view.plan).map((line) => `Note: ${still(line)}`),
        ...escalation(tried).map(still),
      ]
    : []
  const verdicts = manager ? waitingFor(tried, page.person, view) : []
  return {
    ...frame(incident, key, view),
    lines: [
      incident.title,
      ...incidentFields(incident, view).map((field) => fieldText(field, still)),
      ...story,
      ...(wrongData(incident, view)?.lines ?? []).map(still),
      `Times in ${view.plan.timezone}`,
      `Why you: ${page.why}`,
      plain(['Type: ', { command: `ack ${incident.id}` }]),
      ...verdicts.map((run) => `${run.id} waits for your approval: ${view.publicUrl}/runs/${run.id}`),
    ],
    card: manager ? managerCard(incident, page, tried, view) : engineerCard(incident, page, view),
  }
}

/**
 * What takes the place of a page's message when the page is over: who has it, or how else it ended, and nothing to
 * press. `page` is one of the incident's.
 */
export function stoppedMessage(incident: Incident, page: Page, view: PageView): PageMessage {
  const ending = endingOf(incident, page, view)
  const card: Card = {
    title: `${incident.id} · ${incident.system} · ${ending}`,
    tone: 'quiet',
    fields: incidentFields(incident, view).slice(0, 1),
    sections: [{ lines: [[incident.title]] }],
    links: pageLinks(incident, view),
    footer: openedLine(incident, view.plan),
  }
  const key = `${incident.id}-${page.id}-stopped`
  return { ...frame(incident, key, view), lines: [incident.title, ending], card }
}

/** What one person is told of an incident beside its pages: nothing to answer, and the way to it. */
export function newsMessage(
  incident: Incident,
  { key, text }: { readonly key: string; readonly text: string },
  view: PageView,
): PageMessage {
  const subject = `${incident.id} ${incident.system}: ${text}`
  const card: Card = {
    title: subject,
    tone: 'quiet',
    sections: [{ lines: [[incident.title]] }],
    links: pageLinks(incident, view),
  }
  return { ...frame(incident, key, view), subject, lines: [text], card, news: true }
}

/** Why nobody need answer this page any more. */
function endingOf(incident: Incident, page: Page, { plan }: PageView): string {
  switch (page.stopped?.because) {
    case 'recovered':
      return 'works again'
    case 'resolved':
      return 'resolved'
    case 'next-round':
      return 'called again'
    case 'acknowledged':
    case undefined:
      return answerOf(incident, page, plan)
  }
}

function answerOf({ engineer }: Incident, { level, stopped }: Page, plan: PageView['plan']): string {
  const who = level > 0 ? (stopped?.by ?? engineer) : (engineer ?? stopped?.by)
  const name = who === undefined ? 'somebody' : nameOf(plan, who)
  if (level > 0) return `${name} is on it`
  const first =
    stopped?.by === undefined || stopped.by === who ? '' : ` (before: ${nameOf(plan, stopped.by)})`
  return `${name} has it${first}`
}

function frame(
  incident: Incident,
  key: string,
  { publicUrl }: PageView,
): Omit<PageMessage, 'lines' | 'card'> {
  return {
    key,
    incident: incident.id,
    subject: `${incident.id} ${incident.system}: ${incident.title}`,
    link: `${publicUrl}/incidents/${incident.id}`,
  }
}

function fieldText({ label, value }: Field, still: (line: Line) => string): string {
  return `${label}: ${still(value)}`
}

/** A line for somebody who reads it once and now: times in the plan's zone, and what is left as a duration. */
function said(line: Line, zone: string, now: Instant): string {
  const still = line.map((span): Span => {
    if (typeof span === 'string' || !('at' in span)) return span
    const left = `${printClock(Math.max(0, span.at - now))} left`
    if (span.show === 'countdown') return left
    if (span.show === 'ago') return `${printClock(Math.max(0, now - span.at))} ago`
    const text = span.show === 'date-time' ? momentText(span.at, zone) : momentSeenAt(span.at, now, zone)
    return span.show === 'deadline' ? `${left}, until ${text}` : text
  })
  return plain(still)
}

// What a person who is paged is told, in words that any channel can carry.
import { printDuration } from '../drplan/duration.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Instant } from '../ids.ts'
import { plain } from '../message.ts'
import type { Line, Span } from '../message.ts'
import { clockText, timeText, zoned } from '../oncall/wallclock.ts'
import type { PageMessage } from '../ports.ts'
import { incidentCard } from './card.ts'
import type { Incident } from './incident.ts'

/** The message of one page. `key` is its effect's; `why` says why this person. */
export function pageMessage(
  incident: Incident,
  about: { readonly key: string; readonly why: string },
  view: { readonly plan: DrPlan; readonly now: Instant; readonly publicUrl: string },
): PageMessage {
  const { plan, now, publicUrl } = view
  const card = incidentCard(incident, { plan, now })
  const fields = (card.fields ?? []).map(({ label, value }) => `${label}: ${said(value, plan.timezone, now)}`)
  return {
    key: about.key,
    incident: incident.id,
    subject: `${incident.id} ${incident.system}: ${incident.title}`,
    lines: [incident.title, ...fields, `Why you: ${about.why}`, `Say: ack ${incident.id}`],
    link: `${publicUrl}/incidents/${incident.id}`,
    card,
  }
}

/** A line for somebody who reads it once and now: times in the plan's zone, and what is left as a duration. */
function said(line: Line, zone: string, now: Instant): string {
  const still = line.map((span): Span => {
    if (typeof span === 'string' || !('at' in span)) return span
    if (span.show === 'countdown') return printDuration(Math.max(0, span.at - now))
    const text = span.show === 'time' ? timeText(zoned(span.at, zone)) : clockText(span.at, zone)
    return `${text} ${zone}`
  })
  return plain(still)
}

// What a room is told in one message when it has missed words: the timeline's lines since then, the newest forty.
import type { DrPlan } from '../drplan/schema.ts'
import type { Instant } from '../ids.ts'
import type { TimelineEvent } from '../timeline/event.ts'
import { timelineDays } from '../timeline/render.ts'
import { chatName } from './card.ts'
import type { Incident } from './incident.ts'

/** More lines than these nobody reads in a chat; the timeline has them all. */
const linesShown = 40
/** Characters of one line: a plugin's output can be long. */
const lineLength = 200

/** One text with line breaks; times in the plan's zone. What is in it came from Nagios and from people: it is data. */
export function catchUpText(
  incident: Incident,
  missed: { readonly chat: string; readonly since: Instant; readonly events: readonly TimelineEvent[] },
  plan: DrPlan,
): string {
  const events = missed.events.filter((event) => event.at >= missed.since)
  const days = timelineDays(events, plan)
  const lines = days.flatMap(({ day, lines }) => [
    ...(days.length > 1 ? [`${day}:`] : []),
    ...lines.map(({ time, text, who }) =>
      shortened(`${time} ${text}${who === undefined ? '' : ` (${who})`}`),
    ),
  ])
  const heading =
    missed.since <= incident.openedAt
      ? `Before this room was open (times in ${plan.timezone}):`
      : `While ${chatName(missed.chat)} was away (times in ${plan.timezone}):`
  const cut = lines.length - linesShown
  const more = cut > 0 ? [`${cut} earlier line${cut === 1 ? '' : 's'}: timeline ${incident.id}`] : []
  return [heading, ...more, ...lines.slice(-linesShown)].join('\n')
}

function shortened(line: string): string {
  const flat = line.replaceAll(/\s+/g, ' ')
  return flat.length <= lineLength ? flat : `${flat.slice(0, lineLength - 1)}…`
}

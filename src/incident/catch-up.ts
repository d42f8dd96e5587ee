// What a room is told in one message when it has missed words: what people did and what became of the outage since then.
import type { DrPlan } from '../drplan/schema.ts'
import type { Instant } from '../ids.ts'
import type { TimelineEvent } from '../timeline/event.ts'
import { timelineDays } from '../timeline/render.ts'
import { alsoInText, chatName, openRooms } from './elsewhere.ts'
import { proofWords } from './end-words.ts'
import type { Incident } from './incident.ts'

/** More lines than these nobody reads in a chat; the timeline has them all. */
const linesShown = 40
/** Characters of one line: a plugin's output can be long. */
const lineLength = 200

/** How the bot went about it: the record has it, and nobody who comes back to a room needs it. */
const machinery: ReadonlySet<TimelineEvent['type']> = new Set([
  'alerts.other',
  'page.ordered',
  'page.failed',
  'page.stopped',
  'clock.reminder',
  'room.open',
  'room.failed',
  'room.closed',
  'nagios.told',
])

/**
 * One text with line breaks, times in the plan's zone; undefined when there is nothing that people need. What is in
 * it came from Nagios and from people: it is data.
 */
export function catchUpText(
  incident: Incident,
  missed: { readonly chat: string; readonly since: Instant; readonly events: readonly TimelineEvent[] },
  plan: DrPlan,
): string | undefined {
  const since = missed.events.filter((event) => event.at >= missed.since)
  const events = since.filter((event) => !machinery.has(event.type) && !isAbout(event, missed.chat))
  if (events.length === 0) return undefined
  const days = timelineDays(events, plan)
  const lines = days.flatMap(({ day, lines }) => [
    ...(days.length > 1 ? [`${day}:`] : []),
    ...lines.map(({ time, text, who }) => shortened(`${time} ${text}${saidBy(who, text)}`)),
  ])
  const first = missed.since <= incident.openedAt
  const heading = first
    ? `Before this room was open (times in ${plan.timezone}):`
    : `While ${chatName(missed.chat)} was away (times in ${plan.timezone}):`
  const cut = lines.length - linesShown
  const more = cut > 0 ? [`${cut} earlier line${cut === 1 ? '' : 's'}: timeline ${incident.id}`] : []
  const rest = cut <= 0 && events.length < since.length ? [`All of it: timeline ${incident.id}`] : []
  const others = openRooms(incident, missed.chat)
  const also = first && others.length > 0 ? [alsoInText(others)] : []
  const last = missed.events.at(-1)
  const ended = events.some(({ type }) => type === 'incident.resolved')
  const proof = ended && last ? [proofWords(incident.id, last.hash)] : []
  return [heading, ...more, ...lines.slice(-linesShown), ...rest, ...also, ...proof].join('\n')
}

/** That a chat was away people in it know by then. */
function isAbout({ type, data }: TimelineEvent, chat: string): boolean {
  return (type === 'chat.away' || type === 'chat.back') && data?.['chat'] === chat
}

/** Who it was, where the text does not say so; by which door they came is in the record. */
function saidBy(who: string | undefined, text: string): string {
  const name = who?.replace(/ \([a-z]+\)$/, '')
  return name === undefined || name === 'Nagios' || text.includes(name) ? '' : ` (${name})`
}

function shortened(line: string): string {
  const flat = line.replaceAll(/\s+/g, ' ')
  return flat.length <= lineLength ? flat : `${flat.slice(0, lineLength - 1)}…`
}

// A chat that takes nothing from the bot while an outage goes on: people in the other rooms are told once, and once when it is back.
import { nameOf } from '../drplan/person-name.ts'
import { printDuration } from '../drplan/duration.ts'
import type { Duration, Instant, PersonId } from '../ids.ts'
import { second } from '../ids.ts'
import { timeText } from '../moment.ts'
import type { ChatState } from '../ports.ts'
import { bot, effect, happened, patch } from './change.ts'
import type { Change, Moment } from './change.ts'
import { chatName, isElsewhere } from './elsewhere.ts'
import type { Channel, Incident } from './incident.ts'
import type { IncidentInput } from './input.ts'
import { peopleOf } from './room.ts'
import { withRoom } from './words.ts'

type Of<K extends IncidentInput['kind']> = Extract<IncidentInput, { readonly kind: K }>

/** What is shorter than this nobody need hear of; pages take their other ways at once. */
const patience: Duration = 15 * second
/** Clocks of processes on several machines differ by less. */
const skew: Duration = 5 * second
/** More names than these help nobody. */
const namesShown = 5

/** What the incident should be told of a chat, as one process knows it at `now`; undefined when nothing is new. */
export function chatNews(
  { rooms }: Incident,
  { chat, away, heard }: ChatState,
  now: Instant,
): Of<'chat-away'> | Of<'chat-back'> | undefined {
  const room = rooms.find((each) => each.chat === chat)
  if (!room || room.state === 'closed') return undefined
  if (away) return room.away || now - away.since < patience ? undefined : { kind: 'chat-away', chat, ...away }
  return room.away && heard !== undefined ? { kind: 'chat-back', chat, heard } : undefined
}

/** The first process that says so is believed, unless another one has heard of the chat since. */
export function chatAway(change: Change, away: Of<'chat-away'>, moment: Moment): Change | undefined {
  const { chat, since, refused } = away
  const { next } = change
  const room = next.rooms.find((each) => each.chat === chat)
  if (!room || room.state === 'closed' || room.away || next.state === 'resolved') return undefined
  if (room.heard !== undefined && room.heard >= since) return undefined
  const known = patch(change, { rooms: withRoom(next.rooms, { ...room, away: { since, refused } }) })
  const text = awayText(known.next, away, moment)
  return told(known, { type: 'chat.away', chat, text }, moment)
}

/** Whichever process has heard it: one is enough. */
export function chatBack(
  change: Change,
  { chat, heard }: Of<'chat-back'>,
  moment: Moment,
): Change | undefined {
  const room = change.next.rooms.find((each) => each.chat === chat)
  if (!room?.away || heard <= room.away.since + skew) return undefined
  const { away, ...here } = room
  const known = patch(change, { rooms: withRoom(change.next.rooms, { ...here, heard }) })
  const text = `${chatName(chat)} answers again after ${printDuration(heard - away.since)}; its room is told what it missed`
  return told(known, { type: 'chat.back', chat, text }, moment)
}

function told(
  change: Change,
  {
    type,
    chat,
    text,
  }: { readonly type: 'chat.away' | 'chat.back'; readonly chat: string; readonly text: string },
  { now }: Moment,
): Change {
  const { id } = change.next
  return effect(
    happened(change, type, { at: now, by: bot, text, data: { chat } }),
    { kind: 'say', incident: id, text, except: chat },
    { kind: 'card', incident: id },
  )
}

/** Since when, who may not see this, and how people are paged meanwhile. */
function awayText(incident: Incident, { chat, since, refused }: Of<'chat-away'>, moment: Moment): string {
  const what = refused ? 'takes nothing from the bot' : 'has not answered'
  const at = sinceText(since, moment.policy.plan.timezone)
  return `${chatName(chat)} ${what} since ${at}${blindText(incident, chat, moment)}. ${waysText(incident, moment)}`
}

/** `03:00 Europe/Berlin` */
export function sinceText(since: Instant, timezone: string): string {
  return `${timeText(since, timezone)} ${timezone}`
}

/** Those who are called or have it, and whom no chat reaches that answers. */
function blindText(incident: Incident, chat: string, { policy }: Moment): string {
  const { plan, reaches } = policy
  if (!reaches) return ''
  const others = living(incident)
  const blind = peopleOf(incident).filter(
    (person) => reaches(chat, person) && !others.some((other) => reaches(other, person)),
  )
  return blind.length === 0 ? '' : `: ${names(blind, plan)} may not see this`
}

function names(people: readonly PersonId[], plan: Moment['policy']['plan']): string {
  const shown = people.slice(0, namesShown).map((person) => nameOf(plan, person))
  const more = people.length - shown.length
  return listed(more > 0 ? [...shown, `${more} more`] : shown)
}

function waysText(incident: Incident, { policy }: Moment): string {
  const { plan, channels } = policy
  const ladder = new Set(plan.paging.ladder.map(({ channel }) => channel))
  const beside = [...ladder].filter((each) => each !== 'chat' && (channels?.includes(each) ?? true))
  const ways = [...(ladder.has('chat') ? living(incident).map(chatName) : []), ...beside.map(channelName)]
  return ways.length === 0
    ? 'Nobody can be paged meanwhile but on the console: call people by phone'
    : `Pages go by ${listed(ways)} meanwhile`
}

/** The chats of this incident that answer. */
function living({ rooms }: Incident): readonly string[] {
  return rooms.filter((room) => isElsewhere(room) && !room.away).map(({ chat }) => chat)
}

function channelName(channel: Channel): string {
  const told: Partial<Record<Channel, string>> = { email: 'e-mail', sms: 'SMS', voice: 'phone' }
  return told[channel] ?? channel
}

/** `Bob, Mia and Dan` */
function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

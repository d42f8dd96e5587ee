// The room of an incident: what it shows, who belongs into it, and what became of opening it.
import { nameOf } from '../drplan/person-name.ts'
import type { PersonId } from '../ids.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { RoomView } from '../ports.ts'
import { incidentCard, stateText } from './card.ts'
import type { CardView } from './card.ts'
import { bot, effect, happened, patch } from './change.ts'
import type { Change, Moment, Policy, Wish } from './change.ts'
import { alsoInText, isElsewhere, openRooms, roomLinks } from './elsewhere.ts'
import type { EventType, Happening } from '../timeline/event.ts'
import type { Incident, Room, Target } from './incident.ts'
import type { IncidentInput } from './input.ts'
import { catchingUp, withRoom } from './words.ts'

/** What a room is drawn from, beside the incident. */
export interface RoomSight extends CardView {
  readonly publicUrl: string
  /** Whether a chat has an address of a person; absent: not known. */
  readonly reaches?: Policy['reaches'] | undefined
}

/** What a room shows beside its messages, as it should be now. */
export function roomView(incident: Incident, view: RoomSight): RoomView {
  const { plan, publicUrl } = view
  const has =
    incident.engineer === undefined ? 'nobody has it yet' : `${nameOf(plan, incident.engineer)} has it`
  const state = stateText(incident)
  const page = `${publicUrl}/incidents/${incident.id}`
  const runbook = plan.systems[incident.system]?.runbook
  return {
    card: incidentCard(incident, view),
    topic: [
      incident.id,
      incident.system,
      state,
      ...(incident.state === 'paging' ? [] : [has]),
      incident.title,
    ].join(' · '),
    people: peopleOf(incident),
    groups: groupsOf(incident, plan),
    elsewhere: elsewhereOf(incident, view),
    links: [
      { title: 'Console', link: page },
      ...(runbook === undefined ? [] : [{ title: `Runbook of ${incident.system}`, link: runbook }]),
      { title: 'Report', link: `${page}/report` },
      ...roomLinks(incident, view.chat).map(({ label, link }) => ({ title: label, link })),
    ],
  }
}

/** Those who are reached by another chat of the incident, and not by this one. */
function elsewhereOf(incident: Incident, { plan, chat, reaches }: RoomSight): readonly PersonId[] {
  if (chat === undefined || reaches === undefined) return []
  const others = incident.rooms.filter((room) => isElsewhere(room) && room.chat !== chat)
  const grouped = groupsOf(incident, plan).flatMap((name) => plan.groups[name]?.people ?? [])
  return [...new Set([...peopleOf(incident), ...grouped])].filter(
    (person) => !reaches(chat, person) && others.some((other) => reaches(other.chat, person)),
  )
}

/** Everybody who was called or has it, in the order of their coming. */
export function peopleOf({ pages, engineer, openedBy }: Incident): readonly PersonId[] {
  const opener = openedBy === 'nagios' ? [] : [openedBy]
  return [...new Set([...opener, ...pages.map((page) => page.person), ...(engineer ? [engineer] : [])])]
}

function groupsOf({ calls }: Incident, plan: DrPlan): readonly string[] {
  return calls.flatMap(({ target }) => groupIn(target)).filter((name) => Object.hasOwn(plan.groups, name))
}

function groupIn(target: Target): readonly string[] {
  return target.startsWith('group:') ? [target.slice(6)] : []
}

type News = Extract<IncidentInput, { readonly kind: 'room' }>

/** What became of opening or furnishing a room; undefined when nothing is new. */
export function roomNews(change: Change, news: News, moment: Moment): Change | undefined {
  const { rooms, id } = change.next
  const old = rooms.find((each) => each.chat === news.chat)
  // Whatever was under way when it was put away comes too late.
  if (old?.state === 'closed') return undefined
  const told = toldBy(news, old)
  if (old && isSame(old, told)) return undefined
  const known = patch(change, { rooms: withRoom(rooms, told) })
  const said = isNews(old, told) ? happened(known, ...eventOf(told, moment)) : known
  const opened = told.state === 'open' && old?.state !== 'open'
  const first = old?.link === undefined
  const full = opened
    ? catchingUp(first ? introduced(said, told) : said, { room: told, first }, moment)
    : said
  return effect(full, { kind: 'card', incident: id })
}

/** Where an outage is in several chats, people in each are told of the others; the change of a card makes no sound. */
function introduced(change: Change, room: Room): Change {
  const { id } = change.next
  const others = isElsewhere(room) ? openRooms(change.next, room.chat) : []
  if (others.length === 0) return change
  const words = (to: Room, of: readonly Room[]): Wish => ({
    kind: 'say',
    incident: id,
    text: alsoInText(of),
    to: to.chat,
  })
  return effect(change, words(room, others), ...others.map((other) => words(other, [room])))
}

/** What the chat itself has shown, such as what its room missed, stays: this is about the room alone. */
function toldBy({ chat, state, link, reason, left }: News, old: Room | undefined): Room {
  const { reason: _, left: __, ...kept } = old ?? { chat, state }
  return {
    ...kept,
    chat,
    state,
    ...(link === undefined ? {} : { link }),
    ...(reason === undefined ? {} : { reason }),
    ...(left?.length ? { left } : {}),
  }
}

/** Parts of an open room that are still to be done are on the card; the record has where it is and why not. */
function isNews(old: Room | undefined, told: Room): boolean {
  return old?.state !== told.state || old.link !== told.link || old.reason !== told.reason
}

function isSame(old: Room, told: Room): boolean {
  return !isNews(old, told) && (old.left ?? []).join('\n') === (told.left ?? []).join('\n')
}

function eventOf(
  { chat, state, reason }: Room,
  { now }: Moment,
): readonly [EventType, Omit<Happening, 'type' | 'data'>] {
  const about = { at: now, by: bot }
  return state === 'open'
    ? ['room.open', { ...about, text: `Room open in ${chat}` }]
    : [
        'room.failed',
        { ...about, text: `No room in ${chat} yet: ${reason ?? 'no reason given'}; trying again` },
      ]
}

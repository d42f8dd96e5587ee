// Where an incident is to be found beside the console: its rooms in chats, the ways to them, and who did something in which.
import { nameOf } from '../drplan/person-name.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Actor } from '../timeline/event.ts'
import type { Incident, Room } from './incident.ts'

/** The console shows every incident by itself: it has no room that somebody could join or put away. */
export function isElsewhere({ chat }: Room): boolean {
  return chat !== 'console'
}

/** `Slack` for the chat `slack`. */
export function chatName(chat: string): string {
  return chat.charAt(0).toUpperCase() + chat.slice(1)
}

/** `Slack and Teams`. */
export function chatNames(rooms: readonly Pick<Room, 'chat'>[]): string {
  return rooms.map(({ chat }) => chatName(chat)).join(' and ')
}

/** The ways to the rooms that are open, but for the one in `except`: `Room in Slack`. */
export function roomLinks(
  incident: Incident,
  except?: string,
): readonly { readonly label: string; readonly link: string }[] {
  return openRooms(incident, except).flatMap(({ chat, link }) =>
    link === undefined ? [] : [{ label: `Room in ${chatName(chat)}`, link }],
  )
}

/** The rooms in chats that are open, but for the one in `except`. */
export function openRooms({ rooms }: Incident, except?: string): readonly Room[] {
  return rooms.filter((room) => isElsewhere(room) && room.state === 'open' && room.chat !== except)
}

/** What people in one room are told of those in other chats. */
export function alsoInText(others: readonly Room[]): string {
  return `Also in ${chatNames(others)}: what is done or noted there is told here, and the other way round; talk stays where it is. The card leads there.`
}

/** Where somebody did it, for those who sit elsewhere: ` (in Slack)`. Empty where there is one chat only. */
export function where(incident: Incident, by: Actor): string {
  const place = placeOf(incident, by)
  return place === undefined ? '' : ` (${place})`
}

/** Who did it and where, for words that do not say who: ` (Bob Brandt in Slack)`. Empty where there is one chat only. */
export function whoWhere(incident: Incident, by: Actor, plan: DrPlan): string {
  const place = placeOf(incident, by)
  return place === undefined ? '' : ` (${nameOf(plan, by.person)} ${place})`
}

/** `in Slack`; undefined where there is one chat only, or nobody was at a door. */
export function placeOf({ rooms }: Incident, { door }: Actor): string | undefined {
  if (rooms.filter(isElsewhere).length < 2) return undefined
  switch (door) {
    case 'slack':
    case 'teams':
      return `in ${chatName(door)}`
    case 'web':
      return 'on the console'
    case 'cli':
      return 'in a terminal'
    case 'nagios':
    case 'bot':
      return undefined
  }
}

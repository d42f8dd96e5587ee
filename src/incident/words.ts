// Words that a room could not be told: remembered, never lost, and told together once the room can hear them.
import type { Duration } from '../ids.ts'
import { minute } from '../ids.ts'
import { bot, effect, happened, patch } from './change.ts'
import type { Change, Moment, Wish } from './change.ts'
import { chatName, isElsewhere } from './elsewhere.ts'
import type { Room } from './incident.ts'
import type { IncidentInput } from './input.ts'

type Of<K extends IncidentInput['kind']> = Extract<IncidentInput, { readonly kind: K }>
type Missed = NonNullable<Room['missed']>

/** A room that opens later than this is told what happened before. */
const lateRoom: Duration = minute

/** Whether words are said in a room one by one now. What it has missed is told first, and with it what is new. */
export function hears(room: Room): boolean {
  return !isElsewhere(room) || (room.state === 'open' && room.missed === undefined)
}

/** The rooms with one of them as it is now. */
export function withRoom(rooms: readonly Room[], room: Room): readonly Room[] {
  const known = rooms.some((each) => each.chat === room.chat)
  return known ? rooms.map((each) => (each.chat === room.chat ? room : each)) : [...rooms, room]
}

/** The decision, with each room that cannot hear its words noted down as having missed them. */
export function remembered(change: Change, { now }: Moment): Change {
  const said = change.effects.filter((wish) => wish.kind === 'say')
  if (said.length === 0) return change
  const rooms = change.next.rooms.map((room) =>
    hears(room) || room.state === 'closed' || !said.some((wish) => isFor(wish, room))
      ? room
      : missing(room, { since: now, until: now }),
  )
  return patch(change, { rooms })
}

/** Whether words are for a room: for all, but for the one in which they stand already, or for a single one. */
export function isFor({ to, except }: Extract<Wish, { readonly kind: 'say' }>, { chat }: Room): boolean {
  return chat !== except && (to === undefined || to === chat)
}

function missing(room: Room, { since, until }: Missed): Room {
  const before = room.missed ?? { since, until }
  return {
    ...room,
    missed: { since: Math.min(before.since, since), until: Math.max(before.until, until) },
  }
}

/** Words were given up in a room: they and all that follow are told together. */
export function unsaid(
  change: Change,
  { chat, at, reason }: Of<'unsaid'>,
  moment: Moment,
): Change | undefined {
  const { rooms, id } = change.next
  const room = rooms.find((each) => each.chat === chat)
  if (!room || room.state === 'closed' || !isElsewhere(room)) return undefined
  const now = missing(room, { since: at, until: at })
  if (now.missed?.since === room.missed?.since && now.missed?.until === room.missed?.until) return undefined
  const known = patch(change, { rooms: withRoom(rooms, now) })
  const text = `${chatName(chat)} takes no words for now (${reason}); what is said meanwhile follows in one message`
  const noted = room.missed ? known : happened(known, 'room.failed', { at: moment.now, by: bot, text })
  return room.state === 'open' ? effect(noted, { kind: 'catch-up', incident: id, chat }) : noted
}

/**
 * A room has just opened: it is told what it missed; when it opened late, or words came before it, all from the
 * beginning.
 */
export function catchingUp(
  change: Change,
  { room, first }: { readonly room: Room; readonly first: boolean },
  { now }: Moment,
): Change {
  const { id, openedAt, rooms } = change.next
  const late = first && now - openedAt > lateRoom
  if (!isElsewhere(room) || (room.missed === undefined && !late)) return change
  const full = missing(room, { since: first ? openedAt : now, until: room.missed?.until ?? now })
  return effect(patch(change, { rooms: withRoom(rooms, full) }), {
    kind: 'catch-up',
    incident: id,
    chat: room.chat,
  })
}

/** A room was told what it had missed; what came in between is told next. */
export function caughtUp(change: Change, { chat, until, toldTo }: Of<'caught-up'>): Change | undefined {
  const { rooms, id } = change.next
  const room = rooms.find((each) => each.chat === chat)
  if (!room?.missed || until < room.missed.since) return undefined
  const { missed, ...before } = room
  const told = toldTo === undefined ? before : { ...before, toldTo, toldSince: missed.since }
  if (missed.until <= until) return patch(change, { rooms: withRoom(rooms, told) })
  const rest = { ...told, missed: { since: until + 1, until: missed.until } }
  return effect(patch(change, { rooms: withRoom(rooms, rest) }), { kind: 'catch-up', incident: id, chat })
}

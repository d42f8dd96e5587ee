// The room of an incident in a chat: opened once, replaced when it is lost in the middle of an outage, put away at the end.
import type { IncidentId } from '../ids.ts'
import type { Incident } from '../incident/incident.ts'
import type { Log } from '../ports.ts'
import type { CallOptions } from './lanes.ts'
import type { ChatRecord, Records, Room } from './record.ts'

export interface Rooms {
  /** Makes the incident's room, or finds the one made before. Throws the chat's refusal when it does not allow it. */
  readonly open: (incident: Incident, options: CallOptions) => Promise<Room>
  /**
   * Works in the incident's room. When the chat says that it is lost (archived, deleted, without the bot), it is mended
   * where that can be, else another one is opened, and the work is begun again there. Undefined when there is no room,
   * or it was put away after the outage.
   */
  readonly use: <T>(
    incident: Incident,
    options: CallOptions,
    work: (room: Room) => Promise<T>,
  ) => Promise<T | undefined>
  /** Puts the room away; one that is away or gone already is fine. */
  readonly close: (incident: Incident, options: CallOptions) => Promise<void>
}

/** A room that cannot be used as it is. */
export interface Lost {
  readonly incident: Incident
  readonly room: Room
  /** How the chat refused it. */
  readonly thrown: unknown
  /** It was mended a moment ago, and is refused all the same. */
  readonly mended: boolean
}

/** What one chat does with rooms. */
export interface RoomWays {
  /** Makes a room, in place of `lost`, or finds the one made before a crash; `done`: what the record begins with. */
  readonly claim: (asked: Claiming, options: CallOptions) => Promise<Made>
  /** Whether a refusal means that the room is archived, deleted, or without the bot. */
  readonly isLost: (thrown: unknown) => boolean
  /** Makes a lost room usable again, where that can be. */
  readonly mend: (lost: Lost, options: CallOptions) => Promise<boolean>
  /** Takes a room out again that was put away too early; false: another one is needed. */
  readonly takeOut: (room: Room, options: CallOptions) => Promise<boolean>
  /** What people in the room that replaces this one are told; `thrown` is absent when it was put away too early. */
  readonly replaces: (room: Room, thrown: unknown) => string
  /** Puts it away, or tells the log why it stays. */
  readonly putAway: (incident: Incident, room: Room, options: CallOptions) => Promise<void>
}

export interface Claiming {
  readonly incident: Incident
  readonly known: ChatRecord
  readonly lost: Room | undefined
}

interface Made {
  readonly room: Room
  readonly done: Readonly<Record<string, string>>
}

/** How often a work is begun again: once after mending, once in another room. */
const mostAnew = 2

/** In `done` of a record: the room that was put away. */
const awayKey = 'archived'
/** In `done` of a record: what people in a room that replaces another one must know. */
export const movedKey = 'moved'

export function createRooms(
  ways: RoomWays,
  { records, log }: { readonly records: Records; readonly log: Log },
): Rooms {
  /**
   * Makes a room in place of `lost`, unless somebody was quicker. Two who do so at the same time find each other's. It
   * is bound before it is known, and known before it is used.
   */
  async function make(
    incident: Incident,
    lost: { readonly room: Room; readonly why: string } | undefined,
    options: CallOptions,
  ): Promise<Room> {
    const known = await records.read(incident.id)
    if (known.channel && known.channel.id !== lost?.room.id) return known.channel
    const { room, done } = await ways.claim({ incident, known, lost: lost?.room }, options)
    await records.bindChannel(room.id, incident.id)
    const now = await records.change(incident.id, (old) =>
      old.channel?.id === lost?.room.id
        ? { ...old, channel: room, done: { ...done, ...(lost && { [movedKey]: lost.why }) } }
        : old,
    )
    return now.channel ?? room
  }

  function replace(incident: Incident, room: Room, thrown: unknown, options: CallOptions): Promise<Room> {
    const why = `${ways.replaces(room, thrown)}. The record of ${incident.id} is whole: go on here.`
    log.warn('the room of an incident is lost; another one is opened', {
      incident: incident.id,
      channel: room.id,
      why,
    })
    return make(incident, { room, why }, options)
  }

  /** Undefined: the outage is over, and somebody has put its room away already. */
  async function wayOn(lost: Lost, options: CallOptions): Promise<Room | undefined> {
    const { incident, room, thrown } = lost
    if (await ways.mend(lost, options)) return room
    if (incident.state !== 'resolved') return replace(incident, room, thrown, options)
    await setAway(records, incident.id, room)
    return undefined
  }

  /** The room as the record has it, out again when the outage has come back; undefined while there is none to be used. */
  async function current(incident: Incident, options: CallOptions): Promise<Room | undefined> {
    const known = await records.read(incident.id)
    const { channel: room } = known
    if (!room || !isAway(known)) return room
    if (incident.state === 'resolved') return undefined
    if (!(await ways.takeOut(room, options))) return replace(incident, room, undefined, options)
    await setAway(records, incident.id, undefined)
    return room
  }

  async function use<T>(
    incident: Incident,
    options: CallOptions,
    work: (room: Room) => Promise<T>,
  ): Promise<T | undefined> {
    let room = await current(incident, options)
    let mended = false
    for (let again = 0; room; again += 1) {
      try {
        return await work(room)
      } catch (thrown) {
        if (again === mostAnew || !ways.isLost(thrown)) throw thrown
        const next: Room | undefined = await wayOn({ incident, room, thrown, mended }, options)
        mended = next?.id === room.id
        room = next
      }
    }
    return undefined
  }

  return {
    open: (incident, options) => make(incident, undefined, options),
    use,
    close: async (incident, options) => {
      const known = await records.read(incident.id)
      if (!known.channel || isAway(known)) return
      await ways.putAway(incident, known.channel, options)
      await setAway(records, incident.id, known.channel)
    },
  }
}

function isAway({ channel, done }: ChatRecord): boolean {
  return channel !== undefined && done[awayKey] === channel.id
}

async function setAway(records: Records, id: IncidentId, room: Room | undefined): Promise<void> {
  await records.change(id, (old) => {
    const { [awayKey]: _, ...done } = old.done
    return { ...old, done: room === undefined ? done : { ...done, [awayKey]: room.id } }
  })
}

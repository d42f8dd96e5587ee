// The room of an incident in Slack: opened once, replaced when it is lost in the middle of an outage, put away at the end.
import type { IncidentId } from '../../ids.ts'
import type { Incident } from '../../incident/incident.ts'
import type { Log } from '../../ports.ts'
import type { ChatRecord, Records, Room } from '../record.ts'
import { SlackRefusal } from './api.ts'
import type { CallOptions, SlackApi } from './api.ts'
import { claimChannel } from './claim.ts'
import type { ClaimDeps } from './claim.ts'

export interface RoomDeps {
  readonly api: Pick<SlackApi, 'call'>
  readonly records: Records
  /** Who the bot is, and the workspace's address. */
  readonly workspace: () => Promise<{ readonly url: string; readonly botUserId: string }>
  readonly zone: () => string
  readonly log: Log
}

export interface Rooms {
  /** Makes the incident's channel, or finds the one made before. Throws SlackRefusal when Slack does not allow it. */
  readonly open: (incident: Incident, options: CallOptions) => Promise<Room>
  /**
   * Works in the incident's room. When Slack says that it is lost (archived, deleted, without the bot), the bot joins it
   * again where that is allowed, else opens another one, and the work is begun anew there. Undefined when there is no
   * room, or it was put away after the outage.
   */
  readonly use: <T>(
    incident: Incident,
    options: CallOptions,
    work: (room: Room) => Promise<T>,
  ) => Promise<T | undefined>
  /** Archives the room; one that is archived or gone already is fine. */
  readonly close: (incident: Incident, options: CallOptions) => Promise<void>
  /** The address of a room, for a browser and for the app alike. */
  readonly link: (room: Room) => Promise<string>
}

/** Slack's words for a channel that cannot be used any more as it is; chat.update has its own for an archived one. */
const lostReasons = ['is_archived', 'is_inactive', 'channel_not_found', 'not_in_channel']
/** How often a work is begun anew: once after joining, once in another room. */
const mostAnew = 2

/** In `done` of a record: the number with which the next channel's name is tried. */
const nextKey = 'next'
/** In `done` of a record: the channel that was put away. */
const archivedKey = 'archived'
/** In `done` of a record: what people in a room that replaces another one must know. */
export const movedKey = 'moved'

/** Slack refused because the channel is archived, deleted, or without the bot. */
export function isLost(thrown: unknown): thrown is SlackRefusal {
  return thrown instanceof SlackRefusal && lostReasons.includes(thrown.reason)
}

export function createRooms(deps: RoomDeps): Rooms {
  const { api, records, workspace, zone, log } = deps
  const claim: ClaimDeps = {
    api,
    zone,
    log,
    botUserId: async () => (await workspace()).botUserId,
    taken: (incident, number) => remember(records, incident.id, { [nextKey]: String(number + 1) }),
  }

  /**
   * Makes a room in place of `lost`, unless somebody was quicker. Two who do so at the same time find each other's
   * channel by its name. It is bound before it is known, and known before it is used.
   */
  async function make(incident: Incident, lost: Lost | undefined, options: CallOptions): Promise<Room> {
    const known = await records.read(incident.id)
    if (known.channel && known.channel.id !== lost?.room.id) return known.channel
    const { room, number } = await claimChannel(claim, incident, Number(known.done[nextKey] ?? 1), options)
    await records.bindChannel(room.id, incident.id)
    const done = { [nextKey]: String(number + 1), ...(lost && { [movedKey]: lost.why }) }
    const now = await records.change(incident.id, (old) =>
      old.channel?.id === lost?.room.id ? { ...old, channel: room, done } : old,
    )
    return now.channel ?? room
  }

  function replace(incident: Incident, room: Room, became: string, options: CallOptions): Promise<Room> {
    log.warn('the room of an incident is lost; another one is opened', {
      incident: incident.id,
      channel: room.id,
      became,
    })
    const why = `This channel replaces #${room.name}, which ${became}. The record of ${incident.id} is whole: go on here.`
    return make(incident, { room, why }, options)
  }

  /** Undefined: the outage is over, and somebody has put its room away already. */
  async function wayOn(
    incident: Incident,
    room: Room,
    refusal: SlackRefusal,
    options: CallOptions,
  ): Promise<Room | undefined> {
    if (refusal.reason === 'not_in_channel' && (await joined(deps, room, options))) return room
    if (incident.state !== 'resolved') return replace(incident, room, becameOf(refusal.reason), options)
    await remember(records, incident.id, { [archivedKey]: room.id })
    return undefined
  }

  async function use<T>(
    incident: Incident,
    options: CallOptions,
    work: (room: Room) => Promise<T>,
  ): Promise<T | undefined> {
    const known = await records.read(incident.id)
    let room: Room | undefined = known.channel
    if (room && isPutAway(known)) {
      if (incident.state === 'resolved') return undefined
      room = await replace(incident, room, 'was archived when the outage seemed to be over', options)
    }
    for (let anew = 0; room; anew += 1) {
      try {
        return await work(room)
      } catch (thrown) {
        if (anew === mostAnew || !isLost(thrown)) throw thrown
        room = await wayOn(incident, room, thrown, options)
      }
    }
    return undefined
  }

  return {
    open: (incident, options) => make(incident, undefined, options),
    use,
    close: (incident, options) => close(deps, incident, options),
    link: async (room) => new URL(`archives/${room.id}`, (await workspace()).url).href,
  }
}

interface Lost {
  readonly room: Room
  readonly why: string
}

function isPutAway({ channel, done }: ChatRecord): boolean {
  return channel !== undefined && done[archivedKey] === channel.id
}

function becameOf(reason: string): string {
  if (reason === 'is_archived' || reason === 'is_inactive') return 'was archived in the middle of the outage'
  return reason === 'not_in_channel' ? 'the bot was removed from' : 'is not there any more'
}

async function remember(
  records: Records,
  id: IncidentId,
  done: Readonly<Record<string, string>>,
): Promise<void> {
  await records.change(id, (old) => ({ ...old, done: { ...old.done, ...done } }))
}

async function joined({ api }: RoomDeps, room: Room, options: CallOptions): Promise<boolean> {
  try {
    await api.call('conversations.join', { channel: room.id }, options)
    return true
  } catch (thrown) {
    if (thrown instanceof SlackRefusal) return false
    throw thrown
  }
}

async function close(deps: RoomDeps, incident: Incident, options: CallOptions): Promise<void> {
  const known = await deps.records.read(incident.id)
  const { channel } = known
  if (!channel || isPutAway(known)) return
  try {
    await deps.api.call('conversations.archive', { channel: channel.id }, options)
  } catch (thrown) {
    if (!(thrown instanceof SlackRefusal)) throw thrown
    // A room that stays open does no harm, and a workspace's rules do not change by asking again.
    if (thrown.reason !== 'already_archived' && !lostReasons.includes(thrown.reason))
      deps.log.warn('the room of an incident stays open', { incident: incident.id, reason: thrown.message })
  }
  await remember(deps.records, incident.id, { [archivedKey]: channel.id })
}

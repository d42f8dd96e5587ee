// The rooms of incidents in Slack: a channel each, joined again or replaced when it is lost, archived at the end.
import type { Incident } from '../../incident/incident.ts'
import type { Log } from '../../ports.ts'
import type { Records, Room } from '../record.ts'
import { createRooms } from '../rooms.ts'
import type { RoomWays, Rooms } from '../rooms.ts'
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

export interface SlackRooms extends Rooms {
  /** The address of a room, for a browser and for the app alike. */
  readonly link: (room: Room) => Promise<string>
}

/** Slack's words for a channel that cannot be used any more as it is; chat.update has its own for an archived one. */
const lostReasons = ['is_archived', 'is_inactive', 'channel_not_found', 'not_in_channel']

/** In `done` of a record: the number with which the next channel's name is tried. */
const nextKey = 'next'

/** Slack refused because the channel is archived, deleted, or without the bot. */
export function isLost(thrown: unknown): thrown is SlackRefusal {
  return thrown instanceof SlackRefusal && lostReasons.includes(thrown.reason)
}

export function createSlackRooms(deps: RoomDeps): SlackRooms {
  const { api, records, workspace, zone, log } = deps
  const claim: ClaimDeps = {
    api,
    zone,
    log,
    botUserId: async () => (await workspace()).botUserId,
    taken: async ({ id }, number) => {
      const next = { [nextKey]: String(number + 1) }
      await records.change(id, (old) => ({ ...old, done: { ...old.done, ...next } }))
    },
  }
  const ways: RoomWays = {
    claim: async ({ incident, known }, options) => {
      const first = Number(known.done[nextKey] ?? 1)
      const { room, number } = await claimChannel(claim, incident, first, options)
      return { room, done: { [nextKey]: String(number + 1) } }
    },
    isLost,
    mend: async ({ room, thrown }, options) =>
      isLost(thrown) && thrown.reason === 'not_in_channel' && joined(deps, room, options),
    // Only people can: a bot's token unarchives nothing.
    takeOut: async () => false,
    replaces: ({ name }, thrown) => `This channel replaces #${name}, which ${becameOf(thrown)}`,
    putAway: (incident, room, options) => archive(deps, { incident, room }, options),
  }
  return {
    ...createRooms(ways, { records, log }),
    link: async (room) => new URL(`archives/${room.id}`, (await workspace()).url).href,
  }
}

function becameOf(thrown: unknown): string {
  if (!isLost(thrown)) return 'was archived when the outage seemed to be over'
  const { reason } = thrown
  if (reason === 'is_archived' || reason === 'is_inactive') return 'was archived in the middle of the outage'
  return reason === 'not_in_channel' ? 'the bot was removed from' : 'is not there any more'
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

async function archive(
  { api, log }: RoomDeps,
  { incident, room }: { readonly incident: Incident; readonly room: Room },
  options: CallOptions,
): Promise<void> {
  try {
    await api.call('conversations.archive', { channel: room.id }, options)
  } catch (thrown) {
    if (!(thrown instanceof SlackRefusal)) throw thrown
    // A room that stays open does no harm, and a workspace's rules do not change by asking again.
    if (thrown.reason !== 'already_archived' && !lostReasons.includes(thrown.reason))
      log.warn('the room of an incident stays open', { incident: incident.id, reason: thrown.message })
  }
}

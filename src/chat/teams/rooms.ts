// The rooms of incidents in Teams: a thread in the bot's channel, or a channel each; replaced when one is lost.
import { RetryableError, UserError } from '../../errors.ts'
import { minute, second } from '../../ids.ts'
import type { Duration } from '../../ids.ts'
import type { DrPlan } from '../../drplan/schema.ts'
import type { Incident } from '../../incident/incident.ts'
import type { Card } from '../../message.ts'
import type { Clock, Log } from '../../ports.ts'
import { botTime } from '../lanes.ts'
import type { CallOptions } from '../lanes.ts'
import type { Records, Room } from '../record.ts'
import { createRooms } from '../rooms.ts'
import type { Claiming, Lost, RoomWays, Rooms } from '../rooms.ts'
import { pageUrl } from '../text.ts'
import { TeamsRefusal } from './api.ts'
import type { TeamsApi } from './api.ts'
import { briefly } from './briefly.ts'
import { claimChannel } from './claim.ts'
import type { ClaimDeps } from './claim.ts'
import { partsOfThread } from './links.ts'
import type { TeamsPosts } from './posts.ts'
import type { Witness } from './witness.ts'
import { activityOf } from './render/message.ts'
import { activityOfLines } from './words.ts'

export interface RoomDeps {
  readonly api: Pick<TeamsApi, 'graph'>
  readonly records: Records
  readonly posts: TeamsPosts
  readonly witness: Witness
  readonly plan: () => DrPlan
  readonly clock: Clock
  readonly log: Log
  readonly teamId: string
  /** The channel in which the bot lives: threads begin there. */
  readonly channelId: string
  readonly publicUrl: string
}

/** The message with which a thread begins, and the one that shows the card in a channel. */
export const cardKey = 'card'
/** In `done` of a record: why a thread serves in place of the channel that the plan wants. */
export const insteadKey = 'instead'
/** In `done` of a record: the number with which the next channel's name is tried. */
const nextKey = 'next'

/** A channel that was taken out of the archive is writable within seconds. */
const unarchiving: Duration = 3 * second
/** After so long an incident has a thread rather than no room at all; real time. */
const graphPatience: Duration = minute

/** Teams' words for a room that cannot be used as it is; `ThreadGone` is the bot's own. */
const lostReasons = ['ConversationNotFound', 'ChannelArchived', 'ThreadGone']

/** Teams refused because the channel is archived or deleted, or the thread has lost its first message. */
export function isLost(thrown: unknown): thrown is TeamsRefusal {
  return thrown instanceof TeamsRefusal && lostReasons.includes(thrown.reason)
}

/** Somebody has deleted the message with which the thread begins. */
export function threadGone(): TeamsRefusal {
  return new TeamsRefusal('ThreadGone', 'The first message of the thread was deleted.', 404)
}

export function isThread({ id }: Room): boolean {
  return partsOfThread(id).root !== undefined
}

export function createTeamsRooms(deps: RoomDeps): Rooms {
  const ways: RoomWays = {
    claim: (asked, options) => claim(deps, asked, options),
    isLost,
    mend: (lost, options) => mend(deps, lost, options),
    takeOut: async (room, options) => isThread(room) || unarchive(deps, room, options),
    replaces: (room, thrown) => {
      const what = isThread(room) ? 'an earlier thread' : `the channel ${room.name}`
      return `This replaces ${what}, which ${becameOf(thrown)}`
    },
    putAway: (incident, room, options) =>
      isThread(room)
        ? lastWord(deps, { incident, room }, options)
        : archive(deps, { incident, room }, options),
  }
  return createRooms(ways, deps)
}

interface Site {
  readonly incident: Incident
  readonly room: Room
}

type Made = Awaited<ReturnType<RoomWays['claim']>>

/** What the plan wants; a thread where no channel can be had, since people must meet somewhere. */
async function claim(deps: RoomDeps, asked: Claiming, options: CallOptions): Promise<Made> {
  if (deps.plan().teams.rooms === 'threads') return { room: await thread(deps, asked, options), done: {} }
  const made = await channel(deps, asked, options)
  if ('room' in made) return made
  const { id } = asked.incident
  deps.log.warn('no channel could be made for an incident: it has a thread', {
    incident: id,
    reason: made.why,
  })
  const next = (await deps.records.read(id)).done[nextKey]
  const done = { [insteadKey]: made.why, ...(next !== undefined && { [nextKey]: next }) }
  return { room: await thread(deps, asked, options), done }
}

async function channel(
  deps: RoomDeps,
  { incident, known }: Claiming,
  options: CallOptions,
): Promise<Made | { readonly why: string }> {
  const { clock, records } = deps
  const claiming: ClaimDeps = {
    ...deps,
    zone: () => deps.plan().timezone,
    taken: async ({ id }, number) => {
      const next = { [nextKey]: String(number + 1) }
      await records.change(id, (old) => ({ ...old, done: { ...old.done, ...next } }))
    },
  }
  try {
    const first = Number(known.done[nextKey] ?? 1)
    const { room, number } = await briefly(options, (brief) => claimChannel(claiming, incident, first, brief))
    return { room, done: { [nextKey]: String(number + 1) } }
  } catch (thrown) {
    if (thrown instanceof UserError && !thrown.passing) return { why: thrown.message }
    const waited = clock.now() - incident.openedAt > botTime(clock, graphPatience)
    const gone = thrown instanceof RetryableError && waited && options.signal?.aborted !== true
    if (gone) return { why: thrown.message }
    throw thrown
  }
}

/** A thread is its first message, which is the card: posted once, and again where it was deleted. */
async function thread(
  { posts, plan, channelId }: RoomDeps,
  { incident, lost }: Claiming,
  options: CallOptions,
): Promise<Room> {
  const place = { scope: incident.id, key: cardKey }
  const name = `the thread of ${incident.id}`
  const there = lost && (await posts.find(place))
  // Who drew the card found its message gone, and has posted it again.
  if (there && there.channel !== lost.id && there.channel.startsWith(`${channelId};`))
    return { id: there.channel, name }
  const message = activityOf(openingCard(incident), { zone: plan().timezone })
  const posted = lost
    ? await posts.show(place, channelId, message, options)
    : await posts.post(place, channelId, message, options)
  if (posted.channel === lost?.id)
    throw new RetryableError('Teams does not take messages for this thread just now', { after: unarchiving })
  return { id: posted.channel, name }
}

/** What stands there until the card is drawn, a moment later. */
function openingCard({ id, system, title }: Incident): Card {
  return { title: `${id} · ${system}`, tone: 'bad', sections: [{ lines: [[title]] }] }
}

/** The bot takes its own channels out of the archive in the middle of an outage; the team's own are people's. */
async function mend(
  deps: RoomDeps,
  { incident, room, thrown, mended }: Lost,
  options: CallOptions,
): Promise<boolean> {
  if (!isLost(thrown)) return false
  if (thrown.reason === 'ConversationNotFound') {
    await deps.witness.mustBeGone(room.id, undefined, options)
    return false
  }
  if (isThread(room) || thrown.reason !== 'ChannelArchived' || incident.state === 'resolved') return false
  if (mended) {
    const after = botTime(deps.clock, unarchiving)
    throw new RetryableError('Teams is taking the channel out of the archive', { after })
  }
  return unarchive(deps, room, options)
}

async function unarchive(deps: RoomDeps, room: Room, options: CallOptions): Promise<boolean> {
  try {
    await deps.api.graph('POST', `${pathOf(deps, room)}/unarchive`, undefined, options)
    return true
  } catch (thrown) {
    if (!(thrown instanceof TeamsRefusal)) throw thrown
    return false
  }
}

function becameOf(thrown: unknown): string {
  if (!isLost(thrown)) return 'was put away when the outage seemed to be over'
  return thrown.reason === 'ChannelArchived'
    ? 'was archived in the middle of the outage'
    : 'is not there any more'
}

async function archive(deps: RoomDeps, { incident, room }: Site, options: CallOptions): Promise<void> {
  try {
    await deps.api.graph('POST', `${pathOf(deps, room)}/archive`, {}, options)
  } catch (thrown) {
    if (!(thrown instanceof TeamsRefusal)) throw thrown
    // A room that stays open does no harm, and rights do not change by asking again.
    if (thrown.status !== 404)
      deps.log.warn('the room of an incident stays open', { incident: incident.id, reason: thrown.message })
  }
}

/** A thread cannot be archived: what is said in it from now on is not the incident's any more. */
async function lastWord(deps: RoomDeps, { incident, room }: Site, options: CallOptions): Promise<void> {
  const { id, relapses } = incident
  const report = pageUrl(deps.publicUrl, `incidents/${id}/report`)
  const words = activityOfLines(
    [[`${id} is over, and this thread with it. What was said stays. `, { link: report, text: 'Report' }]],
    deps.plan().timezone,
  )
  try {
    await deps.posts.post({ scope: id, key: `over-${relapses}` }, room.id, words, options)
  } catch (thrown) {
    if (!isLost(thrown)) throw thrown
  }
}

function pathOf({ teamId }: RoomDeps, room: Room): string {
  return `teams/${teamId}/channels/${encodeURIComponent(room.id)}`
}

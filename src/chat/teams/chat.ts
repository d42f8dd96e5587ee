// Teams as a chat: each incident has a thread or a channel with its card and its runs; what happens is said there.
import type { DrPlan } from '../../drplan/schema.ts'
import { RetryableError, UserError } from '../../errors.ts'
import type { IncidentId } from '../../ids.ts'
import type { Incident } from '../../incident/incident.ts'
import type { Card } from '../../message.ts'
import type { Chat, RoomShown, RoomView } from '../../ports.ts'
import { loudNews, runNewsText } from '../../recovery/news.ts'
import type { Run } from '../../recovery/run.ts'
import { announcement, relapseWord } from '../announcement.ts'
import type { CallOptions } from '../lanes.ts'
import { againAfter, shownWith, together } from '../parts.ts'
import type { Left, Site } from '../parts.ts'
import type { Posted } from '../posts.ts'
import type { Room } from '../record.ts'
import { movedKey } from '../rooms.ts'
import type { Rooms } from '../rooms.ts'
import { pageUrl } from '../text.ts'
import type { TeamsActivity } from './activity.ts'
import { TeamsRefusal } from './api.ts'
import { doPart } from './furnish.ts'
import { partsOfThread, roomLink } from './links.ts'
import type { Tenancy } from './links.ts'
import { bringIn } from './members.ts'
import type { MembersDeps } from './members.ts'
import { chartActivity } from './render/chart.ts'
import { activityOf } from './render/message.ts'
import { cardKey, createTeamsRooms, insteadKey, isThread, threadGone } from './rooms.ts'
import type { RoomDeps } from './rooms.ts'
import type { Viewers } from './viewers.ts'
import { roomCard } from './views.ts'
import { activityOfLines, activityOfWords } from './words.ts'

export interface TeamsChatDeps extends RoomDeps, MembersDeps, Tenancy {
  readonly api: RoomDeps['api']
  readonly records: RoomDeps['records']
  readonly viewers: Viewers
  readonly plan: () => DrPlan
  readonly incident: (id: IncidentId) => Promise<Incident | undefined>
  /** Brings the personal messages that paged people for this incident up to date; no call where they are. */
  readonly refreshPages: (incident: Incident, options: CallOptions) => Promise<void>
}

/** Teams as a Chat. Everything goes through the lane of rooms, so that nothing here holds up a page or an answer. */
export function createTeamsChat(deps: TeamsChatDeps): Chat {
  const rooms = createTeamsRooms(deps)
  return {
    name: 'teams',
    openRoom: async (incident, signal) => ({
      link: roomLink(deps, await rooms.open(incident, via(signal))),
    }),
    showRoom: (incident, view, signal) => showRoom(deps, rooms, { incident, view, options: via(signal) }),
    showRun: (run, card, signal) => showRun(deps, rooms, { run, card, options: via(signal) }),
    say: async (incident, text, key, signal) => {
      const options = via(signal)
      const words = activityOfWords(text, deps.plan().timezone)
      await rooms.use(incident, options, (room) =>
        deps.posts.post({ scope: incident.id, key }, room.id, words, options),
      )
    },
    announce: async (text, key, signal) => {
      const { timezone, teams } = deps.plan()
      const channel = teams.announce
      if (channel === undefined) return
      const words = activityOfWords(text, timezone)
      await inNamedChannel(channel, () =>
        deps.posts.post({ scope: key, key: 'words' }, channel, words, via(signal)),
      )
    },
    closeRoom: (incident, signal) => rooms.close(incident, via(signal)),
  }
}

function via(signal: AbortSignal): CallOptions {
  return { lane: 'room', signal }
}

interface Shown {
  readonly incident: Incident
  readonly view: RoomView
  readonly options: CallOptions
}

async function showRoom(deps: TeamsChatDeps, rooms: Rooms, shown: Shown): Promise<RoomShown> {
  const { incident, options } = shown
  await rooms.open(incident, options)
  const done = await rooms.use(incident, options, async (room) => {
    const left = await furnish(deps, { ...shown, room })
    return { link: roomLink(deps, room), left }
  })
  return { ...(done && { link: done.link }), ...shownWith(done?.left ?? []) }
}

type Furnished = Shown & { readonly room: Room }

/** The card first; then the rest at the same time, as far as one does not need the other. */
async function furnish(deps: TeamsChatDeps, shown: Furnished): Promise<readonly Left[]> {
  const { incident, view, options, room } = shown
  const site: Site = { incident: incident.id, room, options }
  await showCard(deps, shown)
  return together([
    tellMove(deps, site),
    tellInstead(deps, site),
    bringIn(deps, site, view),
    announce(deps, site, incident),
    showChart(deps, site, incident),
    refresh(deps, site, incident),
    giveViews(deps, shown),
  ])
}

/** In a thread the card is the first message: when it is gone, so is the thread, and the card begins another one. */
async function showCard(deps: TeamsChatDeps, { incident, view, options, room }: Furnished): Promise<void> {
  const users = await deps.viewers.known(view.people)
  const message = activityOf(roomCard(view), {
    more: pageUrl(deps.publicUrl, `incidents/${incident.id}`),
    zone: deps.plan().timezone,
    refresh: { about: incident.id, users },
  })
  const place = { scope: incident.id, key: cardKey }
  const shown = await deps.posts.show(place, partsOfThread(room.id).channel, message, options)
  if (isThread(room) && shown.channel !== room.id) throw threadGone()
}

/** People who find themselves in another room are told why. */
async function tellMove(deps: TeamsChatDeps, site: Site): Promise<readonly Left[]> {
  const why = (await deps.records.read(site.incident)).done[movedKey]
  if (why === undefined) return []
  const { room, options, incident: scope } = site
  const words = activityOfLines([[why]], deps.plan().timezone)
  const work = (): Promise<Posted> =>
    deps.posts.post({ scope, key: `moved-${room.id}` }, room.id, words, options)
  return doPart(deps, site, { name: 'word of the move', wanted: room.id, work })
}

/** That a thread serves where the plan wants a channel, as long as it does. */
async function tellInstead(deps: TeamsChatDeps, site: Site): Promise<readonly Left[]> {
  const why = (await deps.records.read(site.incident)).done[insteadKey]
  return why === undefined ? [] : [{ text: `channel: ${why} A thread serves instead`, again: false }]
}

async function announce(deps: TeamsChatDeps, site: Site, incident: Incident): Promise<readonly Left[]> {
  const { timezone, teams } = deps.plan()
  const channel = teams.announce
  if (channel === undefined) return []
  const { room, options } = site
  const way = { link: roomLink(deps, room), text: room.name }
  const message = activityOfLines([announcement(incident, way)], timezone)
  const shown = await doPart(deps, site, {
    name: 'announcement',
    wanted: `${channel} ${message.summary} ${way.link}`,
    work: () =>
      inNamedChannel(named(channel), () =>
        deps.posts.show({ scope: incident.id, key: 'announcement' }, channel, message, options),
      ),
  })
  const { relapses, state } = incident
  if (relapses === 0 || state === 'watching' || state === 'resolved') return shown
  const word = activityOfLines([relapseWord(incident, way)], timezone)
  const key = `relapse-${relapses}`
  const said = await doPart(deps, site, {
    name: 'word of the relapse',
    wanted: key,
    work: () =>
      inNamedChannel(named(channel), () =>
        deps.posts.post({ scope: incident.id, key }, channel, word, options),
      ),
  })
  return [...shown, ...said]
}

function named(announce: string): string {
  return `${announce} (teams.announce in the DR plan)`
}

/** A channel that is named in the plan or the settings is for a person to mend: it must never be taken for a lost room. */
async function inNamedChannel<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof TeamsRefusal)) throw thrown
    const message = `Teams refused the channel ${what}: ${thrown.message}`
    throw new UserError('announce-refused', message, { cause: thrown, passing: thrown.passing })
  }
}

/** The phases of an outage that is over. */
async function showChart(deps: TeamsChatDeps, site: Site, incident: Incident): Promise<readonly Left[]> {
  if (incident.state !== 'resolved') return []
  const { options, room } = site
  const key = `chart-${incident.relapses}`
  const message: TeamsActivity = chartActivity(incident, incident.at)
  const work = (): Promise<Posted> => deps.posts.post({ scope: incident.id, key }, room.id, message, options)
  return doPart(deps, site, { name: 'chart', wanted: key, work })
}

/** Their chats are people's, not the room: one that is lost must not be taken for a lost room. */
async function refresh(deps: TeamsChatDeps, site: Site, incident: Incident): Promise<readonly Left[]> {
  try {
    await deps.refreshPages(incident, site.options)
    return []
  } catch (thrown) {
    if (!(thrown instanceof RetryableError || thrown instanceof UserError)) throw thrown
    const again = thrown instanceof RetryableError ? againAfter(thrown) : { again: false }
    return [{ text: `personal messages: ${thrown.message}`, ...again }]
  }
}

/** Who is known by now has a view of their own; the card has to name them for that. */
async function giveViews(deps: TeamsChatDeps, shown: Furnished): Promise<readonly Left[]> {
  if (await deps.viewers.learn(shown.options)) await showCard(deps, shown)
  return []
}

interface RunShown {
  readonly run: Run
  readonly card: Card
  readonly options: CallOptions
}

/** In its incident's room, where the incident says what must be heard; else in a common channel, where nobody else does. */
async function showRun(deps: TeamsChatDeps, rooms: Rooms, { run, card, options }: RunShown): Promise<void> {
  const { people, timezone: zone, teams } = deps.plan()
  const message = activityOf(card, {
    more: pageUrl(deps.publicUrl, `runs/${run.id}`),
    zone,
    refresh: { about: run.id, users: await deps.viewers.known(Object.keys(people)) },
  })
  const place = { scope: run.id, key: cardKey }
  const incident = run.incident === undefined ? undefined : await deps.incident(run.incident)
  const shown =
    incident &&
    (await rooms.use(incident, options, (room) => deps.posts.show(place, room.id, message, options)))
  if (shown) return
  const { announce } = teams
  const channel = announce ?? deps.channelId
  const what = announce === undefined ? `${channel} (TEAMS_CHANNEL_ID)` : named(announce)
  await inNamedChannel(what, async () => {
    const posted = await deps.posts.show(place, channel, message, options)
    const news = loudNews(run)
    if (news === undefined) return
    const words = activityOfLines([[runNewsText(run, news)]], zone)
    await deps.posts.post({ scope: run.id, key: news }, posted.channel, words, options)
  })
}

// A chat in which each incident has a room: what all such chats do in the same way, with the ways of one of them.
import { RetryableError, UserError } from '../errors.ts'
import type { IncidentId } from '../ids.ts'
import type { Incident } from '../incident/incident.ts'
import { plain } from '../message.ts'
import type { Card, Line } from '../message.ts'
import type { Chat, RoomShown, RoomView } from '../ports.ts'
import { loudNews, runNewsText } from '../recovery/news.ts'
import type { Run } from '../recovery/run.ts'
import { announcement, relapseWord } from './announcement.ts'
import type { CallOptions } from './lanes.ts'
import { againAfter, shownWith, together } from './parts.ts'
import type { Left, Part, Site } from './parts.ts'
import type { Posted, Posts } from './posts.ts'
import type { Records, Room } from './record.ts'
import { movedKey } from './rooms.ts'
import type { Rooms } from './rooms.ts'

/** What one chat does in its own way. Its messages are `M`. */
export interface RoomChatWays<M> {
  readonly name: string
  readonly rooms: Rooms
  readonly records: Pick<Records, 'read'>
  readonly posts: Posts<M>
  /** A line as a message. */
  readonly line: (line: Line) => M
  /** Plain words as a message, each line of them a line of it. */
  readonly words: (text: string) => M
  readonly runMessage: (run: Run, card: Card) => Promise<M>
  /** Shows the incident's card in its room. */
  readonly showCard: (furnished: Furnished) => Promise<Posted>
  /** What only rooms of this chat have, all begun at the same time, once the card is there. */
  readonly parts: (site: Site, furnished: Furnished, card: Posted) => readonly Promise<readonly Left[]>[]
  readonly doPart: (site: Site, part: Part) => Promise<readonly Left[]>
  readonly link: (room: Room) => Promise<string>
  /** A room's name as people in the chat write it. */
  readonly nameOf: (room: Room) => string
  /** Where everybody hears of outages: as the plan names it. */
  readonly announceIn: () => string | undefined
  /** Where runs are shown that have no incident. */
  readonly runsIn: () => string | undefined
  /** Works in one of those: what is refused there is for a person to mend, and never taken for a lost room. */
  readonly inNamedChannel: <T>(channel: string, options: CallOptions, work: () => Promise<T>) => Promise<T>
  readonly incident: (id: IncidentId) => Promise<Incident | undefined>
  /** Brings the messages that paged people for this incident up to date; no call where they are. */
  readonly refreshPages: (incident: Incident, options: CallOptions) => Promise<void>
  /** What those are called, such as `direct messages`. */
  readonly pages: string
}

/** A room as it is to be shown now. */
export interface Furnished {
  readonly incident: Incident
  readonly view: RoomView
  readonly room: Room
  readonly options: CallOptions
}

/** A Chat. Everything goes through the lane of rooms, so that nothing here holds up a page or an answer. */
export function createRoomChat<M>(ways: RoomChatWays<M>): Chat {
  const { name, rooms, posts } = ways
  return {
    name,
    openRoom: async (incident, signal) => ({
      link: await ways.link(await rooms.open(incident, via(signal))),
    }),
    showRoom: (incident, view, signal) => showRoom(ways, { incident, view, options: via(signal) }),
    showRun: (run, card, signal) => showRun(ways, { run, card, options: via(signal) }),
    say: async (incident, text, key, signal) => {
      const options = via(signal)
      const words = ways.words(text)
      await rooms.use(incident, options, (room) =>
        posts.post({ scope: incident.id, key }, room.id, words, options),
      )
    },
    announce: async (text, key, signal) => {
      const channel = ways.announceIn()
      if (channel === undefined) return
      const options = via(signal)
      const words = ways.words(text)
      await ways.inNamedChannel(channel, options, () =>
        posts.post({ scope: key, key: 'words' }, channel, words, options),
      )
    },
    closeRoom: (incident, signal) => rooms.close(incident, via(signal)),
  }
}

function via(signal: AbortSignal): CallOptions {
  return { lane: 'room', signal }
}

async function showRoom<M>(ways: RoomChatWays<M>, shown: Omit<Furnished, 'room'>): Promise<RoomShown> {
  const { incident, options } = shown
  await ways.rooms.open(incident, options)
  const done = await ways.rooms.use(incident, options, async (room) => {
    const left = await furnish(ways, { ...shown, room })
    return { link: await ways.link(room), left }
  })
  return { ...(done && { link: done.link }), ...shownWith(done?.left ?? []) }
}

/** The card first; then the rest at the same time, as far as one does not need the other. */
async function furnish<M>(ways: RoomChatWays<M>, furnished: Furnished): Promise<readonly Left[]> {
  const { incident, room, options } = furnished
  const site: Site = { incident: incident.id, room, options }
  const card = await ways.showCard(furnished)
  return together([
    tellMove(ways, site),
    ...ways.parts(site, furnished, card),
    announce(ways, site, incident),
    refresh(ways, site, incident),
  ])
}

/** People who find themselves in another room are told why. */
async function tellMove<M>(ways: RoomChatWays<M>, site: Site): Promise<readonly Left[]> {
  const why = (await ways.records.read(site.incident)).done[movedKey]
  if (why === undefined) return []
  const { room, options, incident: scope } = site
  const work = (): Promise<Posted> =>
    ways.posts.post({ scope, key: `moved-${room.id}` }, room.id, ways.line([why]), options)
  return ways.doPart(site, { name: 'word of the move', wanted: room.id, work })
}

async function announce<M>(ways: RoomChatWays<M>, site: Site, incident: Incident): Promise<readonly Left[]> {
  const channel = ways.announceIn()
  if (channel === undefined) return []
  const { room, options } = site
  const way = { link: await ways.link(room), text: ways.nameOf(room) }
  const line = announcement(incident, way)
  const shown = await ways.doPart(site, {
    name: 'announcement',
    wanted: `${channel} ${plain(line)}`,
    work: () =>
      ways.inNamedChannel(channel, options, () =>
        ways.posts.show({ scope: incident.id, key: 'announcement' }, channel, ways.line(line), options),
      ),
  })
  const { relapses, state } = incident
  if (relapses === 0 || state === 'watching' || state === 'resolved') return shown
  const word = ways.line(relapseWord(incident, way))
  const key = `relapse-${relapses}`
  const said = await ways.doPart(site, {
    name: 'word of the relapse',
    wanted: key,
    work: () =>
      ways.inNamedChannel(channel, options, () =>
        ways.posts.post({ scope: incident.id, key }, channel, word, options),
      ),
  })
  return [...shown, ...said]
}

/** Where they are is people's, not the room: one that is lost must not be taken for a lost room. */
async function refresh<M>(
  { refreshPages, pages }: RoomChatWays<M>,
  { options }: Site,
  incident: Incident,
): Promise<readonly Left[]> {
  try {
    await refreshPages(incident, options)
    return []
  } catch (thrown) {
    if (!(thrown instanceof RetryableError || thrown instanceof UserError)) throw thrown
    const again = thrown instanceof RetryableError ? againAfter(thrown) : { again: false }
    return [{ text: `${pages}: ${thrown.message}`, ...again }]
  }
}

interface RunShown {
  readonly run: Run
  readonly card: Card
  readonly options: CallOptions
}

/** In its incident's room, where the incident says what must be heard; else in a common channel, where nobody else does. */
async function showRun<M>(ways: RoomChatWays<M>, { run, card, options }: RunShown): Promise<void> {
  const { rooms, posts } = ways
  const message = await ways.runMessage(run, card)
  const place = { scope: run.id, key: 'card' }
  const incident = run.incident === undefined ? undefined : await ways.incident(run.incident)
  const shown =
    incident && (await rooms.use(incident, options, (room) => posts.show(place, room.id, message, options)))
  const channel = ways.runsIn()
  if (shown || channel === undefined) return
  await ways.inNamedChannel(channel, options, async () => {
    const posted = await posts.show(place, channel, message, options)
    const news = loudNews(run)
    if (news === undefined) return
    const words = ways.words(runNewsText(run, news))
    await posts.post({ scope: run.id, key: news }, posted.channel, words, options)
  })
}

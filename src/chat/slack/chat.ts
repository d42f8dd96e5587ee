// Slack as a chat: each incident has a channel with its card, its runs and its people; what happens is said there.
import type { DrPlan } from '../../drplan/schema.ts'
import { RetryableError, UserError } from '../../errors.ts'
import type { IncidentId } from '../../ids.ts'
import type { Incident } from '../../incident/incident.ts'
import type { Card } from '../../message.ts'
import type { Chat, Clock, RoomShown, RoomView } from '../../ports.ts'
import { loudNews, runNewsText } from '../../recovery/news.ts'
import type { Run } from '../../recovery/run.ts'
import { announcement, relapseWord } from '../announcement.ts'
import { purposeOf } from '../claim.ts'
import { againAfter, shownWith, together } from '../parts.ts'
import type { Left, Site } from '../parts.ts'
import type { Posted } from '../posts.ts'
import type { Room } from '../record.ts'
import { movedKey } from '../rooms.ts'
import { clean, cut, pageUrl } from '../text.ts'
import { inNamedChannel } from './announce.ts'
import { SlackRefusal } from './api.ts'
import type { CallOptions } from './api.ts'
import { bookmark, doPart } from './furnish.ts'
import { invite } from './invite.ts'
import type { InviteDeps } from './invite.ts'
import { showPicture } from './picture.ts'
import type { PictureDeps } from './picture.ts'
import type { SlackPosts } from './posts.ts'
import { messageOf } from './render/message.ts'
import { escaped } from './render/text.ts'
import { createSlackRooms } from './rooms.ts'
import type { RoomDeps, SlackRooms } from './rooms.ts'
import { messageOfLine, messageOfWords } from './words.ts'

export interface SlackChatDeps extends Omit<RoomDeps, 'zone'>, InviteDeps, PictureDeps {
  readonly api: RoomDeps['api'] & PictureDeps['api']
  readonly records: RoomDeps['records']
  readonly posts: SlackPosts
  readonly plan: () => DrPlan
  readonly clock: Pick<Clock, 'now'>
  readonly publicUrl: string
  readonly incident: (id: IncidentId) => Promise<Incident | undefined>
  /** Brings the direct messages that paged people for this incident up to date; no call where they are. */
  readonly refreshPages: (incident: Incident, options: CallOptions) => Promise<void>
}

/** Slack's limit for the topic of a channel, in characters. */
const longestTopic = 250

/** Slack as a Chat. Everything goes through the lane of rooms, so that nothing here holds up a page or an answer. */
export function createSlackChat(deps: SlackChatDeps): Chat {
  const rooms = createSlackRooms({ ...deps, zone: () => deps.plan().timezone })
  return {
    name: 'slack',
    openRoom: async (incident, signal) => ({
      link: await rooms.link(await rooms.open(incident, via(signal))),
    }),
    showRoom: (incident, view, signal) => showRoom(deps, rooms, { incident, view, options: via(signal) }),
    showRun: (run, card, signal) => showRun(deps, rooms, { run, card, options: via(signal) }),
    say: async (incident, text, key, signal) => {
      const options = via(signal)
      const message = messageOfWords(text)
      await rooms.use(incident, options, (room) =>
        deps.posts.post({ scope: incident.id, key }, room.id, message, options),
      )
    },
    announce: async (text, key, signal) => {
      const options = via(signal)
      const channel = deps.plan().slack.announce
      if (channel === undefined) return
      const message = messageOfWords(text)
      await inNamedChannel(deps.api, channel, options, () =>
        deps.posts.post({ scope: key, key: 'words' }, channel, message, options),
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

async function showRoom(deps: SlackChatDeps, rooms: SlackRooms, shown: Shown): Promise<RoomShown> {
  const { incident, options } = shown
  await rooms.open(incident, options)
  const done = await rooms.use(incident, options, async (room) => {
    const left = await furnish(deps, rooms, { ...shown, room })
    return { link: await rooms.link(room), left }
  })
  return { ...(done && { link: done.link }), ...shownWith(done?.left ?? []) }
}

/** The card first; then the rest at the same time, as far as one does not need the other. */
async function furnish(
  deps: SlackChatDeps,
  rooms: SlackRooms,
  { incident, view, options, room }: Shown & { readonly room: Room },
): Promise<readonly Left[]> {
  const site: Site = { incident: incident.id, room, options }
  const more = pageUrl(deps.publicUrl, `incidents/${incident.id}`)
  const place = { scope: incident.id, key: 'card' }
  const card = await deps.posts.show(place, room.id, messageOf(view.card, { more }), options)
  const link = await rooms.link(room)
  return together([
    tellMove(deps, site),
    pin(deps, site, card),
    describe(deps, site, { incident, view }),
    invite(deps, site, view),
    bookmark(deps, site, view.links),
    announce(deps, site, { incident, link }),
    showPicture(deps, site, incident),
    refresh(deps, site, incident),
  ])
}

/** People who find themselves in another room are told why. */
async function tellMove(deps: SlackChatDeps, site: Site): Promise<readonly Left[]> {
  const why = (await deps.records.read(site.incident)).done[movedKey]
  if (why === undefined) return []
  const { room, options, incident: scope } = site
  const message = messageOfLine([why])
  const work = (): Promise<Posted> =>
    deps.posts.post({ scope, key: `moved-${room.id}` }, room.id, message, options)
  return doPart(deps, site, { name: 'word of the move', wanted: room.id, work })
}

function pin(deps: SlackChatDeps, site: Site, card: Posted): Promise<readonly Left[]> {
  const args = { channel: card.channel, timestamp: card.ts }
  return doPart(deps, site, {
    name: 'pin',
    wanted: card.ts,
    already: (thrown) => thrown instanceof SlackRefusal && thrown.reason === 'already_pinned',
    work: () => deps.api.call('pins.add', args, site.options),
  })
}

async function describe(
  deps: SlackChatDeps,
  site: Site,
  { incident, view }: Pick<Shown, 'incident' | 'view'>,
): Promise<readonly Left[]> {
  const { room, options } = site
  const topic = topicText(view.topic)
  const purpose = purposeOf(incident)
  const left = await Promise.all([
    doPart(deps, site, {
      name: 'topic',
      wanted: topic,
      work: () => deps.api.call('conversations.setTopic', { channel: room.id, topic }, options),
    }),
    doPart(deps, site, {
      name: 'purpose',
      wanted: purpose,
      work: () => deps.api.call('conversations.setPurpose', { channel: room.id, purpose }, options),
    }),
  ])
  return left.flat()
}

/** Escaped as message text is. It is cut before that, so that no escape is cut in two; one takes five characters at most. */
function topicText(topic: string): string {
  let most = longestTopic
  let text = escaped(cut(clean(topic), most))
  while (text.length > longestTopic) {
    most -= Math.ceil((text.length - longestTopic) / 5)
    text = escaped(cut(clean(topic), most))
  }
  return text
}

async function announce(
  deps: SlackChatDeps,
  site: Site,
  { incident, link }: { readonly incident: Incident; readonly link: string },
): Promise<readonly Left[]> {
  const channel = deps.plan().slack.announce
  if (channel === undefined) return []
  const { room, options } = site
  const place = { link, text: `#${room.name}` }
  const message = messageOfLine(announcement(incident, place))
  const shown = await doPart(deps, site, {
    name: 'announcement',
    wanted: `${channel} ${message.text}`,
    work: () =>
      inNamedChannel(deps.api, channel, options, () =>
        deps.posts.show({ scope: incident.id, key: 'announcement' }, channel, message, options),
      ),
  })
  const { relapses, state } = incident
  if (relapses === 0 || state === 'watching' || state === 'resolved') return shown
  const word = messageOfLine(relapseWord(incident, place))
  const key = `relapse-${relapses}`
  const said = await doPart(deps, site, {
    name: 'word of the relapse',
    wanted: key,
    work: () =>
      inNamedChannel(deps.api, channel, options, () =>
        deps.posts.post({ scope: incident.id, key }, channel, word, options),
      ),
  })
  return [...shown, ...said]
}

/** Their channels are people's, not the room: one that is lost must not be taken for a lost room. */
async function refresh(deps: SlackChatDeps, site: Site, incident: Incident): Promise<readonly Left[]> {
  try {
    await deps.refreshPages(incident, site.options)
    return []
  } catch (thrown) {
    if (!(thrown instanceof RetryableError || thrown instanceof UserError)) throw thrown
    const again = thrown instanceof RetryableError ? againAfter(thrown) : { again: false }
    return [{ text: `direct messages: ${thrown.message}`, ...again }]
  }
}

interface RunShown {
  readonly run: Run
  readonly card: Card
  readonly options: CallOptions
}

/** In its incident's room, where the incident says what must be heard; else in the common channel, where nobody else does. */
async function showRun(
  deps: SlackChatDeps,
  rooms: SlackRooms,
  { run, card, options }: RunShown,
): Promise<void> {
  const message = messageOf(card, { more: pageUrl(deps.publicUrl, `runs/${run.id}`) })
  const incident = run.incident === undefined ? undefined : await deps.incident(run.incident)
  const shown =
    incident &&
    (await rooms.use(incident, options, (room) =>
      deps.posts.show({ scope: run.id, key: 'card' }, room.id, message, options),
    ))
  const channel = deps.plan().slack.announce
  if (shown || channel === undefined) return
  await inNamedChannel(deps.api, channel, options, async () => {
    await deps.posts.show({ scope: run.id, key: 'card' }, channel, message, options)
    const news = loudNews(run)
    if (news === undefined) return
    const words = messageOfLine([runNewsText(run, news)])
    await deps.posts.post({ scope: run.id, key: news }, channel, words, options)
  })
}

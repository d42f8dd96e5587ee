// Slack as a chat: each incident has a channel with its card, its runs and its people; what happens is said there.
import type { DrPlan } from '../../drplan/schema.ts'
import type { Chat, Clock } from '../../ports.ts'
import { purposeOf } from '../claim.ts'
import type { Left, Site } from '../parts.ts'
import type { Posted } from '../posts.ts'
import { createRoomChat } from '../room-chat.ts'
import type { Furnished, RoomChatWays } from '../room-chat.ts'
import { clean, cut, pageUrl } from '../text.ts'
import { inNamedChannel } from './announce.ts'
import { SlackRefusal } from './api.ts'
import { bookmark, doPart } from './furnish.ts'
import { invite } from './invite.ts'
import type { InviteDeps } from './invite.ts'
import { showPicture } from './picture.ts'
import type { PictureDeps } from './picture.ts'
import type { SlackPosts } from './posts.ts'
import type { SlackMessage } from './render/blocks.ts'
import { messageOf } from './render/message.ts'
import { escaped } from './render/text.ts'
import { createSlackRooms } from './rooms.ts'
import type { RoomDeps } from './rooms.ts'
import { messageOfLine, messageOfWords } from './words.ts'

export interface SlackChatDeps
  extends
    Omit<RoomDeps, 'zone'>,
    InviteDeps,
    PictureDeps,
    Pick<RoomChatWays<SlackMessage>, 'incident' | 'refreshPages'> {
  readonly api: RoomDeps['api'] & PictureDeps['api']
  readonly records: RoomDeps['records']
  readonly posts: SlackPosts
  readonly plan: () => DrPlan
  readonly clock: Pick<Clock, 'now'>
  readonly publicUrl: string
}

/** Slack's limit for the topic of a channel, in characters. */
const longestTopic = 250

/** Slack as a Chat. */
export function createSlackChat(deps: SlackChatDeps): Chat {
  const { api, posts, publicUrl } = deps
  const rooms = createSlackRooms({ ...deps, zone: () => deps.plan().timezone })
  const announceIn = (): string | undefined => deps.plan().slack.announce
  return createRoomChat<SlackMessage>({
    ...deps,
    name: 'slack',
    pages: 'direct messages',
    rooms,
    link: rooms.link,
    nameOf: ({ name }) => `#${name}`,
    line: messageOfLine,
    words: messageOfWords,
    runMessage: async (run, card) => messageOf(card, { more: pageUrl(publicUrl, `runs/${run.id}`) }),
    showCard: ({ incident, view, room, options }) => {
      const message = messageOf(view.card, { more: pageUrl(publicUrl, `incidents/${incident.id}`) })
      return posts.show({ scope: incident.id, key: 'card' }, room.id, message, options)
    },
    parts: (site, { incident, view }, card) => [
      pin(deps, site, card),
      describe(deps, site, { incident, view }),
      invite(deps, site, view),
      bookmark(deps, site, view.links),
      showPicture(deps, site, incident),
    ],
    doPart: (site, part) => doPart(deps, site, part),
    announceIn,
    runsIn: announceIn,
    inNamedChannel: (channel, options, work) => inNamedChannel(api, channel, options, work),
  })
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
  { incident, view }: Pick<Furnished, 'incident' | 'view'>,
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

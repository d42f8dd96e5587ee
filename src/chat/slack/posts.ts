// Messages in Slack that are posted once and kept up to date: how Slack takes them, and finds them again.
import { z } from 'zod'
import type { Letter, Mail } from '../delivery.ts'
import { createPosts } from '../posts.ts'
import type { Posts, PostsDeps } from '../posts.ts'
import { SlackRefusal, SlackSilence } from './api-errors.ts'
import type { SlackApi } from './api.ts'
import { channelIdOf, findMessage, metadataOf } from './history.ts'
import type { SlackMessage } from './render/blocks.ts'

export type SlackPosts = Posts<SlackMessage>

/** Slack's words for a message that will never change any more (docs.slack.dev/reference/methods/chat.update). */
const lost = new Set(['message_not_found', 'edit_window_closed', 'cant_update_message', 'block_mismatch'])
/** Whatever a message says is shown as it is: nobody is called, nothing is unfolded. */
const literally = { parse: 'none', link_names: false } as const
const onceOnly = { mrkdwn: false, unfurl_links: false, unfurl_media: false } as const

const Answer = z.object({ channel: z.string(), ts: z.string() })

/** The poster of one process in Slack. A message goes to a channel, or to a user. */
export function createSlackPosts({
  api,
  ...deps
}: Omit<PostsDeps<SlackMessage>, 'mail'> & { readonly api: Pick<SlackApi, 'call'> }): SlackPosts {
  const mail: Mail<SlackMessage> = {
    service: 'Slack',
    send: async (channel, letter, options) =>
      Answer.parse(
        await api.call('chat.postMessage', { channel, ...contentOf(letter), ...onceOnly }, options),
      ),
    update: async (at, letter, options) => {
      await api.call('chat.update', { ...at, ...contentOf(letter) }, options)
    },
    find: async (to, key, options) => {
      const channel = await channelIdOf(api, to, options)
      const ts = await findMessage(api, { channel, key }, options)
      return ts === undefined ? undefined : { channel, ts }
    },
    isLost: async (thrown) => thrown instanceof SlackRefusal && lost.has(thrown.reason),
    done: (thrown) => (thrown instanceof SlackSilence ? thrown.done : 'never'),
  }
  return createPosts({ ...deps, mail })
}

/** What Slack is given of a message: text, blocks, and the name by which it is found again. */
function contentOf({ name, message }: Letter<SlackMessage>): Readonly<Record<string, unknown>> {
  const { text, blocks } = message
  return { text, blocks, metadata: metadataOf(name), ...literally }
}

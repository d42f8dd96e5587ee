// Finding a message that the bot posted without hearing that it did, by the key in its metadata.
import { z } from 'zod'
import type { CallOptions, SlackApi } from './api.ts'

/** The bot's metadata event: its payload's `key` names the message. */
const eventType = 'dr_bot'
/**
 * As many messages as Slack advises to ask for at once, and so many times: a room is quieter than that between crash
 * and retry.
 */
const [perPage, pages] = [200, 5]

const History = z.object({
  messages: z
    .array(
      z.object({
        ts: z.string(),
        metadata: z
          .object({ event_type: z.string(), event_payload: z.looseObject({ key: z.unknown() }) })
          .optional()
          .catch(undefined),
      }),
    )
    .catch([]),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional().catch(undefined),
})

const Opened = z.object({ channel: z.object({ id: z.string() }) })

/** The metadata by which a message is found again. */
export function metadataOf(key: string): object {
  return { event_type: eventType, event_payload: { key } }
}

/** The channel of a place; for a user that of the direct messages, which is opened. */
export async function channelIdOf(
  api: Pick<SlackApi, 'call'>,
  place: string,
  options: CallOptions,
): Promise<string> {
  if (!/^[UW]/.test(place)) return place
  return Opened.parse(await api.call('conversations.open', { users: place }, options)).channel.id
}

/**
 * The newest message with this key among the channel's last thousand; undefined when it is not there. It goes by
 * number, not by time, since Slack's clock and the bot's need not agree.
 */
export async function findMessage(
  api: Pick<SlackApi, 'call'>,
  { channel, key }: { readonly channel: string; readonly key: string },
  options: CallOptions,
): Promise<string | undefined> {
  let cursor: string | undefined
  for (let left = pages; left > 0; left -= 1) {
    const asked = { channel, limit: perPage, include_all_metadata: true, cursor }
    const answer = History.parse(await api.call('conversations.history', asked, options))
    const found = answer.messages.find(
      ({ metadata }) => metadata?.event_type === eventType && metadata.event_payload.key === key,
    )
    if (found) return found.ts
    cursor = answer.response_metadata?.next_cursor
    if (!cursor) return undefined
  }
  return undefined
}

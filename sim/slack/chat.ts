// chat.*: posting, updating and deleting messages, and the ones that only one person sees.
import { optional, required, structured, type Args } from './args.ts'
import { checkBlocks } from './blocks.ts'
import { Refusal } from './envelope.ts'
import { channelOf, requireMember, userOf, visible, type Call, type Method } from './method.ts'
import {
  addMessage,
  channelType,
  messageBody,
  openDirect,
  type SlackChannel,
  type SlackMessage,
  type Workspace,
} from './workspace.ts'

/**
 * Characters of a posted text, and of an updated one. Slack cuts a posted text off without a word of refusal; here it
 * is refused, so that no test takes half a message for a whole one.
 */
const longest = { post: 40_000, update: 4_000 }

export const chatMethods: Readonly<Record<string, Method>> = {
  'chat.postMessage': { scopes: ['chat:write'], tier: 'post', run: post },
  'chat.postEphemeral': { scopes: ['chat:write'], tier: 4, run: postEphemeral },
  'chat.update': { scopes: ['chat:write'], tier: 3, run: update },
  'chat.delete': { scopes: ['chat:write'], tier: 3, run: remove },
  'chat.getPermalink': { scopes: [], tier: 'free', run: permalink },
}

function post(call: Call): object {
  const { slack, args } = call
  const channel = postable(call, destination(slack, required(args, 'channel')))
  const content = contentOf(slack, args, longest.post)
  const thread = threadOf(channel, args)
  const metadata = metadataOf(args)
  const message = addMessage(slack, channel, {
    user: slack.botUser,
    bot: slack.bot,
    ...content,
    ...(thread !== undefined && { thread }),
    ...(metadata !== undefined && { metadata }),
  })
  return { channel: channel.id, ts: message.ts, message: messageBody(slack, message) }
}

function postEphemeral(call: Call): object {
  const { slack, args } = call
  const user = userOf(slack, required(args, 'user'), 'user_not_in_channel')
  const channel = postable(call, visible(slack, required(args, 'channel')))
  if (!channel.members.has(user.id)) throw new Refusal('user_not_in_channel')
  const content = contentOf(slack, args, longest.post)
  const thread = threadOf(channel, args)
  const ts = slack.nextTs()
  slack.ephemerals.push({
    channel: channel.id,
    user: user.id,
    ts,
    ...content,
    ...(thread !== undefined && { thread }),
  })
  return { message_ts: ts }
}

function update(call: Call): object {
  const { slack, args } = call
  const channel = channelOf(call)
  const message = messageOf(channel, required(args, 'ts'))
  if (channel.archived) throw new Refusal('is_inactive')
  if (message.bot !== slack.bot || message.subtype !== undefined) throw new Refusal('cant_update_message')
  if (slack.now() - Number(message.ts) * 1000 > slack.editWindow) throw new Refusal('edit_window_closed')
  const content = contentOf(slack, args, longest.update, message)
  if (onlyRich(message.blocks) && content.blocks !== undefined && !hasRich(content.blocks)) {
    throw new Refusal('block_mismatch')
  }
  const metadata = metadataOf(args)
  if (metadata !== undefined) message.metadata = metadata
  rewrite(slack, channel, message, content)
  return { channel: channel.id, ts: message.ts, text: message.text, message: messageBody(slack, message) }
}

/** Gives a message its new content and tells the app, if it listens. */
export function rewrite(
  slack: Workspace,
  channel: SlackChannel,
  message: SlackMessage,
  content: { readonly text: string; readonly blocks?: readonly unknown[] },
): void {
  const previous = messageBody(slack, message)
  message.text = content.text
  if (content.blocks === undefined) delete message.blocks
  else message.blocks = content.blocks
  message.edited = `${Math.floor(slack.now() / 1000)}.000000`
  changed(slack, channel, 'message_changed', {
    message: messageBody(slack, message),
    previous_message: previous,
  })
}

/** Takes a message out of its channel. */
export function erase(slack: Workspace, channel: SlackChannel, message: SlackMessage): void {
  channel.messages = channel.messages.filter((other) => other !== message)
  const pin = channel.pins.indexOf(message.ts)
  if (pin >= 0) channel.pins.splice(pin, 1)
  changed(slack, channel, 'message_deleted', {
    deleted_ts: message.ts,
    previous_message: messageBody(slack, message),
  })
}

function changed(slack: Workspace, channel: SlackChannel, subtype: string, more: object): void {
  const ts = slack.nextTs()
  const where = { channel: channel.id, channel_type: channelType(channel), ts, event_ts: ts }
  slack.emit({
    type: 'message',
    channel,
    body: { type: 'message', subtype, hidden: true, ...where, ...more },
  })
}

function remove(call: Call): object {
  const { slack, args } = call
  const channel = channelOf(call)
  const message = messageOf(channel, required(args, 'ts'))
  if (message.bot !== slack.bot) throw new Refusal('cant_delete_message')
  erase(slack, channel, message)
  return { channel: channel.id, ts: message.ts }
}

function permalink(call: Call): object {
  const channel = channelOf(call)
  const { ts } = messageOf(channel, required(call.args, 'message_ts'))
  const { domain } = call.slack
  return {
    channel: channel.id,
    permalink: `https://${domain}.slack.com/archives/${channel.id}/p${ts.replace('.', '')}`,
  }
}

/** A channel by id or #name; a person's id means the direct message with them, which opens. */
function destination(slack: Workspace, to: string): SlackChannel {
  const user = slack.users.get(to)
  if (user) {
    if (user.deleted || user.bot || user.team !== slack.team) throw new Refusal('channel_not_found')
    return openDirect(slack, user.id)
  }
  const name = to.replace(/^#/, '')
  const named = [...slack.channels.values()].find((channel) => channel.name !== '' && channel.name === name)
  return visible(slack, named?.id ?? to)
}

function postable({ slack, token }: Call, channel: SlackChannel): SlackChannel {
  if (channel.archived) throw new Refusal('is_archived')
  if (channel.kind === 'public' && token.scopes.includes('chat:write.public')) return channel
  requireMember(slack, channel)
  return channel
}

/** A message of a channel by its time stamp. */
export function messageOf(channel: SlackChannel, ts: string): SlackMessage {
  const message = channel.messages.find((message) => message.ts === ts)
  if (!message) throw new Refusal('message_not_found')
  return message
}

/**
 * The text and blocks of a call. Text without blocks takes the blocks of `old` away, blocks without text keep its
 * text, as chat.update does.
 */
export function contentOf(
  slack: Workspace,
  args: Args,
  most: number,
  old?: { readonly text: string },
): { readonly text: string; readonly blocks?: readonly unknown[] } {
  const text = optional(args, 'text')
  const blocks = blocksOf(slack, args)
  if (text === undefined && (blocks === undefined || blocks.length === 0)) throw new Refusal('no_text')
  if (text !== undefined && text.length > most) throw new Refusal('msg_too_long')
  const said = text ?? old?.text ?? ''
  return blocks === undefined || blocks.length === 0 ? { text: said } : { text: said, blocks }
}

function blocksOf(slack: Workspace, args: Args): readonly unknown[] | undefined {
  const value = structured(args, 'blocks', () => new Refusal('invalid_blocks_format'))
  return value === undefined ? undefined : checkBlocks(slack, value)
}

function threadOf(channel: SlackChannel, args: Args): string | undefined {
  const thread = optional(args, 'thread_ts')
  if (thread === undefined) return undefined
  const first = channel.messages.find((message) => message.ts === thread)
  if (!first) throw new Refusal('thread_not_found')
  return first.thread ?? first.ts
}

function metadataOf(args: Args): unknown {
  const value = structured(args, 'metadata', () => new Refusal('invalid_metadata_format'))
  if (value === undefined) return undefined
  const { event_type: type, event_payload: payload } = value as Readonly<Record<string, unknown>>
  if (typeof type !== 'string' || typeof payload !== 'object' || payload === null) {
    throw new Refusal('invalid_metadata_schema')
  }
  if (JSON.stringify(payload).length > 15_000) throw new Refusal('metadata_too_large')
  return value
}

function onlyRich(blocks: readonly unknown[] | undefined): boolean {
  return blocks?.length === 1 && hasRich(blocks)
}

function hasRich(blocks: readonly unknown[]): boolean {
  return blocks.some((block) => (block as { readonly type?: unknown }).type === 'rich_text')
}

// conversations.history and conversations.replies: what was said, newest first, with its metadata where asked for.
import { flag, optional, page, required, type Args } from './args.ts'
import { Refusal } from './envelope.ts'
import { anyScope, channelFor, requireMember, type Call, type Method } from './method.ts'
import { messageBody, type SlackChannel, type SlackMessage, type Workspace } from './workspace.ts'

export const historyMethods: Readonly<Record<string, Method>> = {
  'conversations.history': { scopes: anyScope('history'), tier: 3, run: history },
  'conversations.replies': { scopes: anyScope('history'), tier: 3, run: replies },
}

function history(call: Call): object {
  const { slack, args } = call
  const channel = readable(call)
  const within = between(args)
  const said = channel.messages
    .filter((message) => message.thread === undefined || message.thread === message.ts)
    .filter(within)
    .toReversed()
  const { items, response_metadata } = page(said, args, 999)
  const more = response_metadata.next_cursor !== ''
  return {
    messages: items.map((message) => bodyOf(slack, args, message)),
    has_more: more,
    pin_count: channel.pins.length,
    ...(more && { response_metadata }),
  }
}

function replies(call: Call): object {
  const { slack, args } = call
  const channel = readable(call)
  const ts = required(args, 'ts')
  const thread = channel.messages.filter((message) => message.ts === ts || message.thread === ts)
  if (thread.length === 0) throw new Refusal('thread_not_found')
  const { items, response_metadata } = page(thread.filter(between(args)), args, 999)
  const more = response_metadata.next_cursor !== ''
  return {
    messages: items.map((message) => bodyOf(slack, args, message)),
    has_more: more,
    ...(more && { response_metadata }),
  }
}

function readable(call: Call): SlackChannel {
  const channel = channelFor(call, 'history')
  requireMember(call.slack, channel)
  return channel
}

function between(args: Args): (message: SlackMessage) => boolean {
  const oldest = time(args, 'oldest', 'invalid_ts_oldest') ?? 0
  const latest = time(args, 'latest', 'invalid_ts_latest') ?? Infinity
  const inclusive = flag(args, 'inclusive')
  return ({ ts }) => {
    const at = Number(ts)
    return (at > oldest && at < latest) || (inclusive && (at === oldest || at === latest))
  }
}

function time(args: Args, key: string, word: string): number | undefined {
  const text = optional(args, key)
  if (text === undefined) return undefined
  if (!/^\d+(\.\d+)?$/.test(text)) throw new Refusal(word)
  return Number(text)
}

function bodyOf(slack: Workspace, args: Args, message: SlackMessage): object {
  const body = messageBody(slack, message)
  const wanted = flag(args, 'include_all_metadata') && message.metadata !== undefined
  return wanted ? { ...body, metadata: message.metadata } : body
}

// What a method of the Web API is to the simulator, and the look-ups that many methods share.
import { requireScope, type SlackToken, type Tier } from './access.ts'
import { required, type Args } from './args.ts'
import { Refusal } from './envelope.ts'
import type { Triggers } from './triggers.ts'
import type { SlackChannel, SlackUser, Workspace } from './workspace.ts'

export interface Method {
  /** One of these is needed; none: any token. */
  readonly scopes: readonly string[]
  readonly tier: Tier
  /** The kind of token it takes; default `bot`. `none`: no token is needed. */
  readonly token?: 'app' | 'none'
  readonly run: (call: Call) => object
}

export interface Call {
  readonly slack: Workspace
  readonly args: Args
  readonly token: SlackToken
  readonly triggers: Triggers
  /** Makes the address of a new Socket Mode connection. */
  readonly openSocket: () => string
}

/** What a call wants to do with a channel: each kind of channel has a scope of its own for it. */
type Right = 'read' | 'history' | 'write'

const scopeOf: Readonly<Record<Right, Readonly<Record<SlackChannel['kind'], readonly string[]>>>> = {
  read: { public: ['channels:read'], private: ['groups:read'], im: ['im:read'] },
  history: { public: ['channels:history'], private: ['groups:history'], im: ['im:history'] },
  write: { public: ['channels:manage'], private: ['groups:write'], im: ['im:write'] },
}

/** All scopes that give a right on some kind of channel. */
export function anyScope(right: Right): readonly string[] {
  return Object.values(scopeOf[right]).flat()
}

/** The channel a call names, if the bot can see it at all. */
export function channelOf({ slack, args }: Call, key = 'channel'): SlackChannel {
  return visible(slack, required(args, key))
}

/** The channel with an id; what the bot cannot see does not exist for it. */
export function visible(slack: Workspace, id: string): SlackChannel {
  const channel = slack.channels.get(id)
  if (!channel) throw new Refusal('channel_not_found')
  if (channel.kind !== 'public' && !channel.members.has(slack.botUser)) throw new Refusal('channel_not_found')
  return channel
}

/** The channel a call names, once the token has the scope for its kind. */
export function channelFor(call: Call, right: Right): SlackChannel {
  const channel = channelOf(call)
  requireScope(call.token, scopeOf[right][channel.kind])
  return channel
}

/** The channel of a call that changes it: not archived, no direct message, and the bot is in it. */
export function changeable(call: Call, more: readonly string[] = []): SlackChannel {
  const channel = channelOf(call)
  requireScope(call.token, [...scopeOf.write[channel.kind], ...more])
  if (channel.kind === 'im') throw new Refusal('method_not_supported_for_channel_type')
  if (channel.archived) throw new Refusal('is_archived')
  requireMember(call.slack, channel)
  return channel
}

export function requireMember(slack: Workspace, channel: SlackChannel): void {
  if (!channel.members.has(slack.botUser)) throw new Refusal('not_in_channel')
}

/** A person of the workspace by id. */
export function userOf(slack: Workspace, id: string, word = 'user_not_found'): SlackUser {
  const user = slack.users.get(id)
  if (!user) throw new Refusal(word)
  return user
}

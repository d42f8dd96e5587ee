// conversations.*: making channels, who is in them, their topic and their end, and opening direct messages.
import { flag, idList, optional, page, type Args } from './args.ts'
import { requireScope } from './access.ts'
import { Refusal } from './envelope.ts'
import {
  anyScope,
  changeable,
  channelFor,
  channelOf,
  requireMember,
  userOf,
  type Call,
  type Method,
} from './method.ts'
import { addChannel, addMessage, openDirect, type SlackChannel, type Workspace } from './workspace.ts'

const write = anyScope('write')

export const conversationMethods: Readonly<Record<string, Method>> = {
  'conversations.create': { scopes: write, tier: 2, run: create },
  'conversations.info': { scopes: anyScope('read'), tier: 3, run: info },
  'conversations.list': { scopes: anyScope('read'), tier: 2, run: list },
  'users.conversations': { scopes: anyScope('read'), tier: 3, run: ownConversations },
  'conversations.members': { scopes: anyScope('read'), tier: 4, run: members },
  'conversations.invite': { scopes: [...write, 'channels:write.invites'], tier: 3, run: invite },
  'conversations.join': { scopes: ['channels:join'], tier: 3, run: join },
  'conversations.leave': { scopes: write, tier: 3, run: leave },
  'conversations.setTopic': { scopes: [...write, 'channels:write.topic'], tier: 2, run: setTopic },
  'conversations.setPurpose': { scopes: [...write, 'channels:write.topic'], tier: 2, run: setPurpose },
  'conversations.rename': { scopes: write, tier: 2, run: rename },
  'conversations.archive': { scopes: write, tier: 2, run: archive },
  'conversations.unarchive': { scopes: write, tier: 2, run: unarchive },
  'conversations.open': { scopes: ['im:write'], tier: 3, run: open },
}

function create({ slack, args, token }: Call): object {
  const kind = flag(args, 'is_private') ? 'private' : 'public'
  requireScope(token, kind === 'private' ? ['groups:write'] : ['channels:manage'])
  const name = channelName(slack, args)
  const channel = addChannel(slack, { kind, name, members: [slack.botUser] })
  return { channel: channelBody(slack, channel) }
}

/** Slack makes no name fit: what is not lower case, digits, hyphens and underscores is refused. */
function channelName(slack: Workspace, args: Args, own?: SlackChannel): string {
  const name = optional(args, 'name')
  if (name === undefined) throw new Refusal('invalid_name_required')
  if (name.length > 80) throw new Refusal('invalid_name_maxlength')
  if (/^[^\p{L}\p{N}]+$/u.test(name)) throw new Refusal('invalid_name_punctuation')
  if (name !== name.toLowerCase() || !/^[\p{L}\p{N}_-]+$/u.test(name))
    throw new Refusal('invalid_name_specials')
  const taken = [...slack.channels.values()].some((channel) => channel !== own && channel.name === name)
  if (taken) throw new Refusal('name_taken')
  return name
}

function info(call: Call): object {
  const channel = channelFor(call, 'read')
  const members = flag(call.args, 'include_num_members') ? { num_members: channel.members.size } : {}
  return { channel: { ...channelBody(call.slack, channel), ...members } }
}

const kinds = { public_channel: 'public', private_channel: 'private', im: 'im', mpim: undefined } as const

function list(call: Call): object {
  const { items, response_metadata } = page(listed(call), call.args, 1_000)
  const channels = items.map((channel) => ({
    ...channelBody(call.slack, channel),
    num_members: channel.members.size,
  }))
  return { channels, response_metadata }
}

/** Only those the bot is in. */
function ownConversations(call: Call): object {
  const own = listed(call).filter((channel) => channel.members.has(call.slack.botUser))
  const { items, response_metadata } = page(own, call.args, 1_000)
  return { channels: items.map((channel) => channelBody(call.slack, channel)), response_metadata }
}

function listed({ slack, args, token }: Call): readonly SlackChannel[] {
  const asked = idList(args, 'types')
  const types = asked.length === 0 ? ['public_channel'] : asked
  const wanted = types.map((type) => {
    if (!(type in kinds)) throw new Refusal('invalid_types')
    return kinds[type as keyof typeof kinds]
  })
  if (wanted.includes('public')) requireScope(token, ['channels:read'])
  if (wanted.includes('private')) requireScope(token, ['groups:read'])
  if (wanted.includes('im')) requireScope(token, ['im:read'])
  return [...slack.channels.values()]
    .filter((channel) => wanted.includes(channel.kind))
    .filter((channel) => channel.kind === 'public' || channel.members.has(slack.botUser))
    .filter((channel) => !(flag(args, 'exclude_archived') && channel.archived))
}

function members(call: Call): object {
  const channel = channelFor(call, 'read')
  const { items, response_metadata } = page([...channel.members], call.args, 1_000)
  return { members: items, response_metadata }
}

/** Without `force`, one person who cannot be invited keeps all the others out. */
function invite(call: Call): object {
  const { slack, args } = call
  const channel = changeable(call, ['channels:write.invites'])
  const users = idList(args, 'users')
  if (users.length === 0) throw new Refusal('no_user')
  if (users.length > 100) throw new Refusal('too_many_users')
  const errors = users.flatMap((user) => {
    const error = whyNotInvited(slack, channel, user)
    return error === undefined ? [] : [{ user, ok: false, error }]
  })
  const refused = new Set(errors.map((error) => error.user))
  const invited = users.filter((user) => !refused.has(user))
  const [first] = errors
  if (first && (!flag(args, 'force') || invited.length === 0)) throw new Refusal(first.error, { errors })
  for (const user of invited) joinChannel(slack, channel, user, slack.botUser)
  const more = errors.length === 0 ? {} : { errors }
  return { channel: channelBody(slack, channel), ...more }
}

function whyNotInvited(slack: Workspace, channel: SlackChannel, id: string): string | undefined {
  if (id === slack.botUser) return 'cant_invite_self'
  const user = slack.users.get(id)
  if (!user || user.deleted || user.team !== slack.team) return 'user_not_found'
  return channel.members.has(id) ? 'already_in_channel' : undefined
}

/** Brings somebody into a channel, with the line that Slack writes about it. */
export function joinChannel(slack: Workspace, channel: SlackChannel, user: string, inviter?: string): void {
  channel.members.add(user)
  const text = `<@${user}> has joined the ${channel.kind === 'private' ? 'group' : 'channel'}`
  addMessage(slack, channel, { user, subtype: 'channel_join', text })
  const by = inviter === undefined ? {} : { inviter }
  const body = { type: 'member_joined_channel', user, channel: channel.id, team: slack.team, ...by }
  slack.emit({ type: 'member_joined_channel', channel, body })
}

function join(call: Call): object {
  const { slack } = call
  const channel = channelOf(call)
  if (channel.kind !== 'public') throw new Refusal('method_not_supported_for_channel_type')
  if (channel.archived) throw new Refusal('is_archived')
  const already = channel.members.has(slack.botUser)
  if (!already) joinChannel(slack, channel, slack.botUser)
  const warning = already ? { warning: 'already_in_channel' } : {}
  return { channel: channelBody(slack, channel), ...warning }
}

function leave(call: Call): object {
  const { slack } = call
  const channel = channelFor(call, 'write')
  if (channel.general) throw new Refusal('cant_leave_general')
  if (channel.archived) throw new Refusal('is_archived')
  if (!channel.members.delete(slack.botUser)) return { not_in_channel: true }
  return {}
}

function setTopic(call: Call): object {
  const channel = changeable(call, ['channels:write.topic'])
  channel.topic = shortText(call.args, 'topic')
  system(call.slack, channel, 'channel_topic', `set the channel topic: ${channel.topic}`)
  return { channel: channelBody(call.slack, channel) }
}

function setPurpose(call: Call): object {
  const channel = changeable(call, ['channels:write.topic'])
  channel.purpose = shortText(call.args, 'purpose')
  system(call.slack, channel, 'channel_purpose', `set the channel description: ${channel.purpose}`)
  return { channel: channelBody(call.slack, channel) }
}

/** 250 characters as Slack counts them: after & < > became entities. */
function shortText(args: Args, key: string): string {
  if (args[key] === undefined) throw new Refusal('invalid_arguments')
  const text = optional(args, key) ?? ''
  if (text.length > 250) throw new Refusal('too_long')
  return text
}

function rename(call: Call): object {
  const channel = changeable(call)
  channel.name = channelName(call.slack, call.args, channel)
  system(call.slack, channel, 'channel_name', `has renamed the channel to "${channel.name}"`)
  return { channel: channelBody(call.slack, channel) }
}

/** Archiving puts the bot out of the channel, so that it cannot read it any more. */
function archive(call: Call): object {
  const { slack } = call
  const channel = channelFor(call, 'write')
  if (channel.kind === 'im') throw new Refusal('method_not_supported_for_channel_type')
  if (channel.general) throw new Refusal('cant_archive_general')
  if (channel.archived) throw new Refusal('already_archived')
  requireMember(slack, channel)
  archiveChannel(slack, channel, slack.botUser)
  return {}
}

/** Ends a channel; bots are put out of it. */
export function archiveChannel(slack: Workspace, channel: SlackChannel, by: string): void {
  addMessage(slack, channel, { user: by, subtype: 'channel_archive', text: `<@${by}> archived the channel` })
  channel.archived = true
  const body = { type: 'channel_archive', channel: channel.id, user: by, is_moved: 0 }
  slack.emit({ type: 'channel_archive', channel, body })
  channel.members.delete(slack.botUser)
}

/** Slack does not let a bot do this: it is no member of what is archived. */
function unarchive(call: Call): object {
  const channel = channelFor(call, 'write')
  throw new Refusal(channel.archived ? 'not_in_channel' : 'not_archived')
}

function open({ slack, args }: Call): object {
  const given = optional(args, 'channel')
  if (given !== undefined) {
    const channel = slack.channels.get(given)
    if (channel?.kind !== 'im') throw new Refusal('channel_not_found')
    return { no_op: true, already_open: true, channel: directBody(slack, args, channel) }
  }
  const [first, ...others] = idList(args, 'users')
  if (first === undefined) throw new Refusal('users_list_not_supplied')
  if (others.length > 0)
    throw new Refusal(others.length > 7 ? 'too_many_users' : 'missing_scope', groupDirect)
  const user = userOf(slack, first)
  if (user.deleted) throw new Refusal('user_disabled')
  if (user.team !== slack.team) throw new Refusal('invalid_user_combination')
  return { channel: directBody(slack, args, openDirect(slack, user.id)) }
}

/** Direct messages with several people are not simulated: the bot has no scope for them. */
const groupDirect = { needed: 'mpim:write' }

function directBody(slack: Workspace, args: Args, channel: SlackChannel): object {
  return flag(args, 'return_im') ? channelBody(slack, channel) : { id: channel.id }
}

function system(slack: Workspace, channel: SlackChannel, subtype: string, what: string): void {
  addMessage(slack, channel, { user: slack.botUser, subtype, text: `<@${slack.botUser}> ${what}` })
}

/** A channel as the Web API writes it. */
function channelBody(slack: Workspace, channel: SlackChannel): Record<string, unknown> {
  const { id, kind, created, creator, archived } = channel
  if (kind === 'im') {
    const user = [...channel.members].find((member) => member !== slack.botUser)
    return { id, created, is_im: true, is_archived: archived, is_org_shared: false, user, is_open: true }
  }
  return {
    id,
    name: channel.name,
    name_normalized: channel.name,
    created,
    creator,
    is_channel: true,
    is_group: false,
    is_im: false,
    is_mpim: false,
    is_private: kind === 'private',
    is_archived: archived,
    is_general: channel.general,
    is_member: channel.members.has(slack.botUser),
    is_shared: false,
    is_ext_shared: false,
    context_team_id: slack.team,
    topic: { value: channel.topic, creator: slack.botUser, last_set: created },
    purpose: { value: channel.purpose, creator: slack.botUser, last_set: created },
  }
}

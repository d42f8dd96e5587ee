// pins.*, bookmarks.* and reactions.*: what is put onto a channel or a message.
import { optional, required } from './args.ts'
import { messageOf } from './chat.ts'
import { invalidArguments, Refusal } from './envelope.ts'
import { channelOf, requireMember, type Call, type Method } from './method.ts'
import {
  messageBody,
  type Bookmark,
  type SlackChannel,
  type SlackEvent,
  type SlackMessage,
  type Workspace,
} from './workspace.ts'

export const markMethods: Readonly<Record<string, Method>> = {
  'pins.add': { scopes: ['pins:write'], tier: 2, run: addPin },
  'pins.list': { scopes: ['pins:read'], tier: 2, run: listPins },
  'pins.remove': { scopes: ['pins:write'], tier: 2, run: removePin },
  'bookmarks.add': { scopes: ['bookmarks:write'], tier: 2, run: addBookmark },
  'bookmarks.edit': { scopes: ['bookmarks:write'], tier: 2, run: editBookmark },
  'bookmarks.list': { scopes: ['bookmarks:read'], tier: 3, run: listBookmarks },
  'bookmarks.remove': { scopes: ['bookmarks:write'], tier: 2, run: removeBookmark },
  'reactions.add': { scopes: ['reactions:write'], tier: 3, run: addReaction },
}

function addPin(call: Call): object {
  const channel = open(call, 'channel')
  const { ts } = messageOf(channel, timestampOf(call))
  if (channel.pins.includes(ts)) throw new Refusal('already_pinned')
  if (channel.pins.length >= 100) throw new Refusal('too_many_pins')
  channel.pins.push(ts)
  return {}
}

function listPins(call: Call): object {
  const channel = member(call, 'channel')
  const items = channel.messages
    .filter((message) => channel.pins.includes(message.ts))
    .map((message) => ({ type: 'message', channel: channel.id, message: messageBody(call.slack, message) }))
  return { items }
}

function removePin(call: Call): object {
  const channel = open(call, 'channel')
  const { ts } = messageOf(channel, timestampOf(call))
  const place = channel.pins.indexOf(ts)
  if (place < 0) throw new Refusal('no_pin')
  channel.pins.splice(place, 1)
  return {}
}

function addBookmark(call: Call): object {
  const { slack, args } = call
  const channel = open(call, 'channel_id')
  const title = required(args, 'title')
  if (required(args, 'type') !== 'link') throw new Refusal('invalid_bookmark_type')
  if (channel.bookmarks.length >= 100) throw new Refusal('too_many_bookmarks')
  const bookmark: Bookmark = {
    id: slack.nextId('Bk'),
    title,
    link: linkOf(required(args, 'link')),
    emoji: optional(args, 'emoji') ?? '',
  }
  channel.bookmarks.push(bookmark)
  return { bookmark: bookmarkBody(channel, bookmark) }
}

function editBookmark(call: Call): object {
  const { args } = call
  const channel = open(call, 'channel_id')
  const bookmark = bookmarkOf(channel, required(args, 'bookmark_id'))
  bookmark.title = optional(args, 'title') ?? bookmark.title
  bookmark.emoji = optional(args, 'emoji') ?? bookmark.emoji
  const link = optional(args, 'link')
  if (link !== undefined) bookmark.link = linkOf(link)
  return { bookmark: bookmarkBody(channel, bookmark) }
}

function listBookmarks(call: Call): object {
  const channel = member(call, 'channel_id')
  return { bookmarks: channel.bookmarks.map((bookmark) => bookmarkBody(channel, bookmark)) }
}

function removeBookmark(call: Call): object {
  const channel = open(call, 'channel_id')
  const bookmark = bookmarkOf(channel, required(call.args, 'bookmark_id'))
  channel.bookmarks = channel.bookmarks.filter((other) => other !== bookmark)
  return {}
}

function addReaction(call: Call): object {
  const { slack, args } = call
  const channel = member(call, 'channel')
  if (channel.archived) throw new Refusal('is_archived')
  const name = required(args, 'name')
  if (!/^[a-z0-9_+'-]+$/.test(name)) throw new Refusal('invalid_name')
  const message = messageOf(channel, timestampOf(call))
  if (!react(message, { user: slack.botUser, name })) throw new Refusal('already_reacted')
  slack.emit(reactionAdded(slack, channel, message, { user: slack.botUser, name }))
  return {}
}

function timestampOf({ args }: Call): string {
  const ts = optional(args, 'timestamp')
  if (ts === undefined) throw new Refusal('no_item_specified')
  if (!/^\d+\.\d{6}$/.test(ts)) throw new Refusal('bad_timestamp')
  return ts
}

/** The event that tells the app of an emoji. */
export function reactionAdded(
  slack: Workspace,
  channel: SlackChannel,
  message: SlackMessage,
  { user, name }: { readonly user: string; readonly name: string },
): SlackEvent {
  const item = { type: 'message', channel: channel.id, ts: message.ts }
  const body = { user, reaction: name, item, item_user: message.user, event_ts: slack.nextTs() }
  return { type: 'reaction_added', channel, body: { type: 'reaction_added', ...body } }
}

/** Puts an emoji on a message; false if that person did so before. */
export function react(
  message: SlackMessage,
  { user, name }: { readonly user: string; readonly name: string },
): boolean {
  const reaction = message.reactions.find((reaction) => reaction.name === name)
  if (reaction?.users.includes(user)) return false
  if (reaction) reaction.users.push(user)
  else message.reactions.push({ name, users: [user] })
  return true
}

function linkOf(link: string): string {
  if (!URL.canParse(link) || !/^https?:/.test(link)) throw new Refusal('invalid_link')
  return link
}

function bookmarkOf(channel: SlackChannel, id: string): Bookmark {
  const bookmark = channel.bookmarks.find((bookmark) => bookmark.id === id)
  if (!bookmark) throw new Refusal('not_found')
  return bookmark
}

function bookmarkBody(channel: SlackChannel, bookmark: Bookmark): object {
  return { ...bookmark, channel_id: channel.id, type: 'link', icon_url: '', entity_id: null }
}

function member(call: Call, key: string): SlackChannel {
  if (call.args[key] === undefined) throw invalidArguments(`missing required field: ${key}`)
  const channel = channelOf(call, key)
  requireMember(call.slack, channel)
  return channel
}

function open(call: Call, key: string): SlackChannel {
  const channel = channelOf(call, key)
  if (channel.archived) throw new Refusal('is_archived')
  requireMember(call.slack, channel)
  return channel
}

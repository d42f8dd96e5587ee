// One Slack workspace as the simulator keeps it: people, channels, messages, views, files, and the ids they get.

/** A member of the workspace, or somebody of another one who shares a channel with it (`team` tells). */
export interface SlackUser {
  readonly id: string
  /** The handle, as typed after an @. */
  readonly name: string
  readonly realName: string
  readonly team: string
  readonly email?: string
  /** Slack has seen a mail sent to that address answered. */
  readonly confirmed: boolean
  readonly bot: boolean
  deleted: boolean
  presence: 'active' | 'away'
  /** Do not disturb until this instant, in ms. */
  dndUntil: number
}

export interface Reaction {
  readonly name: string
  readonly users: string[]
}

export interface SlackMessage {
  readonly ts: string
  readonly user: string
  /** Set when an app posted it. */
  readonly bot?: string
  readonly subtype?: string
  /** The first message of the thread it belongs to. */
  readonly thread?: string
  readonly files?: readonly string[]
  metadata?: unknown
  text: string
  blocks?: readonly unknown[]
  /** Seconds, as Slack writes them; set by an update. */
  edited?: string
  readonly reactions: Reaction[]
}

export interface Bookmark {
  readonly id: string
  title: string
  link: string
  emoji: string
}

export interface SlackChannel {
  readonly id: string
  readonly kind: 'public' | 'private' | 'im'
  readonly creator: string
  /** Seconds. */
  readonly created: number
  readonly general: boolean
  name: string
  archived: boolean
  topic: string
  purpose: string
  /** User ids, the bot's among them. */
  readonly members: Set<string>
  /** Oldest first. */
  messages: SlackMessage[]
  readonly pins: string[]
  bookmarks: Bookmark[]
}

/** A message that only one person sees, and that Slack does not keep. */
export interface Ephemeral {
  readonly channel: string
  readonly user: string
  readonly ts: string
  text: string
  blocks?: readonly unknown[]
  thread?: string
}

export interface SlackView {
  readonly id: string
  readonly type: 'modal' | 'home'
  readonly user: string
  /** The id of the first view of the stack of modals. */
  readonly root: string
  /** The view below it. */
  readonly previous?: string
  /** As the app gave it. */
  view: Readonly<Record<string, unknown>>
  hash: string
}

export interface UserGroup {
  readonly id: string
  readonly handle: string
  readonly name: string
  users: readonly string[]
}

export interface SlackFile {
  readonly id: string
  readonly name: string
  title: string
  readonly alt: string
  readonly length: number
  content: Buffer | undefined
  /** Shared, so that it can be seen and put into an image block. */
  complete: boolean
  channel?: string
}

export interface Workspace {
  readonly team: string
  readonly domain: string
  readonly app: string
  readonly bot: string
  readonly botUser: string
  readonly users: Map<string, SlackUser>
  readonly channels: Map<string, SlackChannel>
  readonly ephemerals: Ephemeral[]
  /** Home tabs and open modals. */
  readonly views: Map<string, SlackView>
  readonly groups: Map<string, UserGroup>
  readonly files: Map<string, SlackFile>
  readonly homeTab: boolean
  /** How long after posting a message may be edited, in ms; the setting of the workspace. */
  editWindow: number
  /** The base of links: `http://127.0.0.1:PORT`. */
  origin: string
  readonly now: () => number
  readonly nextId: (prefix: string) => string
  /** A time stamp for a message, in Slack's form: never the same twice. */
  readonly nextTs: () => string
  /** Called with each event that the app may have subscribed to. */
  emit: (event: SlackEvent) => void
}

/** A block with its id. */
export interface Block {
  readonly block_id: string
  readonly [key: string]: unknown
}

/** An event of the Events API; `channel` is the one it is about. */
export interface SlackEvent {
  readonly type: string
  readonly body: Readonly<Record<string, unknown>>
  readonly channel?: SlackChannel
}

/** Ids count up: the same in each start, upper case as Slack's. */
export function counter(): (prefix: string) => string {
  let last = 0
  return (prefix) => {
    last += 1
    return `${prefix}0SIM${last.toString(36).toUpperCase().padStart(5, '0')}`
  }
}

/** Time stamps with six digits after the dot that always grow. */
export function timestamps(now: () => number): () => string {
  let last = 0
  return () => {
    last = Math.max(Math.round(now() * 1000), last + 1)
    return `${Math.floor(last / 1e6)}.${String(last % 1e6).padStart(6, '0')}`
  }
}

/** The channel of a direct message between the bot and a person, if it was opened. */
export function directOf(slack: Workspace, user: string): SlackChannel | undefined {
  return [...slack.channels.values()].find((channel) => channel.kind === 'im' && channel.members.has(user))
}

/** Opens the direct message between the bot and a person, or gives the one that is there. */
export function openDirect(slack: Workspace, user: string): SlackChannel {
  return directOf(slack, user) ?? addChannel(slack, { kind: 'im', name: '', members: [slack.botUser, user] })
}

/** Adds a channel; the first member is its creator. */
export function addChannel(
  slack: Workspace,
  channel: {
    readonly kind: SlackChannel['kind']
    readonly name: string
    readonly members: readonly string[]
    readonly id?: string
    readonly general?: boolean
  },
): SlackChannel {
  const added: SlackChannel = {
    id: channel.id ?? slack.nextId(channel.kind === 'im' ? 'D' : 'C'),
    kind: channel.kind,
    name: channel.name,
    creator: channel.members[0] ?? '',
    created: Math.floor(slack.now() / 1000),
    general: channel.general ?? false,
    archived: false,
    topic: '',
    purpose: '',
    members: new Set(channel.members),
    messages: [],
    pins: [],
    bookmarks: [],
  }
  slack.channels.set(added.id, added)
  return added
}

/** Adds a message to a channel. */
export function putMessage(
  slack: Workspace,
  channel: SlackChannel,
  message: Omit<SlackMessage, 'ts' | 'reactions'>,
): SlackMessage {
  const added: SlackMessage = { ...message, ts: slack.nextTs(), reactions: [] }
  channel.messages.push(added)
  return added
}

/** Adds a message to a channel and tells the app, if it listens. */
export function addMessage(
  slack: Workspace,
  channel: SlackChannel,
  message: Omit<SlackMessage, 'ts' | 'reactions'>,
): SlackMessage {
  const added = putMessage(slack, channel, message)
  slack.emit({ type: 'message', channel, body: { ...eventOf(slack, channel, added), type: 'message' } })
  return added
}

/** A message as the Web API and the Events API write it. */
export function messageBody(slack: Workspace, message: SlackMessage): Record<string, unknown> {
  const { ts, user, bot, subtype, thread, text, blocks, edited, reactions, files } = message
  return {
    type: 'message',
    ...(subtype !== undefined && { subtype }),
    user,
    ts,
    text,
    team: slack.users.get(user)?.team ?? slack.team,
    ...(bot !== undefined && { bot_id: bot, app_id: slack.app }),
    ...(blocks !== undefined && { blocks: named(blocks) }),
    ...(thread !== undefined && { thread_ts: thread }),
    ...(edited !== undefined && { edited: { user, ts: edited } }),
    ...(reactions.length > 0 && {
      reactions: reactions.map(({ name, users }) => ({ name, users, count: users.length })),
    }),
    ...(files !== undefined && { files: files.map((id) => fileBody(slack, id)) }),
  }
}

/** Blocks with the ids that Slack gives to those without: by their place, so that they stay the same. */
export function named(blocks: readonly unknown[]): readonly Block[] {
  return blocks.map((block, index) => ({ block_id: `b${index}`, ...(block as object) }))
}

/** A file as the Web API writes it. */
export function fileBody(slack: Workspace, id: string): Record<string, unknown> {
  const file = slack.files.get(id)
  if (!file) return { id, mode: 'tombstone' }
  return {
    id,
    name: file.name,
    title: file.title,
    size: file.length,
    alt_txt: file.alt,
    permalink: `${slack.origin}/files/${id}/${encodeURIComponent(file.name)}`,
    url_private: `${slack.origin}/files-pri/${id}/${encodeURIComponent(file.name)}`,
  }
}

function eventOf(slack: Workspace, channel: SlackChannel, message: SlackMessage): Record<string, unknown> {
  return {
    ...messageBody(slack, message),
    channel: channel.id,
    channel_type: channelType(channel),
    event_ts: message.ts,
  }
}

/** `channel_type` of an event. */
export function channelType(channel: SlackChannel): 'channel' | 'group' | 'im' {
  return channel.kind === 'public' ? 'channel' : channel.kind === 'private' ? 'group' : 'im'
}

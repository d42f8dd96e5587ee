// The calls that the simulator and the npm package emulate must answer alike, in one order, and where they differ why.

/** What was kept of earlier answers, by name. */
export type Kept = Readonly<Record<string, string>>

/** One call. Its outcome is `ok` or Slack's error word; with `ok` the values at `reads` count too. */
export interface SlackCall {
  readonly method: string
  readonly args: (kept: Kept) => Readonly<Record<string, unknown>>
  readonly outcome: string
  /** Places in the answer that the bot reads, such as `channel.id`. */
  readonly reads: readonly string[]
  /** Values of the answer to keep, each with its place. */
  readonly keep: Kept
  /** What emulate answers instead, and why the simulator does otherwise. */
  readonly emulate?: { readonly outcome: string; readonly because: string }
}

type Args = SlackCall['args'] | Readonly<Record<string, unknown>>

/** A call that is carried out. `more`: places to read, parted by blanks, and what to keep. */
function ok(
  method: string,
  args: Args,
  more: { readonly reads?: string; readonly keep?: Kept } = {},
): SlackCall {
  const reads = more.reads?.split(' ') ?? []
  return { method, args: argsOf(args), outcome: 'ok', reads, keep: more.keep ?? {} }
}

/** A call that is refused with a word. */
function no(method: string, word: string, args: Args, emulate?: SlackCall['emulate']): SlackCall {
  return { method, args: argsOf(args), outcome: word, reads: [], keep: {}, ...(emulate && { emulate }) }
}

function argsOf(args: Args): SlackCall['args'] {
  return typeof args === 'function' ? args : () => args
}

/** Arguments about the channel of the incident. */
function room(more: Readonly<Record<string, unknown>> = {}): SlackCall['args'] {
  return ({ room }) => ({ channel: room, ...more })
}

/** Arguments about the card in it; `key` is what the method calls the time stamp. */
function card(key: string, more: Readonly<Record<string, unknown>> = {}): SlackCall['args'] {
  return ({ room, card }) => ({ channel: room, [key]: card, ...more })
}

function bookmark(more: Readonly<Record<string, unknown>> = {}): SlackCall['args'] {
  return ({ room, bookmark }) => ({ channel_id: room, bookmark_id: bookmark, ...more })
}

const divider = { type: 'divider' }
const home = { type: 'home', blocks: [divider] }
const modal = { type: 'modal', title: { type: 'plain_text', text: 'Reason' }, blocks: [divider] }
const metadata = { event_type: 'dr_bot', event_payload: { key: 'INC-1-card' } }
const nowhere = { channel: 'C0NOWHERE' }
const manyUsers = Array.from({ length: 101 }, (_, index) => `U${index}`).join(',')
const manyBlocks = Array.from({ length: 51 }, () => divider)
const wiki = { type: 'link', title: 'Runbook', link: 'https://wiki.example.com/dr/lb' }

const people: readonly SlackCall[] = [
  ok('auth.test', {}, { reads: 'team_id user_id bot_id user' }),
  ok(
    'users.lookupByEmail',
    { email: 'ann@example.com' },
    {
      reads: 'user.name user.profile.email user.deleted user.is_bot user.team_id',
      keep: { ann: 'user.id' },
    },
  ),
  ok('users.lookupByEmail', { email: 'bob@example.com' }, { keep: { bob: 'user.id' } }),
  no('users.lookupByEmail', 'users_not_found', { email: 'no@example.com' }),
  ok('users.info', ({ ann }) => ({ user: ann }), {
    reads: 'user.id user.name user.real_name user.profile.email user.deleted',
  }),
  no('users.info', 'user_not_found', { user: 'U0NOBODY' }),
  ok('users.list', { limit: 2 }, { reads: 'members.0.id members.1.id members.2 members.0.deleted' }),
  ok('users.getPresence', ({ ann }) => ({ user: ann }), { reads: 'presence' }),
]

const channels: readonly SlackCall[] = [
  ok(
    'conversations.create',
    { name: 'inc-1-lb' },
    {
      reads: 'channel.id channel.name channel.is_private channel.is_archived channel.is_member',
      keep: { room: 'channel.id' },
    },
  ),
  no('conversations.create', 'name_taken', { name: 'inc-1-lb' }),
  no('conversations.create', 'invalid_name_maxlength', { name: 'x'.repeat(81) }),
  no('conversations.create', 'invalid_name_punctuation', { name: '---' }),
  no('conversations.create', 'invalid_name_specials', { name: 'inc.1' }),
  no(
    'conversations.create',
    'invalid_name_required',
    { name: '' },
    {
      outcome: 'invalid_name_specials',
      because: 'the reference has a word for an empty name',
    },
  ),
  no(
    'conversations.create',
    'invalid_name_specials',
    { name: 'INC-2' },
    {
      outcome: 'ok',
      because: 'emulate writes it small; Slack wants it small',
    },
  ),
  no('conversations.create', 'missing_scope', { name: 'secret', is_private: true }),
  ok('conversations.info', room(), {
    reads: 'channel.id channel.name channel.topic.value channel.is_archived channel.creator',
  }),
  no('conversations.info', 'channel_not_found', nowhere),
  ok(
    'conversations.list',
    { types: 'public_channel', exclude_archived: true, limit: 1 },
    {
      reads: 'channels.0.id channels.0.name channels.1',
      keep: { general: 'channels.0.id' },
    },
  ),
  ok('conversations.invite', ({ room, ann, bob }) => ({ channel: room, users: `${ann},${bob}` }), {
    reads: 'channel.id',
  }),
  no('conversations.invite', 'already_in_channel', ({ room, ann }) => ({ channel: room, users: ann })),
  no('conversations.invite', 'cant_invite_self', room({ users: 'U0DRBOT' })),
  no('conversations.invite', 'user_not_found', room({ users: 'U0NOBODY' })),
  no('conversations.invite', 'too_many_users', room({ users: manyUsers })),
  no('conversations.invite', 'no_user', room({ users: '' }), {
    outcome: 'user_not_found',
    because: 'the reference has a word for no users at all',
  }),
  ok('conversations.members', room(), { reads: 'members.0 members.1 members.2 members.3' }),
  ok('conversations.setTopic', room({ topic: 'lb down, ann has it' }), { reads: 'channel.topic.value' }),
  no('conversations.setTopic', 'too_long', room({ topic: 'x'.repeat(251) })),
  no('conversations.setTopic', 'invalid_arguments', room()),
  ok('conversations.setPurpose', room({ purpose: 'INC-1' })),
  no('conversations.rename', 'name_taken', room({ name: 'general' })),
  ok('conversations.rename', room({ name: 'inc-1-lb-2' }), { reads: 'channel.name' }),
  ok('conversations.join', ({ general }) => ({ channel: general })),
  no('conversations.leave', 'cant_leave_general', ({ general }) => ({ channel: general })),
]

const messages: readonly SlackCall[] = [
  ok('chat.postMessage', room({ text: 'INC-1', blocks: [divider], metadata }), {
    reads: 'channel ts message.text message.user',
    keep: { card: 'ts' },
  }),
  no('chat.postMessage', 'no_text', room()),
  no('chat.postMessage', 'channel_not_found', { ...nowhere, text: 'hello' }),
  no('chat.postMessage', 'invalid_blocks_format', room({ text: 'x', blocks: 'not JSON' }), {
    outcome: 'invalid_blocks',
    because: 'the reference has a word for what is no JSON',
  }),
  ok('chat.postMessage', ({ ann }) => ({ channel: ann, text: 'page' }), { reads: 'channel ts' }),
  ok('conversations.open', ({ ann }) => ({ users: ann }), { reads: 'channel.id' }),
  no('conversations.open', 'users_list_not_supplied', {}),
  ok('chat.postMessage', card('thread_ts', { text: 'in the thread' }), { keep: { reply: 'ts' } }),
  ok('chat.update', card('ts', { text: 'INC-1 acknowledged' }), {
    reads: 'channel ts text message.text message.blocks',
  }),
  no('chat.update', 'message_not_found', room({ text: 'x', ts: '1.000001' })),
  no('chat.update', 'no_text', card('ts')),
  ok('chat.postEphemeral', ({ room, ann }) => ({ channel: room, user: ann, text: 'only you' }), {
    reads: 'message_ts',
  }),
  ok('chat.getPermalink', card('message_ts'), { reads: 'channel permalink' }),
  ok('conversations.history', room({ include_all_metadata: true, limit: 1 }), {
    reads: 'messages.0.ts messages.0.text messages.0.metadata.event_payload.key has_more messages.1',
  }),
  ok('conversations.replies', card('ts'), {
    reads: 'messages.0.text messages.1.text messages.1.thread_ts messages.2',
  }),
  ok('chat.delete', ({ room, reply }) => ({ channel: room, ts: reply })),
  no('chat.delete', 'message_not_found', ({ room, reply }) => ({ channel: room, ts: reply })),
  no('chat.postMessage', 'invalid_blocks', room({ text: 'x', blocks: manyBlocks }), {
    outcome: 'ok',
    because: 'emulate does not look into blocks',
  }),
]

const marks: readonly SlackCall[] = [
  ok('pins.add', card('timestamp')),
  no('pins.add', 'already_pinned', card('timestamp')),
  no('pins.add', 'message_not_found', room({ timestamp: '1.000001' })),
  no('pins.add', 'bad_timestamp', room({ timestamp: 'soon' })),
  no('pins.add', 'no_item_specified', room()),
  no('pins.list', 'missing_scope', room()),
  ok('pins.remove', card('timestamp')),
  no('pins.remove', 'no_pin', card('timestamp')),
  ok('bookmarks.add', bookmark(wiki), {
    reads: 'bookmark.id bookmark.title bookmark.link bookmark.type bookmark.channel_id',
    keep: { bookmark: 'bookmark.id' },
  }),
  no('bookmarks.add', 'invalid_link', bookmark({ ...wiki, link: 'wiki' })),
  no('bookmarks.add', 'invalid_bookmark_type', bookmark({ ...wiki, type: 'folder' })),
  ok('bookmarks.edit', bookmark({ title: 'Report' }), { reads: 'bookmark.title bookmark.link' }),
  ok('bookmarks.list', bookmark(), { reads: 'bookmarks.0.title bookmarks.0.link bookmarks.1' }),
  ok('bookmarks.remove', bookmark()),
  no('bookmarks.remove', 'not_found', bookmark()),
  ok('reactions.add', card('timestamp', { name: 'memo' })),
  no('reactions.add', 'already_reacted', card('timestamp', { name: 'memo' })),
  no('reactions.add', 'invalid_name', card('timestamp', { name: 'no name' }), {
    outcome: 'ok',
    because: 'emulate takes any text for the name of an emoji',
  }),
]

const viewsAndFiles: readonly SlackCall[] = [
  ok('views.open', ({ trigger }) => ({ trigger_id: trigger, view: modal }), {
    reads: 'view.id view.type view.hash view.root_view_id',
    keep: { view: 'view.id' },
  }),
  no('views.open', 'exchanged_trigger_id', ({ trigger }) => ({ trigger_id: trigger, view: modal })),
  no('views.open', 'invalid_trigger_id', { trigger_id: '1.2.x', view: modal }),
  ok('views.update', ({ view }) => ({ view_id: view, view: modal }), { reads: 'view.id view.type' }),
  no('views.update', 'hash_conflict', ({ view }) => ({ view_id: view, view: modal, hash: 'old' })),
  no('views.update', 'not_found', { view_id: 'V0NONE', view: modal }),
  ok('views.publish', ({ ann }) => ({ user_id: ann, view: home }), { reads: 'view.id view.type' }),
  ok('files.uploadV2', room({ filename: 'phases.png', content: 'picture' }), { reads: 'files.0.files.0.id' }),
  ok(
    'files.getUploadURLExternal',
    { filename: 'phases.png', length: 7 },
    {
      reads: 'upload_url file_id',
      keep: { file: 'file_id' },
    },
  ),
  no('files.completeUploadExternal', 'file_not_found', ({ file }) => ({ files: [{ id: file }] })),
]

const theEnd: readonly SlackCall[] = [
  ok('conversations.archive', room()),
  no('conversations.archive', 'already_archived', room()),
  no('chat.postMessage', 'is_archived', room({ text: 'late' })),
  no('conversations.setTopic', 'is_archived', room({ topic: 'late' })),
  no('conversations.invite', 'is_archived', ({ room, bob }) => ({ channel: room, users: bob })),
  no('pins.add', 'is_archived', card('timestamp')),
  no('chat.update', 'is_inactive', card('ts', { text: 'late' }), {
    outcome: 'ok',
    because: 'the reference refuses it in an archived channel',
  }),
  no('conversations.history', 'not_in_channel', room(), {
    outcome: 'ok',
    because: 'Slack puts bots out of what is archived',
  }),
  no('conversations.unarchive', 'not_in_channel', room(), {
    outcome: 'ok',
    because: 'Slack does not let bots do this',
  }),
]

export const slackCalls: readonly SlackCall[] = [
  ...people,
  ...channels,
  ...messages,
  ...marks,
  ...viewsAndFiles,
  ...theEnd,
]

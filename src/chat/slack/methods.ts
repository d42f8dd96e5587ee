// Every Web API method that the bot calls, and what Slack sends it, each with the bot scopes it needs; manifest.yml is held equal to this.

/** Methods with the scopes a bot token needs for public channels and direct messages (docs.slack.dev/reference/methods). */
export const methods = {
  'api.test': [],
  // With the app-level token, whose scope is connections:write; the bot itself leaves it to its socket.
  'apps.connections.open': [],
  'auth.test': [],
  'bookmarks.add': ['bookmarks:write'],
  'bookmarks.edit': ['bookmarks:write'],
  'bookmarks.list': ['bookmarks:read'],
  'chat.postEphemeral': ['chat:write'],
  // The announcements' channel may be one that nobody has invited the bot to.
  'chat.postMessage': ['chat:write', 'chat:write.public'],
  'chat.update': ['chat:write'],
  'conversations.archive': ['channels:manage'],
  'conversations.create': ['channels:manage'],
  'conversations.history': ['channels:history', 'im:history'],
  'conversations.info': ['channels:read'],
  'conversations.invite': ['channels:manage'],
  'conversations.join': ['channels:join'],
  'conversations.open': ['im:write'],
  'conversations.replies': ['channels:history', 'im:history'],
  'conversations.setPurpose': ['channels:manage'],
  'conversations.setTopic': ['channels:manage'],
  'dnd.teamInfo': ['dnd:read'],
  'files.completeUploadExternal': ['files:write'],
  'files.getUploadURLExternal': ['files:write'],
  'pins.add': ['pins:write'],
  'reactions.add': ['reactions:write'],
  'usergroups.users.list': ['usergroups:read'],
  'usergroups.users.update': ['usergroups:write'],
  // The bot's own channels: few, where conversations.list would be thousands.
  'users.conversations': ['channels:read'],
  'users.getPresence': ['users:read'],
  'users.info': ['users:read', 'users:read.email'],
  'users.lookupByEmail': ['users:read.email'],
  'views.open': [],
  'views.publish': [],
  'views.update': [],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type Method = keyof typeof methods

/** What Slack sends to the bot: commands and shortcuts, and events by the names that manifest.yml subscribes to. */
export const inboundScopes = {
  commands: ['commands'],
  app_home_opened: [],
  app_mention: ['app_mentions:read'],
  'message.channels': ['channels:history'],
  'message.im': ['im:history'],
  reaction_added: ['reactions:read'],
} as const satisfies Readonly<Record<string, readonly string[]>>

/** All bot scopes that the bot uses, sorted, each once: what manifest.yml asks for and `dr slack check` looks for. */
export function scopesUsed(): readonly string[] {
  const all: readonly string[] = [...Object.values(methods).flat(), ...Object.values(inboundScopes).flat()]
  return [...new Set(all)].sort()
}

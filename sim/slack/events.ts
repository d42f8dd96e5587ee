// Which events the app is told of: what it subscribed to, may see by its scopes, and is there to see.
import type { SlackToken } from './access.ts'
import type { SlackEvent, Workspace } from './workspace.ts'

/** The events that are simulated, each with the scopes of which one is needed. */
const eventScopes: Readonly<Record<string, readonly string[]>> = {
  app_mention: ['app_mentions:read'],
  app_home_opened: [],
  'message.channels': ['channels:history'],
  'message.groups': ['groups:history'],
  'message.im': ['im:history'],
  reaction_added: ['reactions:read'],
  member_joined_channel: ['channels:read', 'groups:read'],
  member_left_channel: ['channels:read', 'groups:read'],
  channel_archive: ['channels:read'],
  channel_unarchive: ['channels:read'],
}

/** All of them, as an app that listens to everything would subscribe. */
export const allEvents: readonly string[] = Object.keys(eventScopes)

/** Every scope that some event asks for. */
export const allEventScopes: readonly string[] = [...new Set(Object.values(eventScopes).flat())]

/** Whether the app with this token gets the event. */
export function subscribes(
  slack: Workspace,
  token: SlackToken,
  subscribed: readonly string[],
  event: SlackEvent,
): boolean {
  const name = nameOf(event)
  const scopes = eventScopes[name]
  if (scopes === undefined || !subscribed.includes(name)) return false
  if (scopes.length > 0 && !scopes.some((scope) => token.scopes.includes(scope))) return false
  return (
    event.channel === undefined || name.startsWith('channel_') || event.channel.members.has(slack.botUser)
  )
}

const familyOf = { public: 'message.channels', private: 'message.groups', im: 'message.im' } as const

function nameOf({ type, channel }: SlackEvent): string {
  return type === 'message' && channel ? familyOf[channel.kind] : type
}

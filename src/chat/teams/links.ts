// The addresses of channels and threads of Teams: as conversations, and as links that a browser and the app open.

/** A conversation of a channel: the channel itself, or a thread of it. */
interface Parts {
  readonly channel: string
  /** The id of the thread's first message. */
  readonly root?: string
}

/** `19:...@thread.tacv2;messageid=123` in parts. */
export function partsOfThread(conversation: string): Parts {
  const [channel = conversation, rest = ''] = conversation.split(';')
  const root = /^messageid=(\d+)$/.exec(rest)?.[1]
  return { channel, ...(root !== undefined && { root }) }
}

export interface Tenancy {
  /** Where Teams opens in a browser, without a slash at its end. */
  readonly appUrl: string
  readonly tenantId: string
  readonly teamId: string
}

/** The link to a channel or a thread (learn.microsoft.com, Teams, "Deep link to a Teams chat", "... to a channel"). */
export function roomLink(
  { appUrl, tenantId, teamId }: Tenancy,
  room: { readonly id: string; readonly name: string },
): string {
  const { channel, root } = partsOfThread(room.id)
  const about = { groupId: teamId, tenantId, ...(root !== undefined && { parentMessageId: root }) }
  const rest =
    root === undefined
      ? `channel/${within(channel)}/${within(room.name)}`
      : `message/${within(channel)}/${root}`
  return `${appUrl}/l/${rest}?${new URLSearchParams(about)}`
}

function within(text: string): string {
  return encodeURIComponent(text)
}

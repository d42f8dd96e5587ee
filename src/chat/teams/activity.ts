// A message as the bot sends it to Teams: text or cards, and whether phones should ring.

export interface TeamsAttachment {
  readonly contentType: string
  readonly content: unknown
}

/** The part of an activity that the bot writes itself (Bot Framework's Activity schema, learn.microsoft.com). */
export interface TeamsActivity {
  readonly type: 'message'
  readonly text?: string
  /** `plain`: nothing in the text becomes markup. */
  readonly textFormat?: 'plain'
  /** What a notification and a list of chats show of a card. */
  readonly summary?: string
  readonly attachments?: readonly TeamsAttachment[]
  readonly channelData?: { readonly notification?: { readonly alert: true } }
}

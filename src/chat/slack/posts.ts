// Messages that are posted once and kept up to date, whatever crashes between Slack and the record.
import type { CallOptions } from './api.ts'

/** What a message says, as render/message.ts makes it. */
export interface Content {
  readonly text: string
  readonly blocks: readonly unknown[]
}

/** The name of a message: unique in its scope. */
export interface Place {
  readonly scope: string
  readonly key: string
}

/** Where a message is at Slack. */
export interface Posted {
  readonly channel: string
  readonly ts: string
}

export interface Posts {
  /** Posts once for a place: after a crash or an answer that never came it is looked up by its metadata before it is posted again. */
  readonly post: (place: Place, channel: string, message: Content, options: CallOptions) => Promise<Posted>
  /** Brings what was posted for a place up to date (same content: no call); posts it anew where it cannot be updated any more. */
  readonly show: (place: Place, channel: string, message: Content, options: CallOptions) => Promise<Posted>
  readonly find: (place: Place) => Promise<Posted | undefined>
}

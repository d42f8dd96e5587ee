// The one way to call Slack's Web API: lanes, time limits, rate limits, and knowing when Slack is down.
import type { Duration } from '../../ids.ts'
import type { Check } from '../../ports.ts'
import type { UserError } from '../../errors.ts'
import type { Method } from './methods.ts'

export { SlackRefusal } from './api-errors.ts'

/** Pages wait for nothing; answers are for somebody who is looking; rooms have time. */
export type Lane = 'page' | 'answer' | 'room'

export interface CallOptions {
  readonly lane: Lane
  /** When it aborts the call rejects at once. */
  readonly signal?: AbortSignal
  /** Real milliseconds for the call itself, in place of the lane's own. */
  readonly timeout?: Duration
}

export interface FileUpload {
  readonly channel: string
  readonly name: string
  readonly title: string
  /** What the picture shows, for those who cannot see it. */
  readonly alt: string
  readonly content: Uint8Array
}

export interface SlackApi {
  /** The answer as Slack gave it (`ok` true); read it with zod. Throws RetryableError (`after` set when Slack said when) or SlackRefusal. */
  readonly call: (
    method: Method,
    args: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ) => Promise<Readonly<Record<string, unknown>>>
  /** Uploads a file to a channel (files.getUploadURLExternal, the upload, files.completeUploadExternal). */
  readonly upload: (file: FileUpload, options: CallOptions) => Promise<void>
  /** Whether Slack answers, with words for /readyz. */
  readonly health: () => Check
  /** From now on every call but api.test and auth.test throws this; undefined lifts it. */
  readonly block: (because: UserError | undefined) => void
  /** Ends the probe and every call under way. */
  readonly close: () => void
}

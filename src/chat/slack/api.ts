// The one way to call Slack's Web API: lanes, time limits, rate limits, and knowing when Slack is down.
import { z } from 'zod'
import { RetryableError } from '../../errors.ts'
import type { UserError } from '../../errors.ts'
import { second } from '../../ids.ts'
import type { Duration } from '../../ids.ts'
import type { ChatState, Check, Clock, Log } from '../../ports.ts'
import { SlackRefusal, SlackSilence } from './api-errors.ts'
import { createLanes, createWaits, unlessAborted } from '../lanes.ts'
import type { CallOptions as LaneOptions, Lane } from '../lanes.ts'
import type { Method } from './methods.ts'
import { createOutage } from '../outage.ts'
import { anyOf, channelOf, createWire, targetOf } from './wire.ts'
import type { Args, Limits } from './wire.ts'

export { SlackRefusal } from './api-errors.ts'

export interface CallOptions extends LaneOptions {
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
  /**
   * The answer as Slack gave it (`ok` true); read it with zod. Throws RetryableError (`after` set when Slack said
   * when) or SlackRefusal.
   */
  readonly call: (method: Method, args: Args, options: CallOptions) => Promise<Args>
  /** Uploads a file to a channel (files.getUploadURLExternal, the upload, files.completeUploadExternal). */
  readonly upload: (file: FileUpload, options: CallOptions) => Promise<void>
  /** Whether Slack answers, with words for /readyz. */
  readonly health: () => Check
  /** The same for the rooms of other chats. */
  readonly state: () => Omit<ChatState, 'chat'>
  /** From now on every call but api.test and auth.test throws this; undefined lifts it. */
  readonly block: (because: UserError | undefined) => void
  /** Called when Slack answers again after it was away, or takes the bot's calls again; what waited for it can go. */
  readonly onReturn: (listener: () => void) => void
  /** Ends the probe and every call under way. */
  readonly close: () => void
}

export interface SlackApiDeps {
  /** xoxb-... */
  readonly token: string
  /** Slack's own unless it is a test's or a demo's. */
  readonly url?: string
  readonly clock: Clock
  readonly log: Log
}

/** How long Slack may take to answer a call of each lane, in real milliseconds. */
const timeouts: Readonly<Record<Lane, Duration>> = {
  page: 4 * second,
  answer: 3 * second,
  room: 15 * second,
}
/** A caller that gives up this long after the call went out has seen Slack be silent. */
const silence: Duration = 3 * second
const harmless: readonly Method[] = ['api.test', 'auth.test']

const UploadPlace = z.object({ upload_url: z.string(), file_id: z.string() })

/**
 * Makes the one caller of the Web API. Nothing in it waits for its turn to be allowed: what may not be sent now fails
 * now.
 */
export function createSlackApi(deps: SlackApiDeps): SlackApi {
  const { clock, log } = deps
  const wire = createWire(deps)
  const lanes = createLanes()
  const waits = createWaits('Slack', clock)
  const closing = new AbortController()
  let returned = (): void => {}
  const outage = createOutage({
    service: 'Slack',
    clock,
    log,
    probe: () => call('api.test', {}, { lane: 'answer' }),
    ask: () => call('auth.test', {}, { lane: 'answer' }),
    returned: () => returned(),
  })
  let blocked: UserError | undefined
  let blockedSince = 0

  async function call(method: Method, args: Args, options: CallOptions): Promise<Args> {
    const signal = anyOf(closing.signal, options.signal)
    const [room, target] = [channelOf(args), targetOf(args)]
    const line = target === undefined ? undefined : `${options.lane} ${method} ${target}`
    return lanes.inTurn(line, signal, async () => {
      const limit = `${options.lane} ${method} ${room ?? ''}`
      mayGo(method, options.lane)
      const what = room === undefined ? method : `${method} for ${room}`
      waits.check(limit, what)
      try {
        return await watched(method, args, limitsOf(options, signal))
      } catch (thrown) {
        if (!isLimit(thrown)) throw thrown
        const { wait, tooLong } = waits.close(limit, { lane: options.lane, what, wait: thrown.after })
        throw tooLong === undefined ? thrown : new RetryableError(`${tooLong}.`, { after: wait })
      }
    })
  }

  /** Throws when the call would be of no use, or do harm. */
  function mayGo(method: Method, lane: Lane): void {
    if (harmless.includes(method)) return
    if (blocked) throw blocked
    const down = lane === 'page' ? outage.down() : undefined
    if (down) throw down
  }

  /** One request, and what it tells about Slack's health. */
  async function watched(method: Method, args: Args, limits: Limits): Promise<Args> {
    const begun = performance.now()
    try {
      const answer = await unlessAborted(wire.request(method, args, limits), limits.signal)
      outage.answered()
      return answer
    } catch (thrown) {
      // The request was cut off under way: Slack may have done it.
      const failure = limits.signal.aborted
        ? new SlackSilence(`Slack did not answer ${method} in the time that was left.`, 'later')
        : thrown
      judge(failure, performance.now() - begun, limits.signal)
      throw failure
    }
  }

  function judge(failure: unknown, took: Duration, signal: AbortSignal): void {
    if (closing.signal.aborted) return
    if (failure instanceof SlackSilence) {
      // An impatient caller says nothing about Slack.
      if (!signal.aborted || took >= silence) outage.silent(failure.message)
    } else if (failure instanceof SlackRefusal && failure.passing) outage.refused(failure.message)
    else outage.answered()
  }

  async function upload(file: FileUpload, options: CallOptions): Promise<void> {
    const { content, channel, name, title, alt } = file
    const asked = { filename: name, length: content.byteLength, alt_text: alt }
    const place = UploadPlace.parse(await call('files.getUploadURLExternal', asked, options))
    await wire.send(place.upload_url, content, limitsOf(options, anyOf(closing.signal, options.signal)))
    const files = [{ id: place.file_id, title }]
    await call('files.completeUploadExternal', { files, channel_id: channel }, options)
  }

  return {
    call,
    upload,
    health: () => {
      if (blocked) return { ok: false, text: blocked.message }
      return outage.health().ok ? waits.health() : outage.health()
    },
    state: () => (blocked ? { away: { since: blockedSince, refused: true } } : outage.state()),
    block: (because) => {
      if (!blocked) blockedSince = clock.now()
      const freed = blocked !== undefined && because === undefined
      blocked = because
      if (freed) returned()
    },
    onReturn: (listener) => {
      returned = listener
    },
    close: () => {
      closing.abort()
      outage.close()
    },
  }
}

function isLimit(thrown: unknown): thrown is RetryableError & { readonly after: number } {
  return thrown instanceof RetryableError && !(thrown instanceof SlackSilence) && thrown.after !== undefined
}

function limitsOf({ timeout, lane }: CallOptions, signal: AbortSignal): Limits {
  return { timeout: timeout ?? timeouts[lane], signal }
}

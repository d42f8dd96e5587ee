// Socket Mode: two connections to Slack, each opened again for ever, so that one is there while the other is recycled.
import { SocketModeReceiver } from '@slack/bolt'
import type { App } from '@slack/bolt'
import { z } from 'zod'
import { reasonOf } from '../../../errors.ts'
import { minute, second } from '../../../ids.ts'
import type { Duration, Instant } from '../../../ids.ts'
import type { Check, Clock, Log } from '../../../ports.ts'
import { longestWait } from '../../lanes.ts'
import type { Processor } from './gate.ts'
import { sdkLog } from './sdk-log.ts'

export interface SocketsDeps {
  readonly appToken: string
  /** Slack's API, such as https://slack.com/api/. */
  readonly apiUrl: string
  readonly clock: Clock
  readonly log: Log
}

export interface Sockets {
  /** Connects in the background until stopped. */
  readonly start: (processor: Processor) => void
  readonly stop: () => Promise<void>
  readonly health: () => Check
}

/** Slack allows 10 for an app: two of each of a few replicas. */
const connections = 2
/** All of this is real time. */
const patience = { call: 20 * second, hello: 5 * second, stop: second, look: 200 } as const
const backoff = { first: 250, longest: 30 * second, cut: 2 * second, refused: minute } as const
/** One that lasted so long may be opened again at once, for ever: Slack allows more than 50 a minute. */
const livedLong: Duration = 3 * second

/** What Slack says when time alone will not mend it, and what will. */
const remedies: Readonly<Record<string, string>> = {
  invalid_auth:
    'SLACK_APP_TOKEN is not valid: make an app-level token (xapp-...) with connections:write under Basic Information, set it, and restart the bot',
  not_authed:
    'SLACK_APP_TOKEN is not valid: make an app-level token (xapp-...) with connections:write under Basic Information, set it, and restart the bot',
  not_allowed_token_type:
    'SLACK_APP_TOKEN must be the app-level token (xapp-...), not the bot token: set it, and restart the bot',
  missing_scope:
    'the app-level token of SLACK_APP_TOKEN lacks the scope connections:write: make one that has it, set it, and restart the bot',
  token_revoked: 'SLACK_APP_TOKEN was revoked: make a new app-level token, set it, and restart the bot',
  account_inactive:
    'the Slack app was removed or disabled: install it again, set its tokens, and restart the bot',
  forbidden_team: 'the workspace does not let this app connect: ask its administrator',
  socket_mode_disabled: 'Socket Mode is off: switch it on under Socket Mode in the settings of the Slack app',
}

interface Line {
  open: boolean
  reason: string
}

/** What one try came to; `refused` is Slack's word for what time will not mend. */
type Outcome =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly reason: string; readonly after?: Duration; readonly refused?: string }

/** Makes the connections; none is there before `start`. */
export function createSockets(deps: SocketsDeps): Sockets {
  const lines = Array.from({ length: connections }, (): Line => ({
    open: false,
    reason: 'not connected yet',
  }))
  const stopping = new AbortController()
  const report = createReport(deps, lines)
  let loops: readonly Promise<void>[] = []
  return {
    start: (processor) => {
      loops = lines.map((line) => keepOpen(line, processor, { deps, report, signal: stopping.signal }))
    },
    stop: async () => {
      stopping.abort()
      await Promise.all(loops)
    },
    health: () => {
      if (lines.some(({ open }) => open)) return { ok: true }
      return { ok: false, text: `Slack cannot reach the bot: ${lines[0]?.reason}` }
    },
  }
}

interface Keeping {
  readonly deps: SocketsDeps
  readonly report: (outcome: Outcome) => void
  readonly signal: AbortSignal
}

/** Opens a connection again and again until told to stop. Never rejects. */
async function keepOpen(line: Line, processor: Processor, { deps, report, signal }: Keeping): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    const receiver = receiverFor(deps, processor)
    const outcome = await connect(receiver, signal)
    if (outcome.kind === 'open') {
      const since = performance.now()
      line.open = true
      report(outcome)
      await lost(receiver, signal)
      line.open = false
      line.reason = 'the connection was cut; it is being opened again'
      failures = performance.now() - since >= livedLong ? 0 : failures + 1
    } else {
      failures += 1
      line.reason = outcome.reason
      if (!signal.aborted) report(outcome)
    }
    // The old one is taken apart beside the new one being opened.
    const gone = takeApart(receiver)
    await (signal.aborted ? gone : pause(pauseAfter(outcome, failures), signal))
  }
}

/** The first reconnect is at once; then more and more slowly, but never slowly while Slack lets the bot in. */
function pauseAfter(outcome: Outcome, failures: number): Duration {
  if (outcome.kind === 'open') return failures <= 1 ? 0 : slower(failures - 1, backoff.cut)
  if (outcome.refused !== undefined) return backoff.refused
  return Math.max(slower(failures, backoff.longest), outcome.after ?? 0)
}

function slower(failures: number, longest: Duration): Duration {
  const usual = Math.min(longest, backoff.first * 2 ** Math.min(failures - 1, 10))
  return usual * (0.8 + Math.random() * 0.4)
}

function receiverFor(deps: SocketsDeps, processor: Processor): SocketModeReceiver {
  const receiver = new SocketModeReceiver({
    appToken: deps.appToken,
    autoReconnectEnabled: false,
    // The loop here says what an error means and when it is over: the SDK's own words are for the debug log.
    logger: sdkLog({ debug: deps.log.debug, warn: deps.log.debug }),
    installerOptions: {
      clientOptions: {
        slackApiUrl: deps.apiUrl,
        retryConfig: { retries: 0 },
        rejectRateLimitedCalls: true,
        timeout: patience.call,
      },
    },
    // Nothing is acknowledged that was not done: Slack delivers it again.
    processEventErrorHandler: async ({ error }) => {
      deps.log.warn('something from Slack was not done', { reason: reasonOf(error) })
      return false
    },
  })
  receiver.init(processor as App)
  return receiver
}

/** One try. Slack may take its time to say where to connect to; the connection itself is there soon or not at all. */
async function connect(receiver: SocketModeReceiver, signal: AbortSignal): Promise<Outcome> {
  const { client } = receiver
  const ending = new AbortController()
  const started = client.start().then(
    (): Outcome => ({ kind: 'open' }),
    (thrown: unknown): Outcome => failed(thrown),
  )
  const silent = new Promise<Outcome>((resolve) => {
    client.once('authenticated', () => {
      void pause(patience.hello, ending.signal).then(() =>
        resolve({ kind: 'failed', reason: 'Slack did not say hello in time' }),
      )
    })
  })
  const stopped = pause(Infinity, AbortSignal.any([signal, ending.signal])).then((): Outcome => ({
    kind: 'failed',
    reason: 'the bot stops',
  }))
  const outcome = await Promise.race([started, silent, stopped])
  ending.abort()
  // What connects after all has nobody who wants it any more.
  if (outcome.kind === 'failed') void started.then(() => takeApart(receiver))
  return outcome
}

/** One map from what the SDK throws to what it means. */
function failed(thrown: unknown): Outcome {
  const platform = z.object({ data: z.object({ error: z.string() }) }).safeParse(thrown)
  if (platform.success) {
    const { error } = platform.data.data
    const refused = Object.hasOwn(remedies, error) ? error : undefined
    const reason = refused === undefined ? `Slack said ${error}` : `${remedies[error]} (Slack said ${error})`
    return { kind: 'failed', reason, ...(refused !== undefined && { refused }) }
  }
  const limited = z.object({ retryAfter: z.number() }).safeParse(thrown)
  if (limited.success) {
    const asked = limited.data.retryAfter * second
    const after = Math.min(asked, longestWait.answer)
    const reason = 'Slack limits how often it may be connected to'
    if (after === asked) return { kind: 'failed', reason, after }
    const long = `${reason}, and asks to be left alone far longer than it ever does: look at what stands between the bot and Slack, such as a proxy`
    return { kind: 'failed', reason: long, after }
  }
  return {
    kind: 'failed',
    reason: thrown instanceof Error ? reasonOf(thrown) : 'the connection was cut at once',
  }
}

/** Resolves when the connection is gone, or on its way out: whatever is sent into a closing one is lost. */
function lost({ client }: SocketModeReceiver, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const watch = setInterval(() => {
      if (client.websocket?.isActive() !== true) done()
    }, patience.look)
    function done(): void {
      clearInterval(watch)
      signal.removeEventListener('abort', done)
      client.off('disconnected', done)
      resolve()
    }
    client.on('disconnected', done)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}

/** Closes politely; what does not answer is cut. A second call cuts. */
async function takeApart({ client }: SocketModeReceiver): Promise<void> {
  const closed = client.disconnect().catch(() => undefined)
  const cut = new Promise<void>((resolve) => {
    setTimeout(resolve, patience.stop)
  })
  await Promise.race([closed, cut])
  if (client.websocket?.readyState !== undefined) await client.disconnect().catch(() => undefined)
}

function pause(duration: Duration, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = Number.isFinite(duration) ? setTimeout(done, duration) : undefined
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}

/** Says when Slack cannot be reached, at once what only a person can mend, and when it can be again; not at every try. */
function createReport({ clock, log }: SocketsDeps, lines: readonly Line[]): (outcome: Outcome) => void {
  let down: { readonly since: Instant; readonly reason: string } | undefined
  let connected = false
  return (outcome) => {
    if (outcome.kind === 'open') {
      if (down !== undefined || !connected) log.info('connected to Slack', { socket: true })
      down = undefined
      connected = true
      return
    }
    if (lines.some(({ open }) => open) || down?.reason === outcome.reason) return
    const since = down?.since ?? clock.now()
    down = { since, reason: outcome.reason }
    if (outcome.refused === undefined)
      log.warn('Slack cannot be connected to; trying again', { reason: outcome.reason })
    else
      log.error('Slack refuses the connection; nothing comes in from there until this is mended', {
        reason: outcome.reason,
      })
  }
}

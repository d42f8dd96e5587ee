// How what happens in Slack gets to the app: through a socket if one is connected, else as a signed HTTP request.
import { createHmac } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { parsed } from './args.ts'
import type { DeliveryFaults, FaultSwitch } from './faults.ts'
import type { Envelope, Sockets } from './sockets.ts'

/** What is to be told. */
export interface Outgoing {
  readonly type: Envelope['type']
  readonly payload: Readonly<Record<string, unknown>>
  readonly answerable: boolean
}

/** What became of it. */
export interface Delivered {
  /** `nobody`: no socket is connected and there is no address, or the app did not ask for such events. */
  readonly by: 'socket' | 'http' | 'nobody'
  /** Acknowledged in time. */
  readonly ok: boolean
  /** Why not: what the person who did it sees, `operation_timeout`, `dispatch_failed`, `invalid_blocks`. */
  readonly error?: string
  /** HTTP status of the answer; 0: none came. */
  readonly status?: number
  /** What the acknowledgement said; undefined when it was empty. */
  readonly body: unknown
  /** Milliseconds to the acknowledgement. */
  readonly ms: number
}

/** One try, as the log keeps it. */
export interface LoggedDelivery extends Delivered {
  readonly type: Envelope['type']
  readonly payload: Readonly<Record<string, unknown>>
  readonly retry: number
}

export interface DeliveryOptions {
  readonly sockets: Sockets
  readonly faults: FaultSwitch
  readonly signingSecret: string
  /** Ms that the app has for its acknowledgement. */
  readonly ackWithin: number
  /** Ms before each retry of an event that was not acknowledged. */
  readonly retryAfter: readonly number[]
}

export interface Delivery {
  readonly send: (what: Outgoing) => Promise<Delivered>
  /** Delivers the last thing again, byte for byte over HTTP: an eavesdropper's replay. */
  readonly replay: () => Promise<Delivered>
  /** Asks the address to prove itself, as Slack does when it is entered. */
  readonly verify: (challenge: string) => Promise<Delivered>
  readonly log: readonly LoggedDelivery[]
  readonly setUrl: (url: string | undefined) => void
  readonly stop: () => void
}

interface Request {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

export function createDelivery(options: DeliveryOptions): Delivery {
  const { sockets, faults, ackWithin } = options
  const log: LoggedDelivery[] = []
  const ending = new AbortController()
  const retries = new Set<NodeJS.Timeout>()
  let url: string | undefined
  let last: { readonly what: Outgoing; readonly request?: Request } | undefined

  /** Whether there is an app at all: before it first came, nothing is kept for it. */
  function known(): boolean {
    return url !== undefined || sockets.opened()
  }

  async function post(request: Request): Promise<Delivered> {
    const start = performance.now()
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(ackWithin)])
    try {
      const response = await fetch(url ?? '', { method: 'POST', ...request, redirect: 'manual', signal })
      const text = await response.text()
      const ms = performance.now() - start
      const { status } = response
      if (status !== 200) return { by: 'http', ok: false, error: 'dispatch_failed', status, body: text, ms }
      return { by: 'http', ok: true, status, body: text === '' ? undefined : (parsed(text) ?? text), ms }
    } catch {
      const ms = performance.now() - start
      const error = ms >= ackWithin - 5 ? 'operation_timeout' : 'dispatch_failed'
      return { by: 'http', ok: false, error, status: 0, body: undefined, ms }
    }
  }

  async function push(what: Outgoing, retry: number): Promise<Delivered> {
    const start = performance.now()
    const outcome = await sockets.send({ ...what, retry }, ackWithin)
    const ms = performance.now() - start
    if (!outcome.acked) {
      const error = outcome.reason === 'timeout' ? 'operation_timeout' : 'dispatch_failed'
      return { by: 'socket', ok: false, error, body: undefined, ms }
    }
    return { by: 'socket', ok: true, body: unlessEmpty(outcome.payload), ms }
  }

  async function attempt(what: Outgoing, retry: number, how: DeliveryFaults): Promise<Delivered> {
    const payload = how.otherTeam ? foreign(what.payload) : what.payload
    const shown = { ...what, payload }
    const outcome = await carry(shown, retry, how)
    log.push({ ...outcome, type: what.type, payload, retry })
    return outcome
  }

  async function carry(what: Outgoing, retry: number, how: DeliveryFaults): Promise<Delivered> {
    if (sockets.count() > 0) {
      last = { what }
      return push(what, retry)
    }
    if (url === undefined)
      return { by: 'nobody', ok: false, error: 'dispatch_failed', body: undefined, ms: 0 }
    const request = signed(what, retry, {
      secret: how.forge ? 'forged' : options.signingSecret,
      shift: how.shift,
    })
    last = { what, request }
    return post(request)
  }

  async function again(what: Outgoing, retry: number, how: DeliveryFaults): Promise<void> {
    const outcome = await attempt(what, retry, how)
    if (!outcome.ok) retryLater(what, retry + 1, how)
  }

  function retryLater(what: Outgoing, retry: number, how: DeliveryFaults): void {
    const wait = options.retryAfter[retry - 1]
    if (wait === undefined || ending.signal.aborted) return
    const timer = setTimeout(() => {
      retries.delete(timer)
      void again(what, retry, how)
    }, wait)
    retries.add(timer)
  }

  return {
    log,
    send: async (what) => {
      const how = faults.takeDelivery()
      const first = attempt(what, 0, how)
      if (how.twice) await attempt(what, 0, how)
      const outcome = await first
      if (!outcome.ok && what.type === 'events_api' && known()) retryLater(what, 1, how)
      return outcome
    },
    replay: async () => {
      if (!last) throw new Error('nothing was delivered yet')
      if (last.request) return post(last.request)
      return push(last.what, 0)
    },
    verify: (challenge) => {
      const payload = { type: 'url_verification', token: 'verification', challenge }
      return post(
        signed({ type: 'events_api', payload, answerable: true }, 0, {
          secret: options.signingSecret,
          shift: 0,
        }),
      )
    },
    setUrl: (next) => {
      url = next
    },
    stop: () => {
      ending.abort()
      for (const timer of retries) clearTimeout(timer)
    },
  }
}

/** The v0 signature covers the machine's time, which is what the app compares with. */
function signed(
  { type, payload }: Outgoing,
  retry: number,
  { secret, shift }: { readonly secret: string; readonly shift: number },
): Request {
  const body = bodyOf(type, payload)
  const timestamp = String(Math.floor((Date.now() + shift) / 1000))
  const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')
  const retried =
    retry === 0 ? {} : { 'x-slack-retry-num': String(retry), 'x-slack-retry-reason': 'http_timeout' }
  const headers = {
    connection: 'close',
    'content-type': type === 'events_api' ? 'application/json' : 'application/x-www-form-urlencoded',
    'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${signature}`,
    ...retried,
  }
  return { body, headers }
}

function bodyOf(type: Outgoing['type'], payload: Outgoing['payload']): string {
  if (type === 'events_api') return JSON.stringify(payload)
  if (type === 'interactive') return new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
  return new URLSearchParams(payload as Record<string, string>).toString()
}

/** The same, from a workspace that did not install the app. */
function foreign(payload: Outgoing['payload']): Outgoing['payload'] {
  const team = 'T0OTHER'
  return {
    ...payload,
    ...('team_id' in payload && { team_id: team }),
    ...('team' in payload && { team: { id: team, domain: 'other' } }),
    ...('user' in payload && { user: { ...(payload['user'] as object), team_id: team } }),
    ...('authorizations' in payload && { authorizations: [{ team_id: team, is_bot: true }] }),
  }
}

function unlessEmpty(payload: unknown): unknown {
  const empty = typeof payload === 'object' && payload !== null && Object.keys(payload).length === 0
  return empty ? undefined : payload
}

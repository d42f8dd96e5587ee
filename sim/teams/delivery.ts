// How what happens in Teams gets to the bot: an activity is posted with a signed token, and what it answered is kept.
import { performance } from 'node:perf_hooks'
import type { Json } from './answer.ts'
import type { FaultSwitch } from './faults.ts'
import type { Identity, TokenFlaw } from './identity.ts'
import { otherTenant } from './state.ts'

/** What became of one delivery. */
export interface Delivered {
  /** Taken with a status from 200 to 299 in time. */
  readonly ok: boolean
  /** HTTP status of the answer; 0: none came in time, or nobody was asked. */
  readonly status: number
  /** `nobody`: the bot has no address, or is not told of such things. */
  readonly error?: 'nobody' | 'timeout' | 'connection'
  /** The answer's JSON, or its text; undefined when it was empty. */
  readonly body: unknown
  /** Milliseconds to the answer. */
  readonly ms: number
}

export interface LoggedDelivery extends Delivered {
  readonly activity: Json
}

export interface Delivery {
  readonly send: (activity: Json, flaw?: TokenFlaw['kind']) => Promise<Delivered>
  /** Posts any text with a right token. */
  readonly post: (body: string) => Promise<Delivered>
  /** Delivers the last thing again, byte for byte: an eavesdropper's replay, or a retry of Teams' own. */
  readonly replay: () => Promise<Delivered>
  readonly log: readonly LoggedDelivery[]
  readonly setUrl: (url: string | undefined) => void
  readonly stop: () => void
}

interface Request {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

export function createDelivery(options: {
  readonly identity: Identity
  readonly faults: FaultSwitch
  readonly serviceUrl: () => string
  /** Ms that the bot has for its answer: Azure Bot Service waits 10 to 15 s. */
  readonly within: number
  readonly url: string | undefined
}): Delivery {
  const { identity, faults } = options
  const log: LoggedDelivery[] = []
  const ending = new AbortController()
  let { url } = options
  let last: Request | undefined

  async function post(request: Request): Promise<Delivered> {
    if (url === undefined) return { ok: false, status: 0, error: 'nobody', body: undefined, ms: 0 }
    const start = performance.now()
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(options.within)])
    try {
      const response = await fetch(url, { method: 'POST', ...request, redirect: 'manual', signal })
      const body = parsed(await response.text())
      return { ok: response.ok, status: response.status, body, ms: performance.now() - start }
    } catch {
      const ms = performance.now() - start
      const error = ms >= options.within - 5 ? 'timeout' : 'connection'
      return { ok: false, status: 0, error, body: undefined, ms }
    }
  }

  async function request(body: string, flaw?: TokenFlaw['kind']): Promise<Request> {
    const authorization = await identity.authorization(options.serviceUrl(), flaw)
    const headers = {
      connection: 'close',
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)',
      ...(authorization !== undefined && { authorization }),
    }
    return { body, headers }
  }

  return {
    log,
    post: async (body) => post(await request(body)),
    send: async (activity, flaw) => {
      const shown = faults.takeDelivery('other-tenant') ? foreign(activity) : activity
      last = await request(JSON.stringify(shown), flaw)
      const first = post(last)
      if (faults.takeDelivery('twice')) await post(last)
      const outcome = await first
      log.push({ ...outcome, activity: shown })
      return outcome
    },
    replay: async () => {
      if (!last) throw new Error('nothing was delivered yet')
      return post(last)
    },
    setUrl: (next) => {
      url = next
    },
    stop: () => ending.abort(),
  }
}

/** The same, from another tenant. */
function foreign(activity: Json): Json {
  const { conversation, channelData } = activity
  return {
    ...activity,
    conversation: { ...(conversation as object), tenantId: otherTenant },
    channelData: { ...(channelData as object), tenant: { id: otherTenant } },
  }
}

function parsed(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

// Slack over HTTP: signature, time and replay are checked on the raw body, then Bolt's receiver takes over.
import { hash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { HTTPModuleFunctions, HTTPReceiver, isValidSlackRequest } from '@slack/bolt'
import type { App } from '@slack/bolt'
import { reasonOf } from '../../../errors.ts'
import { minute, second } from '../../../ids.ts'
import type { Duration } from '../../../ids.ts'
import type { Clock, Log, Store } from '../../../ports.ts'
import { within } from '../../lanes.ts'
import { createWarning } from '../../sparing.ts'
import { Undone } from './gate.ts'
import type { Processor } from './gate.ts'
import { sdkLog } from './sdk-log.ts'

export interface HttpDeps {
  readonly signingSecret: string
  readonly store: Pick<Store, 'once'>
  readonly clock: Clock
  readonly log: Log
}

/** Takes a request of Slack's whose body was read, and answers it. */
export type ReceiveHttp = (request: IncomingMessage, response: ServerResponse, body: Buffer) => Promise<void>

/** How far Slack's clock and this machine's may be apart, either way. */
const skew: Duration = 5 * minute
/** Longer than a request can be sent again with the same time in it. */
const rememberedFor: Duration = 10 * minute
const storePatience: Duration = second

/** Makes the way in for signed requests. What is forged, old, from the future or sent twice is answered 401. */
export function createHttp(deps: HttpDeps, processor: Processor): ReceiveHttp {
  const warn = createWarning(deps, 'a request in the name of Slack was refused')
  const receiver = new HTTPReceiver({
    signingSecret: deps.signingSecret,
    logger: sdkLog(deps.log),
    // An answer other than 200 makes Slack deliver an event again.
    processEventErrorHandler: async ({ error, response }) => {
      deps.log.warn('something from Slack was not done', { reason: reasonOf(error) })
      if (!response.headersSent) response.writeHead(error instanceof Undone ? 503 : 500).end()
      return false
    },
  })
  receiver.init(processor as App)
  return async (request, response, body) => {
    const why = await reasonToRefuse(request, body, deps)
    if (why !== undefined) {
      warn({ why })
      response.writeHead(401).end()
      return
    }
    const read = Object.assign(request, { rawBody: body })
    if (isReadable(read)) receiver.requestListener(read, response)
    else response.writeHead(400).end()
  }
}

/** Bolt takes for granted that what is read is an object. */
function isReadable(request: Parameters<typeof HTTPModuleFunctions.parseHTTPRequestBody>[0]): boolean {
  try {
    const body: unknown = HTTPModuleFunctions.parseHTTPRequestBody(request)
    return typeof body === 'object' && body !== null
  } catch {
    return false
  }
}

async function reasonToRefuse(
  request: IncomingMessage,
  body: Buffer,
  deps: HttpDeps,
): Promise<string | undefined> {
  const signature = request.headers['x-slack-signature']
  const at = Number(request.headers['x-slack-request-timestamp'])
  if (typeof signature !== 'string' || !Number.isInteger(at)) return 'it is not signed'
  // Slack signs with the time on the wall, which is not the bot's clock in a drill.
  if (Math.abs(Date.now() - at * second) > skew) return 'its time is off; is the clock of this machine right?'
  const headers = { 'x-slack-signature': signature, 'x-slack-request-timestamp': at }
  if (!isValidSlackRequest({ signingSecret: deps.signingSecret, body: body.toString(), headers }))
    return 'its signature is wrong; is SLACK_SIGNING_SECRET that of the app?'
  // A retry may come in the same second, and so be the same bytes; its event is done once, by its id.
  if (request.headers['x-slack-retry-num'] !== undefined) return undefined
  return (await replayed(signature, deps)) ? 'it was received before' : undefined
}

/** While the store is away the gate refuses everything anyway. */
async function replayed(signature: string, { store, log }: HttpDeps): Promise<boolean> {
  try {
    const name = `slack:signature:${hash('sha256', signature, 'hex').slice(0, 32)}`
    return (await within(store.once(name, rememberedFor), storePatience)) === false
  } catch (thrown) {
    log.debug('the store did not say whether a request is new', { reason: reasonOf(thrown) })
    return false
  }
}

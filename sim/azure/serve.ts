// Serves the simulated Azure: each request is logged, given to its service or to a fault, and answered in that service's form.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { withFault, type Answered } from '../faults.ts'
import { bytesOf } from '../listening.ts'
import type { Access } from './access.ts'
import { problem } from './app-configuration.ts'
import { ArmError, NoAnswer, failure, storageFailure, type ArmAnswer } from './envelope.ts'
import { readFault, type AzureFault, type FaultSwitch, type Reason } from './faults.ts'
import type { Queues } from './queues.ts'
import { isPoll, route, type ArmRequest, type Subscription } from './routes.ts'
import type { StorageServices } from './storage-services.ts'

/** One request as it came in. The token is never kept. `status` 0: no answer was sent. */
export interface LoggedArmRequest {
  readonly method: string
  readonly path: string
  /** Empty for requests for a token, which hold a secret. */
  readonly body: string
  /** If-Match and If-None-Match as they came in: on what the request depends. */
  readonly conditions: readonly string[]
  readonly reason: Reason
  status: number
}

export interface Sim {
  readonly tenant: string
  readonly subscription: Subscription
  readonly access: Access
  readonly queues: Queues
  readonly storage: StorageServices
  readonly faults: FaultSwitch
  readonly meanwhile: Meanwhile
  readonly log: LoggedArmRequest[]
}

/** What somebody else does just as the next request of a reason has come in, before it is answered. */
export interface Meanwhile {
  readonly set: (reason: Reason, act: () => void) => void
  readonly take: (reason: Reason) => void
}

/** Nobody does anything. */
export function meanwhile(): Meanwhile {
  const acts = new Map<Reason, () => void>()
  return {
    set: (reason, act) => {
      acts.set(reason, act)
    },
    take: (reason) => {
      const act = acts.get(reason)
      acts.delete(reason)
      act?.()
    },
  }
}

/** Answers one request, or leaves it without an answer. */
export async function serve(sim: Sim, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://sim')
  const method = request.method ?? 'GET'
  const body = (await bytesOf(request)).toString()
  if (url.pathname.startsWith('/__sim/')) {
    send(response, control(sim, `${method} ${url.pathname}`, body))
    return
  }
  const reason = reasonFor(sim, method, url.pathname)
  const path = url.pathname + url.search
  const entry: LoggedArmRequest = {
    method,
    path,
    body: withoutSecret(reason, body),
    conditions: conditionsOf(request),
    reason,
    status: 0,
  }
  sim.log.push(entry)
  sim.meanwhile.take(reason)
  const asked: ArmRequest = {
    method,
    path: url.pathname,
    query: url.searchParams,
    authorization: request.headers.authorization,
    contentType: request.headers['content-type'],
    ifMatch: request.headers['if-match'],
    ifNoneMatch: request.headers['if-none-match'],
    storageVersion: headerOf(request, 'x-ms-version'),
    body,
  }
  const reply = await withFault(request, {
    fault: sim.faults.take(reason, path),
    answer: () => answerOf(sim, reason, asked),
    broken: (fault) => broken(sim, fault),
  }).catch((thrown: unknown) => {
    if (thrown instanceof NoAnswer) return 'silence' as const
    throw thrown
  })
  if (reply === 'silence') return
  entry.status = reply.status
  send(response, reply)
}

function conditionsOf({ headers }: IncomingMessage): readonly string[] {
  return [
    ...(headers['if-match'] === undefined ? [] : [`If-Match: ${headers['if-match']}`]),
    ...(headers['if-none-match'] === undefined ? [] : [`If-None-Match: ${headers['if-none-match']}`]),
  ]
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

function reasonFor({ tenant }: Sim, method: string, path: string): Reason {
  if (path.startsWith(`/${tenant}/`)) return 'token'
  if (path.startsWith('/queues/')) return 'queue'
  if (path.startsWith('/appconfig/')) return method === 'GET' ? 'setting' : 'setting-change'
  if (path.startsWith('/vaults/')) return method === 'GET' ? 'secret' : 'secret-change'
  if (isPoll(path)) return 'poll'
  return method === 'GET' ? 'read' : 'change'
}

function withoutSecret(reason: Reason, body: string): string {
  if (reason === 'token') return ''
  return reason === 'secret-change' ? body.replace(/"value":"(?:\\.|[^"\\])*"/, '"value":"[secret]"') : body
}

function answerOf(sim: Sim, reason: Reason, request: ArmRequest): ArmAnswer {
  try {
    return answered(sim, reason, request)
  } catch (thrown) {
    if (!(thrown instanceof ArmError)) throw thrown
    if (reason === 'queue') return storageFailure(thrown)
    return reason === 'setting' || reason === 'setting-change' ? problem(thrown) : failure(thrown)
  }
}

function answered(sim: Sim, reason: Reason, request: ArmRequest): ArmAnswer {
  switch (reason) {
    case 'token':
      return sim.access.entra(request.path, new URLSearchParams(request.body))
    case 'queue':
      if (!sim.storage.accounts.serves(request.path.split('/')[2] ?? '')) throw new NoAnswer()
      return sim.queues.answer(request)
    case 'setting':
    case 'setting-change':
      return sim.storage.settings.answer(request)
    case 'secret':
    case 'secret-change':
      return sim.storage.vaults.answer(request)
    case 'read':
    case 'change':
    case 'poll':
      return route(sim.subscription, request)
  }
}

function broken(sim: Sim, fault: Answered<AzureFault>): ArmAnswer {
  if (fault.kind === 'garbage')
    return { status: 200, body: '<html>please wait</html>', headers: { 'content-type': 'text/html' } }
  if (fault.kind === 'lead-away') return leadingAway(sim, fault)
  const { status = 500, code = 'InternalServerError', retryAfter } = fault
  const message = fault.message ?? 'The server encountered an internal error. Please retry the request.'
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
  return failure(new ArmError(status, code, message, headers))
}

function leadingAway(sim: Sim, { by, to = '' }: AzureFault): ArmAnswer {
  switch (by) {
    case 'next-link':
      return { status: 200, body: { value: [], nextLink: to } }
    case 'async-operation':
      return { status: 202, body: undefined, headers: { 'azure-asyncoperation': to } }
    case 'location':
      return { status: 202, body: undefined, headers: { location: to } }
    case 'token-endpoint':
      return { status: 200, body: { ...sim.access.metadata(), token_endpoint: to } }
    case 'redirect':
    case undefined:
      return { status: 307, body: undefined, headers: { location: to } }
  }
}

/** A control request that cannot be read, or a client that went away in the middle of its request. */
export function refuseRequest(response: ServerResponse, thrown: unknown): void {
  if (response.headersSent || response.destroyed) return
  send(response, { status: 400, body: { error: { code: 'BadRequest', message: String(thrown) } } })
}

function control(sim: Sim, what: string, body: string): ArmAnswer {
  switch (what) {
    case 'PUT /__sim/fault':
      sim.faults.set(readFault(JSON.parse(body)))
      return { status: 200, body: {} }
    case 'GET /__sim/requests':
      return { status: 200, body: { requests: sim.log } }
    default:
      return { status: 404, body: { error: { code: 'NotFound', message: `no such control: ${what}` } } }
  }
}

function send(response: ServerResponse, { status, body, headers }: ArmAnswer): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'x-ms-request-id': '00000000-0000-0000-0000-0000000000ff',
    ...headers,
  })
  response.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body))
}

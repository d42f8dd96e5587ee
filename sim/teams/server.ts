// The HTTP side of the simulator: token issuers, connector and Graph on one port, each call logged and with its faults.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import { withFault, type Answered } from '../faults.ts'
import { bytesOf, listenOn, type ListeningServer } from '../listening.ts'
import { objectOf, refusal, Refused, type Answer, type Json } from './answer.ts'
import { answerConnector, connectorName } from './connector.ts'
import type { CallFault, FaultSwitch } from './faults.ts'
import { answerGraph, graphName } from './graph.ts'
import type { Identity } from './identity.ts'
import type { Limits } from './limits.ts'
import type { Tenant } from './state.ts'

/** One call as it came in. Tokens and secrets are never kept. */
export interface LoggedCall {
  /** `identity.token`, `connector.send`, `graph.channels`, ...; a path that there is not as it is. */
  readonly name: string
  readonly path: string
  readonly body: Json
  /** When it came, in ms of the simulator's time. */
  readonly at: number
  /** `ok`, the error code, `http 503`, or the fault that kept it from being answered. */
  outcome: string
  /** Milliseconds to the answer. */
  ms: number
}

export interface ServerParts {
  readonly tenant: Tenant
  readonly identity: Identity
  readonly limits: Limits
  readonly faults: FaultSwitch
  /** Permissions of Graph that were granted. */
  readonly granted: () => readonly string[]
  readonly calls: LoggedCall[]
  /** Whether calls must bring a token: not where the bot is told to do without (TEAMS_NO_AUTH). */
  readonly secured: boolean
}

/** Starts to listen on 127.0.0.1: on `port`, or on a free one. */
export function serve(parts: ServerParts, port?: number): Promise<ListeningServer> {
  return listenOn(
    () =>
      createServer((request, response) => {
        handle(parts, request, response).catch(() => response.destroy())
      }),
    port,
  )
}

interface Route {
  readonly name: string
  readonly body: Json
  readonly answer: () => Answer | Promise<Answer>
}

async function handle(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sim')
  const route = routeOf(parts, request, url, (await bytesOf(request)).toString())
  const start = performance.now()
  const entry: LoggedCall = {
    name: route.name,
    path: `${request.method} ${decodeURIComponent(url.pathname)}`,
    body: route.body,
    at: parts.tenant.now(),
    outcome: 'open',
    ms: 0,
  }
  parts.calls.push(entry)
  const fault = parts.faults.takeCall(route.name)
  const reply = await withFault(request, { fault, answer: () => answered(route), broken })
  entry.ms = performance.now() - start
  entry.outcome = outcomeOf(reply, fault)
  if (reply !== 'silence') send(response, reply)
}

function routeOf(parts: ServerParts, request: IncomingMessage, url: URL, text: string): Route {
  const { identity, tenant } = parts
  const method = request.method ?? 'GET'
  const [first = '', ...rest] = url.pathname.split('/').slice(1).map(decodeURIComponent)
  const { authorization } = request.headers
  switch (`${first === tenant.id ? 'TENANT' : first}/${rest.at(-1) ?? ''}`) {
    case 'botframework/openidconfiguration':
      return { name: 'identity.metadata', body: {}, answer: identity.metadata }
    case 'botframework/keys':
      return { name: 'identity.keys', body: {}, answer: identity.keys }
    default:
  }
  if (rest.join('/') === 'oauth2/v2.0/token') {
    const form = new URLSearchParams(text)
    const body = { scope: form.get('scope') }
    return { name: 'identity.token', body, answer: () => identity.token(first, form) }
  }
  const body = parsed(text)
  if (first === 'emea' && rest[0] === 'v3') {
    const call = { method, path: rest.slice(1), query: url.searchParams, body }
    const name = connectorName(call) ?? url.pathname
    return {
      name,
      body,
      answer: () =>
        entitled(parts, 'connector', authorization) ?? answerConnector(tenant, parts.limits, call),
    }
  }
  if (first === 'v1.0') {
    const call = { method, path: rest, query: url.searchParams, body }
    const name = graphName(call) ?? url.pathname
    return {
      name,
      body,
      answer: () => entitled(parts, 'graph', authorization) ?? answerGraph(tenant, parts.granted(), call),
    }
  }
  return { name: url.pathname, body, answer: () => refusal(404, 'NotFound', 'There is nothing here.') }
}

function entitled(
  parts: ServerParts,
  audience: 'connector' | 'graph',
  header: string | undefined,
): Answer | undefined {
  const verdict = parts.secured ? parts.identity.check(header, audience) : 'ok'
  if (verdict === 'ok') return undefined
  const code = audience === 'graph' ? 'InvalidAuthenticationToken' : 'Unauthorized'
  const words = {
    missing: 'Access token is empty.',
    bad: 'Invalid audience or token.',
    expired: 'The token has expired.',
  }
  return refusal(401, code, words[verdict])
}

async function answered({ answer }: Route): Promise<Answer> {
  try {
    return await answer()
  } catch (thrown) {
    if (thrown instanceof Refused) return thrown.answer
    throw thrown
  }
}

function broken(fault: Answered<CallFault>): Answer {
  switch (fault.kind) {
    case 'rate-limit': {
      const headers = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) }
      return { ...refusal(429, 'TooManyRequests', 'Too many requests.'), headers }
    }
    case 'error':
      return refusal(fault.status ?? 400, fault.code ?? 'ServiceError', 'A fault of the simulator.')
    case 'garbage':
      return { status: 200, body: '<html>please wait</html>' }
    case 'status':
      return { status: fault.status ?? 503, body: '<html>Server Error</html>' }
  }
}

function outcomeOf(reply: Answer | 'silence', fault: CallFault | undefined): string {
  if (reply === 'silence') return fault?.kind ?? 'silence'
  const error = objectOf(reply.body)['error']
  if (typeof error === 'string') return error
  if (error !== undefined) return String(objectOf(error)['code'])
  return reply.status < 300 ? (fault?.kind === 'garbage' ? 'garbage' : 'ok') : `http ${reply.status}`
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  if (response.destroyed) return
  if (body === undefined) {
    response.writeHead(status, { ...headers }).end()
    return
  }
  const text = typeof body === 'string'
  const type = text ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8'
  response.writeHead(status, { 'content-type': type, ...headers })
  response.end(text ? body : JSON.stringify(body))
}

function parsed(text: string): Json {
  try {
    return objectOf(JSON.parse(text === '' ? '{}' : text))
  } catch {
    return {}
  }
}

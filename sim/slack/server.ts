// The HTTP side of the simulator: the Web API, uploads, response URLs and sockets on one port, each with its faults.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import type { Duplex } from 'node:stream'
import { withFault, type Answered } from '../faults.ts'
import { bytesOf, listenOn, type ListeningServer } from '../listening.ts'
import type { Args } from './args.ts'
import { failure, rateLimited, Refusal, type SlackAnswer } from './envelope.ts'
import type { CallFault, FaultSwitch } from './faults.ts'
import { takeUpload } from './files.ts'
import { answer, loggedArgs, type Api } from './methods.ts'
import { respond } from './respond.ts'
import type { Sockets } from './sockets.ts'

/** One call as it came in. Tokens are never kept. */
export interface LoggedCall {
  /** A method of the Web API, or `response_url`, `upload`, `socket`. */
  readonly method: string
  readonly args: Args
  /** When it came, in ms of the simulator's time. */
  readonly at: number
  /** `ok`, Slack's error word, `http 503`, or the fault that kept it from being answered. */
  outcome: string
  /** Milliseconds to the answer. */
  ms: number
}

export interface ServerParts {
  readonly api: Api
  readonly faults: FaultSwitch
  readonly sockets: Sockets
  readonly calls: LoggedCall[]
}

interface Listening extends ServerParts {
  /** Connections that were to become WebSockets and never do: their server waits for them without knowing them any more. */
  readonly hung: Set<Duplex>
}

/** Starts to listen on 127.0.0.1: on `port`, or on a free one. */
export async function serve(of: ServerParts, port?: number): Promise<ListeningServer> {
  const parts: Listening = { ...of, hung: new Set() }
  const server = await listenOn(() => makeServer(parts), port)
  return {
    ...server,
    close: async () => {
      const closed = server.close()
      for (const socket of parts.hung) socket.destroy()
      await closed
    },
  }
}

function makeServer(parts: Listening): Server {
  const server = createServer((request, response) => {
    handle(parts, request, response).catch(() => response.destroy())
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const entry = logged(parts, 'socket', {})
    const fault = parts.faults.takeCall('socket')
    entry.outcome = fault?.kind ?? 'ok'
    if (!fault) return parts.sockets.upgrade(request, socket, head)
    if (fault.kind !== 'hang') socket.destroy()
    else {
      parts.hung.add(socket)
      socket.on('close', () => parts.hung.delete(socket))
    }
  })
  return server
}

interface Route {
  readonly name: string
  readonly args: Args
  readonly answer: () => SlackAnswer
}

async function handle(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = routeOf(parts, request, await bytesOf(request))
  if (!route) return send(response, { status: 404, body: 'Not Found' })
  const start = performance.now()
  const entry = logged(parts, route.name, route.args)
  const fault = parts.faults.takeCall(route.name)
  const reply = await withFault(request, { fault, answer: route.answer, broken })
  entry.ms = performance.now() - start
  entry.outcome = outcomeOf(reply, fault)
  if (reply !== 'silence') send(response, reply)
}

function logged(parts: ServerParts, method: string, args: Args): LoggedCall {
  const entry: LoggedCall = { method, args, at: parts.api.slack.now(), outcome: 'open', ms: 0 }
  parts.calls.push(entry)
  return entry
}

function routeOf({ api }: ServerParts, request: IncomingMessage, body: Buffer): Route | undefined {
  const url = new URL(request.url ?? '/', 'http://sim')
  const [, root, ...rest] = url.pathname.split('/')
  const last = rest.at(-1) ?? ''
  const contentType = request.headers['content-type']
  switch (root ?? '') {
    case 'api': {
      const { authorization } = request.headers
      const call = {
        method: last,
        query: url.searchParams,
        authorization,
        contentType,
        body: body.toString(),
      }
      return { name: last, args: loggedArgs(call), answer: () => answer(api, call) }
    }
    case 'upload':
      return { name: 'upload', args: {}, answer: () => takeUpload(api.slack, last, contentType, body) }
    case 'response':
      return {
        name: 'response_url',
        args: {},
        answer: () => respond(api.slack, api.triggers, last, body.toString()),
      }
    default:
      return undefined
  }
}

function broken(fault: Answered<CallFault>): SlackAnswer {
  switch (fault.kind) {
    case 'rate-limit':
      return rateLimited(fault.retryAfter ?? 30)
    case 'error':
      return failure(new Refusal(fault.error ?? 'internal_error'))
    case 'garbage':
      return { status: 200, body: '<html>please wait</html>' }
    case 'status':
      return { status: fault.status ?? 503, body: '<html>Server Error</html>' }
  }
}

function outcomeOf(reply: SlackAnswer | 'silence', fault: CallFault | undefined): string {
  if (reply === 'silence') return fault?.kind ?? 'silence'
  const { body, status } = reply
  if (typeof body === 'object' && 'error' in body) return String(body.error)
  return status === 200 ? (fault?.kind === 'garbage' ? 'garbage' : 'ok') : `http ${status}`
}

function send(response: ServerResponse, { status, body, headers }: SlackAnswer): void {
  if (response.destroyed) return
  const text = typeof body === 'string'
  const type = text ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8'
  response.writeHead(status, { 'content-type': type, 'x-slack-req-id': 'sim', ...headers })
  response.end(text ? body : JSON.stringify(body))
}

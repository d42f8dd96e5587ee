// HAProxy's Data Plane API v3 as far as a failover needs it: a backend's servers at run time, and in the file.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fresh, reload, route } from './dataplane/world.ts'
import type { FileServer, Server, State } from './dataplane/world.ts'

export type DataplaneFault =
  | { readonly kind: 'hang' | 'reset' | 'nonsense' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number; readonly on?: 'change' }
  /** Somebody else writes the file between the question for its version and the change, once. */
  | { readonly kind: 'other-writer' }

export interface DataplaneRequest {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly changes: boolean
}

export interface DataplaneSim {
  readonly url: string
  readonly requests: () => readonly DataplaneRequest[]
  readonly fault: (fault: DataplaneFault | undefined) => void
  /** A server falls ill, or is well again: its next check says so. */
  readonly health: (server: string, health: 'well' | 'sick') => void
  /** `main ready, standby maint`. */
  readonly states: () => string
  readonly file: () => readonly FileServer[]
  readonly sessions: (server: string, count: number) => void
  /** How often HAProxy was reloaded because of a change. */
  readonly reloads: () => number
  /** Somebody reloads HAProxy: states are as the file has them. */
  readonly reload: () => void
  readonly stop: () => Promise<void>
}

export interface DataplaneOptions {
  readonly user: string
  readonly password: string
  readonly backend?: string
  readonly servers: readonly FileServer[]
}

export async function startDataplane(options: DataplaneOptions): Promise<DataplaneSim> {
  const { backend = 'api', user, password } = options
  const state: State = { backend, servers: options.servers.map(fresh), version: 7, reloads: 0 }
  const requests: DataplaneRequest[] = []
  let fault: DataplaneFault | undefined
  const token = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? ''
    const url = new URL(request.url ?? '/', 'http://sim')
    const body = await bodyOf(request)
    const changes = method !== 'GET'
    requests.push({
      method,
      path: `${url.pathname}${url.search}`,
      changes,
      ...(body === undefined ? {} : { body }),
    })
    if (fault?.kind === 'hang') return
    if (fault && breaks(fault, request, response)) return
    const denied = denial(request, token)
    if (denied) return refuse(response, ...denied)
    const said = route(state, method, url, body)
    if (fault?.kind === 'other-writer' && url.pathname.endsWith('/configuration/version')) {
      state.version += 1
      fault = undefined
    }
    answer(response, said.status, said.body)
  }

  const server = createServer((request, response) => void serve(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const find = (name: string): Server => {
    const found = state.servers.find((one) => one.line.name === name)
    if (found) return found
    throw new Error(`the simulator has no server ${name}`)
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    fault: (next) => {
      fault = next
    },
    health: (name, health) => {
      find(name).health = health
    },
    states: () => state.servers.map(({ line, admin }) => `${line.name} ${admin}`).join(', '),
    file: () => state.servers.map(({ line }) => line),
    sessions: (name, count) => {
      find(name).sessions = count
    },
    reloads: () => state.reloads,
    reload: () => reload(state),
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Whether the fault has dealt with the request. */
function breaks(fault: DataplaneFault, request: IncomingMessage, response: ServerResponse): boolean {
  if (fault.kind === 'reset') request.socket.resetAndDestroy()
  else if (fault.kind === 'nonsense') answer(response, 200, '<html>It works!</html>')
  else if (fault.kind === 'status' && (fault.on === undefined || request.method !== 'GET')) {
    if (fault.retryAfter !== undefined) response.setHeader('Retry-After', String(fault.retryAfter))
    refuse(response, fault.status, 'the simulator was told to')
  } else return false
  return true
}

function denial({ headers, method }: IncomingMessage, token: string): readonly [number, string] | undefined {
  if (headers.authorization !== token) return [401, 'unauthenticated for invalid credentials']
  const type = headers['content-type'] ?? ''
  if (method === 'GET' || type === 'application/json') return undefined
  return [415, `unsupported media type "${type}"`]
}

function refuse(response: ServerResponse, status: number, message: string): void {
  answer(response, status, { code: status, message })
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

// A small HTTP server that stands for a load balancer or an API server, to be broken and mended.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** ok: 200 on /health. failing: 503. hang: takes the connection and never answers. reset: resets it. */
export type TargetHealth = 'ok' | 'failing' | 'hang' | 'reset'

export interface Target {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly health: () => TargetHealth
  readonly set: (health: TargetHealth) => void
  /** Requests answered or refused so far, as `GET /health`. */
  readonly requests: readonly string[]
  readonly stop: () => Promise<void>
}

export interface TargetOptions {
  readonly name: string
  /** The one Host that it serves (without a port); another gets 421, as a proxy with name-based routing does. */
  readonly serves: string
  /** Any address of 127.0.0.0/8: on Linux several servers can share one port number this way. Default 127.0.0.1. */
  readonly host?: string
  readonly port?: number
  readonly health?: TargetHealth
}

/** Starts a target; it answers `GET /health` with its name and everything else with 404. */
export async function startTarget(options: TargetOptions): Promise<Target> {
  let health = options.health ?? 'ok'
  const requests: string[] = []
  const host = options.host ?? '127.0.0.1'
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    answer(options, health, request, response)
  })
  server.listen(options.port ?? 0, host)
  await once(server, 'listening')
  return {
    name: options.name,
    host,
    port: (server.address() as AddressInfo).port,
    health: () => health,
    set: (next) => {
      health = next
    },
    requests,
    stop: () => stop(server),
  }
}

async function stop(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}

function answer(
  options: TargetOptions,
  health: TargetHealth,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (health === 'hang') return
  if (health === 'reset') {
    request.socket.resetAndDestroy()
    return
  }
  const asked = request.headers.host?.replace(/:\d+$/, '')
  const [status, text] = verdict(options, health, asked, request.url?.split('?')[0])
  response.writeHead(status, { 'content-type': 'application/json', 'x-served-by': options.name })
  response.end(JSON.stringify({ server: options.name, status: text }))
}

function verdict(
  options: TargetOptions,
  health: 'ok' | 'failing',
  asked: string | undefined,
  path: string | undefined,
): readonly [number, string] {
  if (asked !== options.serves) return [421, 'misdirected request']
  if (health === 'failing') return [503, 'no healthy upstream']
  return path === '/health' ? [200, 'ok'] : [404, 'not found']
}

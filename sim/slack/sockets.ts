// Socket Mode: connections opened with a ticket, envelopes that go to one of them, acknowledgements that come back.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { parsed } from './args.ts'
import type { FaultSwitch } from './faults.ts'

/** What an envelope carries. */
export interface Envelope {
  readonly type: 'events_api' | 'slash_commands' | 'interactive'
  readonly payload: object
  /** Whether the acknowledgement may say something. */
  readonly answerable: boolean
  /** The how-manieth retry it is; 0: the first try. */
  readonly retry: number
}

export type SocketOutcome =
  | { readonly acked: true; readonly payload: unknown }
  /** Not in time, or nobody was there; `closed`: the connection went away before it was acknowledged. */
  | { readonly acked: false; readonly reason: 'timeout' | 'nobody' }

export interface Sockets {
  /** How many are connected now. */
  readonly count: () => number
  /** Whether there ever was one. */
  readonly opened: () => boolean
  /** The address of one new connection. */
  readonly open: () => string
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Delivers to one connection; if it goes away before it acknowledged, to the next one. */
  readonly send: (envelope: Envelope, within: number) => Promise<SocketOutcome>
  /** Closes them with a notice, as Slack does now and then (`warning`, `refresh_requested`); `abrupt`: without. */
  readonly drop: (how: 'warning' | 'refresh_requested' | 'abrupt') => void
  /** Carries out the faults that were just switched on or off, on the connections there are. */
  readonly faulted: () => void
  /** Closes them in good order, so that the app's side ends too. */
  readonly stop: () => Promise<void>
}

interface Link {
  readonly socket: WebSocket
  timer: NodeJS.Timeout | undefined
}

interface Waiting {
  readonly text: string
  readonly settle: (outcome: SocketOutcome) => void
  on: WebSocket
}

/** Slack pings about this often, in ms. */
const pingEvery = 5_000
const mostConnections = 10
/** Ms that the app has to say goodbye when the simulator stops. */
const closeWithin = 500

/** Starts with no connection; `host` is 127.0.0.1:PORT. */
export function createSockets(faults: FaultSwitch, app: string, host: () => string): Sockets {
  const server = new WebSocketServer({ noServer: true })
  const tickets = new Set<string>()
  const links = new Set<Link>()
  const waiting = new Map<string, Waiting>()
  let turn = 0
  let everOpened = false
  const pinging = setInterval(() => {
    if (!faults.sockets().frozen) for (const { socket } of links) socket.ping()
  }, pingEvery).unref()

  function next(): WebSocket | undefined {
    const ready = [...links].filter(({ socket }) => socket.readyState === socket.OPEN)
    turn += 1
    return ready[turn % Math.max(1, ready.length)]?.socket
  }

  function deliver(socket: WebSocket, text: string): void {
    if (!faults.sockets().frozen) socket.send(text)
  }

  function connected(socket: WebSocket): void {
    const link: Link = { socket, timer: undefined }
    links.add(link)
    everOpened = true
    socket.on('message', (data: Buffer) => acknowledge(data.toString()))
    socket.on('error', () => socket.terminate())
    socket.on('close', () => closed(link))
    suffer(link)
    if (faults.sockets().frozen) return
    socket.send(hello(app, links.size))
    socket.ping()
    handOver()
  }

  function suffer(link: Link): void {
    const { dropAfter, frozen } = faults.sockets()
    clearTimeout(link.timer)
    link.timer = dropAfter === undefined ? undefined : setTimeout(() => link.socket.terminate(), dropAfter)
    if (frozen) link.socket.pause()
    else link.socket.resume()
  }

  function acknowledge(text: string): void {
    const ack = parsed(text) as { readonly envelope_id?: unknown; readonly payload?: unknown } | undefined
    const id = String(ack?.envelope_id)
    const waited = waiting.get(id)
    waiting.delete(id)
    waited?.settle({ acked: true, payload: ack?.payload })
  }

  function closed(link: Link): void {
    links.delete(link)
    clearTimeout(link.timer)
    handOver()
  }

  /** What a connection took away with it unacknowledged goes to another one. */
  function handOver(): void {
    for (const waited of waiting.values()) {
      const other = waited.on.readyState === waited.on.OPEN ? undefined : next()
      if (other) {
        waited.on = other
        deliver(other, waited.text)
      }
    }
  }

  return {
    count: () => links.size,
    opened: () => everOpened,
    open: () => {
      const ticket = randomUUID()
      tickets.add(ticket)
      return `ws://${host()}/link/?ticket=${ticket}&app_id=${app}`
    },
    upgrade: (request, socket, head) => {
      const ticket = new URL(request.url ?? '/', 'http://sim').searchParams.get('ticket') ?? ''
      if (!tickets.delete(ticket)) return refuseUpgrade(socket, '401 Unauthorized')
      if (links.size >= mostConnections) return refuseUpgrade(socket, '429 Too Many Requests')
      server.handleUpgrade(request, socket, head, connected)
    },
    send: (envelope, within) =>
      new Promise((resolve) => {
        const socket = next()
        if (!socket) return resolve({ acked: false, reason: 'nobody' })
        const id = randomUUID()
        const timer = setTimeout(() => settle({ acked: false, reason: 'timeout' }), within)
        const settle = (outcome: SocketOutcome): void => {
          clearTimeout(timer)
          waiting.delete(id)
          resolve(outcome)
        }
        const text = envelopeText(id, envelope)
        waiting.set(id, { text, settle, on: socket })
        deliver(socket, text)
      }),
    drop: (how) => {
      for (const { socket } of links) {
        if (how === 'abrupt') socket.terminate()
        else
          socket.send(
            JSON.stringify({ type: 'disconnect', reason: how, debug_info: { host: 'applink-sim' } }),
          )
      }
    },
    faulted: () => links.forEach(suffer),
    stop: async () => {
      clearInterval(pinging)
      const closing = [...links].map(({ socket, timer }) => {
        clearTimeout(timer)
        return ended(socket)
      })
      await Promise.all(closing)
      for (const waited of waiting.values()) waited.settle({ acked: false, reason: 'nobody' })
      tickets.clear()
    },
  }
}

/** Ends a connection with both sides' word for it; without, if the other side says nothing. */
async function ended(socket: WebSocket): Promise<void> {
  const end = once(socket, 'close')
  const timer = setTimeout(() => socket.terminate(), closeWithin)
  if (socket.isPaused) socket.terminate()
  else socket.close(1000)
  await end
  clearTimeout(timer)
}

function hello(app: string, connections: number): string {
  return JSON.stringify({
    type: 'hello',
    num_connections: connections,
    connection_info: { app_id: app },
    debug_info: { host: 'applink-sim', build_number: 1, approximate_connection_time: 18_060 },
  })
}

function envelopeText(id: string, { type, payload, answerable, retry }: Envelope): string {
  const retried =
    type === 'events_api' ? { retry_attempt: retry, retry_reason: retry === 0 ? '' : 'timeout' } : {}
  return JSON.stringify({ envelope_id: id, type, payload, accepts_response_payload: answerable, ...retried })
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

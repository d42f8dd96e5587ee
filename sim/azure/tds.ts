// The databases of the simulated Azure SQL behind a real TDS port: TLS first, a gateway for all servers, and a worker it may lead to.
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { Access } from './access.ts'
import { selfSigned, type Certificate } from './certificate.ts'
import type { Database, SqlState } from './sql-state.ts'
import { createSession } from './tds-session.ts'
import type { TdsFault, TdsReply, TdsRequest, TdsWorld } from './tds-session.ts'
import { TdsError, endlessCell, messagesIn } from './tds-wire.ts'
import type { Cell } from './tds-wire.ts'

/** The first cell of each row; or what a database answers, by itself and by the moment that it was brought back to. */
export type TdsAnswer = readonly Cell[] | ((database: Database) => readonly Cell[])

export interface Tds {
  /** What AZURE_SQL_ENDPOINT is set to. */
  readonly endpoint: string
  /** A SQL user of every database. */
  readonly login: { readonly user: string; readonly password: string }
  /** PEM of the gateway and of the worker, each for its own names only. */
  readonly certificates: readonly string[]
  readonly requests: readonly TdsRequest[]
  /** What this query is answered from now on; undefined: it names what is not there. */
  readonly answers: (query: string, answer: TdsAnswer | undefined) => void
  /** Whether the application, or the SQL user, is a user of the databases. */
  readonly knows: (user: 'entra' | 'sql', known: boolean) => void
  /** Whether they may read. */
  readonly mayRead: (may: boolean) => void
  /** Whether the gateway leads to the worker, as it does for clients within Azure, or to another host altogether. */
  readonly redirects: (to: boolean | { readonly host: string; readonly port: number }) => void
  readonly fault: (fault: TdsFault | undefined) => void
  readonly stop: () => Promise<void>
}

const under = { gateway: 'sql.localhost', worker: 'worker.localhost' } as const

export async function startTds({
  state,
  access,
}: {
  readonly state: SqlState
  readonly access: Access
}): Promise<Tds> {
  const answers = new Map<string, TdsAnswer>(Object.entries(state.answers))
  const users = new Set<'entra' | 'sql'>(['entra', 'sql'])
  const requests: TdsRequest[] = []
  const login = { user: 'dr-check', password: 'sim-sql-password-for-the-demo-only' }
  let mayRead = true
  let redirects: Parameters<Tds['redirects']>[0] = false
  let fault: TdsFault | undefined
  let left = Infinity
  const world: TdsWorld = {
    state,
    access,
    login,
    users,
    requests,
    mayRead: () => mayRead,
    answer: (query, database) => {
      const answer = answers.get(query)
      return typeof answer === 'function' ? answer(database) : answer
    },
    worker: (server) => {
      if (typeof redirects === 'object') return redirects
      return redirects ? { host: `${server}.${under.worker}`, port: portOf(worker.server) } : undefined
    },
    fault: (on) => {
      if (!fault || (fault.on ?? on) !== on || left <= 0) return undefined
      left -= 1
      return fault
    },
  }
  const worker = await listen(world, 'worker')
  const gateway = await listen(world, 'gateway')
  return {
    endpoint: `{server}.${under.gateway}:${portOf(gateway.server)}`,
    login,
    certificates: [gateway.certificate.cert, worker.certificate.cert],
    requests,
    answers: (query, answer) => {
      if (answer) answers.set(query, answer)
      else answers.delete(query)
    },
    knows: (user, known) => {
      if (known) users.add(user)
      else users.delete(user)
    },
    mayRead: (may) => {
      mayRead = may
    },
    redirects: (to) => {
      redirects = to
    },
    fault: (next) => {
      fault = next
      left = next?.times ?? Infinity
    },
    stop: async () => {
      await Promise.all([worker.stop(), gateway.stop()])
    },
  }
}

interface Listening {
  readonly server: Server
  readonly certificate: Certificate
  readonly stop: () => Promise<void>
}

async function listen(world: TdsWorld, role: keyof typeof under): Promise<Listening> {
  const certificate = selfSigned([`*.${under[role]}`])
  const server = createServer({ ...certificate, ALPNProtocols: ['tds/8.0'] }, (socket) =>
    attend(world, socket, role),
  )
  // A client that does not trust the certificate ends its handshake: that is its business.
  server.on('tlsClientError', () => {})
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    server,
    certificate,
    stop: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

function attend(world: TdsWorld, socket: TLSSocket, role: keyof typeof under): void {
  const name = typeof socket.servername === 'string' ? socket.servername : ''
  socket.on('error', () => socket.destroy())
  const isDown = world.state.down.has(name.split('.')[0] ?? '')
  if (socket.alpnProtocol !== 'tds/8.0' || !name.endsWith(`.${under[role]}`) || isDown) {
    socket.destroy()
    return
  }
  const session = createSession(world, { name, isGateway: role === 'gateway' })
  let input: Buffer = Buffer.alloc(0)
  let turn = Promise.resolve()
  socket.on('data', (chunk: Buffer) => {
    try {
      const { messages, rest } = messagesIn(Buffer.concat([input, chunk]))
      input = rest
      for (const message of messages) {
        const reply = session(message)
        turn = turn.then(() => send(socket, reply))
      }
    } catch (thrown) {
      if (!(thrown instanceof TdsError)) throw thrown
      socket.destroy()
    }
  })
}

async function send(socket: TLSSocket, { bytes, fault }: TdsReply): Promise<void> {
  if (fault?.kind === 'hang') return
  if (fault?.kind === 'drop') {
    socket.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => socket.destroy())
    return
  }
  if (fault?.kind === 'endless') return flood(socket)
  if (fault?.kind === 'slow') await delay(fault.ms ?? 1_000)
  if (!socket.destroyed) socket.write(bytes)
}

/** Writes a cell without an end, as fast as it is read. */
function flood(socket: TLSSocket): void {
  Readable.from(withoutEnd()).pipe(socket)
}

function* withoutEnd(): Generator<Buffer> {
  const { begin, piece } = endlessCell()
  yield begin
  for (;;) yield piece
}

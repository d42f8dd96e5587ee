// One question to an Azure SQL database over TDS: encrypted from the first byte, in a transaction that is always rolled back.
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import type * as tds from 'tedious'
import type { Connection, ConnectionConfiguration, Request } from 'tedious'
import { z } from 'zod'
import { TooLong, mostBytes } from '../bounded.ts'
import { isUnderLocalhost } from '../loopback.ts'
import type { SqlAnswer } from '../readers.ts'
import type { SqlHost } from './azure.ts'

/** As whom the database is asked. */
export type SqlLogin = { readonly token: string } | { readonly user: string; readonly password: string }

export interface SqlTarget extends Pick<SqlHost, 'host' | 'port'> {
  readonly database: string
  readonly login: SqlLogin
  /** For the whole question, in milliseconds. */
  readonly timeout: number
}

/** What the server said, by its number. */
interface Said {
  readonly number: number
  readonly message: string
}

/** Why there is no answer, before it is put into words. */
export class SqlFailure extends Error {
  override readonly name = 'SqlFailure'
  readonly while: 'connecting' | 'asking'
  readonly said: Said | undefined

  constructor(when: SqlFailure['while'], said: Said | undefined, cause: unknown) {
    super(`failed while ${when}`, { cause })
    this.while = when
    this.said = said
  }
}

type Tedious = Pick<typeof tds, 'Connection' | 'Request'>
type Done = (error?: Error | null) => void

/** Longer cells are cut by the server; nobody reads more of an answer. */
const longestCell = 4_096
/** How often it is looked how much has come in, in real milliseconds: the server's own limit holds for no endless cell. */
const lookEvery = 50
/** What a server says beyond that is not kept. */
const mostSaid = 20
/** Beside the reason itself a refused login says this too. */
const loginFailed = 18456

/** Loads the driver, which takes a moment at the first question and is no part of its time. */
export async function loadDriver(): Promise<void> {
  await import('tedious')
}

/**
 * Asks, and answers the first cell of the first row. The session's transaction never comes to its commit: it is rolled
 * back, and a connection that ends before that is rolled back by the server.
 * @throws SqlFailure
 */
export async function askSql(target: SqlTarget, sql: string, limit: AbortSignal): Promise<SqlAnswer> {
  const tedious = await import('tedious')
  const said: Said[] = []
  let when: SqlFailure['while'] = 'connecting'
  const sockets: Socket[] = []
  const connection = connectionTo(tedious, target, async (at) => {
    const socket = await openSocket(at, limit)
    sockets.push(socket)
    return socket
  })
  connection.on('errorMessage', ({ number, message }) => {
    if (said.length < mostSaid) said.push({ number, message })
  })
  const stopped = Promise.withResolvers<never>()
  const weighing = setInterval(() => {
    if (sockets.some(({ bytesRead }) => bytesRead > mostBytes)) stopped.reject(new TooLong())
  }, lookEvery)
  const stop = (): void => stopped.reject(limit.reason)
  limit.addEventListener('abort', stop, { once: true })
  const asking = async (): Promise<SqlAnswer> => {
    limit.throwIfAborted()
    await finished((done) => connection.connect(done))
    when = 'asking'
    await finished((done) => connection.beginTransaction(done))
    const answer = await firstCell(tedious, connection, sql)
    await finished((done) => connection.rollbackTransaction(done))
    return answer
  }
  try {
    return await Promise.race([asking(), stopped.promise])
  } catch (thrown) {
    throw new SqlFailure(when, said.find(({ number }) => number !== loginFailed) ?? said[0], thrown)
  } finally {
    limit.removeEventListener('abort', stop)
    clearInterval(weighing)
    connection.close()
    for (const socket of sockets) socket.destroy()
  }
}

/**
 * TDS 8.0: TLS first, with the certificate always checked. The version in the login stays 7.4, since the driver leaves
 * the token out of one of 8.0. Read-only intent is not asked for: it may lead to a copy, and the database itself is
 * what is to be trusted.
 */
function connectionTo(
  { Connection: Driver }: Tedious,
  target: SqlTarget,
  open: (at: Pick<SqlHost, 'host' | 'port'>) => Promise<Socket>,
): Connection {
  let at: Pick<SqlHost, 'host' | 'port'> = target
  const config: ConnectionConfiguration = {
    server: target.host,
    authentication: authentication(target.login),
    options: {
      port: target.port,
      database: target.database,
      encrypt: 'strict',
      serverName: target.host,
      connector: () => open(at),
      connectTimeout: target.timeout,
      requestTimeout: target.timeout,
      cancelTimeout: target.timeout,
      // Whoever asks tries again, and knows for how long.
      maxRetriesOnTransientErrors: 0,
      abortTransactionOnError: true,
      textsize: longestCell,
      appName: 'dr-bot check query',
      useUTC: true,
    },
  }
  const connection = new Driver(config)
  // From within Azure the gateway leads to the machine that has the database: that one's certificate has its own name.
  connection.addListener('rerouting', () => {
    const to = connection.routingData
    if (to === undefined) return
    at = { host: to.server, port: to.port }
    connection.config.options.serverName = to.server
  })
  // What breaks a connection comes to whoever waits for an answer, too.
  connection.on('error', () => {})
  return connection
}

function authentication(login: SqlLogin): NonNullable<ConnectionConfiguration['authentication']> {
  return 'token' in login
    ? { type: 'azure-active-directory-access-token', options: { token: login.token } }
    : { type: 'default', options: { userName: login.user, password: login.password } }
}

/** The driver's own way to connect is deaf to an address that never answers. */
async function openSocket(
  { host, port }: Pick<SqlHost, 'host' | 'port'>,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = connectTcp({ host: isUnderLocalhost(host) ? '127.0.0.1' : host, port })
  try {
    await once(socket, 'connect', { signal })
  } catch (thrown) {
    socket.destroy()
    throw thrown
  }
  // From here on what breaks it is told by the encrypted connection over it.
  socket.on('error', () => {})
  return socket
}

async function finished(run: (done: Done) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  run((error) => (error ? reject(error) : resolve()))
  return promise
}

const Row = z.array(z.object({ value: z.unknown() }))

async function firstCell({ Request: Ask }: Tedious, connection: Connection, sql: string): Promise<SqlAnswer> {
  let answer: SqlAnswer = { rows: 0, cell: null }
  let enough = false
  await finished((done) => {
    const request: Request = new Ask(sql, (error) => done(enough ? undefined : error))
    request.on('row', (columns: unknown) => {
      if (answer.rows === 0) answer = { rows: 1, cell: cellOf(Row.parse(columns)[0]?.value) }
      else if (!enough) {
        enough = true
        request.cancel()
      }
    })
    connection.execSqlBatch(request)
  })
  return answer
}

/** As it is compared and shown: numbers as numbers, bits as 1 and 0, moments as ISO 8601, bytes as hexadecimal digits. */
function cellOf(value: unknown): SqlAnswer['cell'] {
  if (value === null || value === undefined) return null
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value instanceof Date) return value.toISOString()
  if (Buffer.isBuffer(value)) return `0x${value.toString('hex')}`
  return typeof value === 'string' ? value : JSON.stringify(value)
}

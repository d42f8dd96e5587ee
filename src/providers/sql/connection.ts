// One question to an Azure SQL database over TDS: encrypted from the first byte, in a transaction that is always rolled back.
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import type * as tds from 'tedious'
import type { Connection, ConnectionConfiguration, Request } from 'tedious'
import { z } from 'zod'
import { TooLong, mostBytes } from '../../bounded.ts'
import { isUnderLocalhost } from '../../loopback.ts'
import type { SqlAnswer } from '../../readers.ts'
import { LedAway } from '../azure/answers.ts'
import type { SqlHost } from '../azure/azure.ts'

/** As whom the database is asked. */
export type SqlLogin = { readonly token: string } | { readonly user: string; readonly password: string }

export interface SqlTarget extends Pick<SqlHost, 'host' | 'port' | 'domain'> {
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

/** The query has ended the transaction in which it was asked: what it has done is not rolled back by the bot. */
export class LeftTransaction extends Error {
  override readonly name = 'LeftTransaction'
}

/** The driver makes a number of a decimal, and this one has more digits than a number holds. */
export class TooLongDecimal extends Error {
  override readonly name = 'TooLongDecimal'
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
/** How many transactions there are within each other, whether the outermost can be ended, and its number. */
const transactionState = "SELECT CONCAT(@@TRANCOUNT, ' ', XACT_STATE(), ' ', CURRENT_TRANSACTION_ID())"
/** The server ends an answer by itself after its first row: to stop it in the middle would end the transaction, too. */
const oneRow = 'SET ROWCOUNT 1'

/** Loads the driver, which takes a moment at the first question and is no part of its time. */
export async function loadDriver(): Promise<void> {
  await import('tedious')
}

/**
 * Asks, and answers the first cell of the first row. The session's transaction never comes to its commit: it is rolled
 * back, and a connection that ends before that is rolled back by the server.
 * A gateway leads it no further than to a machine of the same cloud: the login goes with it.
 * @throws SqlFailure
 */
export async function askSql(target: SqlTarget, sql: string, limit: AbortSignal): Promise<SqlAnswer> {
  const tedious = await import('tedious')
  const said: Said[] = []
  let when: SqlFailure['while'] = 'connecting'
  const sockets: Socket[] = []
  const stopped = Promise.withResolvers<never>()
  const connection = connectionTo(tedious, target, async (at) => {
    if (at.host !== target.host && !at.host.endsWith(`.${target.domain}`)) {
      const away = new LedAway(target.host, `${at.host}:${at.port}`, 'AZURE_SQL_ENDPOINT')
      stopped.reject(away)
      throw away
    }
    const socket = await openSocket(at, limit)
    sockets.push(socket)
    return socket
  })
  connection.on('errorMessage', ({ number, message }) => {
    if (said.length < mostSaid) said.push({ number, message })
  })
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
    const { cell: own } = await firstCell(tedious, connection, `${oneRow}\n${transactionState}`)
    const answer = await firstCell(tedious, connection, sql)
    const { cell: now } = await firstCell(tedious, connection, transactionState)
    // Whatever is open is rolled back by the end of the connection.
    if (now !== own || !String(own).startsWith('1 1 ')) throw new LeftTransaction()
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

const Row = z.tuple(
  [
    z.object({
      value: z.unknown(),
      metadata: z.object({ type: z.object({ name: z.string() }), scale: z.number().optional() }),
    }),
  ],
  z.unknown(),
)

async function firstCell({ Request: Ask }: Tedious, connection: Connection, sql: string): Promise<SqlAnswer> {
  const rows: unknown[] = []
  await finished((done) => {
    const request: Request = new Ask(sql, done)
    request.on('row', (columns: unknown) => {
      if (rows.length === 0) rows.push(columns)
    })
    connection.execSqlBatch(request)
  })
  if (rows.length === 0) return { rows: 0, cell: null }
  const [{ value, metadata }] = Row.parse(rows[0])
  if (typeof value === 'number' && isRounded(value, metadata)) throw new TooLongDecimal()
  return { rows: 1, cell: cellOf(value) }
}

/** The driver divides a decimal's digits, as a number: of more of them than it can count the last ones are lost. */
function isRounded(value: number, { type, scale = 4 }: z.infer<typeof Row>[0]['metadata']): boolean {
  if (!/^(?:Decimal|Numeric|Money)/.test(type.name)) return false
  return Math.abs(value) * 10 ** scale >= Number.MAX_SAFE_INTEGER
}

/**
 * As it is compared and shown: numbers as numbers, longer ones as digits, bits as 1 and 0, moments as ISO 8601, bytes
 * as hexadecimal digits.
 */
function cellOf(value: unknown): SqlAnswer['cell'] {
  if (value === null || value === undefined) return null
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value instanceof Date) return value.toISOString()
  if (Buffer.isBuffer(value)) return `0x${value.toString('hex')}`
  return typeof value === 'string' ? value : JSON.stringify(value)
}

// One connection to a simulated SQL server: prelogin, login, and a few questions, in the protocol's order and no other.
import type { Access } from './access.ts'
import { ArmError } from './envelope.ts'
import { findDatabase, sameName } from './sql-state.ts'
import type { Database, SqlState } from './sql-state.ts'
import { TdsError, answerOf, changed, done, errorToken, loginAck, loginIn, packets } from './tds-wire.ts'
import { preloginAnswer, preloginIn, requestIn, rowsOf } from './tds-wire.ts'
import type { Cell, Login, Message, SqlError } from './tds-wire.ts'

/** What came in on whichever connection, as tests look at it. Never a token or password. */
export interface TdsRequest {
  readonly what: 'login' | 'refused' | 'begin' | 'query' | 'commit' | 'rollback' | 'attention'
  readonly server: string
  readonly database: string
  /** Of a login: as whom, and of one that was refused: to which database; of a query: its text. */
  readonly text: string
}

/** What the server does with an answer instead of sending it. */
export interface TdsFault {
  /**
   * `endless`: one cell that never ends. `commits`: the query commits the transaction that it is in; `restarts`: and
   * begins another one.
   */
  readonly kind: 'hang' | 'slow' | 'drop' | 'error' | 'endless' | 'commits' | 'restarts'
  /** Absent: whatever comes. */
  readonly on?: 'login' | 'query'
  /** For `error`. */
  readonly error?: SqlError
  /** For `slow`: milliseconds. */
  readonly ms?: number
  /** The next so many; absent: until it is mended. */
  readonly times?: number
}

/** All that a connection has to do with. */
export interface TdsWorld {
  readonly state: SqlState
  readonly access: Access
  readonly login: { readonly user: string; readonly password: string }
  /** Who is a user of the databases: the application by its token, and the SQL user. */
  readonly users: Set<'entra' | 'sql'>
  /** Whether they have db_datareader. */
  readonly mayRead: () => boolean
  /** What a query is answered in a database, a cell for each row; undefined: it names what is not there. */
  readonly answer: (query: string, database: Database) => readonly Cell[] | undefined
  /** Where the gateway leads to; undefined: nowhere. */
  readonly worker: (server: string) => { readonly host: string; readonly port: number } | undefined
  readonly fault: (on: 'login' | 'query') => TdsFault | undefined
  readonly requests: TdsRequest[]
}

/** An answer, with the fault that befalls it; undefined: the client's message wants none. */
export interface TdsReply {
  readonly bytes: Buffer
  readonly fault?: TdsFault | undefined
}

const audience = 'https://database.windows.net'
const setting = /^(?:set [\w ]+\n?)+$/
const oneRow = /^SET ROWCOUNT 1\n/
/** What a session says of its transaction, in these words of the client's. */
const stateAsked = "SELECT CONCAT(@@TRANCOUNT, ' ', XACT_STATE(), ' ', CURRENT_TRANSACTION_ID())"
const moment = /^DECLARE @moment datetime2\(3\) = '[\d:.T-]+';\n/

/** `name`: by which the client has come (SNI); its first part is the server. `isGateway`: it may lead elsewhere. */
export function createSession(
  world: TdsWorld,
  { name, isGateway }: { readonly name: string; readonly isGateway: boolean },
): (message: Message) => TdsReply {
  const server = name.split('.')[0] ?? ''
  let stage: 'prelogin' | 'login' | 'open' = 'prelogin'
  let database: Database | undefined
  /** The newest; whether it is open is another matter. */
  let transaction = 0n
  let open = false
  let mostRows = Infinity

  function note(what: TdsRequest['what'], text = ''): void {
    world.requests.push({ what, server, database: database?.name ?? '', text })
  }

  function signIn(body: Buffer): TdsReply {
    const login = loginIn(body)
    if (login.server !== name) throw new TdsError(`a LOGIN7 for ${login.server} that came to ${name}`)
    const fault = world.fault('login')
    if (fault?.error) return { bytes: failed(server, fault.error) }
    const found = admit(world, server, login)
    if (Array.isArray(found)) {
      note('refused', login.database)
      return { bytes: failed(server, ...found), fault }
    }
    const ack = loginAck(login.token !== undefined)
    const to = isGateway ? world.worker(server) : undefined
    if (to) return { bytes: answerOf(ack, changed.routing(to.host, to.port), done()), fault }
    database = found as Database
    stage = 'open'
    note(
      'login',
      `${login.token === undefined ? login.user : 'token'}${login.readOnlyIntent ? ', read-only' : ''}`,
    )
    return { bytes: answerOf(ack, done()), fault }
  }

  function manage(rest: Buffer): TdsReply {
    switch (rest.readUInt16LE(0)) {
      case 5:
        note('begin')
        return { bytes: answerOf(begin(), done()) }
      case 7:
        note('commit')
        return { bytes: open ? answerOf(end('committed'), done()) : noneToEnd('COMMIT') }
      case 8:
        note('rollback')
        return { bytes: open ? answerOf(end('rolled back'), done()) : noneToEnd('ROLLBACK') }
      default:
        throw new TdsError('a transaction request of an unknown kind')
    }
  }

  function begin(): Buffer {
    transaction += 1n
    open = true
    return changed.begun(transaction)
  }

  function end(how: 'committed' | 'rolled back'): Buffer {
    open = false
    return changed.ended(how, transaction)
  }

  function noneToEnd(what: string): Buffer {
    const message = `The ${what} TRANSACTION request has no corresponding BEGIN TRANSACTION.`
    return failed(server, { number: 3_903, message })
  }

  /** Outside of a transaction each statement has one of its own. */
  function stateOf(): Buffer {
    const cell = open ? `1 1 ${transaction}` : `0 0 ${transaction + 1_000n}`
    return answerOf(rowsOf([cell]), done({ count: 1 }))
  }

  /** What the client is told of a transaction that the query has ended. */
  function leaving(fault: TdsFault | undefined): readonly Buffer[] {
    if (fault?.kind === 'commits') return [end('committed')]
    return fault?.kind === 'restarts' ? [end('committed'), begin()] : []
  }

  function ask(asked: string, within: bigint): TdsReply {
    if (setting.test(`${asked}\n`)) return { bytes: answerOf(done()) }
    if (oneRow.test(asked)) mostRows = 1
    const text = asked.replace(oneRow, '')
    if (text === stateAsked) return { bytes: stateOf() }
    note('query', text)
    const fault = world.fault('query')
    if (fault?.error) return { bytes: failed(server, fault.error) }
    if (within !== transaction || !open || !database)
      return {
        bytes: failed(server, { number: 50_000, message: 'The simulator wants it in a transaction.' }),
      }
    const found = answerTo(world, database, text.replace(moment, ''))
    if ('number' in found) return { bytes: failed(server, found), fault }
    const cells = found.cells.slice(0, mostRows)
    return { bytes: answerOf(rowsOf(cells), ...leaving(fault), done({ count: cells.length })), fault }
  }

  return ({ type, body }) => {
    if (type === packets.attention) {
      note('attention')
      // With XACT_ABORT, which the driver sets, it ends the transaction, too.
      return { bytes: answerOf(...(open ? [end('rolled back')] : []), done({ attention: true })) }
    }
    if (type === packets.prelogin && stage === 'prelogin') {
      if (!preloginIn(body).has(0x06)) throw new TdsError('a PRELOGIN without FEDAUTHREQUIRED')
      stage = 'login'
      return { bytes: answerOf(preloginAnswer()) }
    }
    if (type === packets.login && stage === 'login') return signIn(body)
    if (stage !== 'open') throw new TdsError(`a message of type ${type} at ${stage}`)
    const { transaction: within, rest } = requestIn(body)
    if (type === packets.transaction) return manage(rest)
    if (type === packets.batch) return ask(rest.toString('utf16le'), within)
    throw new TdsError(`a message of type ${type}, which the simulator does not know`)
  }
}

function failed(server: string, ...errors: readonly SqlError[]): Buffer {
  return answerOf(...errors.map((error) => errorToken(error, server)), done({ error: true }))
}

/** The database, or why there is no way in, as Azure SQL says it. */
function admit(world: TdsWorld, server: string, login: Login): Database | readonly SqlError[] {
  const { state, users } = world
  if (!state.servers.some((one) => sameName(one.name, server)))
    return [
      { number: 40_532, message: `Cannot open server "${server}" requested by the login. The login failed.` },
    ]
  const known = isKnown(world, login)
  const refused = {
    number: 18_456,
    level: 14,
    message: `Login failed for user '${login.token === undefined ? login.user : '<token-identified principal>'}'.`,
  }
  if (!known) return [refused]
  const database = findDatabase(state, server, login.database)
  if (!database)
    return [
      {
        number: 4_060,
        level: 11,
        message: `Cannot open database "${login.database}" requested by the login. The login failed.`,
      },
      refused,
    ]
  if (database.work)
    return [
      {
        number: 40_613,
        level: 17,
        message: `Database '${database.name}' on server '${server}' is not currently available. Please retry the connection later. If the problem persists, contact customer support, and provide them the session tracing ID of '{00000000-0000-0000-0000-0000000000ab}'.`,
      },
    ]
  return users.has(login.token === undefined ? 'sql' : 'entra') ? database : [refused]
}

function isKnown({ access, login: own }: TdsWorld, { token, user, password }: Login): boolean {
  if (token === undefined) return user === own.user && password === own.password
  try {
    access.authenticate(`Bearer ${token}`, audience)
    return true
  } catch (thrown) {
    if (thrown instanceof ArmError) return false
    throw thrown
  }
}

/** Cells, or the error of a query that this server does not have an answer for. */
function answerTo(
  world: TdsWorld,
  database: Database,
  query: string,
): { readonly cells: readonly Cell[] } | SqlError {
  const [, table] = /\bFROM\s+(?:dbo\.)?\[?(\w+)/i.exec(query) ?? []
  const cells = world.answer(query.replaceAll(/\s+/g, ' '), database)
  if (table !== undefined && !world.mayRead())
    return {
      number: 229,
      level: 14,
      message: `The SELECT permission was denied on the object '${table}', database '${database.name}', schema 'dbo'.`,
    }
  if (cells) return { cells }
  if (table !== undefined) return { number: 208, message: `Invalid object name '${table}'.` }
  const word = /\w+/.exec(query)?.[0] ?? ''
  return { number: 102, level: 15, message: `Incorrect syntax near '${word}'.` }
}

// Everything that can go wrong with a check query, and what a person reads then: one text, kept as a golden file.
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import type { TdsFault } from '../../sim/azure/tds-session.ts'
import { RetryableError, reasonOf } from '../../src/errors.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import type { AzureAccess } from '../../src/providers/azure/azure.ts'
import { SqlFailure } from '../../src/providers/sql/connection.ts'
import { explainSql } from '../../src/providers/sql/query-errors.ts'
import { createSqlQuery } from '../../src/providers/sql/query.ts'
import { judge } from '../../src/recovery/kinds/sql-query.ts'
import type { SqlQueryAction } from '../../src/recovery/sql-action.ts'
import { expectNoSecret } from '../contracts/provider.ts'
import { accessTo, startTestAzure } from '../servers/azure.ts'
import { alone } from '../servers/databases.ts'

const query = 'SELECT COUNT(*) FROM orders'
const action: SqlQueryAction = {
  provider: 'sql-query',
  place: { resourceGroup: 'dr-rg', server: 'sql-west' },
  database: 'orders',
  query,
  expect: { op: '>=', than: 1 },
  timeout: 5_000,
  auth: 'entra',
  otherwise: 'Nothing was swapped: orders is the old database still.',
}
const calm = new AbortController().signal
const trusted = getCACertificates('default')
let sim: AzureSim
let nowhere: Server

beforeEach(async () => {
  sim = await startTestAzure({ sql: { ...alone, answers: { [query]: [42] } } })
  nowhere = createServer()
  nowhere.listen(0, '127.0.0.1')
  await once(nowhere, 'listening')
})
afterEach(async () => {
  nowhere.close()
  await sim.stop()
})

interface Case {
  readonly change?: Partial<SqlQueryAction>
  readonly access?: () => Partial<AzureAccess>
  readonly world?: () => void
  readonly fault?: TdsFault
}

/** What Azure SQL says at the login, or of the query. */
function says(on: 'login' | 'query', number: number, message: string): Case {
  return { fault: { kind: 'error', on, error: { number, message } } }
}

const answer = (cells: readonly (string | number | null)[]) => () => sim.tds.answers(query, cells)

const cases: Readonly<Record<string, Case>> = {
  'an answer that is not wanted': { world: answer([0]) },
  'no row': { world: answer([]) },
  NULL: { world: answer([null]) },
  'a text where a number is wanted': { world: answer(['a lot of text '.repeat(20)]) },
  'no user for the identity': { world: () => sim.tds.knows('entra', false) },
  'a wrong password': { change: { auth: 'sql' }, access: () => ({ sqlPassword: 'wrong-not-to-be-shown' }) },
  'no user in the settings': { change: { auth: 'sql' }, access: () => ({ sqlUser: undefined }) },
  'no token': { access: () => ({ secret: 'wrong-not-to-be-shown' }) },
  'no right to read': { world: () => sim.tds.mayRead(false) },
  'no such table': { world: () => sim.tds.answers(query, undefined) },
  'no such column': says('query', 207, "Invalid column name 'created_on'."),
  'no such database': { change: { database: 'orders-r-9' } },
  'no such server': { change: { place: { resourceGroup: 'dr-rg', server: 'sql-east' } } },
  'the firewall': says(
    'login',
    40_615,
    "Cannot open server 'sql-west' requested by the login. Client with IP address '203.0.113.9' is not allowed to access the server. To enable access, use the Azure Management Portal or run sp_set_firewall_rule on the master database to create a firewall rule for this IP address or address range. It may take up to five minutes for this change to take effect.",
  ),
  'the virtual network': says(
    'login',
    40_914,
    "Cannot open server 'sql-west' requested by the login. Client is not allowed to access the server.",
  ),
  'no public network': says(
    'login',
    47_073,
    'An instance-specific error occurred while establishing a connection to SQL Server. Connection was denied since Deny Public Network Access is set to Yes.',
  ),
  'not available yet': says(
    'login',
    40_613,
    "Database 'orders' on server 'sql-west' is not currently available. Please retry the connection later.",
  ),
  'too busy': says('query', 40_501, 'The service is currently busy. Retry the request after 10 seconds.'),
  'moved in the middle': says(
    'query',
    40_197,
    'The service has encountered an error processing your request. Please try again. Error code 40613.',
  ),
  'a deadlock': says(
    'query',
    1_205,
    'Transaction was deadlocked on lock resources with another process and has been chosen as the deadlock victim.',
  ),
  'a mistake in the query': says('query', 102, "Incorrect syntax near 'FORM'."),
  'no answer to the login': { change: { timeout: 300 }, fault: { kind: 'hang', on: 'login' } },
  'no answer to the query': { change: { timeout: 600 }, fault: { kind: 'hang', on: 'query' } },
  'an answer without an end': { fault: { kind: 'endless', on: 'query' } },
  'broken off in the middle': { fault: { kind: 'drop', on: 'query' } },
  'the region is down': { world: () => sim.sql.down('sql-west', true) },
  'a refused connection': {
    world: () => nowhere.close(),
    access: () => ({ sqlEndpoint: `{server}.sql.localhost:${(nowhere.address() as AddressInfo).port}` }),
  },
  'a certificate that nobody trusts': {
    change: { auth: 'sql' },
    world: () => setDefaultCACertificates(trusted),
  },
  'a certificate for another name': {
    access: () => ({ sqlEndpoint: sim.tds.endpoint.replace('sql.localhost', 'other.localhost') }),
  },
}

/** What a step shows in the end, or what it is asked again for. */
async function said(name: string, { change, access, world, fault }: Case): Promise<string> {
  const settings = accessTo(sim, access?.())
  const { provider } = createSqlQuery(createAzure(settings), { clock: { now: Date.now } })
  world?.()
  sim.tds.fault(fault)
  const secrets = [sim.secret, sim.tds.login.password, 'wrong-not-to-be-shown']
  const asked = { ...action, ...change }
  const text = await provider.check(asked, { id: 'R-1-s3' }, Date.now(), calm).then(
    (progress) => {
      expectNoSecret(secrets, progress)
      return progress.state === 'failed'
        ? `${progress.reason}\n  ${progress.advice}`
        : JSON.stringify(progress)
    },
    (thrown: unknown) => {
      expect(thrown).toBeInstanceOf(RetryableError)
      expectNoSecret(secrets, thrown)
      const { after } = thrown as RetryableError
      return `${reasonOf(thrown)} [tried again${after === undefined ? '' : ` after ${after / 1_000} s`}]`
    },
  )
  return `# ${name}\n${text.replaceAll(/(?<=localhost:)\d+/g, 'PORT')}`
}

const found = new Map<string, string>()

test.each(Object.keys(cases))('%s says what it is and what to do', async (name) => {
  const text = await said(name, cases[name] ?? {})

  expect(text.length).toBeGreaterThan(name.length + 40)
  found.set(name, text)
})

test('what was said is as it was kept', async () => {
  expect([...found.keys()]).toEqual(Object.keys(cases))
  await expect(`${[...found.values()].join('\n\n')}\n`).toMatchFileSnapshot(
    '../golden/errors/check-query.txt',
  )
})

test.each([
  ['ENOTFOUND', /sql-west.example.com has no address in DNS\. Compare "server"/],
  ['EAI_AGAIN', /the resolver does not answer/],
  ['EHOSTUNREACH', /the connection to sql-west.example.com:1433 failed \(EHOSTUNREACH\)/],
])('a network that fails with %s is told by what it means', (code, means) => {
  const asked = { ...action, host: 'sql-west.example.com', port: 1433, stopped: false, late: false }
  const cause = Object.assign(new Error('socket'), { code })
  const failure = new SqlFailure('connecting', undefined, new Error('driver', { cause }))

  expect(explainSql(asked, failure)).toMatchObject({ message: expect.stringMatching(means) })
})

test.each([
  [40_615, (long: string) => `Client with IP address '${long}' is not allowed`],
  [229, (long: string) => `The SELECT permission was denied on the object '${long}', schema 'dbo'.`],
])('error %i with an endless name in it is told in a short text on one line', (number, message) => {
  const asked = { ...action, host: 'sql-west.example.com', port: 1433, stopped: false, late: false }
  const said = { number, message: message(`\u202E\n<b>${'A'.repeat(12_000)}`) }
  const { message: text } = explainSql(asked, new SqlFailure('asking', said, undefined))

  expect(text.length).toBeLessThan(1_000)
  expect(text).not.toMatch(/[\n\u202E]/)
})

test('an answer of thousands of digits is cut', () => {
  const { ok, text } = judge({ op: '>=', than: 1 }, { rows: 1, cell: '9'.repeat(3_999) })

  expect(ok).toBe(true)
  expect(text.length).toBeLessThan(120)
})

test('an answer of whatever kind is held against what is wanted', () => {
  const verdict = (expect: Parameters<typeof judge>[0], cell: string | number | null): boolean =>
    judge(expect, { rows: 1, cell }).ok

  expect(verdict({ op: '>=', than: 1 }, '12345678901234567890')).toBe(true)
  expect(verdict({ op: '=', than: 9_007_199_254_740_992 }, '9007199254740993')).toBe(false)
  expect(verdict({ op: '>', than: 9_007_199_254_740_992 }, '9007199254740993')).toBe(true)
  expect(verdict({ op: '>=', than: { exactly: '9007199254740993' } }, '9007199254740992')).toBe(false)
  expect(verdict({ op: '=', than: { exactly: '9007199254740993' } }, '9007199254740993.00')).toBe(true)
  expect(verdict({ op: '>', than: { exactly: '-0.10000000000000000002' } }, '-0.10000000000000000001')).toBe(
    true,
  )
  expect(verdict({ op: '=', than: 0.1 }, 0.1)).toBe(true)
  expect(verdict({ op: '<', than: 0 }, -1e-7)).toBe(true)
  expect(verdict({ op: '>', than: { exactly: '99999999999999999999' } }, 1e21)).toBe(true)
  expect(verdict({ op: '<', than: 10 }, 10)).toBe(false)
  expect(verdict({ op: '!=', than: 0 }, 1)).toBe(true)
  expect(verdict({ op: '!=', than: 0 }, 'ERROR: no such thing')).toBe(false)
  expect(verdict({ op: '=', than: 'ok' }, 'ok  ')).toBe(true)
  expect(verdict({ op: '!=', than: 'ok' }, 'ok')).toBe(false)
  expect(verdict({ op: '=', than: 1 }, 'one')).toBe(false)
  expect(verdict(undefined, null)).toBe(true)
})

// The check query over the wire: encrypted first, rolled back always, led on by the gateway, bounded in time and length.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import { RetryableError } from '../../src/errors.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import type { AzureAccess } from '../../src/providers/azure/azure.ts'
import { createSqlQuery } from '../../src/providers/sql/query.ts'
import type { SqlAnswer } from '../../src/readers.ts'
import type { SqlQuestion } from '../../src/recovery/sql-action.ts'
import { accessTo, startTestAzure } from '../servers/azure.ts'
import { alone } from '../servers/databases.ts'

const count = 'SELECT COUNT(*) FROM orders'
const noon = Date.UTC(2026, 10, 23, 12)
const calm = new AbortController().signal
const question: SqlQuestion = {
  place: { resourceGroup: 'dr-rg', server: 'sql-west' },
  database: 'orders',
  query: count,
  timeout: 10_000,
  auth: 'entra',
}
let sim: AzureSim

beforeEach(async () => {
  sim = await startTestAzure({ sql: { ...alone, answers: { [count]: [42] } } })
})
afterEach(() => sim.stop())

function ask(
  change: Partial<SqlQuestion> = {},
  access: Partial<AzureAccess> = {},
  signal = calm,
): Promise<SqlAnswer> {
  const azure = createAzure(accessTo(sim, access))
  const { reader } = createSqlQuery(azure, { clock: { now: () => noon } })
  return reader.ask({ ...question, ...change }, signal)
}

const seen = (): readonly string[] => sim.tds.requests.map(({ what, text }) => `${what} ${text}`.trim())

describe('a question', () => {
  test.each([
    ['entra', 'token'],
    ['sql', 'dr-check'],
  ] as const)('as %s is asked in a transaction that is rolled back', async (auth, who) => {
    expect(await ask({ auth })).toEqual({ rows: 1, cell: 42 })

    expect(seen()).toEqual([`login ${who}`, 'begin', `query ${count}`, 'rollback'])
  })

  test('follows the gateway to the machine that has the database, and holds its certificate against its name', async () => {
    sim.tds.redirects(true)

    expect(await ask()).toEqual({ rows: 1, cell: 42 })
  })

  test('is told the moment that the data is of, when it asks for it', async () => {
    const query = 'SELECT COUNT(*) FROM orders WHERE created_at > DATEADD(hour, -1, @moment)'
    sim.tds.answers(query, [7])

    expect(await ask({ query, moment: noon - 60_000 })).toEqual({ rows: 1, cell: 7 })
    expect(await ask({ query })).toEqual({ rows: 1, cell: 7 })

    const moments = sim.tds.requests.flatMap(
      ({ text }) => /@moment datetime2\(3\) = '(\S+)'/.exec(text)?.[1] ?? [],
    )
    expect(moments).toEqual(['2026-11-23T11:59:00.000', '2026-11-23T12:00:00.000'])
  })

  test.each([
    ['no row', [], { rows: 0, cell: null }],
    ['NULL', [null], { rows: 1, cell: null }],
    ['a text', ['fine'], { rows: 1, cell: 'fine' }],
  ] as const)('is answered %s', async (_what, cells, answer) => {
    sim.tds.answers(count, cells)

    expect(await ask()).toEqual(answer)
  })

  test('takes the first row only, however many there are', async () => {
    sim.tds.answers(
      count,
      Array.from({ length: 5_000 }, (_one, index) => index + 1),
    )

    expect(await ask()).toEqual({ rows: 1, cell: 1 })

    expect(seen()).toEqual(['login token', 'begin', `query ${count}`, 'rollback'])
  })

  test.each([
    ['a bigint', 9_007_199_254_740_993n, '9007199254740993'],
    ['a decimal', { decimal: '12.50' }, 12.5],
    ['a negative decimal', { decimal: '-0.001' }, -0.001],
  ] as const)('is answered %s exactly', async (_what, cell, answer) => {
    sim.tds.answers(count, [cell])

    expect(await ask()).toEqual({ rows: 1, cell: answer })
  })

  test('is not answered by a decimal that is longer than what can be read exactly', async () => {
    sim.tds.answers(count, [{ decimal: '90071992547409.93' }])

    await expect(ask()).rejects.toThrow(
      'orders at sql-west could not be asked: it answered with a decimal that is too long to be read exactly. Ask for it as a text, which is compared digit by digit: CAST(... AS varchar(50)). Correct "check.query" in the DR plan; a run that was proposed before keeps the query that it had.',
    )
  })

  test.each(['commits', 'restarts'] as const)(
    'whose query %s is no answer: what it has done may stand',
    async (kind) => {
      sim.tds.fault({ kind, on: 'query' })

      await expect(ask()).rejects.toThrow(
        'orders at sql-west could not be asked: the query has left the transaction in which the bot asks, so that what it changed, if anything, was not rolled back. Look at what it calls. Correct "check.query" in the DR plan; a run that was proposed before keeps the query that it had.',
      )
      expect(seen()).not.toContain('rollback')
    },
  )
})

describe('a question that is not answered', () => {
  test.each(['login', 'query'] as const)('is given up when its time is over: %s', async (on) => {
    sim.tds.fault({ kind: 'hang', on })

    await expect(ask({ timeout: 300 })).rejects.toThrow(/within 0.3s/)
  })

  test('has one time for all of it: a slow login and a slow answer count together', async () => {
    sim.tds.fault({ kind: 'slow', ms: 250 })

    await expect(ask({ auth: 'sql', timeout: 400 })).rejects.toThrow(/within 0.4s/)
  })

  test('is stopped at once when whoever asks does not want it any more', async () => {
    const stop = new AbortController()
    sim.tds.fault({ kind: 'hang', on: 'query' })
    const asked = ask({}, {}, stop.signal).catch((thrown: unknown) => thrown)
    await vi.waitFor(() => expect(seen()).toContain(`query ${count}`))

    stop.abort()

    expect(await asked).toBeInstanceOf(RetryableError)
  })

  test('whose connection breaks in the middle can be asked again', async () => {
    sim.tds.fault({ kind: 'drop', on: 'query', times: 1 })

    await expect(ask()).rejects.toThrow(RetryableError)

    expect(await ask()).toEqual({ rows: 1, cell: 42 })
  })
})

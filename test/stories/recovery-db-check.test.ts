// The check query in every recovery of a database: asked before the swap or after the failover, shown, judged, taken on.
import { afterEach, describe, expect, test } from 'vitest'
import { minute, second } from '../../src/ids.ts'
import { reasonOf } from '../../src/errors.ts'
import { plain } from '../../src/message.ts'
import { callLimit } from '../../src/recovery/calls.ts'
import { runCard } from '../../src/recovery/card.ts'
import type { Run } from '../../src/recovery/run.ts'
import { ann, asking } from '../servers/engine.ts'
import { alone, restoring, startDatabases, twoRegions, withCheck } from '../servers/databases.ts'
import type { DatabaseBench } from '../servers/databases.ts'
import { oneRedis } from '../servers/one-redis.ts'

const query = 'SELECT COUNT(*) FROM orders'
const check = { query, expect: { op: '>=', than: 1 }, timeout: 5 * second, auth: 'entra' } as const
const region = asking({ system: 'db', recovery: 'region' })
const geo = asking({ system: 'db', recovery: 'geo' })
const back = asking({ system: 'db', direction: 'failback' })
const takenOn = { rule: 'check-query', reason: 'the table is new' }

const redis = oneRedis()
let bench: DatabaseBench

afterEach(() => bench.stop())

async function open(world = alone, change: Partial<typeof check> | { readonly auth: 'sql' } = {}) {
  bench = await startDatabases(redis(), { ...world, answers: { [query]: [42] } })
  withCheck(bench, { ...check, ...change })
}

function cardText(run: Run): string {
  const card = runCard(run, bench.now(), bench.plan())
  const sections = (card.sections ?? []).flatMap(({ heading, lines = [] }) => [
    '',
    ...(heading === undefined ? [] : [`# ${heading}`]),
    ...lines.map(plain),
  ])
  return [card.title, ...sections, ''].join('\n')
}

const asked = (): readonly string[] =>
  bench.azure.tds.requests
    .filter(({ what }) => what === 'query')
    .map(({ server, database }) => `${server}/${database}`)

describe('db restore', () => {
  test('asks the new database before the swap, and goes on when the answer is as wanted', async () => {
    await open()
    const proposed = (await bench.runs().propose(restoring(42 * minute))).run
    expect(bench.azure.tds.requests).toEqual([])
    await expect(cardText(proposed)).toMatchFileSnapshot('../golden/cards/db-check-proposed.txt')

    await bench.order(restoring(42 * minute))
    const done = await bench.finish('R-1')

    expect(done.state).toBe('done')
    expect(asked()).toEqual(['sql-west/orders-r-1'])
    expect(bench.azure.tds.requests.map(({ what }) => what)).toEqual(['login', 'begin', 'query', 'rollback'])
    await expect(cardText(done)).toMatchFileSnapshot('../golden/cards/db-check-done.txt')
    expect(await bench.told('R-1')).toContainEqual(
      expect.stringMatching(/step 3 of \d .*SELECT COUNT\(\*\) FROM orders; wanted: >= 1 \(it answered 42/),
    )
  })

  test('stops before the swap when it is not: the database in use keeps its name', async () => {
    await open()
    const old = bench.guid('sql-west', 'orders')
    bench.azure.tds.answers(query, ({ asOf }) => [asOf === undefined ? 42 : 0])

    await bench.order(restoring(42 * minute))
    const run = await bench.finish('R-1')

    expect(run).toMatchObject({ state: 'failed', current: 2 })
    expect(bench.guid('sql-west', 'orders')).toBe(old)
    expect(bench.names('sql-west')).toEqual(['orders', 'orders-r-1'])
    expect(bench.sent()).toEqual(['PUT sql-west/databases/orders-r-1'])
    await expect(cardText(run)).toMatchFileSnapshot('../golden/cards/db-check-failed.txt')
    expect(runCard(run, bench.now(), bench.plan()).buttons).toEqual([
      { label: 'Try again', command: 'retry R-1', style: 'primary' },
      {
        label: 'Go on all the same',
        command: 'retry R-1 --override check-query',
        style: 'danger',
        input: 'Why is the data right?',
        needed: true,
      },
    ])
  })

  test('goes on by retry when the database has come to answer as wanted', async () => {
    await open()
    bench.azure.tds.knows('entra', false)
    await bench.order(restoring(42 * minute))
    expect(await bench.finish('R-1')).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/CREATE USER \[NAME\] FROM EXTERNAL PROVIDER/),
    })
    bench.azure.tds.knows('entra', true)

    await bench.runs().verdict('R-1', { kind: 'retry', by: ann })

    expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
    expect(bench.names('sql-west')).toEqual(['orders', 'orders-before-r-1'])
  })

  test('goes on without a good answer only when somebody takes that on himself, by name and with a reason', async () => {
    await open()
    bench.azure.tds.answers(query, [0])
    await bench.order(restoring(42 * minute))
    await bench.finish('R-1')
    await bench.runs().verdict('R-1', { kind: 'retry', by: ann })
    expect(await bench.finish('R-1')).toMatchObject({ state: 'failed' })
    const wrong = { kind: 'retry', by: ann, override: { rule: 'restore-window', reason: 'why not' } } as const
    await expect(bench.runs().verdict('R-1', wrong)).rejects.toThrow(/nothing to take on yourself: retry R-1/)

    await bench.runs().verdict('R-1', { kind: 'retry', by: ann, override: takenOn })

    const done = await bench.finish('R-1')
    expect(done).toMatchObject({ state: 'done' })
    expect(done.steps[2]).toMatchObject({ overriddenWith: 'the table is new' })
    expect(await bench.told('R-1')).toContainEqual(
      expect.stringMatching(
        /goes on without a good answer in step 3 of \d, which ann takes on: the table is new/,
      ),
    )
  })

  test('no other step can be taken on like that', async () => {
    await open()
    bench.azure.sql.fails('restore', 'InternalServerError', 'It went wrong.')
    await bench.order(restoring(42 * minute))
    await bench.finish('R-1')

    await expect(bench.runs().verdict('R-1', { kind: 'retry', by: ann, override: takenOn })).rejects.toThrow(
      /R-1 does not wait for a check query/,
    )
  })

  test('asks of the moment that was ordered', async () => {
    await open()
    const recent = 'SELECT COUNT(*) FROM orders WHERE created_at > DATEADD(hour, -1, @moment)'
    withCheck(bench, { ...check, query: recent })
    bench.azure.tds.answers(recent, [3])

    await bench.order(restoring(42 * minute))
    await bench.finish('R-1')

    const moment = new Date((await bench.run('R-1')).askedAt - 42 * minute).toISOString().replace('Z', '')
    expect(bench.azure.tds.requests.map(({ text }) => text)).toContain(
      `DECLARE @moment datetime2(3) = '${moment}';\n${recent}`,
    )
  })

  test('waits while the database is not available yet, and says so', async () => {
    await open()
    const error = { number: 40_613, message: "Database 'orders-r-1' is not currently available." }
    bench.azure.tds.fault({ kind: 'error', on: 'login', error })
    await bench.order(restoring(42 * minute))
    await bench.pass(11 * minute)
    const waiting = await bench.run('R-1')
    expect(waiting).toMatchObject({ state: 'unknown', current: 2 })
    expect(bench.names('sql-west')).toEqual(['orders', 'orders-r-1'])

    bench.azure.tds.fault(undefined)

    await bench.pass(2 * minute)
    expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
  })

  test('goes as before, and says so, when the user that the plan names is not known to the bot', async () => {
    bench = await startDatabases(redis(), alone, { sqlUser: undefined, sqlPassword: undefined })
    withCheck(bench, { ...check, auth: 'sql' })

    const run = await bench.order(restoring(42 * minute))

    expect(run.proposal.warnings.join('\n')).toMatch(
      /left out: AZURE_SQL_USER and AZURE_SQL_PASSWORD are not set.*\n.*Only a query can tell/,
    )
    expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
    expect(asked()).toEqual([])
  })
})

describe('the other ways', () => {
  test('a geo-restore asks the new database before it gets the name', async () => {
    await open()
    bench.azure.tds.answers(query, ({ server }) => [server === 'sql-north' ? 0 : 42])

    await bench.order(geo)
    const run = await bench.finish('R-1')

    expect(run).toMatchObject({
      state: 'failed',
      advice: expect.stringMatching(/does not get the name orders/),
    })
    expect(bench.names('sql-north')).toEqual(['orders-r-1'])
  })

  test('a failover asks the new primary, and so does the way back the old one', async () => {
    await open(twoRegions)
    await bench.order(region)
    expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
    expect(asked()).toEqual(['sql-north/orders'])

    await bench.order(back)

    expect(await bench.finish('R-2')).toMatchObject({ state: 'done' })
    expect(asked()).toEqual(['sql-north/orders', 'sql-west/orders'])
  })

  test('a failover whose database does not answer as wanted has failed, and can be gone back', async () => {
    await open(twoRegions)
    bench.azure.tds.answers(query, [0])
    await bench.order(region)

    const run = await bench.finish('R-1')

    expect(run).toMatchObject({
      state: 'failed',
      advice: expect.stringMatching(/sql-north is the primary all the same/),
    })
    expect(bench.azure.sql.group('orders-fg').primary).toBe('sql-north')
  })

  test('only a good answer after the change counts as verified, and not one that somebody took on', async () => {
    await open(twoRegions)
    await bench.order(region)
    await bench.finish('R-1')
    expect(await bench.told('R-1')).toContainEqual(expect.stringMatching(/is done and verified/))
    bench.azure.tds.answers(query, [0])
    await bench.order(back)
    await bench.finish('R-2')

    await bench.runs().verdict('R-2', { kind: 'retry', by: ann, override: takenOn })

    expect(await bench.finish('R-2')).toMatchObject({ state: 'done' })
    const told = (await bench.told('R-2')).join('\n')
    expect(told).toMatch(/R-2 \(failback db\) is carried out/)
    expect(told).not.toMatch(/verified/)
  })

  test('the question has the time that the plan gives it, and a little more to be told of its end', () => {
    const place = { resourceGroup: 'dr-rg', server: 'sql-west' }
    const action = { provider: 'sql-query', place, database: 'orders', ...check, timeout: minute } as const

    expect(callLimit(action)).toBeGreaterThan(minute)
    expect(callLimit({ ...action, timeout: second })).toBeGreaterThan(second)
  })
})

describe('the process dies', () => {
  const points = Array.from({ length: 9 }, (_one, index) => index + 6).flatMap((n) => [
    { n, when: 'before' as const },
    { n, when: 'after' as const },
  ])

  test.each(points)('around the question: $when commit $n, and it is asked again', async ({ n, when }) => {
    await open({ ...alone, times: { restore: 20 * second } })
    await bench.order(restoring(42 * minute))
    bench.dieAt(n, when)

    const died = await bench.finish('R-1').catch((thrown: unknown) => reasonOf(thrown))
    bench.crash()

    expect(died).toBe('the process died')
    expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
    expect(bench.sent()).toEqual([
      'PUT sql-west/databases/orders-r-1',
      'POST sql-west/databases/orders/move',
      'POST sql-west/databases/orders-r-1/move',
    ])
    expect(asked().length).toBeGreaterThan(0)
    expect(bench.azure.tds.requests.map(({ what }) => what)).not.toContain('commit')
  })
})

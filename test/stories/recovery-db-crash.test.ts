// A restore through a crash at every commit, and every lost answer: nothing is begun twice, the database is there in the end.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { minute, second } from '../../src/ids.ts'
import { reasonOf } from '../../src/errors.ts'
import { asking } from '../servers/engine.ts'
import { restoring, startDatabases, twoRegions } from '../servers/databases.ts'
import type { DatabaseBench } from '../servers/databases.ts'
import { startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'

const quick = { ...twoRegions, times: { restore: 40 * second, seed: 10 * second, failover: 5 * second } }
/** What a restore with its swap begins, each once: the group is changed twice, out and in. */
const restore = [
  'PUT sql-west/databases/orders-r-1',
  'PATCH sql-west/failoverGroups/orders-fg',
  'DELETE sql-west/databases/orders/replicationLinks/LINK',
  'POST sql-west/databases/orders/move',
  'POST sql-north/databases/orders/move',
  'POST sql-west/databases/orders-r-1/move',
  'PATCH sql-west/failoverGroups/orders-fg',
]
const failover = ['POST sql-north/failoverGroups/orders-fg/failover']
const ways = [
  { name: 'a restore', ask: () => restoring(42 * minute), sent: restore, commits: 32 },
  {
    name: 'a failover',
    ask: () => asking({ system: 'db', recovery: 'region' }),
    sent: failover,
    commits: 10,
  },
] as const

let redis: TestRedis
let bench: DatabaseBench

beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.stop())
afterEach(() => bench.stop())

describe.each(ways)('$name', ({ ask, sent, commits }) => {
  const points = Array.from({ length: commits }, (_, index) => index + 1).flatMap((n) => [
    { n, when: 'before' as const },
    { n, when: 'after' as const },
  ])

  test('has so many commits, and begins each thing once', async () => {
    bench = await startDatabases(redis, quick)
    bench.dieAt(1_000, 'before')

    await bench.order(ask())
    const run = await bench.finish('R-1')

    expect(run.state).toBe('done')
    expect(bench.sent()).toEqual(sent)
    expect(bench.commits()).toBe(commits)
  })

  test.each([...new Set(sent)])('asks once for %s, although the answer is lost', async (request) => {
    bench = await startDatabases(redis, quick)
    const path = request.slice(request.indexOf(' ') + 1).replace('/LINK', '')
    await bench.order(ask())
    bench.azure.fault({ kind: 'lose-answer', on: 'change', path, times: 1 })

    const run = await bench.finish('R-1')

    expect(run.state).toBe('done')
    expect(bench.sent()).toEqual(sent)
  })

  test.each(points)('survives a death $when commit $n', async ({ n, when }) => {
    bench = await startDatabases(redis, quick)
    bench.dieAt(n, when)

    const died = await through(ask).catch((thrown: unknown) => reasonOf(thrown))
    bench.crash()
    await through(ask)

    expect(died).toBe('the process died')
    const [run, ...more] = await bench.store.runs({ open: false, limit: 9 })
    expect(run?.state).toBe('done')
    expect(more).toEqual([])
    // A number that was given out before the crash is not given out again.
    expect(bench.sent().map((one) => one.replace(run?.id.toLowerCase() ?? '', 'r-1'))).toEqual(sent)
    expect(await bench.store.claims(['lock:azure-sql:sql-west/orders'])).toEqual([''])
  })
})

/** What a person types who sees nothing happen: the same again. */
async function through(ask: (typeof ways)[number]['ask']): Promise<void> {
  const [known] = await bench.store.runs({ open: false, limit: 9 })
  const run = known === undefined || known.state === 'proposed' ? await bench.order(ask()) : known
  await bench.finish(run.id)
}

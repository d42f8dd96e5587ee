// A restore, a failover, and the way back of each, through a crash at every commit and every lost answer: nothing is begun twice.
import { afterEach, describe, expect, test } from 'vitest'
import { minute, second } from '../../src/ids.ts'
import { reasonOf } from '../../src/errors.ts'
import type { SqlInput } from '../../sim/azure/sql-state.ts'
import type { Ask } from '../../src/recovery/input.ts'
import { asking } from '../servers/engine.ts'
import { pointsOf } from './cut-short.ts'
import { alone, restoring, startDatabases, twoRegions } from '../servers/databases.ts'
import type { DatabaseBench } from '../servers/databases.ts'
import { oneRedis } from '../servers/one-redis.ts'

const times = { restore: 40 * second, seed: 10 * second, failover: 5 * second }
const quick = { ...twoRegions, times }
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
/** The old database gets its name again; at both servers the restored one is set aside. */
const swapBack = [
  'PATCH sql-west/failoverGroups/orders-fg',
  'DELETE sql-west/databases/orders/replicationLinks/LINK',
  'POST sql-west/databases/orders/move',
  'POST sql-north/databases/orders/move',
  'POST sql-west/databases/orders-before-r-1/move',
  'PATCH sql-west/failoverGroups/orders-fg',
]
/** Nothing is left of the name in the other region: what was restored there takes it. */
const geo = ['PUT sql-north/databases/orders-r-1', 'POST sql-north/databases/orders-r-1/move']
const dropped = ['PUT sql-west/databases/orders-r-1', 'POST sql-west/databases/orders-r-1/move']
const region = (): Ask => asking({ system: 'db', recovery: 'region' })
/** Nobody knows what the silent primary has not sent yet: a person takes that on. */
const forced = (): Ask => ({
  ...region(),
  overrides: [
    { rule: 'planned-possible', reason: 'the region burns' },
    { rule: 'loss-within-objective', reason: 'nobody can say how much' },
  ],
})
const back = (): Ask => asking({ system: 'db', direction: 'failback' })

interface Way {
  readonly name: string
  /** The databases that there are. Default: in both regions, in step. */
  readonly sql?: SqlInput
  /** What has happened to them. */
  readonly outage?: () => Promise<void>
  /** What was carried out before. */
  readonly first?: () => Ask
  readonly ask: () => Ask
  readonly sent: readonly string[]
  readonly commits: number
  /** What is locked meanwhile. Default: the database in the first region. */
  readonly lock?: string
}

const ways: readonly Way[] = [
  { name: 'a restore', ask: () => restoring(42 * minute), sent: restore, commits: 32 },
  { name: 'a failover', ask: region, sent: failover, commits: 10 },
  {
    name: 'a forced failover',
    outage: async () => bench.azure.sql.down('sql-west', true),
    ask: forced,
    sent: ['POST sql-north/failoverGroups/orders-fg/forceFailoverAllowDataLoss'],
    commits: 10,
  },
  {
    name: 'a geo-restore',
    sql: { ...alone, times },
    outage: async () => bench.azure.sql.down('sql-west', true),
    ask: () => asking({ system: 'db', recovery: 'geo' }),
    sent: geo,
    commits: 17,
    lock: 'sql-north/orders',
  },
  {
    name: 'a restore of a dropped database',
    sql: { ...alone, times },
    outage: async () => {
      bench.azure.sql.drop('sql-west', 'orders')
      await bench.pass(minute)
    },
    ask: () => asking({ system: 'db', recovery: 'restore' }),
    sent: dropped,
    commits: 17,
  },
  {
    name: 'the way back of a restore',
    first: () => restoring(42 * minute),
    ask: back,
    sent: swapBack,
    commits: 24,
  },
  {
    name: 'the way back of a failover',
    first: region,
    ask: back,
    sent: ['POST sql-west/failoverGroups/orders-fg/failover'],
    commits: 11,
  },
]

const redis = oneRedis()
let bench: DatabaseBench
let before = 0

afterEach(() => bench.stop())

/** The world in which the way begins. */
async function begin({ first, sql = quick, outage }: Way): Promise<void> {
  bench = await startDatabases(redis(), sql)
  await outage?.()
  before = 0
  if (!first) return
  await bench.order(first())
  expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
  // The new copy is seeded meanwhile.
  await bench.pass(11 * second)
  before = bench.sent().length
}

function sentSince(): readonly string[] {
  return bench.sent().slice(before)
}

describe.each(ways)('$name', (way) => {
  const { first, ask, sent, commits, lock = 'sql-west/orders' } = way
  const own = first ? 'R-2' : 'R-1'
  test('has so many commits, and begins each thing once', async () => {
    await begin(way)
    bench.dieAt(1_000, 'before')

    await bench.order(ask())
    const run = await bench.finish(own)

    expect(run.state).toBe('done')
    expect(sentSince()).toEqual(sent)
    expect(bench.commits()).toBe(commits)
  })

  test.each([...new Set(sent)])('asks once for %s, although the answer is lost', async (request) => {
    await begin(way)
    const path = request.slice(request.indexOf(' ') + 1).replace('/LINK', '')
    await bench.order(ask())
    bench.azure.fault({ kind: 'lose-answer', on: 'change', path, times: 1 })

    const run = await bench.finish(own)

    expect(run.state).toBe('done')
    expect(sentSince()).toEqual(sent)
  })

  test.each(pointsOf(commits))('survives a death $when commit $n', async ({ n, when }) => {
    await begin(way)
    bench.dieAt(n, when)

    const died = await through(ask).catch((thrown: unknown) => reasonOf(thrown))
    bench.crash()
    await through(ask)

    expect(died).toBe('the process died')
    const [run, ...more] = await bench.store.runs({ open: false, limit: 9 })
    expect(run?.state).toBe('done')
    expect(more).toMatchObject(first ? [{ id: 'R-1', undoneBy: run?.id }] : [])
    // A number that was given out before the crash is not given out again.
    const names = first ? '' : (run?.id.toLowerCase() ?? '')
    expect(sentSince().map((one) => (names === '' ? one : one.replace(names, 'r-1')))).toEqual(sent)
    expect(await bench.store.claims([`lock:azure-sql:${lock}`])).toEqual([''])
  })
})

/** What a person types who sees nothing happen: the same again. */
async function through(ask: Way['ask']): Promise<void> {
  const { direction } = ask()
  const [known] = (await bench.store.runs({ open: false, limit: 9 })).filter(
    (run) => run.direction === direction,
  )
  const run = known === undefined || known.state === 'proposed' ? await bench.order(ask()) : known
  await bench.finish(run.id)
}

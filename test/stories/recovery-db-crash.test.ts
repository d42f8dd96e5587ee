// A restore, a failover, and the way back of each, through a crash at every commit and every lost answer: nothing is begun twice.
import { afterEach, describe, expect, test } from 'vitest'
import { minute, second } from '../../src/ids.ts'
import { reasonOf } from '../../src/errors.ts'
import type { Ask } from '../../src/recovery/input.ts'
import { asking } from '../servers/engine.ts'
import { pointsOf } from './cut-short.ts'
import { restoring, startDatabases, twoRegions } from '../servers/databases.ts'
import type { DatabaseBench } from '../servers/databases.ts'
import { oneRedis } from '../servers/one-redis.ts'

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
/** The old database gets its name again; at both servers the restored one is set aside. */
const swapBack = [
  'PATCH sql-west/failoverGroups/orders-fg',
  'DELETE sql-west/databases/orders/replicationLinks/LINK',
  'POST sql-west/databases/orders/move',
  'POST sql-north/databases/orders/move',
  'POST sql-west/databases/orders-before-r-1/move',
  'PATCH sql-west/failoverGroups/orders-fg',
]
const region = (): Ask => asking({ system: 'db', recovery: 'region' })
const back = (): Ask => asking({ system: 'db', direction: 'failback' })

interface Way {
  readonly name: string
  /** What was carried out before. */
  readonly first?: () => Ask
  readonly ask: () => Ask
  readonly sent: readonly string[]
  readonly commits: number
}

const ways: readonly Way[] = [
  { name: 'a restore', ask: () => restoring(42 * minute), sent: restore, commits: 32 },
  { name: 'a failover', ask: region, sent: failover, commits: 10 },
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
async function begin(first: Way['first']): Promise<void> {
  bench = await startDatabases(redis(), quick)
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

describe.each(ways)('$name', ({ first, ask, sent, commits }) => {
  const own = first ? 'R-2' : 'R-1'
  test('has so many commits, and begins each thing once', async () => {
    await begin(first)
    bench.dieAt(1_000, 'before')

    await bench.order(ask())
    const run = await bench.finish(own)

    expect(run.state).toBe('done')
    expect(sentSince()).toEqual(sent)
    expect(bench.commits()).toBe(commits)
  })

  test.each([...new Set(sent)])('asks once for %s, although the answer is lost', async (request) => {
    await begin(first)
    const path = request.slice(request.indexOf(' ') + 1).replace('/LINK', '')
    await bench.order(ask())
    bench.azure.fault({ kind: 'lose-answer', on: 'change', path, times: 1 })

    const run = await bench.finish(own)

    expect(run.state).toBe('done')
    expect(sentSince()).toEqual(sent)
  })

  test.each(pointsOf(commits))('survives a death $when commit $n', async ({ n, when }) => {
    await begin(first)
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
    expect(await bench.store.claims(['lock:azure-sql:sql-west/orders'])).toEqual([''])
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

// A way back at Azure SQL that was cut short at any point: it is gone on with, and nothing that was done is done again.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { minute } from '../../src/ids.ts'
import type { RunId } from '../../src/ids.ts'
import type { Run } from '../../src/recovery/run.ts'
import { ann, asking } from '../servers/engine.ts'
import { restoring, startDatabases } from '../servers/databases.ts'
import type { DatabaseBench } from '../servers/databases.ts'
import { startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'

let redis: TestRedis
let bench: DatabaseBench

beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.stop())
beforeEach(async () => {
  bench = await startDatabases(redis)
})
afterEach(() => bench.stop())

const back = asking({ system: 'db', direction: 'failback' })

/** What the way back of a restore begins, and the path by which Azure can be made to refuse it. */
const swap = [
  { sends: 'PATCH sql-west/failoverGroups/orders-fg', path: 'failoverGroups/orders-fg' },
  { sends: 'DELETE sql-west/databases/orders/replicationLinks/LINK', path: 'replicationLinks' },
  { sends: 'POST sql-west/databases/orders/move', path: 'sql-west/databases/orders/move' },
  { sends: 'POST sql-north/databases/orders/move', path: 'sql-north/databases/orders/move' },
  {
    sends: 'POST sql-west/databases/orders-before-r-1/move',
    path: 'sql-west/databases/orders-before-r-1/move',
  },
  { sends: 'PATCH sql-west/failoverGroups/orders-fg', path: 'failoverGroups/orders-fg' },
] as const
const steps = swap.map((one, index) => ({ ...one, step: index + 1 }))
const sends = swap.map((one) => one.sends)

let old: string | undefined
let before = 0

/** The restore is carried out, and its copy seeded. */
async function restored(): Promise<void> {
  old = bench.guid('sql-west', 'orders')
  await bench.order(restoring(42 * minute))
  expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
  await bench.pass(2 * minute)
  before = bench.sent().length
}

/** Goes on until the run is at that step (1 is the first) and has not begun it; what is due besides waits. */
async function comesTo(id: RunId, step: number): Promise<Run> {
  for (let left = 400; left > 0; left -= 1) {
    const run = await bench.run(id)
    if (run.state !== 'running' || run.current + 1 >= step) return run
    await bench.runs().advance(id)
    bench.away(1_000)
  }
  throw new Error(`${id} does not come to step ${step}`)
}

async function isAsBefore(id: RunId): Promise<void> {
  expect(await bench.finish(id)).toMatchObject({ state: 'done', undoes: 'R-1' })
  expect(await bench.run('R-1')).toMatchObject({ undoneBy: id })
  expect(bench.guid('sql-west', 'orders')).toBe(old)
  expect(bench.names('sql-west')).toEqual(['orders', 'orders-r-1'])
  expect(bench.azure.sql.group('orders-fg')).toMatchObject({ primary: 'sql-west', databases: ['orders'] })
  expect(bench.names('sql-north')).toEqual(['orders', 'orders-before-r-1', 'orders-r-1'])
}

describe('the way back of a restore', () => {
  test.each(steps)(
    'refused at step $step is gone on with, by a new one and by retry',
    async ({ path, step }) => {
      await restored()
      await bench.order(back)
      await comesTo('R-2', step)
      bench.azure.fault({ kind: 'status', status: 400, code: 'BadRequest', on: 'change', path })
      expect(await bench.finish('R-2')).toMatchObject({ state: 'failed', current: step - 1 })
      bench.azure.fault(undefined)
      const refused = bench.sent().length

      const { run } = await bench.runs().propose(back)
      expect(run.steps.filter(({ undo }) => undo)).toHaveLength(swap.length + 1 - step)
      expect(
        run.proposal.warnings.filter((text) => text.startsWith('R-2, an earlier way back')),
      ).toHaveLength(1)
      await bench.runs().verdict('R-2', { kind: 'retry', by: ann })

      await isAsBefore('R-2')
      expect(bench.sent().slice(before, refused)).toEqual(sends.slice(0, step))
      expect(bench.sent().slice(refused)).toEqual(sends.slice(step - 1))
    },
  )

  test.each(steps)(
    'cancelled at step $step is gone on with, and nothing is asked twice',
    async ({ step }) => {
      await restored()
      await bench.order(back)
      await comesTo('R-2', step)
      await bench.runs().verdict('R-2', { kind: 'cancel', by: ann })
      const stopped = await bench.finish('R-2')

      const run = await bench.order(back)

      expect(stopped.state).toBe('cancelled')
      expect(run.proposal.risk).toBe(step > 5 ? 'reversible' : 'loses-data')
      await isAsBefore('R-3')
      expect(bench.sent().slice(before)).toEqual(sends)
    },
  )

  test.each(steps)('whose step $step nobody saw the end of is gone on with', async ({ step }) => {
    await restored()
    await bench.order(back)
    await comesTo('R-2', step)
    // The intent is written and the request is sent, but not what came of it; and then Azure is silent.
    bench.dieAt(2, 'before')
    await bench
      .runs()
      .advance('R-2')
      .catch(() => undefined)
    bench.crash()
    bench.azure.fault({ kind: 'refuse' })
    expect(await bench.finish('R-2')).toMatchObject({ state: 'unknown', current: step - 1 })
    await bench.runs().verdict('R-2', { kind: 'cancel', by: ann })
    bench.azure.fault(undefined)

    await bench.order(back)

    await isAsBefore('R-3')
    expect(bench.sent().slice(before)).toEqual(sends)
  })
})

// A restore that Azure refuses in the middle of its swap: it is gone on with, or taken back, from wherever it stands.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { minute } from '../../src/ids.ts'
import { ann, asking } from '../servers/engine.ts'
import { restoring, startDatabases } from '../servers/databases.ts'
import type { DatabaseBench } from '../servers/databases.ts'
import { oneRedis } from '../servers/one-redis.ts'

const redis = oneRedis()
let bench: DatabaseBench

beforeEach(async () => {
  bench = await startDatabases(redis())
})
afterEach(() => bench.stop())

/** Where the swap is refused, and at which step. */
const refusals = [
  { what: 'leaving the group', path: 'failoverGroups/orders-fg', step: 3 },
  { what: 'stopping the replication', path: 'replicationLinks', step: 4 },
  { what: 'the old database aside', path: 'sql-west/databases/orders/move', step: 5 },
  { what: 'its copy aside', path: 'sql-north/databases/orders/move', step: 6 },
  { what: 'the new database in place', path: 'sql-west/databases/orders-r-1/move', step: 7 },
] as const

async function refusedAt(path: string): Promise<void> {
  bench.azure.fault({ kind: 'status', status: 400, code: 'BadRequest', on: 'change', path })
  await bench.order(restoring(42 * minute))
  await bench.finish('R-1')
  bench.azure.fault(undefined)
}

describe.each(refusals)('refused at $what', ({ path, step }) => {
  test('fails at that step, and is gone on with to its end', async () => {
    const old = bench.guid('sql-west', 'orders')
    await refusedAt(path)
    expect(await bench.run('R-1')).toMatchObject({ state: 'failed', current: step - 1 })

    await bench.runs().verdict('R-1', { kind: 'retry', by: ann })

    expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
    expect(bench.guid('sql-west', 'orders-before-r-1')).toBe(old)
    expect(bench.azure.sql.group('orders-fg').databases).toEqual(['orders'])
    expect(bench.names('sql-west')).toEqual(['orders', 'orders-before-r-1'])
  })

  test('is taken back: the old database has its name, its group and a copy again', async () => {
    const old = bench.guid('sql-west', 'orders')
    await refusedAt(path)
    if (step === 3) {
      await expect(bench.order(asking({ system: 'db', direction: 'failback' }))).rejects.toThrow(
        /Nothing of db is to be undone/,
      )
      return
    }

    await bench.order(asking({ system: 'db', direction: 'failback' }))

    expect(await bench.finish('R-2')).toMatchObject({ state: 'done', undoes: 'R-1' })
    expect(bench.guid('sql-west', 'orders')).toBe(old)
    expect(bench.names('sql-west')).toEqual(['orders', 'orders-r-1'])
    expect(bench.azure.sql.group('orders-fg')).toMatchObject({ primary: 'sql-west', databases: ['orders'] })
    expect(bench.names('sql-north')).toContain('orders')
  })
})

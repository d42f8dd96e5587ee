// The database brought back, failed over and swapped back: through the engine, over the wire, in two regions.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { minute } from '../../src/ids.ts'
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

describe('db restore', () => {
  test('makes the database of that moment, lets it take the name, and keeps the old one; failback swaps them', async () => {
    const old = bench.guid('sql-west', 'orders')

    await bench.order(restoring(42 * minute))
    const done = await bench.finish('R-1')

    expect(done.steps.map(({ phase, title, note }) => `${phase}: ${title} (${note ?? ''})`))
      .toMatchInlineSnapshot(`
      [
        "done: Restore orders as orders-r-1, a new database beside it (orders-r-1 is Online at sql-west)",
        "done: Look whether orders-r-1 is online at sql-west (orders-r-1 is Online at sql-west)",
        "done: Take orders out of orders-fg (orders is out of orders-fg)",
        "done: Stop the replication of orders to sql-north (orders is not replicated to sql-north any more)",
        "done: Rename orders at sql-west to orders-before-r-1 (orders is orders-before-r-1 now)",
        "done: Rename orders at sql-north to orders-before-r-1 (orders is orders-before-r-1 now)",
        "done: Rename orders-r-1 to orders (orders-r-1 is orders now)",
        "done: Put orders back into orders-fg; its copy is seeded anew (orders is in orders-fg; its copy in the other region is being seeded, and cannot take over until that has ended)",
        "done: Look whether orders is online at sql-west (orders is Online at sql-west)",
      ]
    `)
    expect(done.state).toBe('done')
    expect(bench.names('sql-west')).toEqual(['orders', 'orders-before-r-1'])
    expect(bench.guid('sql-west', 'orders-before-r-1')).toBe(old)
    expect(bench.sent()).toMatchInlineSnapshot(`
      [
        "PUT sql-west/databases/orders-r-1",
        "PATCH sql-west/failoverGroups/orders-fg",
        "DELETE sql-west/databases/orders/replicationLinks/LINK",
        "POST sql-west/databases/orders/move",
        "POST sql-north/databases/orders/move",
        "POST sql-west/databases/orders-r-1/move",
        "PATCH sql-west/failoverGroups/orders-fg",
      ]
    `)
  })
})

// The data in the demo's database: whatever is emptied is empty, and what was restored to a moment before is not.
import { expect, test } from 'vitest'
import { createOrders } from '../../sim/orders.ts'
import type { SqlDatabaseShown } from '../../sim/azure/sql.ts'

test('a restore brings the rows back, and what it brought back can be emptied again', () => {
  let now = 1_000
  let live = database('first', undefined)
  const group = { primary: 'sql-west', databases: ['orders'], failingOver: false }
  const sql = { databases: () => [live], group: () => group }
  const counted: ((one: SqlDatabaseShown) => unknown)[] = []
  const tds = { answers: (_query: string, answer: unknown) => void counted.push(answer as () => unknown) }
  const orders = createOrders({ sql, tds } as unknown as Parameters<typeof createOrders>[0], {
    counted: 'SELECT COUNT(*) FROM orders',
    now: () => now,
  })
  orders.empty()
  expect(orders.filled()).toBe(false)

  live = database('second', 900)
  expect(orders.filled()).toBe(true)
  now = 2_000
  orders.empty()

  expect(orders.filled()).toBe(false)
  expect(counted[0]?.(live)).toEqual([0])
  live = database('third', 1_900)
  expect(orders.filled()).toBe(true)
  expect(counted[0]?.(live)).toEqual([318])
})

function database(guid: string, asOf: number | undefined): SqlDatabaseShown {
  return { name: 'orders', guid, status: 'Online', tags: {}, sku: 'GP_Gen5_2', settings: {}, asOf }
}

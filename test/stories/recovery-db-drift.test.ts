// Two recoveries that would change one database or one failover group, and somebody who changes it behind the bot's back.
import { afterEach, describe, expect, test } from 'vitest'
import { minute } from '../../src/ids.ts'
import type { Recovery } from '../../src/drplan/schema.ts'
import type { Ask } from '../../src/recovery/input.ts'
import type { Run } from '../../src/recovery/run.ts'
import { approving, asking, mia } from '../servers/engine.ts'
import { alone, restoring, startDatabases, twoRegions } from '../servers/databases.ts'
import type { DatabaseBench } from '../servers/databases.ts'
import { oneRedis } from '../servers/one-redis.ts'

const redis = oneRedis()
let bench: DatabaseBench

afterEach(() => bench.stop())

const region = asking({ system: 'db', recovery: 'region' })
const failback = asking({ system: 'db', direction: 'failback' })
/** Both databases are in one group. */
const shared = {
  ...twoRegions,
  databases: [...(twoRegions.databases ?? []), { server: 'sql-west', name: 'invoices' }],
  groups: [
    { name: 'orders-fg', primary: 'sql-west', secondary: 'sql-north', databases: ['orders', 'invoices'] },
  ],
}

/** One more recovery of db: like one that there is, but for what its block says. */
function plan(name: string, like: string, block: Partial<NonNullable<Recovery['azure_sql']>>): void {
  bench.setPlan((now) => {
    const { db } = now.systems
    const model = db?.recoveries.find((one) => one.name === like)
    if (!db || !model?.azure_sql) throw new Error(`the plan has no recovery ${like} of db`)
    const added = { ...model, name, azure_sql: { ...model.azure_sql, ...block } }
    return { ...now, systems: { ...now.systems, db: { ...db, recoveries: [...db.recoveries, added] } } }
  })
}

async function proposed(ask: Ask): Promise<Run> {
  return (await bench.runs().propose(ask)).run
}

function approve({ id, proposal }: Run): Promise<Run> {
  return bench.runs().verdict(id, approving({ by: mia, typed: proposal.typed }))
}

describe('one at a time', () => {
  test('a failover group is failed over once, whichever of its databases it is asked for', async () => {
    bench = await startDatabases(redis(), shared)
    plan('region-invoices', 'region', { database: 'invoices' })
    const first = await proposed(region)
    const second = await proposed(asking({ system: 'db', recovery: 'region-invoices' }))

    await approve(first)

    await expect(approve(second)).rejects.toThrow(
      /R-2 cannot start: R-1 is at work on azure-sql-group:orders-fg\. .*cancel R-1/,
    )
    expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
    expect(bench.sent()).toEqual(['POST sql-north/failoverGroups/orders-fg/failover'])
  })

  test('a server is the same in upper and lower case', async () => {
    bench = await startDatabases(redis(), alone)
    plan('restore-again', 'restore', { server: 'SQL-West', database: 'Orders' })
    const first = await proposed(restoring(42 * minute))
    const second = await proposed(restoring(40 * minute, { recovery: 'restore-again' }))
    expect(second.rivals?.map(({ id }) => id)).toContain('R-1')

    await approve(first)

    await expect(approve(second)).rejects.toThrow(/R-1 is at work on azure-sql:sql-west\/orders\./)
  })

  test('a restore that was wished for beside another one is begun', async () => {
    bench = await startDatabases(redis(), { ...shared, groups: [] })
    bench.azure.sql.stuck(true)
    await bench.order(asking({ system: 'db', recovery: 'geo' }))
    await bench.pass(20_000)
    const more = { rule: 'no-other-restore', reason: 'both are needed' }
    plan('geo-invoices', 'geo', { database: 'invoices' })

    await bench.order(asking({ system: 'db', recovery: 'geo-invoices', overrides: [more] }))
    await bench.pass(20_000)

    expect(bench.sent()).toEqual([
      'PUT sql-north/databases/orders-r-1',
      'PUT sql-north/databases/invoices-r-2',
    ])
  })

  test('a failover of the group waits for the swap of another of its databases', async () => {
    bench = await startDatabases(redis(), shared)
    plan('restore-invoices', 'restore', { database: 'invoices' })
    const failover = await proposed(region)
    await approve(await proposed(restoring(42 * minute, { recovery: 'restore-invoices' })))
    bench.dieAt(16, 'after')
    await expect(bench.pass(10 * minute)).rejects.toThrow(/died/)
    bench.crash()

    expect(bench.azure.sql.group('orders-fg').databases).toEqual(['orders'])
    await expect(approve(failover)).rejects.toThrow(/R-2 is at work on azure-sql-group:orders-fg\./)

    expect(await bench.finish('R-2')).toMatchObject({ state: 'done' })
    expect(bench.azure.sql.group('orders-fg')).toMatchObject({
      primary: 'sql-west',
      databases: ['orders', 'invoices'],
    })
  })

  test('a recovery that names the other end of the group is of the same database', async () => {
    bench = await startDatabases(redis())
    plan('restore-north', 'restore', { server: 'sql-north' })
    await bench.order(region)
    await bench.finish('R-1')
    const there = await proposed(restoring(42 * minute, { recovery: 'restore-north' }))
    const back = await proposed(failback)
    expect(back.rivals?.map(({ id }) => id)).toContain('R-2')

    await approve(there)

    await expect(approve(back)).rejects.toThrow(/R-3 cannot start: R-2 is at work on azure-sql:/)
    await expect(proposed(failback)).rejects.toThrow(/R-2 .* is running/)
  })
})

describe('somebody puts a good database in while the bot restores', () => {
  test.each([
    ['on its own', alone],
    ['in a group', twoRegions],
  ])('that one keeps its name: %s', async (_where, world) => {
    bench = await startDatabases(redis(), {
      ...world,
      databases: [...(world.databases ?? []), { server: 'sql-west', name: 'orders-good' }],
    })
    await bench.order(restoring(42 * minute))
    await bench.pass(20_000)
    bench.azure.sql.rename('sql-west', 'orders', 'orders-broken')
    bench.azure.sql.rename('sql-west', 'orders-good', 'orders')
    const good = bench.guid('sql-west', 'orders')

    const run = await bench.finish('R-1')

    expect(run).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/orders at sql-west is another database than the one that was shown/),
    })
    expect(bench.guid('sql-west', 'orders')).toBe(good)
    expect(bench.sent()).toEqual(['PUT sql-west/databases/orders-r-1'])
  })

  test('the way back does not put it aside either', async () => {
    bench = await startDatabases(redis(), {
      ...alone,
      databases: [...(alone.databases ?? []), { server: 'sql-west', name: 'orders-good' }],
    })
    await bench.order(restoring(42 * minute))
    await bench.finish('R-1')
    const back = await proposed(failback)
    bench.azure.sql.rename('sql-west', 'orders', 'orders-broken')
    bench.azure.sql.rename('sql-west', 'orders-good', 'orders')

    await expect(approve(back)).rejects.toThrow(
      /The world is not as R-2 showed it: orders at sql-west is another database/,
    )
  })

  test('a database that took the name in the middle of the swap is left alone', async () => {
    bench = await startDatabases(redis(), alone)
    await bench.order(restoring(42 * minute))
    bench.azure.fault({
      kind: 'status',
      status: 400,
      code: 'BadRequest',
      on: 'change',
      path: 'orders-r-1/move',
    })
    await bench.finish('R-1')
    bench.azure.fault(undefined)
    bench.azure.sql.rename('sql-west', 'orders-before-r-1', 'orders')
    const old = bench.guid('sql-west', 'orders')

    await expect(bench.runs().verdict('R-1', { kind: 'retry', by: mia })).rejects.toThrow(/R-1 cannot go on/)

    expect(bench.guid('sql-west', 'orders')).toBe(old)
  })
})

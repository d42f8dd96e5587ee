// Failovers of one system that stand beside each other: what each of them owes is said until it is undone itself.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readWarnings } from '../../src/command/warnings.ts'
import { minute } from '../../src/ids.ts'
import type { Store } from '../../src/ports.ts'
import { asking } from '../servers/engine.ts'
import { restoring } from '../servers/databases.ts'
import type { DatabaseBench } from '../servers/databases.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { startTwoDatabases } from './beside.ts'

const redis = oneRedis()

async function owed(store: Store): Promise<readonly string[]> {
  const warnings = await readWarnings(store, [])
  return warnings.owed.map(({ run, text }) => `${run} ${text}`)
}

describe('two databases of one failover group', () => {
  let bench: DatabaseBench

  beforeEach(async () => {
    bench = await startTwoDatabases(redis())
  })
  afterEach(() => bench.stop())

  test('owe what each restore has left, whichever came last', async () => {
    await bench.order(restoring(42 * minute))
    await bench.finish('R-1')
    await bench.order(restoring(30 * minute, { recovery: 'restore-billing' }))
    await bench.finish('R-2')

    const both = await owed(bench.store)
    await bench.order(asking({ system: 'db', direction: 'failback' }))
    await bench.finish('R-3')

    expect(await bench.run('R-2')).toMatchObject({ undoneBy: 'R-3' })
    expect(both.filter((line) => /orders-before/.test(line)).join()).toMatch(/^R-1 /)
    expect(both.filter((line) => /billing-before/.test(line)).join()).toMatch(/^R-2 /)
    expect((await owed(bench.store)).filter((line) => /orders-before/.test(line)).join()).toMatch(/^R-1 /)
  })

  test('that was restored twice owes what the last restore has left', async () => {
    await bench.order(restoring(42 * minute))
    await bench.finish('R-1')
    bench.away(20 * minute)
    await bench.order(restoring(-8 * minute))
    await bench.finish('R-2')

    expect(await bench.run('R-2')).toMatchObject({ state: 'done' })
    const whose = (await owed(bench.store)).map((line) => line.split(' ')[0])
    expect([...new Set(whose)]).toEqual(['R-2'])
  })
})

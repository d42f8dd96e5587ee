// A way back at Azure SQL that was cut short at any point: it is gone on with, and nothing that was done is done again.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { minute, second } from '../../src/ids.ts'
import type { RunId } from '../../src/ids.ts'
import { ann, asking } from '../servers/engine.ts'
import { cancelledAt, comesTo, unseenAt } from './cut-short.ts'
import { restoring, startDatabases, twoRegions } from '../servers/databases.ts'
import type { DatabaseBench } from '../servers/databases.ts'
import { oneRedis } from '../servers/one-redis.ts'

const redis = oneRedis()
let bench: DatabaseBench

beforeEach(async () => {
  bench = await startDatabases(redis(), quick)
})
afterEach(() => bench.stop())

const quick = { ...twoRegions, times: { restore: 10 * second, seed: 5 * second, failover: 5 * second } }
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
  await bench.pass(6 * second)
  before = bench.sent().length
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
      await comesTo(bench, 'R-2', step)
      bench.azure.fault({ kind: 'status', status: 400, code: 'BadRequest', on: 'change', path })
      expect(await bench.finish('R-2')).toMatchObject({ state: 'failed', current: step - 1 })
      bench.azure.fault(undefined)
      const refused = bench.sent().length

      const { run } = await bench.runs().propose(back)
      expect(run.steps.filter(({ undo }) => undo)).toHaveLength(swap.length + 1 - step)
      expect(run.proposal.warnings.filter((text) => text.startsWith('R-2, an earlier way back'))).toEqual([
        expect.stringMatching(
          /^R-2, an earlier way back, failed half-way: this goes on from there.*\. It failed at "/,
        ),
      ])
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
      await comesTo(bench, 'R-2', step)
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
    await unseenAt(bench, { id: 'R-2', step, silence })

    await bench.order(back)

    await isAsBefore('R-3')
    expect(bench.sent().slice(before)).toEqual(sends)
  })
})

describe('the way back of a failover', () => {
  test('whose end nobody saw is only made sure of when it has happened', async () => {
    await bench.order(asking({ system: 'db', recovery: 'region' }))
    await bench.finish('R-1')
    await bench.order(back)
    await unseenAt(bench, { id: 'R-2', step: 1, silence })
    const standing = await bench.run('R-1')
    await bench.pass(6 * second)

    const run = await bench.order(back)

    expect(standing.undoneBy).toBeUndefined()
    expect(run.proposal).toMatchObject({
      risk: 'reversible',
      summary:
        'Nothing is left to change, only to make sure of: sql-west will be the primary of orders-fg again, as before R-1',
      warnings: [
        'R-2, an earlier way back, was cancelled half-way: this goes on from there. It did not see the end of "Fail over orders-fg back to sql-west": that was looked at just now',
      ],
    })
    expect(run.steps[0]?.title).toBe('Make sure of it: Fail over orders-fg back to sql-west')
    expect(await bench.finish('R-3')).toMatchObject({ state: 'done' })
    expect(await bench.run('R-1')).toMatchObject({ undoneBy: 'R-3' })
    expect(bench.sent()).toEqual([
      'POST sql-north/failoverGroups/orders-fg/failover',
      'POST sql-west/failoverGroups/orders-fg/failover',
    ])
  })

  test('that never reached Azure is begun', async () => {
    await bench.order(asking({ system: 'db', recovery: 'region' }))
    await bench.finish('R-1')
    await bench.order(back)
    await cancelledAt(bench, 'R-2', 1)

    const run = await bench.order(back)

    expect(run.proposal).toMatchObject({ risk: 'disruptive', warnings: [] })
    expect(await bench.finish('R-3')).toMatchObject({ state: 'done' })
    expect(bench.sent()).toHaveLength(2)
  })
})

describe('the way back of a database made again in the other region', () => {
  test('whose end nobody saw is only made sure of', async () => {
    await bench.stop()
    bench = await startDatabases(redis(), { ...quick, groups: [] })
    await bench.order(asking({ system: 'db', recovery: 'geo' }))
    expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
    await bench.order(back)
    await unseenAt(bench, { id: 'R-2', step: 1, silence })
    const sent = bench.sent()

    const run = await bench.order(back)

    expect(run.proposal.summary).toMatch(
      /^Nothing is left to change, only to make sure of: orders at sql-north/,
    )
    expect(await bench.finish('R-3')).toMatchObject({ state: 'done' })
    expect(await bench.run('R-1')).toMatchObject({ undoneBy: 'R-3' })
    expect(bench.sent()).toEqual(sent)
    expect(bench.names('sql-north')).toEqual(['orders-r-1'])
  })
})

function silence(on: boolean): void {
  bench.azure.fault(on ? { kind: 'reset' } : undefined)
}

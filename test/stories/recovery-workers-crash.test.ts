// A pool of workers through a crash at every commit, there and back: each change is sent once, and none is lost.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import { reasonOf } from '../../src/errors.ts'
import type { Order } from '../../src/recovery/run.ts'
import { ann, approving, asking, bob } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { startWorkers } from '../servers/workers-engine.ts'
import type { WorkersBench } from '../servers/workers-engine.ts'
import { pointsOf } from './cut-short.ts'

const redis = oneRedis()
let azure: AzureSim
let bench: WorkersBench

beforeEach(async () => {
  bench = await startWorkers(redis(), 8_000)
  azure = bench.azure
})
afterEach(() => bench.stop())

const ten: Order = { kind: 'pool-size', size: { to: 10 } }
const lock = 'lock:azure:dr-rg/workers-vmss'
/** Machines come within 8s here, and Azure is asked every 10 s. After a crash a step is looked at when its lease is over. */
const wait = 12_000
const longer = 26_000
const commits = { failover: 12, failback: 13 } as const
type Direction = keyof typeof commits

async function propose(direction: Direction) {
  const order = direction === 'failover' ? { order: ten } : {}
  return bench.runs().propose(asking({ system: 'workers', direction, ...order }))
}

async function order(direction: Direction): Promise<void> {
  const { run } = await propose(direction)
  if (run.state === 'proposed') await bench.runs().verdict(run.id, approving())
  await bench.pass(wait)
}

/** What Azure was asked to change, in its order. */
function changing(): readonly string[] {
  return azure.requests.filter(({ reason }) => reason === 'change').map(({ path }) => nameIn(path))
}

function nameIn(path: string): string {
  return new URL(path, azure.url).pathname.split('/').at(-1) ?? ''
}

/** Somebody who sees nothing happen orders it again, as long as nothing has been approved. */
async function afterCrash(direction: Direction): Promise<void> {
  bench.crash()
  await bench.settle()
  const all = await bench.store.runs({ open: false, limit: 9 })
  if (!all.some((run) => run.direction === direction && run.state !== 'proposed')) await order(direction)
  await bench.pass(longer)
}

describe('a crash', () => {
  test('is tried at every commit of both ways', async () => {
    bench.dieAt(1_000, 'before')
    await order('failover')
    const there = bench.commits()
    bench.dieAt(1_000, 'before')
    await order('failback')

    expect({ failover: there, failback: bench.commits() }).toEqual(commits)
    expect(await bench.run('R-2')).toMatchObject({ state: 'done' })
  })

  test.each(pointsOf(commits.failover))(
    '$when commit $n ends with each change made once',
    async ({ n, when }) => {
      bench.dieAt(n, when)

      const died = await order('failover').catch((thrown: unknown) => reasonOf(thrown))
      await afterCrash('failover')

      expect(died).toBe('the process died')
      expect(await bench.store.runs({ open: false, limit: 9 })).toMatchObject([{ state: 'done' }])
      expect(changing()).toEqual(['by-load', 'workers-vmss'])
      expect(azure.scaleSets.running('workers-vmss')).toBe(10)
      expect(await bench.store.claims([lock])).toEqual([''])
    },
  )

  test.each(pointsOf(commits.failback))('$when commit $n of the way back does, too', async ({ n, when }) => {
    const before = azure.autoscale.properties('by-load')
    await order('failover')
    bench.dieAt(n, when)

    const died = await order('failback').catch((thrown: unknown) => reasonOf(thrown))
    await afterCrash('failback')

    expect(died).toBe('the process died')
    const [back, ...rest] = await bench.store.runs({ open: false, limit: 9 })
    expect(rest).toMatchObject([{ id: 'R-1', state: 'done', undoneBy: back?.id }])
    expect(back).toMatchObject({ direction: 'failback', state: 'done' })
    expect(changing()).toEqual(['by-load', 'workers-vmss', 'by-load', 'workers-vmss'])
    expect(azure.autoscale.properties('by-load')).toEqual(before)
    expect(azure.scaleSets.running('workers-vmss')).toBe(4)
  })
})

describe('Azure', () => {
  async function approved(): Promise<void> {
    const { run } = await propose('failover')
    await bench.runs().verdict(run.id, approving())
  }

  test('that makes the change and loses the answer is asked once', async () => {
    await approved()
    azure.fault({ kind: 'lose-answer', on: 'change', path: 'workers-vmss', times: 1 })

    await bench.pass(wait)

    const run = await bench.run('R-1')
    expect(run.state).toBe('done')
    expect(run.steps[1]?.note).toMatch(/seen to be done, though: Azure could not set the capacity/)
    expect(changing()).toEqual(['by-load', 'workers-vmss'])
  })

  test('that never ends the operation is not waited for without end, and what is missing is said', async () => {
    await approved()
    azure.scaleSets.stuck(true)

    await bench.pass(21 * 60_000)

    expect(await bench.run('R-1')).toMatchObject({
      state: 'failed',
      current: 2,
      reason: '4 of 10 workers run, 6 are missing. Azure: it is still at it.',
    })
    expect(changing()).toEqual(['by-load', 'workers-vmss'])
  }, 60_000)

  test('that has forgotten the operation, or does not let it be looked at, is judged by the scale set', async () => {
    azure.withhold(['Microsoft.Compute/locations/operations/read'])
    await approved()

    await bench.pass(wait)

    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
    expect(azure.requests.filter(({ reason, status }) => reason === 'poll' && status === 403)).not.toEqual([])
  })

  test('whose scale set somebody else changes meanwhile stops the run with what is there now', async () => {
    await approved()
    await bench.settle()
    azure.scaleSets.set('workers-vmss', 7)

    await bench.pass(wait)

    expect(await bench.run('R-1')).toMatchObject({
      state: 'failed',
      reason: 'Azure took the change, but workers-vmss shall have 7 workers now, not 10.',
      advice:
        'Somebody else, or an autoscale setting, has set it: workers show. To have the number from before the recovery again: failback workers',
    })
    expect(await bench.store.claims([lock])).toEqual([''])
  })
})

describe('one pool', () => {
  test('is changed by one run at a time, whoever asks through whichever door', async () => {
    const first = await propose('failover')
    const again = await bench.another().propose(asking({ system: 'workers', by: bob, order: ten }))
    const other = await bench
      .runs()
      .propose(asking({ system: 'workers', order: { kind: 'pool-size', size: { by: 2 } } }))
    const both = await Promise.allSettled([
      bench.runs().verdict(first.run.id, approving()),
      bench.another().verdict(first.run.id, approving({ by: bob })),
    ])
    await expect(bench.runs().verdict(other.run.id, approving())).rejects.toThrow(/R-1/)
    await bench.pass(wait)

    expect(again).toMatchObject({ existing: true, run: { id: 'R-1' } })
    expect(both.some(({ status }) => status === 'fulfilled')).toBe(true)
    expect(changing()).toEqual(['by-load', 'workers-vmss'])
  })

  test('is not touched while recoveries are frozen', async () => {
    await bench.runs().freeze(ann, 'the hoster is at work')
    const { run } = await propose('failover')

    await expect(bench.runs().verdict(run.id, approving())).rejects.toThrow(/frozen/)

    await bench.pass(wait)
    expect(changing()).toEqual([])
  })

  test('is not touched when its autoscale setting has changed since it was shown', async () => {
    const { run } = await propose('failover')
    azure.autoscale.set([
      { group: 'dr-rg', name: 'by-load', target: 'workers-vmss', enabled: true, minimum: 3, maximum: 6 },
    ])

    await expect(bench.runs().verdict(run.id, approving())).rejects.toThrow(
      /the autoscale setting by-load is 3 to 6, and was 2 to 6\. Nothing was changed/,
    )
    expect(changing()).toEqual([])
  })

  test('is put back only as the run left it, unless somebody takes that on himself', async () => {
    await order('failover')
    azure.scaleSets.set('workers-vmss', 12)

    await expect(propose('failback')).rejects.toThrow(
      /world-as-left: workers-vmss has 12 workers now, and R-1 left 10/,
    )

    const overrides = [{ rule: 'world-as-left', reason: 'the load has gone' }]
    const { run } = await bench
      .runs()
      .propose(asking({ system: 'workers', direction: 'failback', overrides }))
    await bench.runs().verdict(run.id, approving())
    await bench.pass(wait)
    expect(azure.scaleSets.running('workers-vmss')).toBe(4)
  })
})

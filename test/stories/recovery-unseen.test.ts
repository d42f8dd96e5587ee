// A failover that was given up before anybody saw the end of its change: the way back is there when the world shows it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import { minute } from '../../src/ids.ts'
import type { RunId } from '../../src/ids.ts'
import { runCard } from '../../src/recovery/card.ts'
import type { Run } from '../../src/recovery/run.ts'
import { startDatabases, twoRegions } from '../servers/databases.ts'
import { approving, asking, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { failoverTime, startStorage } from '../servers/storage.ts'
import { startWorkers } from '../servers/workers-engine.ts'
import type { WorkersBench } from '../servers/workers-engine.ts'
import { neverSentAt, unseenAt } from './cut-short.ts'

const redis = oneRedis()

describe('records at Cloudflare', () => {
  let bench: EngineBench
  let silence: (on: boolean) => void

  beforeEach(async () => {
    bench = await startEngine(redis())
    silence = (on) => bench.world.cloudflare.fault(on ? { kind: 'reset' } : undefined)
  })
  afterEach(() => bench.stop())

  async function order(fields: Parameters<typeof asking>[0] = {}): Promise<Run> {
    const { run } = await bench.runs().propose(asking(fields))
    return bench.runs().verdict(run.id, approving({ typed: run.proposal.typed }))
  }

  test('that were changed although nobody saw it are put back', async () => {
    await order()
    const stopped = await unseenAt(bench, { id: 'R-1', step: 2, silence })
    const changed = bench.record()
    const again = await bench.runs().propose(asking({ recovery: 'api' }))

    const back = await order({ direction: 'failback' })
    await bench.pass(35_000)

    expect(stopped).toMatchObject({ state: 'cancelled', done: 1 })
    expect(runCard(stopped, bench.now(), bench.plan()).buttons).toMatchObject([{ command: 'failback lb' }])
    expect(again.run.proposal.warnings[0]).toMatch(/Nobody saw the end of .* To put it back: failback lb/)
    expect(changed).toBe('127.0.0.12 60 false')
    expect(back.proposal.changes).toMatchObject([{ before: expect.stringContaining('127.0.0.12') }])
    expect(await bench.run('R-3')).toMatchObject({ state: 'done', undoes: 'R-1' })
    expect(await bench.run('R-1')).toMatchObject({ undoneBy: 'R-3' })
    expect(bench.record()).toBe('127.0.0.11 300 false')
    expect(bench.changing()).toBe(2)
  })

  test('that were never changed are not to be put back, and it is said how that was seen', async () => {
    await order()
    await neverSentAt(bench, { id: 'R-1', step: 2, silence })

    await expect(order({ direction: 'failback' })).rejects.toThrow(
      'Nothing of lb is to be undone: no failover of this bot stands. Nobody saw the end of "Set api.example.com to 127.0.0.12, TTL 60 s" of R-1 (failover lb to backup). Looked at just now: it has not happened. When it was put right by hand: deny R-1 "what was done". To see what ran: runs',
    )
    expect(bench.changing()).toBe(0)
  })

  test('are put back to before the failover that stands when a later one never came to its change', async () => {
    await order()
    await bench.pass(35_000)
    await order({ recovery: 'api' })
    await neverSentAt(bench, { id: 'R-2', step: 2, silence })

    await order({ direction: 'failback' })
    await bench.pass(35_000)

    expect(await bench.run('R-3')).toMatchObject({ state: 'done', undoes: 'R-1' })
    expect((await bench.run('R-2')).undoneBy).toBeUndefined()
    expect(bench.record()).toBe('127.0.0.11 300 false')
  })

  test('that somebody has led elsewhere since are not touched', async () => {
    await order()
    await unseenAt(bench, { id: 'R-1', step: 2, silence })
    bench.edit({ content: '192.0.2.9' })

    await expect(order({ direction: 'failback' })).rejects.toThrow(
      /R-1 \(failover lb to backup\)\. Looked at just now: the world is neither as before the step nor as after it: api\.example\.com A is 192\.0\.2\.9/,
    )
  })

  test('that cannot be looked at say so instead of being taken for untouched', async () => {
    await order()
    await unseenAt(bench, { id: 'R-1', step: 2, silence })
    silence(true)

    await expect(order({ direction: 'failback' })).rejects.toThrow(
      /of R-1 \(failover lb to backup\)\. It cannot be looked at just now: Cloudflare could not/,
    )
  })
})

describe('workers', () => {
  let bench: WorkersBench
  let azure: AzureSim

  beforeEach(async () => {
    bench = await startWorkers(redis())
    azure = bench.azure
    const order = { kind: 'pool-size', size: { to: 10 } } as const
    const { run } = await bench.runs().propose(asking({ system: 'workers', order }))
    await bench.runs().verdict(run.id, approving())
  })
  afterEach(() => bench.stop())

  const silence = (on: boolean): void => azure.fault(on ? { kind: 'reset' } : undefined)

  async function back(): Promise<void> {
    const { run } = await bench.runs().propose(asking({ system: 'workers', direction: 'failback' }))
    await bench.runs().verdict(run.id, approving())
    await bench.pass(12_000)
    expect(await bench.run(run.id)).toMatchObject({ state: 'done', undoes: 'R-1' })
  }

  test.each([1, 2])(
    'have their limits and their number again when nobody saw the end of step %i',
    async (step) => {
      await unseenAt(bench, { id: 'R-1', step, silence })
      await bench.pass(5_000)

      await back()

      expect(JSON.stringify(azure.autoscale.properties('by-load'))).toContain('"minimum":"2","maximum":"6"')
      expect(azure.scaleSets.running('workers-vmss')).toBe(4)
    },
  )
})

describe('workers of whom Azure starts only a part', () => {
  let bench: WorkersBench
  let azure: AzureSim

  /** Their number is the only change of R-1. */
  beforeEach(async () => {
    bench = await startWorkers(redis(), 8_000)
    azure = bench.azure
    azure.autoscale.set([])
    azure.scaleSets.room(7)
    const order = { kind: 'pool-size', size: { to: 10 } } as const
    const { run } = await bench.runs().propose(asking({ system: 'workers', order }))
    await bench.runs().verdict(run.id, approving())
  })
  afterEach(() => bench.stop())

  async function back(): Promise<Run> {
    const { run } = await bench.runs().propose(asking({ system: 'workers', direction: 'failback' }))
    await bench.runs().verdict(run.id, approving())
    await bench.pass(24_000)
    expect(await bench.run(run.id)).toMatchObject({ state: 'done', undoes: 'R-1' })
    expect(azure.scaleSets.running('workers-vmss')).toBe(4)
    return run
  }

  /** Azure's operation succeeds, and yet another number is there than was asked for. */
  async function setMeanwhile(number: number): Promise<void> {
    azure.scaleSets.room(20)
    await bench.settle()
    azure.scaleSets.set('workers-vmss', number)
    await bench.pass(12_000)
  }

  test('are taken back although nobody saw how many came', async () => {
    const silence = (on: boolean): void => azure.fault(on ? { kind: 'reset' } : undefined)
    await unseenAt(bench, { id: 'R-1', step: 1, silence })
    await bench.pass(10_000)
    expect(azure.scaleSets.capacity('workers-vmss')).toBe(7)

    const { proposal } = await back()

    expect(proposal.warnings[0]).toBe(
      'Only a part of "Set workers-vmss to 10 workers" of R-1 (workers scale pool 10) seems to have happened: the world is neither as before the step nor as after it: workers-vmss has 7 workers now, and had 4. If somebody else has set it so, that is put back, too',
    )
    expect(proposal.changes).toMatchObject([{ before: expect.stringContaining('7') }])
  })

  test('are taken back when the run has failed at that', async () => {
    await setMeanwhile(7)
    expect(await bench.run('R-1')).toMatchObject({ state: 'failed', current: 0 })

    await back()

    expect(await bench.run('R-1')).toMatchObject({ undoneBy: 'R-2' })
  })

  test('are left alone when there are more than the run wanted: somebody else has set that', async () => {
    await setMeanwhile(12)

    const proposed = bench.runs().propose(asking({ system: 'workers', direction: 'failback' }))

    await expect(proposed).rejects.toThrow(/Nothing of workers is to be undone/)
  })
})

describe('storage', () => {
  test.each([
    { recovery: 'switch', step: 2, lasts: 1_000 },
    { recovery: 'vault', step: 2, lasts: 1_000 },
    { recovery: 'account', step: 1, lasts: failoverTime + 20_000 },
  ] as const)('$recovery: goes back although nobody saw the way there', async ({ recovery, step, lasts }) => {
    const bench = await startStorage(redis())
    const { engine } = bench
    await bench.approve(await bench.propose({ recovery }))
    const silence = (on: boolean): void => bench.azure.fault(on ? { kind: 'reset' } : undefined)
    await unseenAt(engine, { id: 'R-1', step, silence })
    await engine.pass(lasts)

    await bench.approve(await bench.propose({ recovery, direction: 'failback' }))
    await engine.pass(lasts)

    expect(await engine.run('R-2')).toMatchObject({ state: 'done', undoes: 'R-1' })
    expect(bench.changes()).toHaveLength(2)
    await bench.stop()
  })
})

describe('a database', () => {
  const back: RunId = 'R-2'

  test('whose group was failed over although nobody saw it fails back', async () => {
    const bench = await startDatabases(redis(), twoRegions)
    await bench.order(asking({ system: 'db', recovery: 'region' }))
    const at = (await bench.run('R-1')).steps.findIndex(({ undo }) => undo !== undefined) + 1
    const silence = (on: boolean): void => bench.azure.fault(on ? { kind: 'reset' } : undefined)
    await unseenAt(bench, { id: 'R-1', step: at, silence })
    await bench.pass(2 * minute)
    const there = bench.azure.sql.group('orders-fg').primary

    await bench.order(asking({ system: 'db', direction: 'failback' }))

    expect(there).toBe('sql-north')
    expect(await bench.finish(back)).toMatchObject({ state: 'done', undoes: 'R-1' })
    expect(bench.azure.sql.group('orders-fg')).toMatchObject({ primary: 'sql-west' })
    await bench.stop()
  })

  test('whose group is just being failed over is waited for', async () => {
    const bench = await startDatabases(redis(), {
      ...twoRegions,
      times: { ...twoRegions.times, failover: 20 * minute },
    })
    await bench.order(asking({ system: 'db', recovery: 'region' }))
    const at = (await bench.run('R-1')).steps.findIndex(({ undo }) => undo !== undefined) + 1
    const silence = (on: boolean): void => bench.azure.fault(on ? { kind: 'reset' } : undefined)
    await unseenAt(bench, { id: 'R-1', step: at, silence })

    await expect(bench.order(asking({ system: 'db', direction: 'failback' }))).rejects.toThrow(
      /of R-1 \(failover db to region\) is under way at its provider, although the run is cancelled\. Wait for its end, then: failback db/,
    )
    await bench.stop()
  })
})

// Ways back of workers, storage, records and the standby zone that were cut short: what is left is done, and nothing twice.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import type { Order } from '../../src/recovery/run.ts'
import { approving, asking, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { startStandbyEngine } from '../servers/standby-engine.ts'
import { homeOf } from '../servers/standby.ts'
import type { StandbyWorld } from '../servers/standby.ts'
import { failoverTime, startStorage } from '../servers/storage.ts'
import type { StorageBench } from '../servers/storage.ts'
import { startWorkers } from '../servers/workers-engine.ts'
import type { WorkersBench } from '../servers/workers-engine.ts'
import { cancelledAt, unseenAt } from './cut-short.ts'

const redis = oneRedis()

const nothingLeft = /^Nothing is left to change, only to make sure of: /

describe('workers', () => {
  let bench: WorkersBench
  let azure: AzureSim

  beforeEach(async () => {
    bench = await startWorkers(redis())
    azure = bench.azure
    await carryOut({ order: { kind: 'pool-size', size: { to: 10 } } })
    await propose({ direction: 'failback' })
    await bench.runs().verdict('R-2', approving())
  })
  afterEach(() => bench.stop())

  async function propose(fields: { readonly direction?: 'failback'; readonly order?: Order }) {
    return (await bench.runs().propose(asking({ system: 'workers', ...fields }))).run
  }

  async function carryOut(fields: Parameters<typeof propose>[0]): Promise<void> {
    const run = await propose(fields)
    await bench.runs().verdict(run.id, approving())
    await bench.pass(12_000)
  }

  function changing(): readonly string[] {
    return azure.requests
      .filter(({ reason }) => reason === 'change')
      .map(({ path }) => new URL(path, azure.url).pathname.split('/').at(-1) ?? '')
  }

  function silence(on: boolean): void {
    azure.fault(on ? { kind: 'reset' } : undefined)
  }

  test('whose autoscale limits are back already get their number, and no more', async () => {
    await cancelledAt(bench, 'R-2', 2)

    const run = await propose({ direction: 'failback' })
    expect(run.steps.map(({ title }) => title)).toEqual([
      'Set workers-vmss to 4 workers',
      'Wait until only 4 workers are left',
    ])
    expect(run.proposal).toMatchObject({
      summary: 'workers-vmss will have 4 workers again, as before R-1',
      warnings: expect.arrayContaining([
        'R-2, an earlier way back, was cancelled half-way: this goes on from there. It has done: "Set the autoscale setting by-load to 2 to 6"',
      ]),
    })
    expect((await bench.run('R-1')).undoneBy).toBeUndefined()

    await bench.runs().verdict('R-3', approving())
    await bench.pass(12_000)

    expect(await bench.run('R-3')).toMatchObject({ state: 'done' })
    expect(await bench.run('R-1')).toMatchObject({ undoneBy: 'R-3' })
    expect(changing()).toEqual(['by-load', 'workers-vmss', 'by-load', 'workers-vmss'])
  })

  test.each([1, 2])('go on when nobody saw the end of step %i', async (step) => {
    await unseenAt(bench, { id: 'R-2', step, silence })

    const run = await propose({ direction: 'failback' })
    await bench.runs().verdict('R-3', approving())
    await bench.pass(12_000)

    expect(nothingLeft.test(run.proposal.summary)).toBe(step === 2)
    expect(await bench.run('R-3')).toMatchObject({ state: 'done' })
    expect(await bench.run('R-1')).toMatchObject({ undoneBy: 'R-3' })
    expect(changing()).toEqual(['by-load', 'workers-vmss', 'by-load', 'workers-vmss'])
    expect(azure.scaleSets.running('workers-vmss')).toBe(4)
  })

  test('that somebody else has changed since are not taken for what the way back has left', async () => {
    await cancelledAt(bench, 'R-2', 2)
    azure.scaleSets.set('workers-vmss', 12)

    await expect(propose({ direction: 'failback' })).rejects.toThrow(
      /world-as-left: workers-vmss has 12 workers now, and R-1 left 10\./,
    )
  })
})

describe('storage', () => {
  let bench: StorageBench

  beforeEach(async () => {
    bench = await startStorage(redis())
  })
  afterEach(() => bench.stop())

  const ways = [
    { recovery: 'switch', step: 2, lasts: 1_000 },
    { recovery: 'vault', step: 2, lasts: 1_000 },
    { recovery: 'account', step: 1, lasts: failoverTime + 20_000 },
  ] as const

  test.each(ways)('$recovery: is only made sure of when its end was not seen', async (way) => {
    const { recovery, step, lasts } = way
    const { engine } = bench
    await bench.approve(await bench.propose({ recovery }))
    await engine.pass(lasts)
    await bench.approve(await bench.propose({ recovery, direction: 'failback' }))
    const silence = (on: boolean): void => bench.azure.fault(on ? { kind: 'reset' } : undefined)
    await unseenAt(engine, { id: 'R-2', step, silence })
    await engine.pass(lasts)
    const standing = await engine.run('R-1')

    const run = await bench.propose({ recovery, direction: 'failback' })
    await bench.approve(run)
    await engine.pass(lasts)

    expect(standing).toMatchObject({ state: 'done' })
    expect(standing.undoneBy).toBeUndefined()
    expect(run.proposal.summary).toMatch(nothingLeft)
    expect(run.proposal.debts.map(({ id }) => id)).toEqual(
      (await engine.run('R-2')).proposal.debts.map(({ id }) => id),
    )
    expect(await engine.run('R-3')).toMatchObject({ state: 'done' })
    expect(await engine.run('R-1')).toMatchObject({ undoneBy: 'R-3' })
    expect(bench.changes()).toHaveLength(2)
  })

  test.each(ways)('$recovery: is begun when it never was', async ({ recovery, step, lasts }) => {
    const { engine } = bench
    await bench.approve(await bench.propose({ recovery }))
    await engine.pass(lasts)
    await bench.approve(await bench.propose({ recovery, direction: 'failback' }))
    await cancelledAt(engine, 'R-2', step)

    await bench.approve(await bench.propose({ recovery, direction: 'failback' }))
    await engine.pass(lasts)

    expect(await engine.run('R-3')).toMatchObject({ state: 'done' })
    expect(await engine.run('R-1')).toMatchObject({ undoneBy: 'R-3' })
    expect(bench.changes()).toHaveLength(2)
  })
})

describe('records at Cloudflare', () => {
  test('that are back already, although nobody saw it, are only made sure of', async () => {
    const bench = await startEngine(redis())
    const { run: over } = await bench.runs().propose(asking())
    await bench.runs().verdict(over.id, approving())
    await bench.settle()
    const { run: back } = await bench.runs().propose(asking({ direction: 'failback' }))
    await bench.runs().verdict(back.id, approving())
    const silence = (on: boolean): void => bench.world.cloudflare.fault(on ? { kind: 'reset' } : undefined)
    await unseenAt(bench, { id: 'R-2', step: 2, silence })

    const { run } = await bench.runs().propose(asking({ direction: 'failback' }))
    await bench.runs().verdict(run.id, approving())
    await bench.pass(35_000)

    expect(run.proposal.summary).toMatch(nothingLeft)
    expect(await bench.run('R-3')).toMatchObject({ state: 'done' })
    expect(await bench.run('R-1')).toMatchObject({ undoneBy: 'R-3' })
    expect(bench.changing()).toBe(2)
    expect(bench.record()).toBe('127.0.0.11 300 false')
    await bench.stop()
  })
})

describe('the standby zone', () => {
  let bench: EngineBench
  let standby: StandbyWorld

  beforeEach(async () => {
    ;({ bench, standby } = await startStandbyEngine(redis()))
    await order('failover')
  })
  afterEach(async () => {
    await bench.stop()
    await standby.stop()
  })

  async function order(direction: 'failover' | 'failback') {
    const { run } = await bench.runs().propose(asking({ system: 'dns', direction }))
    await bench.runs().verdict(run.id, approving({ typed: run.proposal.typed }))
    await bench.settle()
    return run
  }

  test('whose watch was cancelled before the registrar has switched is watched again', async () => {
    standby.registry.delegate(standby.nameServers)
    await bench.pass(16_000)
    await order('failback')
    await cancelledAt(bench, 'R-2', 2)

    const run = await order('failback')
    standby.registry.delegate(homeOf(bench.world))
    await bench.pass(16_000)

    expect(run.proposal.byHand?.join('\n')).toContain('make these, and only these, the name servers')
    expect(await bench.run('R-3')).toMatchObject({ state: 'done' })
    expect(await bench.run('R-1')).toMatchObject({ undoneBy: 'R-3' })
    expect(standby.changes()).toHaveLength(3)
  })

  test('that the registrar has led home after the watch was cancelled is only made sure of', async () => {
    standby.registry.delegate(standby.nameServers)
    await bench.pass(16_000)
    await order('failback')
    await cancelledAt(bench, 'R-2', 2)
    standby.registry.delegate(homeOf(bench.world))

    const run = await order('failback')
    await bench.pass(16_000)

    expect(run.proposal.summary).toBe(
      'Nothing is left to change, only to make sure of: example.com will be answered by Cloudflare again',
    )
    expect(run.proposal.byHand).toBeUndefined()
    expect(await bench.run('R-3')).toMatchObject({ state: 'done' })
    expect(await bench.run('R-1')).toMatchObject({ undoneBy: 'R-3' })
    expect(standby.changes()).toHaveLength(3)
  })

  test('whose switch never happened has only those record sets set back that are not yet', async () => {
    await bench.runs().verdict('R-1', { kind: 'cancel', by: { person: 'ann', door: 'cli' } })
    const { run: back } = await bench.runs().propose(asking({ system: 'dns', direction: 'failback' }))
    await bench.runs().verdict(back.id, approving({ typed: back.proposal.typed }))
    standby.azure.fault({ kind: 'status', status: 400, code: 'BadRequest', on: 'change', path: '/CNAME/www' })
    await bench.pass(20_000)
    standby.azure.fault(undefined)
    const failed = await bench.run('R-2')
    const done = standby.changes().length

    const run = await order('failback')
    await bench.pass(16_000)

    expect(failed).toMatchObject({ state: 'failed' })
    expect(run.proposal.changes.length).toBeLessThan(back.proposal.changes.length)
    expect(await bench.run('R-3')).toMatchObject({ state: 'done' })
    expect(await bench.run('R-1')).toMatchObject({ undoneBy: 'R-3' })
    expect(standby.changes().length - done).toBe(run.proposal.changes.length)
  })
})

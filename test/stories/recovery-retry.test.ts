// A retry is judged before it writes anything: one that is refused leaves everything as it was, and a freeze holds it, too.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Recovery } from '../../src/drplan/schema.ts'
import { ann, approving, asking, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'

const redis = oneRedis()
let bench: EngineBench

beforeEach(async () => {
  bench = await startEngine(redis())
})
afterEach(() => bench.stop())

async function carryOut(direction: 'failover' | 'failback'): Promise<void> {
  const { run } = await bench.runs().propose(asking({ direction }))
  await bench.runs().verdict(run.id, approving())
  await bench.settle()
}

/** R-2, the way back of R-1, fails at its change, and a person then makes that change in the dashboard. */
async function wayBackFails(): Promise<void> {
  await carryOut('failover')
  bench.world.cloudflare.fault({ kind: 'success-false', on: 'change' })
  await carryOut('failback')
  await bench.pass(60_000)
  expect(await bench.run('R-2')).toMatchObject({ state: 'failed', current: 1 })
  bench.world.cloudflare.fault(undefined)
  bench.edit({ content: '127.0.0.11', ttl: 300 })
}

const retry = { kind: 'retry', by: ann } as const

describe('a retry of a way back whose change was made by hand', () => {
  test('marks the failover as undone', async () => {
    await wayBackFails()

    await bench.runs().verdict('R-2', retry)
    await bench.settle()

    expect(await bench.run('R-2')).toMatchObject({ state: 'done' })
    expect(await bench.run('R-1')).toMatchObject({ undoneBy: 'R-2' })
  })

  test('leaves the failover standing when it comes too late', async () => {
    await wayBackFails()
    bench.away(31 * 60_000)

    await expect(bench.runs().verdict('R-2', retry)).rejects.toThrow(/R-2 failed too long ago/)

    expect(await bench.run('R-1')).not.toHaveProperty('undoneBy')
  })

  test('leaves it standing when the rule to take on does not exist', async () => {
    await wayBackFails()
    const override = { rule: 'copy-recent', reason: 'why not' }

    await expect(bench.runs().verdict('R-2', { ...retry, override })).rejects.toThrow(
      /nothing to take on yourself/,
    )

    expect(await bench.run('R-1')).not.toHaveProperty('undoneBy')
  })

  test('leaves it standing while another run is at work on the same target', async () => {
    await wayBackFails()
    const lock = { name: 'lock:cloudflare:example.com/api.example.com', from: '', to: 'R-9' }
    await bench.store.commit({ write: undefined, claims: [lock] })

    await expect(bench.runs().verdict('R-2', retry)).rejects.toThrow(/R-9 is at work/)

    expect(await bench.run('R-1')).not.toHaveProperty('undoneBy')
  })

  test('leaves it standing while recoveries are frozen', async () => {
    await wayBackFails()
    await bench.runs().freeze(ann, 'release night')

    await expect(bench.runs().verdict('R-2', retry)).rejects.toThrow(/recoveries were frozen/)

    expect(await bench.run('R-1')).not.toHaveProperty('undoneBy')
    expect(await bench.run('R-2')).toMatchObject({ state: 'failed' })
  })
})

describe('a retry after the plan has changed', () => {
  async function fails(): Promise<void> {
    await bench.runs().propose(asking())
    await bench.runs().verdict('R-1', approving())
    bench.world.cloudflare.fault({ kind: 'success-false', on: 'change' })
    await bench.settle()
    await bench.pass(60_000)
    expect(await bench.run('R-1')).toMatchObject({ state: 'failed' })
    bench.world.cloudflare.fault(undefined)
  }

  /** The plan's recoveries of the load balancer changed. */
  function replan(change: (recoveries: readonly Recovery[]) => readonly Recovery[]): void {
    bench.setPlan((plan) => {
      const { lb } = plan.systems
      if (!lb) throw new Error('the plan has no load balancer')
      return { ...plan, systems: { ...plan.systems, lb: { ...lb, recoveries: [...change(lb.recoveries)] } } }
    })
  }

  test('goes on with what was approved, and the record says in what the plan differs', async () => {
    await fails()
    replan((all) =>
      all.map((one) =>
        one.name === 'backup' && one.cloudflare
          ? { ...one, cloudflare: { ...one.cloudflare, to: bench.world.api.host } }
          : one,
      ),
    )

    await bench.runs().verdict('R-1', retry)
    await bench.settle()

    expect(await bench.told('R-1')).toContain(
      `run.step R-1 goes on with step 2 of 4. The DR plan has changed since R-1 was proposed (cloudflare.to is ${bench.world.api.host}, and was ${bench.world.backup.host}), and it goes on with what was approved; for what the plan has now: cancel R-1, failover lb to backup`,
    )
    expect(bench.record()).toContain(bench.world.backup.host)
  })

  test('says so, too, where the plan has lost the recovery', async () => {
    await fails()
    replan((all) => all.slice(1))

    await bench.runs().verdict('R-1', retry)

    expect(await bench.told('R-1')).toContain(
      'run.step R-1 goes on with step 2 of 4. The DR plan has changed since R-1 was proposed (it has no recovery backup of lb any more), and it goes on with what was approved; to stop it: cancel R-1',
    )
  })

  test('says nothing of it for a way back', async () => {
    await wayBackFails()
    replan((all) => all.slice(1))

    await bench.runs().verdict('R-2', retry)

    expect((await bench.told('R-2')).join('\n')).not.toContain('The DR plan has changed')
  })
})

describe('while recoveries are frozen', () => {
  test('a retry does not go on from a step that turns out to be done', async () => {
    await bench.runs().propose(asking())
    await bench.runs().verdict('R-1', approving())
    bench.dieAt(4, 'after')
    await bench.settle().catch(() => undefined)
    bench.crash()
    bench.edit({ content: '192.0.2.9', ttl: 60 })
    await bench.pass(15_000)
    expect(await bench.run('R-1')).toMatchObject({ state: 'unknown', current: 1 })
    bench.edit({ content: '127.0.0.12', ttl: 60 })
    await bench.runs().freeze(ann, 'release night')

    await expect(bench.runs().verdict('R-1', retry)).rejects.toThrow(/recoveries were frozen/)

    expect(await bench.run('R-1')).toMatchObject({ state: 'unknown', current: 1 })
  })
})

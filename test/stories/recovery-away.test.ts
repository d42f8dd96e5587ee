// A run that no process was there for: whatever it was at when everybody died, hours later it begins no change by itself.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { startApi, startHaproxy } from '../../sim/haproxy.ts'
import type { ApiServer, RealHaproxy } from '../../sim/haproxy.ts'
import { reasonOf } from '../../src/errors.ts'
import { ann, approving, asking, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { comesTo, pointsOf } from './cut-short.ts'
import { planWith, wanting } from './haproxy-house.ts'

const redis = oneRedis()
const fiveHours = 5 * 3_600_000
const tooOld = /^Nobody went on with it for 4h59m.*: what was approved is too old by now\./

let bench: EngineBench

beforeEach(async () => {
  bench = await startEngine(redis())
})
afterEach(() => bench.stop())

/** It dies at its n-th commit from now, is away for hours, and another process comes. */
async function goneAt(n: number, when: 'before' | 'after'): Promise<void> {
  bench.dieAt(n, when)
  await bench.settle().catch(() => undefined)
  bench.crash()
  bench.away(fiveHours)
}

describe('a change of the records whose intent was written when everybody died', () => {
  beforeEach(async () => {
    const { run } = await bench.runs().propose(asking())
    await bench.runs().verdict(run.id, approving())
    // Three commits of the first step, then the intent of the second.
    await goneAt(4, 'after')
  })

  test('is not begun, and can be begun by retry', async () => {
    await bench.pass(60_000)
    const stale = await bench.run('R-1')
    const before = bench.changing()

    await bench.runs().verdict('R-1', { kind: 'retry', by: ann })
    await bench.settle()

    expect(stale.state === 'failed' && stale.reason).toMatch(tooOld)
    expect(before).toBe(0)
    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
    expect(await bench.run('R-1')).not.toHaveProperty('idleFor')
    expect(bench.changing()).toBe(1)
  })

  test('is not begun once Cloudflare answers, when it did not at the first look', async () => {
    bench.world.cloudflare.fault({ kind: 'status', status: 503 })
    await bench.settle()
    bench.world.cloudflare.fault(undefined)
    await bench.pass(60_000)

    expect(await bench.run('R-1')).toMatchObject({ state: 'failed' })
    expect(bench.changing()).toBe(0)
  })

  test('is not begun when the next process dies in turn', async () => {
    for (const n of [1, 2]) {
      bench.dieAt(n, 'after')
      await bench.settle().catch(() => undefined)
      bench.crash()
      await bench.pass(60_000)
    }

    const run = await bench.run('R-1')
    expect(run.state === 'failed' && run.reason).toMatch(tooOld)
    expect(bench.changing()).toBe(0)
  })

  test('is not begun after a cancel either: the run ends as that says', async () => {
    await bench.runs().verdict('R-1', { kind: 'cancel', by: ann })
    await bench.pass(60_000)

    expect(await bench.run('R-1')).toMatchObject({ state: 'cancelled' })
    expect(bench.changing()).toBe(0)
  })
})

test('a step that is too old, and at which the process that says so dies, is not begun by the next one', async () => {
  const { run } = await bench.runs().propose(asking())
  await bench.runs().verdict(run.id, approving())
  await goneAt(3, 'after')
  // That nobody was there, and the intent that keeps others from beginning it.
  bench.dieAt(2, 'after')
  await bench.settle().catch(() => undefined)
  bench.crash()

  await bench.pass(60_000)

  const stale = await bench.run('R-1')
  expect(stale.state === 'failed' && stale.reason).toMatch(tooOld)
  expect(bench.changing()).toBe(0)
})

test('a change that was made when everybody died is seen, and looked at to the end', async () => {
  const { run } = await bench.runs().propose(asking())
  await bench.runs().verdict(run.id, approving())
  await goneAt(5, 'before')

  await bench.pass(60_000)

  expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
  expect(bench.changing()).toBe(1)
})

describe('a move at HAProxy, of many changes', () => {
  let apis: readonly [ApiServer, ApiServer]
  let haproxy: RealHaproxy
  let told = 0

  beforeAll(async () => {
    apis = await Promise.all([startApi('main'), startApi('standby')])
    const [main, standby] = apis
    haproxy = await startHaproxy({ main, standby }, { main: 'no-check', standby: 'no-check disabled' })
  })
  afterAll(async () => {
    await haproxy.stop()
    await Promise.all(apis.map((api) => api.stop()))
  })
  beforeEach(async () => {
    bench.setPlan(planWith({ sockets: [haproxy.control] }))
    await haproxy.tell('set server api/main state ready')
    await haproxy.tell('set server api/standby state maint')
    told = haproxy.changing().length
  })
  const sent = (): readonly string[] => haproxy.changing().slice(told)

  test.each(pointsOf(20))('$when commit $n goes on only when somebody says so', async ({ n, when }) => {
    bench.dieAt(n, when)
    const died = await order().catch((thrown: unknown) => reasonOf(thrown))
    bench.crash()
    const before = sent()
    bench.away(fiveHours)

    await bench.pass(12_000)

    expect(died).toBe('the process died')
    expect(sent()).toEqual(before)
    const [run] = await bench.store.runs({ open: false, limit: 9 })
    if (run?.state === 'failed') {
      expect(run.reason).toMatch(tooOld)
      await bench.runs().verdict('R-1', { kind: 'retry', by: ann })
      await bench.settle()
      expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
      expect(sent()).toHaveLength(4)
    } else if (run) expect(['expired', 'done']).toContain(run.state)
  })

  async function order(): Promise<void> {
    const { run } = await bench.runs().propose(wanting())
    await bench.runs().verdict(run.id, approving())
    await bench.settle()
  }
})

test('a machine that sleeps over the look before a change begins nothing on what it saw then', async () => {
  const { run } = await bench.runs().propose(asking())
  await bench.runs().verdict(run.id, approving())
  await comesTo(bench, run.id, 2)
  bench.world.cloudflare.fault({ kind: 'slow', ms: 300, on: 'read' })
  const asked = bench.world.cloudflare.requests.length
  const settled = bench.settle()
  await vi.waitFor(() => expect(bench.world.cloudflare.requests.length).toBeGreaterThan(asked), {
    interval: 5,
  })

  bench.away(fiveHours)
  bench.edit({ content: '192.0.2.77', ttl: 60 })
  await settled
  await bench.pass(60_000)

  expect(bench.changing()).toBe(0)
  const ended = await bench.run(run.id)
  expect(ended).toMatchObject({ state: 'failed', current: 1 })
  expect(ended.state === 'failed' && ended.reason).toMatch(tooOld)
})

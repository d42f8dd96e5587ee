// A run whose outcome was unknown, and a provider that answers again: soon it goes on alone, later only by a person's word.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startDataplane } from '../../sim/dataplane.ts'
import type { DataplaneSim } from '../../sim/dataplane.ts'
import { dataplaneServers } from '../../sim/haproxy.ts'
import { minute } from '../../src/ids.ts'
import { incident } from '../contracts/store-samples.ts'
import { restoring, startDatabases, twoRegions } from '../servers/databases.ts'
import type { DatabaseBench } from '../servers/databases.ts'
import { approving, asking, bob, mia, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { comesTo } from './cut-short.ts'
import { planWith, wanting } from './haproxy-house.ts'

const redis = oneRedis()
const twoDays = 48 * 60 * minute
const retry = { kind: 'retry', by: bob } as const

/** So many minutes pass, and what is due then is done. */
async function minutesPass(bench: Pick<EngineBench, 'away' | 'settle'>, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) {
    bench.away(minute)
    await bench.settle()
  }
}

describe('a move of many changes at HAProxy, of which one was sent and nobody saw its end', () => {
  let bench: EngineBench
  let balancer: DataplaneSim

  beforeEach(async () => {
    const options = { user: 'dr-bot', password: 'not-to-be-shown', servers: dataplaneServers }
    ;[bench, balancer] = await Promise.all([startEngine(redis()), startDataplane(options)])
    bench.setPlan(planWith({ dataplane: [{ url: balancer.url }] }))
    const next = { ...incident('INC-1'), system: 'api' as const }
    const write = { kind: 'incident', id: 'INC-1', expected: 0, next, wakeAt: undefined } as const
    await bench.store.commit({ write })
    await drainsUnseen()
  })
  afterEach(async () => {
    await bench.stop()
    await balancer.stop()
  })

  /** The drain is sent, the process dies over it, and the load balancer is silent to the next one. */
  async function drainsUnseen(): Promise<void> {
    const { run } = await bench.runs().propose(wanting({ incident: 'INC-1' }))
    await bench.runs().verdict(run.id, approving())
    const drain = run.steps.findIndex(({ title }) => title.startsWith('Drain main'))
    await comesTo(bench, run.id, drain + 1)
    bench.dieAt(2, 'before')
    await bench
      .runs()
      .advance(run.id)
      .catch(() => undefined)
    bench.crash()
    balancer.fault({ kind: 'reset' })
    await minutesPass(bench, 4)
    expect(await bench.run(run.id)).toMatchObject({ state: 'unknown', current: drain })
    expect(balancer.states()).toBe('main drain, standby ready')
  }

  /** Changes that were sent once it answers again. */
  async function answersAgain(): Promise<number> {
    balancer.fault(undefined)
    const before = balancer.requests().length
    await minutesPass(bench, 2)
    return balancer
      .requests()
      .slice(before)
      .filter(({ changes }) => changes).length
  }

  async function resolve(at = bench.now()): Promise<void> {
    const next = { ...incident('INC-1'), system: 'api', state: 'resolved', at, by: 'ann' } as const
    const write = { kind: 'incident', id: 'INC-1', expected: 1, next, wakeAt: undefined } as const
    expect(await bench.store.commit({ write })).toBe('committed')
  }

  /** The last thing that the room was told. */
  const said = (): string => bench.news().at(-1) ?? ''

  test('goes on alone to its end within half an hour', async () => {
    bench.away(25 * minute)

    expect(await answersAgain()).toBeGreaterThan(2)
    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
    expect(balancer.states()).toBe('main maint, standby ready')
  })

  test('begins nothing more by itself two days later; the room hears of it, and a retry goes on', async () => {
    bench.away(twoDays)

    expect(await answersAgain()).toBe(0)
    expect(await bench.run('R-1')).toMatchObject({ state: 'failed', current: 4 })
    expect((await bench.run('R-1')).steps[3]).toMatchObject({ phase: 'done' })
    expect(said()).toMatch(
      /^failed: R-1 \(failover api to standby\) failed at step 5 of 8: It does not go on by itself: what became of the step before was unknown for 2d\S*, and what was approved is too old by now\. Nothing of this step was changed\. When it is to go on all the same: retry R-1\. To undo what was changed: failback api$/,
    )
    await bench.runs().verdict('R-1', retry)
    await minutesPass(bench, 4)
    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
  })

  test('begins nothing more by itself while recoveries are frozen', async () => {
    await bench.runs().freeze(mia, 'standby has old data')

    expect(await answersAgain()).toBe(0)
    expect(await bench.run('R-1')).toMatchObject({ state: 'failed', current: 4 })
    expect(said()).toContain(
      'It does not go on by itself: recoveries were frozen by Mia Manger (standby has old data). Nothing of this step was changed. When it is to go on all the same: retry R-1',
    )
  })

  test('begins nothing more by itself when the freeze comes between the look and the commit', async () => {
    balancer.fault(undefined)
    bench.meanwhile(() => bench.another().freeze(mia, 'standby has old data'))
    const before = balancer.requests().length

    await minutesPass(bench, 2)

    expect(
      balancer
        .requests()
        .slice(before)
        .filter(({ changes }) => changes),
    ).toEqual([])
    expect(await bench.run('R-1')).toMatchObject({ state: 'failed', current: 4 })
    expect(said()).toContain('It does not go on by itself: recoveries were frozen a moment ago.')
  })

  test('begins nothing more by itself when the outage is over', async () => {
    await resolve()

    expect(await answersAgain()).toBe(0)
    expect(await bench.run('R-1')).toMatchObject({ state: 'failed', current: 4 })
    expect(said()).toContain('It does not go on by itself: INC-1 is resolved, so R-1 has lost its reason.')
  })
})

test('what was seen before a run became unknown does not let it go on when its outage is over since', async () => {
  const options = { user: 'dr-bot', password: 'not-to-be-shown', servers: dataplaneServers }
  const [bench, balancer] = await Promise.all([startEngine(redis()), startDataplane(options)])
  bench.setPlan(planWith({ dataplane: [{ url: balancer.url }] }))
  const open = { ...incident('INC-1'), system: 'api' as const }
  const one = { kind: 'incident', id: 'INC-1', wakeAt: undefined } as const
  await bench.store.commit({ write: { ...one, expected: 0, next: open } })
  const { run } = await bench.runs().propose(wanting({ incident: 'INC-1' }))
  await bench.runs().verdict(run.id, approving())
  const drain = run.steps.findIndex(({ title }) => title.startsWith('Drain main'))
  await comesTo(bench, run.id, drain + 1)
  bench.dieAt(2, 'before')
  await bench
    .runs()
    .advance(run.id)
    .catch(() => undefined)
  bench.crash()
  bench.away(20_000)
  // This process has seen that the drain is done, and sleeps before it writes that down.
  bench.meanwhile(async () => {
    const other = bench.another()
    balancer.fault({ kind: 'reset' })
    for (let left = 4; left > 0; left -= 1) {
      bench.away(minute)
      await other.advance(run.id)
    }
    expect(await bench.run(run.id)).toMatchObject({ state: 'unknown', current: drain })
    const over = { ...open, state: 'resolved', at: bench.now(), by: 'ann' } as const
    await bench.store.commit({ write: { ...one, expected: 1, next: over } })
    balancer.fault(undefined)
  })
  const before = balancer.requests().length

  await bench.runs().advance(run.id)
  await minutesPass(bench, 4)

  const sent = balancer.requests().slice(before)
  expect(sent.filter(({ changes }) => changes)).toEqual([])
  expect(await bench.run(run.id)).toMatchObject({ state: 'failed', current: drain + 1 })
  expect(bench.news().at(-1)).toContain('INC-1 is resolved, so R-1 has lost its reason.')
  await Promise.all([bench.stop(), balancer.stop()])
})

test('the last change of a run, seen after two days, is followed by looking only: the run ends as it should', async () => {
  const bench = await startEngine(redis())
  const { run } = await bench.runs().propose(asking())
  await bench.runs().verdict(run.id, approving())
  await comesTo(bench, run.id, 2)
  bench.dieAt(2, 'before')
  await bench
    .runs()
    .advance(run.id)
    .catch(() => undefined)
  bench.crash()
  bench.world.cloudflare.fault({ kind: 'reset' })
  await minutesPass(bench, 4)
  expect(await bench.run('R-1')).toMatchObject({ state: 'unknown', current: 1 })
  bench.away(twoDays)
  await bench.runs().freeze(mia, 'release night')
  bench.world.cloudflare.fault(undefined)

  await minutesPass(bench, 2)

  expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
  expect(bench.changing()).toBe(1)
  await bench.stop()
})

describe('a restore that is under way at an Azure that was silent', () => {
  let bench: DatabaseBench

  beforeEach(async () => {
    bench = await startDatabases(redis(), { ...twoRegions, times: { restore: 10 * minute, seed: minute } })
    await bench.order(restoring(42 * minute))
    await minutesPass(bench, 1)
    bench.azure.fault({ kind: 'reset' })
    await minutesPass(bench, 4)
    await isUnknown()
    bench.azure.fault(undefined)
  })
  afterEach(() => bench.stop())

  async function isUnknown(): Promise<void> {
    expect(await bench.run('R-1')).toMatchObject({ state: 'unknown', current: 0 })
  }

  test('goes on to the swap alone once Azure answers', async () => {
    await minutesPass(bench, 2)
    expect(await bench.run('R-1')).toMatchObject({ state: 'running', current: 0 })

    expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
  })

  test('is followed to its end while recoveries are frozen, and nothing is renamed then', async () => {
    await bench.runs().freeze(mia, 'wrong moment')
    await minutesPass(bench, 2)
    const followed = await bench.run('R-1')
    const sent = bench.sent().length

    await minutesPass(bench, 20)

    expect(followed).toMatchObject({ state: 'unknown', current: 0 })
    expect(bench.sent()).toHaveLength(sent)
    const stopped = await bench.run('R-1')
    expect(stopped).toMatchObject({ state: 'failed', current: 1 })
    expect(stopped.steps[0]).toMatchObject({ phase: 'done' })
  })
})

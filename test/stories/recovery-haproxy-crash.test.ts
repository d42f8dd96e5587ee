// A move at HAProxy through a crash at every commit, and through lost answers: each command is sent once.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { reasonOf } from '../../src/errors.ts'
import type { Ask } from '../../src/recovery/input.ts'
import { approving, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { startApi, startHaproxy } from '../../sim/haproxy.ts'
import type { ApiServer, RealHaproxy } from '../../sim/haproxy.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { pointsOf, unseenAt } from './cut-short.ts'
import { planWith, wanting } from './haproxy-house.ts'

const redis = oneRedis()
let apis: readonly [ApiServer, ApiServer]
let haproxy: RealHaproxy
let bench: EngineBench
let told = 0

beforeAll(async () => {
  apis = await Promise.all([startApi('main'), startApi('standby')])
  const [main, standby] = apis
  // Without checks nothing is waited for, so that each way has the same commits.
  haproxy = await startHaproxy({ main, standby }, { main: 'no-check', standby: 'no-check disabled' })
})
afterAll(async () => {
  await haproxy.stop()
  await Promise.all(apis.map((api) => api.stop()))
})
beforeEach(async () => {
  bench = await startEngine(redis())
  bench.setPlan(planWith({ sockets: [haproxy.control] }))
  haproxy.fault(undefined)
  await haproxy.tell('set server api/main state ready')
  await haproxy.tell('set server api/standby state maint')
  told = haproxy.changing().length
})
afterEach(() => bench.stop())

const over = [
  'set server api/standby state drain',
  'set server api/standby state ready',
  'set server api/main state drain',
  'set server api/main state maint',
]
const back = [
  'set server api/main state drain',
  'set server api/main state ready',
  'set server api/standby state drain',
  'set server api/standby state maint',
]
/** The way back marks the run as undone, too. */
const commits = { failover: 20, failback: 21 } as const

/** What a person types who sees nothing happen: the same again. */
async function order(fields: Partial<Ask> = {}): Promise<void> {
  const { run } = await bench.runs().propose(wanting(fields))
  if (run.state === 'proposed') await bench.runs().verdict(run.id, approving())
  await bench.settle()
}

function sent(): readonly string[] {
  return haproxy.changing().slice(told)
}

describe('a crash', () => {
  test('is tried at every commit of both ways', async () => {
    bench.dieAt(1_000, 'before')
    await order()
    const there = bench.commits()
    bench.dieAt(1_000, 'before')
    await order({ direction: 'failback' })

    expect({ failover: there, failback: bench.commits() }).toEqual(commits)
    expect(sent()).toEqual([...over, ...back])
  })

  test.each(pointsOf(commits.failback))('$when commit $n of the way back does, too', async ({ n, when }) => {
    await order()
    bench.dieAt(n, when)

    const died = await order({ direction: 'failback' }).catch((thrown: unknown) => reasonOf(thrown))
    bench.crash()
    await bench.settle()
    const runs = await bench.store.runs({ open: false, limit: 9 })
    const begun = runs.some((run) => run.direction === 'failback' && run.state !== 'proposed')
    if (!begun) await order({ direction: 'failback' })
    await bench.pass(35_000)

    const [last, ...rest] = await bench.store.runs({ open: false, limit: 9 })
    expect(died).toBe('the process died')
    expect(last).toMatchObject({ direction: 'failback', state: 'done' })
    expect(rest).toMatchObject([{ id: 'R-1', undoneBy: last?.id }])
    expect(sent()).toEqual([...over, ...back])
    expect(await haproxy.states()).toBe('main ready, standby maint')
    const locks = (last?.proposal.targets ?? []).map((name) => `lock:${name}`)
    expect(await bench.store.claims(locks)).toEqual([''])
  })

  test.each(pointsOf(commits.failover))(
    '$when commit $n ends with each command sent once',
    async ({ n, when }) => {
      bench.dieAt(n, when)

      const died = await order().catch((thrown: unknown) => reasonOf(thrown))
      bench.crash()
      await bench.settle()
      const runs = await bench.store.runs({ open: true, limit: 9 })
      if (runs.every((run) => run.state === 'proposed') && sent().length === 0) await order()
      await bench.pass(35_000)

      const all = await bench.store.runs({ open: false, limit: 9 })
      expect(died).toBe('the process died')
      expect(all).toHaveLength(1)
      expect(all[0]?.state).toBe('done')
      expect(sent()).toEqual(over)
      expect(await haproxy.states()).toBe('main maint, standby ready')
      expect(
        await bench.store.claims([...(all[0]?.proposal.targets ?? [])].map((name) => `lock:${name}`)),
      ).toEqual([''])
    },
  )
})

describe('a way back', () => {
  // Steps 2 and 5 only wait.
  test.each([1, 3, 4, 6])('whose step %i nobody saw the end of is gone on with', async (step) => {
    await order()
    const { run } = await bench.runs().propose(wanting({ direction: 'failback' }))
    await bench.runs().verdict(run.id, approving())
    const silence = (on: boolean): void => haproxy.fault(on ? 'reset' : undefined)
    await unseenAt(bench, { id: 'R-2', step, silence })
    const standing = await bench.run('R-1')

    await order({ direction: 'failback' })

    const last = await bench.run('R-3')
    expect(standing.undoneBy).toBeUndefined()
    expect(last).toMatchObject({ state: 'done', undoes: 'R-1' })
    expect(last.proposal.summary.startsWith('Nothing is left to change')).toBe(step === 6)
    expect(await bench.run('R-1')).toMatchObject({ undoneBy: 'R-3' })
    expect(sent()).toEqual([...over, ...back])
    expect(await haproxy.states()).toBe('main ready, standby maint')
  })
})

describe('HAProxy', () => {
  test('that does what it is told and loses the answer is looked at, and told once', async () => {
    const { run } = await bench.runs().propose(wanting())
    await bench.runs().verdict(run.id, approving())
    haproxy.fault('lose-answer')

    await bench.pass(35_000)

    expect(await bench.run(run.id)).toMatchObject({ state: 'done' })
    expect(sent()).toEqual(over)
  })

  test('that loses its answers on the way back is told once, too', async () => {
    await order()
    const { run } = await bench.runs().propose(wanting({ direction: 'failback' }))
    await bench.runs().verdict(run.id, approving())
    haproxy.fault('lose-answer')

    await bench.pass(35_000)

    expect(await bench.run(run.id)).toMatchObject({ state: 'done' })
    expect(sent()).toEqual([...over, ...back])
  })

  test('that is silent when it is told is asked again before it is told again', async () => {
    const { run } = await bench.runs().propose(wanting())
    await bench.runs().verdict(run.id, approving())
    haproxy.fault('reset')
    await bench.pass(10_000)
    haproxy.fault(undefined)

    await bench.pass(35_000)

    expect(await bench.run(run.id)).toMatchObject({ state: 'done' })
    expect(await haproxy.states()).toBe('main maint, standby ready')
  })

  test('that takes the right away fails the step at once, with what to write, and goes on after retry', async () => {
    const { run } = await bench.runs().propose(wanting())
    await bench.runs().verdict(run.id, approving())
    haproxy.fault('deny')
    await bench.settle()
    const failed = await bench.run(run.id)
    haproxy.fault(undefined)

    await bench.runs().verdict(run.id, { kind: 'retry', by: { person: 'ann', door: 'cli' } })
    await bench.settle()

    expect(failed).toMatchObject({ state: 'failed', current: 0 })
    expect(failed.state === 'failed' && failed.reason).toMatch(
      /Write "level admin" on the "stats socket" line/,
    )
    expect(await bench.run(run.id)).toMatchObject({ state: 'done' })
  })
})

// Past Cloudflare and back through a crash at every commit of both ways: one change each, never a blind one.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { reasonOf } from '../../src/errors.ts'
import { approving, asking, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { unhurried } from '../servers/unhurried.ts'
import { pointsOf } from './cut-short.ts'

const redis = oneRedis()
let bench: EngineBench

beforeEach(async () => {
  bench = await startEngine(redis())
  const { zone, record, lb, httpPort } = bench.world
  bench.edit({ proxied: true, ttl: 1 })
  const probe = { url: `http://${record}:${httpPort}/health`, status: 200, timeout: unhurried }
  bench.setPlan((plan) => ({
    ...plan,
    systems: {
      ...plan.systems,
      cloudflare: {
        ...(plan.systems.cloudflare ?? { rto: 600_000, alerts: [], depends_on: [] }),
        recoveries: [{ name: 'bypass', cloudflare_bypass: { zone, records: [record], to: lb.host }, probe }],
      },
    },
  }))
})
afterEach(() => bench.stop())

async function order(direction: 'failover' | 'failback'): Promise<void> {
  const { run } = await bench.runs().propose(asking({ system: 'cloudflare', direction }))
  if (run.state === 'proposed') await bench.runs().verdict(run.id, approving())
  await bench.settle()
}

/** The way back asks no name server: what is behind the proxy shows Cloudflare's own addresses there. */
const commits = { failover: 14, failback: 12 } as const
const through = '127.0.0.11 1 true'
const past = '127.0.0.11 60 false'

/** Somebody who sees nothing happen orders it again, as long as nothing has been approved. */
async function afterCrash(direction: 'failover' | 'failback'): Promise<void> {
  bench.crash()
  await bench.settle()
  const open = await bench.store.runs({ open: true, limit: 9 })
  const all = await bench.store.runs({ open: false, limit: 9 })
  const begun = all.some((run) => run.direction === direction && run.state !== 'proposed')
  if (!begun && open.every((run) => run.state === 'proposed')) await order(direction)
  await bench.pass(35_000)
}

describe('a crash', () => {
  test('is tried at every commit of both ways', async () => {
    bench.dieAt(1_000, 'before')
    await order('failover')
    const there = bench.commits()
    bench.dieAt(1_000, 'before')
    await order('failback')

    expect({ failover: there, failback: bench.commits() }).toEqual(commits)
    expect(bench.record()).toBe(through)
  })

  test.each(pointsOf(commits.failover))(
    '$when commit $n of a bypass ends in one change',
    async ({ n, when }) => {
      bench.dieAt(n, when)

      const died = await order('failover').catch((thrown: unknown) => reasonOf(thrown))
      await afterCrash('failover')

      expect(died).toBe('the process died')
      expect(await bench.store.runs({ open: false, limit: 9 })).toMatchObject([{ state: 'done' }])
      expect(bench.changing()).toBe(1)
      expect(bench.record()).toBe(past)
    },
  )

  test.each(pointsOf(commits.failback))(
    '$when commit $n of the way back ends in exactly what was before',
    async ({ n, when }) => {
      await order('failover')
      bench.dieAt(n, when)

      const died = await order('failback').catch((thrown: unknown) => reasonOf(thrown))
      await afterCrash('failback')

      expect(died).toBe('the process died')
      const [back, ...rest] = await bench.store.runs({ open: false, limit: 9 })
      expect(rest).toMatchObject([{ id: 'R-1', state: 'done', undoneBy: back?.id }])
      expect(back).toMatchObject({ direction: 'failback', state: 'done' })
      expect(bench.changing()).toBe(2)
      expect(bench.record()).toBe(through)
    },
  )
})

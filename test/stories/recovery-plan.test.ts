// A plan that is changed while a recovery waits for its approval.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { approving, asking, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'

let redis: TestRedis
let bench: EngineBench

beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.stop())
beforeEach(async () => {
  bench = await startEngine(redis)
})
afterEach(() => bench.stop())

test('a recovery that was taken out of the plan since is not carried out', async () => {
  const { run } = await bench.runs().propose(asking())
  bench.setPlan((plan) => {
    const { lb } = plan.systems
    if (!lb) throw new Error('the plan has no load balancer')
    const recoveries = lb.recoveries.filter(({ name }) => name !== 'backup')
    return { ...plan, systems: { ...plan.systems, lb: { ...lb, recoveries } } }
  })

  await expect(bench.runs().verdict(run.id, approving())).rejects.toThrow(
    'The DR plan has no recovery backup of lb any more. Nothing was changed.',
  )
  expect(await bench.run('R-1')).toMatchObject({ state: 'expired' })
  expect(bench.changing()).toBe(0)
})

// A provider that asks to wait for a day holds no run for a day.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { approving, asking, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'

const redis = oneRedis()
let bench: EngineBench

beforeEach(async () => {
  bench = await startEngine(redis())
})
afterEach(() => bench.stop())

test('a change that Cloudflare answered with "in a day" is looked at again after five minutes', async () => {
  const { run } = await bench.runs().propose(asking())
  await bench.runs().verdict(run.id, approving())
  bench.world.cloudflare.fault({ kind: 'rate-limit', retryAfter: 86_400, times: 1, on: 'change' })
  await bench.settle()
  bench.world.cloudflare.fault(undefined)
  const waiting = await bench.run(run.id)

  for (let times = 0; times < 4; times += 1) {
    bench.away(301_000)
    await bench.settle()
  }

  expect(waiting).toMatchObject({ state: 'running', checkAt: bench.now() - 4 * 301_000 + 300_000 })
  expect(await bench.run(run.id)).toMatchObject({ state: 'done' })
})

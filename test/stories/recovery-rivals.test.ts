// Two open runs that would change the same name each other, and only for as long as both are open.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { plain } from '../../src/message.ts'
import { runCard } from '../../src/recovery/card.ts'
import type { Run } from '../../src/recovery/run.ts'
import { noon } from '../contracts/store-samples.ts'
import { approving, asking, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'

const redis = oneRedis()
let bench: EngineBench

beforeEach(async () => {
  bench = await startEngine(redis())
})
afterEach(() => bench.stop())

function warned(run: Run): string {
  const lines = (runCard(run, noon, bench.plan()).sections ?? []).flatMap((section) => section.lines ?? [])
  return lines.map(plain).join('\n')
}

test('names another proposal for the same records, on the cards of both', async () => {
  const { run: first } = await bench.runs().propose(asking())
  await bench.settle()
  const { run: second } = await bench.runs().propose(asking({ recovery: 'api' }))
  await bench.settle()

  expect(second.rivals).toEqual([{ id: 'R-1', name: 'failover lb to backup' }])
  expect((await bench.run(first.id)).rivals).toEqual([{ id: 'R-2', name: 'failover lb to api' }])
  expect(warned(second)).toContain('R-1 (failover lb to backup) is open for the same target, too')
  expect(bench.shown()).toContain('R-1-run-card-slack v2')
})

test('names it no longer once it has ended, whichever way', async () => {
  const { run: first } = await bench.runs().propose(asking())
  const { run: second } = await bench.runs().propose(asking({ recovery: 'api' }))
  await bench.settle()

  await bench.runs().verdict(second.id, { kind: 'deny', by: approving().by })
  await bench.settle()

  expect((await bench.run(first.id)).rivals).toBeUndefined()
  expect(warned(await bench.run(first.id))).not.toContain('is open for the same target')
  expect(bench.shown()).toContain('R-1-run-card-slack v3')
})

test('names it while it is under way, and no longer once that has ended', async () => {
  const { run: first } = await bench.runs().propose(asking())
  const { run: second } = await bench.runs().propose(asking({ recovery: 'api' }))
  await bench.settle()

  await bench.runs().verdict(first.id, approving())
  expect(warned(await bench.run(second.id))).toContain('R-1 (failover lb to backup) is open')
  await bench.settle()

  expect(await bench.run(first.id)).toMatchObject({ state: 'done' })
  expect(warned(await bench.run(second.id))).not.toContain('is open for the same target')
})

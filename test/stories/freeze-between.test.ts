// A freeze that comes between the look for one and the commit of a start: the commit itself holds it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ann, approving, asking, mia, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'

const redis = oneRedis()
const refusal = /R-1 cannot start: recoveries were frozen by Mia Manger \(release night\)/
const lock = ['lock:cloudflare:example.com/api.example.com']

let bench: EngineBench

beforeEach(async () => {
  bench = await startEngine(redis())
  await bench.runs().propose(asking())
})
afterEach(() => bench.stop())

/** Another process freezes when this one has seen that nothing is frozen, and is about to write. */
function freezesMeanwhile(): void {
  bench.meanwhile(() => bench.another().freeze(mia, 'release night'))
}

/** Points `api.example.com` somewhere else, as a person in the dashboard does. */
function edit(content: string, ttl: number): void {
  bench.world.cloudflare.edit(bench.world.zone, (records) =>
    records.map((one) => (one.name === bench.world.record ? { ...one, content, ttl } : one)),
  )
}

async function isLeftAlone(state: string): Promise<void> {
  await bench.settle()
  expect(await bench.runs().frozen()).toMatchObject({ reason: 'release night' })
  expect(await bench.run('R-1')).toMatchObject({ state })
  expect(bench.changing()).toBe(0)
}

describe('a freeze between the look and the commit', () => {
  test('keeps an approved run from starting', async () => {
    freezesMeanwhile()

    await expect(bench.runs().verdict('R-1', approving())).rejects.toThrow(refusal)

    await isLeftAlone('proposed')
    expect(await bench.store.claims(lock)).toEqual([''])
  })

  test('keeps a failed run from going on', async () => {
    await bench.runs().verdict('R-1', approving())
    bench.dieAt(3, 'after')
    await bench.settle().catch(() => undefined)
    bench.crash()
    bench.away(5 * 3_600_000)
    await bench.settle()
    freezesMeanwhile()

    await expect(bench.runs().verdict('R-1', { kind: 'retry', by: ann })).rejects.toThrow(refusal)

    await isLeftAlone('failed')
    expect(await bench.store.claims(lock)).toEqual([''])
  })

  test('keeps a run whose outcome is unknown from going on, though that has kept its locks', async () => {
    await bench.runs().verdict('R-1', approving())
    bench.dieAt(4, 'after')
    await bench.settle().catch(() => undefined)
    bench.crash()
    edit('192.0.2.9', 60)
    await bench.pass(15_000)
    edit('127.0.0.11', 300)
    freezesMeanwhile()

    await expect(bench.runs().verdict('R-1', { kind: 'retry', by: ann })).rejects.toThrow(refusal)

    await isLeftAlone('unknown')
    expect(await bench.store.claims(lock)).toEqual(['R-1'])
  })
})

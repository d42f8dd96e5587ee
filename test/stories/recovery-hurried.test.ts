// Somebody says cancel or retry while a run waits because its provider has asked for it: it is looked at right away, or says why not.
import { afterEach, describe, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import type { CloudflareFault } from '../../sim/cloudflare/faults.ts'
import { ann, approving, asking, startEngine } from '../servers/engine.ts'
import type { Run } from '../../src/recovery/run.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { startStorage } from '../servers/storage.ts'

const cancel = { kind: 'cancel', by: ann } as const
const retry = { kind: 'retry', by: ann } as const

const redis = oneRedis()
let bench: EngineBench
let stop: () => Promise<void>

afterEach(() => stop())

describe('a run whose provider is busy and asks to wait four minutes', () => {
  /** Azure answers the change of R-1 with 503 and a Retry-After; nothing was changed. */
  async function waiting(): Promise<AzureSim> {
    const { engine, azure, propose, approve, ...storage } = await startStorage(redis())
    bench = engine
    stop = storage.stop
    await approve(await propose())
    azure.fault({ kind: 'status', status: 503, retryAfter: 240, on: 'setting-change', times: 1 })
    await bench.settle()
    expect(await bench.run('R-1')).toMatchObject({ state: 'running', checkAt: bench.now() + 240_000 })
    return azure
  }

  test('is stopped within seconds of a cancel', async () => {
    await waiting()
    await bench.pass(20_000)

    await bench.runs().verdict('R-1', cancel)
    await bench.settle()

    expect(await bench.run('R-1')).toMatchObject({ state: 'cancelled' })
  })

  test('is looked at once more by a second cancel, where it was busy again at the first', async () => {
    const azure = await waiting()
    azure.fault({ kind: 'status', status: 503, retryAfter: 240, on: 'setting', times: 1 })
    await bench.pass(20_000)
    await bench.runs().verdict('R-1', cancel)
    await bench.settle()
    await bench.pass(20_000)
    expect(await bench.run('R-1')).toMatchObject({ state: 'running', checkAt: bench.now() + 220_000 })

    await bench.runs().verdict('R-1', cancel)
    await bench.settle()

    expect(await bench.run('R-1')).toMatchObject({ state: 'cancelled' })
  })

  test('goes on within seconds of a retry, also while recoveries are frozen: it was approved before', async () => {
    await waiting()
    await bench.runs().freeze(ann, 'release night')
    await bench.pass(20_000)

    await bench.runs().verdict('R-1', retry)
    await bench.pass(10_000)

    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
  })

  test('is not looked at before what was on its way has arrived', async () => {
    await waiting()

    await bench.runs().verdict('R-1', cancel)
    await bench.settle()
    const before = await bench.run('R-1')
    await bench.pass(5_000)

    expect(before).toMatchObject({ state: 'running', checkAt: bench.now() })
    expect(await bench.run('R-1')).toMatchObject({ state: 'cancelled' })
  })
})

describe('a run whose provider refuses and asks for no wait at all', () => {
  test('looks again after the usual pause, at Azure', async () => {
    const { engine, azure, propose, approve, ...storage } = await startStorage(redis())
    bench = engine
    stop = storage.stop
    await approve(await propose())
    azure.fault({ kind: 'status', status: 503, retryAfter: 0, on: 'setting-change', times: 1 })

    await bench.settle()

    expect((await waitingRun()).checkAt).toBeGreaterThanOrEqual(bench.now() + 5_000)
  })

  test('waits as long as the block lasts, at Cloudflare', async () => {
    bench = await startEngine(redis())
    stop = bench.stop
    const { run } = await bench.runs().propose(asking())
    await bench.runs().verdict(run.id, approving())
    bench.world.cloudflare.fault({ kind: 'rate-limit', on: 'change', times: 1, retryAfter: 0 })

    await bench.settle()

    expect((await waitingRun()).checkAt).toBe(bench.now() + 300_000)
  })

  test('leaves a provider alone for five seconds even where it asks for a fraction of one', async () => {
    const { engine, azure, propose, approve, ...storage } = await startStorage(redis())
    bench = engine
    stop = storage.stop
    await approve(await propose())
    azure.fault({ kind: 'status', status: 503, retryAfter: 0.2, on: 'setting-change', times: 1 })

    await bench.settle()

    expect((await waitingRun()).checkAt).toBe(bench.now() + 5_000)
  })

  async function waitingRun(): Promise<Extract<Run, { state: 'running' }>> {
    const run = await bench.run('R-1')
    if (run.state !== 'running') throw new Error(`R-1 is ${run.state}`)
    return run
  }
})

describe('a run that Cloudflare blocks for five minutes', () => {
  /** Its change is refused, and so is all that comes after, or nothing more. */
  async function blocked(after: CloudflareFault | undefined): Promise<void> {
    bench = await startEngine(redis())
    stop = bench.stop
    const { run } = await bench.runs().propose(asking())
    await bench.runs().verdict(run.id, approving())
    bench.world.cloudflare.fault({ kind: 'rate-limit', on: 'change', times: 1 })
    await bench.settle()
    expect(await bench.run('R-1')).toMatchObject({ state: 'running', checkAt: bench.now() + 300_000 })
    bench.world.cloudflare.fault(after)
  }

  test.for([cancel, retry])('is not asked before, for that would block it longer: $kind', async (said) => {
    await blocked(undefined)
    await bench.pass(60_000)
    const { requests } = bench.world.cloudflare
    const before = requests.length

    await bench.runs().verdict('R-1', said)
    await bench.pass(230_000)
    const meanwhile = requests.length
    await bench.pass(30_000)

    expect(meanwhile).toBe(before)
    expect(await bench.run('R-1')).toMatchObject({ state: said.kind === 'cancel' ? 'cancelled' : 'done' })
  })

  test('and then again is not asked each minute, nor by a retry, which says until when', async () => {
    await blocked({ kind: 'rate-limit' })
    await bench.pass(301_000)
    expect(await bench.run('R-1')).toMatchObject({ state: 'unknown' })
    const { requests } = bench.world.cloudflare
    const before = requests.length

    const retried = bench.runs().verdict('R-1', retry)

    await expect(retried).rejects.toThrow(
      /^R-1 cannot go on yet\. Its provider refuses every call until 13:10 Europe\/Berlin, and to ask before makes that longer: it is looked at then\. After that: retry R-1$/,
    )
    await bench.pass(240_000)
    expect(requests.length).toBe(before)
    bench.world.cloudflare.fault(undefined)
    await bench.pass(61_000)
    await bench.runs().verdict('R-1', retry)
    await bench.settle()
    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
  })
})

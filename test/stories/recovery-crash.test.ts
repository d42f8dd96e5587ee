// A run through crashes, lost answers, refusals and a world that moves: never two changes, never a blind one.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { UserError, reasonOf } from '../../src/errors.ts'
import type { Run } from '../../src/recovery/run.ts'
import { ann, approving, asking, bob, mia, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { pointsOf } from './cut-short.ts'
import { oneRedis } from '../servers/one-redis.ts'

const redis = oneRedis()
let bench: EngineBench

beforeEach(async () => {
  bench = await startEngine(redis())
})
afterEach(() => bench.stop())

async function approved(): Promise<Run> {
  const { run } = await bench.runs().propose(asking())
  return bench.runs().verdict(run.id, approving())
}

/** It is approved, and the process dies once its n-th commit from then on was written; another one is there. */
async function diedAt(n: number): Promise<void> {
  await approved()
  bench.dieAt(n, 'after')
  await bench.settle().catch(() => undefined)
  bench.crash()
}

/** How long targets have to answer from now on, in milliseconds. */
function useProbes(timeout: number): void {
  bench.setPlan((plan) => {
    const { lb } = plan.systems
    if (!lb) throw new Error('the plan has no load balancer')
    const recoveries = lb.recoveries.map((one) =>
      one.probe === undefined ? one : { ...one, probe: { ...one.probe, timeout } },
    )
    return { ...plan, systems: { ...plan.systems, lb: { ...lb, recoveries } } }
  })
}

/** What a person types who sees nothing happen: the same again. */
async function order(direction: Run['direction'] = 'failover'): Promise<void> {
  const { run } = await bench.runs().propose(asking({ direction }))
  if (run.state === 'proposed') await bench.runs().verdict(run.id, approving())
  await bench.settle()
}

const commitsOfAWay = 14

describe('a crash', () => {
  test('is tried at every commit of the way', async () => {
    bench.dieAt(1_000, 'before')

    await order()

    expect(bench.commits()).toBe(commitsOfAWay)
    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })

    bench.dieAt(1_000, 'before')
    await order('failback')
    // The run that is undone is marked so, in a commit of its own.
    expect(bench.commits()).toBe(commitsOfAWay + 1)
  })

  test.each(pointsOf(commitsOfAWay))(
    '$when commit $n ends in one change, made once, and one record',
    async ({ n, when }) => {
      bench.dieAt(n, when)

      const died = await order().catch((thrown: unknown) => reasonOf(thrown))
      bench.crash()
      await bench.settle()
      const runs = await bench.store.runs({ open: true, limit: 9 })
      if (runs.every((run) => run.state === 'proposed') && bench.changing() === 0) await order()
      await bench.pass(35_000)

      expect(died).toBe('the process died')
      const all = await bench.store.runs({ open: false, limit: 9 })
      expect(all).toHaveLength(1)
      expect(all[0]).toMatchObject({ state: 'done', approvals: [{ by: 'ann' }] })
      expect(all[0]?.steps.map((step) => step.phase)).toEqual(['done', 'done', 'done', 'done'])
      expect(bench.changing()).toBe(1)
      expect(bench.record()).toBe('127.0.0.12 60 false')
      expect(await bench.store.claims(['lock:cloudflare:example.com/api.example.com'])).toEqual([''])
      const told = await bench.told(all[0]?.id ?? 'R-1')
      expect(told.filter((text) => /step [1-4] of 4 is done/.test(text))).toHaveLength(4)
      expect(told.filter((text) => text.startsWith('run.done'))).toHaveLength(1)
    },
  )

  test.each(pointsOf(commitsOfAWay + 1))(
    '$when commit $n of the way back leaves the run undone, once',
    async ({ n, when }) => {
      await order()
      bench.dieAt(n, when)

      const died = await order('failback').catch((thrown: unknown) => reasonOf(thrown))
      bench.crash()
      await bench.settle()
      const runs = await bench.store.runs({ open: false, limit: 9 })
      const begun = runs.some((run) => run.direction === 'failback' && run.state !== 'proposed')
      if (!begun) await order('failback')
      await bench.pass(35_000)

      expect(died).toBe('the process died')
      const [back, ...rest] = await bench.store.runs({ open: false, limit: 9 })
      expect(back).toMatchObject({ direction: 'failback', state: 'done' })
      expect(rest).toMatchObject([{ id: 'R-1', state: 'done', undoneBy: back?.id }])
      expect(bench.changing()).toBe(2)
      expect(bench.record()).toBe('127.0.0.11 300 false')
    },
  )

  test('between intent and start does not start anything before it was looked at', async () => {
    await approved()
    // Commits after the approval: three of the first step, then the intent of the second.
    bench.dieAt(4, 'after')
    await bench.settle().catch(() => undefined)
    bench.crash()

    await bench.pass(5_000)
    const waiting = await bench.run('R-1')
    const reads = bench.world.cloudflare.requests.length
    await bench.pass(10_000)

    expect(waiting).toMatchObject({ state: 'running', current: 1 })
    expect(waiting.steps[1]?.phase).toBe('intended')
    const [look, ...rest] = bench.world.cloudflare.requests.slice(reads)
    expect(look?.changes).toBe(false)
    expect(rest.filter((request) => request.changes)).toHaveLength(1)
    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
  })

  test('after which the world is a third one stops for a person, keeps its lock, and starts nothing', async () => {
    await diedAt(4)
    bench.edit({ content: '192.0.2.9', ttl: 60 })

    await bench.pass(15_000)

    const stuck = await bench.run('R-1')
    expect(stuck).toMatchObject({ state: 'unknown', current: 1 })
    expect(stuck.state === 'unknown' && stuck.reason).toMatch(/api\.example\.com A is 192\.0\.2\.9/)
    expect(await bench.store.claims(['lock:cloudflare:example.com/api.example.com'])).toEqual(['R-1'])
    await expect(bench.runs().verdict('R-1', { kind: 'retry', by: ann })).rejects.toThrow(
      /R-1 cannot go on: .*192\.0\.2\.9/,
    )
    expect(bench.changing()).toBe(0)
  })

  test('whose outcome a person then puts right is gone on with', async () => {
    await diedAt(4)
    bench.edit({ content: '192.0.2.9', ttl: 60 })
    await bench.pass(15_000)

    bench.edit({ content: '127.0.0.11', ttl: 300 })
    await bench.pass(120_000)
    const waits = await bench.run('R-1')
    await bench.runs().verdict('R-1', { kind: 'retry', by: bob })
    await bench.settle()

    expect(waits.state).toBe('unknown')
    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
    expect(bench.changing()).toBe(1)
  })

  test('whose outcome turns out to be what was wanted goes on by itself', async () => {
    await diedAt(4)
    bench.edit({ content: '192.0.2.9', ttl: 60 })
    await bench.pass(15_000)

    bench.edit({ content: '127.0.0.12', ttl: 60 })
    await bench.pass(61_000)

    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
    expect(bench.changing()).toBe(0)
  })

  test('whose outcome stays unknown can be cancelled, which lets go of the lock', async () => {
    await diedAt(4)
    bench.edit({ content: '192.0.2.9', ttl: 60 })
    await bench.pass(15_000)

    const run = await bench.runs().verdict('R-1', { kind: 'cancel', by: ann })

    expect(run).toMatchObject({ state: 'cancelled', done: 1 })
    expect((await bench.told('R-1')).at(-1)).toMatch(
      /Whether step 2 .* has happened is not known: look at it/,
    )
    expect(await bench.store.claims(['lock:cloudflare:example.com/api.example.com'])).toEqual([''])
  })
})

describe('between the approval and a change', () => {
  /** Dies when the first step, which only looks, is done. */
  const interrupted = (): Promise<void> => diedAt(3)

  test('a world that somebody has changed meanwhile is left as it is, and people are told', async () => {
    await interrupted()
    bench.edit({ content: '192.0.2.9', ttl: 60 })

    await bench.pass(60_000)

    const run = await bench.run('R-1')
    expect(run).toMatchObject({ state: 'failed' })
    expect(run.state === 'failed' && run.reason).toMatch(
      /^Somebody has changed it meanwhile: .*192\.0\.2\.9.*Nothing of this step was started\./,
    )
    expect(bench.changing()).toBe(0)
  })

  test('what somebody has done already is not done again', async () => {
    await interrupted()
    bench.edit({ content: '127.0.0.12', ttl: 60 })

    await bench.pass(60_000)

    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
    expect((await bench.run('R-1')).steps[1]?.note).toBe('it was so already when its turn came')
    expect(bench.changing()).toBe(0)
  })

  test('what nobody went on with for hours is not begun, and can be begun by retry', async () => {
    await interrupted()

    bench.away(5 * 3_600_000)
    await bench.settle()
    const stale = await bench.run('R-1')
    await bench.runs().verdict('R-1', { kind: 'retry', by: ann })
    await bench.settle()

    expect(stale.state === 'failed' && stale.reason).toMatch(/^Nobody went on with it for 4h59m/)
    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
    expect(bench.changing()).toBe(1)
  })

  test('a freeze keeps a retry from starting', async () => {
    await interrupted()
    bench.away(5 * 3_600_000)
    await bench.settle()
    await bench.runs().freeze(ann, 'release night')

    await expect(bench.runs().verdict('R-1', { kind: 'retry', by: ann })).rejects.toThrow(
      /R-1 cannot start: recoveries were frozen/,
    )
    expect(bench.changing()).toBe(0)
  })
})

describe('Cloudflare', () => {
  test('that makes the change and loses the answer is asked once', async () => {
    await approved()
    bench.world.cloudflare.fault({ kind: 'lose-answer', on: 'change', times: 1 })

    await bench.settle()

    const run = await bench.run('R-1')
    expect(run.state).toBe('done')
    expect(run.steps[1]?.note).toMatch(/seen to be done, though: Cloudflare could not change/)
    expect(bench.changing()).toBe(1)
  })

  test('that says 200 with success: false does not pass; it is looked at, then asked again', async () => {
    await approved()
    bench.world.cloudflare.fault({ kind: 'success-false', on: 'change', times: 1 })

    await bench.settle()
    const waiting = await bench.run('R-1')
    await bench.pass(6_000)

    expect(waiting.steps[1]).toMatchObject({ phase: 'intended', attempts: 1 })
    expect(waiting.steps[1]?.note).toMatch(/success: false/)
    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
    expect(bench.changing()).toBe(2)
    expect(bench.record()).toBe('127.0.0.12 60 false')
  })

  test('that never does it ends in a failed run which can be gone on with later', async () => {
    await approved()
    bench.world.cloudflare.fault({ kind: 'success-false', on: 'change' })

    await bench.pass(60_000)

    const failed = await bench.run('R-1')
    expect(failed).toMatchObject({ state: 'failed', current: 1 })
    expect(failed.state === 'failed' && failed.advice).toMatch(/tried 3 times .* retry R-1/)
    expect(bench.changing()).toBe(3)
    expect(bench.record()).toBe('127.0.0.11 300 false')
    expect(await bench.store.claims(['lock:cloudflare:example.com/api.example.com'])).toEqual([''])

    bench.world.cloudflare.fault(undefined)
    await bench.runs().verdict('R-1', { kind: 'retry', by: ann })
    await bench.settle()
    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
  })

  test('that goes silent in the middle makes the outcome unknown after two minutes, not sooner', async () => {
    await diedAt(4)
    bench.world.cloudflare.fault({ kind: 'reset' })

    await bench.pass(120_000)
    const patient = await bench.run('R-1')
    await bench.pass(30_000)

    expect(patient).toMatchObject({ state: 'running', current: 1 })
    const stuck = await bench.run('R-1')
    expect(stuck).toMatchObject({ state: 'unknown' })
    expect(stuck.state === 'unknown' && stuck.reason).toMatch(/connection failed/)
  })

  test('that refuses the token fails the step at once, with what to set', async () => {
    await approved()
    bench.world.cloudflare.fault({ kind: 'status', status: 403, on: 'change' })

    await bench.settle()

    const failed = await bench.run('R-1')
    expect(failed.state === 'failed' && failed.reason).toMatch(/Set CLOUDFLARE_API_TOKEN/)
    expect(bench.changing()).toBe(1)
  })
})

describe('a world that is not the one that was shown', () => {
  test('does not start the run, says what differs, and lets it be asked for again', async () => {
    const { run } = await bench.runs().propose(asking())
    bench.edit({ content: '192.0.2.9', ttl: 300 })

    await expect(bench.runs().verdict(run.id, approving())).rejects.toThrow(
      /The world is not as R-1 showed it: api\.example\.com A is 192\.0\.2\.9, TTL 300 s, and was 127\.0\.0\.11, TTL 300 s\. Nothing was changed\. Look at it again: failover lb to backup/,
    )

    expect(await bench.run('R-1')).toMatchObject({ state: 'expired' })
    expect(bench.changing()).toBe(0)
    expect(await bench.runs().propose(asking())).toMatchObject({ existing: false, run: { id: 'R-2' } })
  })

  test('includes a target that has become sick, and records at the same name that were added', async () => {
    useProbes(3_000)
    const first = await bench.runs().propose(asking())
    bench.world.backup.set('hang')
    await expect(bench.runs().verdict(first.run.id, approving())).rejects.toThrow(
      /127\.0\.0\.12 gave no answer within 3s/,
    )
    bench.world.backup.set('ok')

    const second = await bench.runs().propose(asking())
    bench.world.cloudflare.edit(bench.world.zone, (records) => {
      const [one] = records.filter((record) => record.name === bench.world.record)
      return one
        ? [...records, { ...one, id: 'e'.repeat(32), type: 'AAAA', content: '2001:db8::1' }]
        : records
    })
    await expect(bench.runs().verdict(second.run.id, approving())).rejects.toThrow(
      /other records at the same names/,
    )
  })

  test('fails the run when the target gets sick between approval and change; nothing is changed', async () => {
    await approved()
    bench.world.backup.set('failing')

    await bench.settle()

    expect(await bench.run('R-1')).toMatchObject({ state: 'failed', current: 0 })
    expect(bench.changing()).toBe(0)
  })

  test('fails the run when it does not work after the change, and offers the way back', async () => {
    await diedAt(6)
    bench.world.backup.set('failing')
    await bench.pass(40_000)

    const failed = await bench.run('R-1')
    const back = await bench.runs().propose(asking({ direction: 'failback' }))

    expect(failed).toMatchObject({ state: 'failed', current: 3 })
    expect(back.run).toMatchObject({ undoes: 'R-1' })
  })
})

describe('several people at once', () => {
  test('two doors that propose and approve the same thing make one run and one change', async () => {
    const proposed = await Promise.all([
      bench.runs().propose(asking()),
      bench.runs().propose(asking({ by: bob })),
      bench.runs().propose(asking()),
    ])
    const ids = new Set(proposed.map(({ run }) => run.id))
    const id = proposed[0].run.id

    const verdicts = await Promise.all([
      bench.runs().verdict(id, approving()),
      bench.runs().verdict(id, approving({ by: bob })),
      bench.runs().verdict(id, approving({ by: mia })),
    ])
    await bench.settle()

    expect(ids.size).toBe(1)
    expect(proposed.filter(({ existing }) => !existing)).toHaveLength(1)
    expect(verdicts.every((run) => run.state === 'running' && run.approvals.length === 1)).toBe(true)
    expect(await bench.runs().verdict(id, approving())).toMatchObject({ state: 'done' })
    expect(bench.changing()).toBe(1)
  })

  test('a bell, an effect and another process that come at once start each step once', async () => {
    await approved()
    const other = bench.another()
    const turns = Array.from({ length: 12 }, () => [other.advance('R-1'), bench.runs().advance('R-1')]).flat()

    await Promise.allSettled(turns)
    await bench.pass(30_000)

    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
    expect(bench.changing()).toBe(1)
  })

  test('a second run on the same records waits until the first has ended', async () => {
    const first = await bench.runs().propose(asking())
    const second = await bench.runs().propose(asking({ recovery: 'api' }))
    await bench.runs().verdict(first.run.id, approving())

    await expect(bench.runs().verdict(second.run.id, approving({ typed: 'api' }))).rejects.toThrow(
      /R-2 cannot start: R-1 is at work on cloudflare:example\.com\/api\.example\.com/,
    )
    expect(await bench.run('R-2')).toMatchObject({ state: 'proposed' })
    expect(await bench.runs().propose(asking())).toMatchObject({ existing: true, run: { id: 'R-1' } })
    await expect(bench.runs().propose(asking({ direction: 'failback' }))).rejects.toThrow(/cancel R-1/)
  })

  test('a cancel between two steps starts no further one, and what was done can be undone', async () => {
    await diedAt(6)

    const cancelled = await bench.runs().verdict('R-1', { kind: 'cancel', by: bob })
    await bench.pass(30_000)

    expect(cancelled).toMatchObject({ state: 'cancelled', done: 2, by: { by: 'bob' } })
    expect(await bench.runs().verdict('R-1', { kind: 'cancel', by: ann })).toMatchObject({
      by: { by: 'bob' },
    })
    const { run } = await bench.runs().propose(asking({ direction: 'failback' }))
    await bench.runs().verdict(run.id, approving())
    await bench.settle()
    expect(bench.record()).toBe('127.0.0.11 300 false')
  })

  test('a cancel in the middle of a step waits for its end', async () => {
    await diedAt(5)

    const stopping = await bench.runs().verdict('R-1', { kind: 'cancel', by: ann })
    await bench.pass(30_000)

    expect(stopping).toMatchObject({ state: 'running', cancelling: { by: 'ann' } })
    expect(await bench.run('R-1')).toMatchObject({ state: 'cancelled', done: 2 })
    expect(bench.record()).toBe('127.0.0.12 60 false')
    const refusal = await bench
      .runs()
      .verdict('R-1', approving())
      .catch((thrown: unknown) => thrown)
    expect(refusal).toBeInstanceOf(UserError)
  })
})

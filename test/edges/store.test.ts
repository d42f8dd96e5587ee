// The store in Redis: keeps the contract, loses nothing in a crash, and says so at once when Redis is away.
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import { createStore } from '../../src/store/redis.ts'
import { loadScripts } from '../../src/store/scripts.ts'
import { alert, incident, noon, writing } from '../contracts/store-samples.ts'
import { storeEffectsContract } from '../contracts/store-effects.ts'
import { storeContract } from '../contracts/store.ts'
import { oneRedis } from '../servers/one-redis.ts'
import type { Store } from '../../src/ports.ts'
import type { RedisConnection } from '../../src/store/connect.ts'

const redis = oneRedis()
let connection: RedisConnection
let store: Store

beforeAll(async () => {
  connection = await redis().connect()
  store = createStore({ redis: connection.redis })
})
beforeEach(() => redis().flush())

const open = Object.assign(() => Promise.resolve(store), {
  beside: () => Promise.resolve(createStore({ redis: connection.redis })),
})
storeContract(open)
storeEffectsContract(open)

describe('in a storm', () => {
  test('the memory for ids is bounded: when a generation is full, the one before it goes', async () => {
    const script = loadScripts(connection.redis)
    const accept = (id: string) => script('accept', [noon, 1_000, 2, id, '{}'])
    for (const id of ['a', 'b', 'c']) await accept(id)
    expect(await accept('a')).toEqual([0])

    for (const id of ['d', 'e']) await accept(id)

    expect(await connection.redis.scard('{dr}:seen:old')).toBe(2)
    expect(await accept('c')).toEqual([0])
    expect(await accept('a')).toEqual([1])
  })

  test('ids are remembered for seven days at least, and forgotten after fourteen', async () => {
    await store.accept([alert(1)])
    const day = 24 * 3_600_000
    await store.accept([alert(2, { receivedAt: noon + 7 * day })])
    expect(await store.accept([alert(1, { receivedAt: noon + 7 * day })])).toMatchObject([{ fresh: false }])

    await store.accept([alert(3, { receivedAt: noon + 14 * day })])

    expect(await store.accept([alert(1, { receivedAt: noon + 14 * day })])).toMatchObject([{ fresh: true }])
    expect(await store.accept([alert(2, { receivedAt: noon + 14 * day })])).toMatchObject([{ fresh: false }])
  })

  test('callers at the same time share their writes to disk', async () => {
    const before = await writes()

    await Promise.all(Array.from({ length: 1_000 }, (_, n) => store.accept([alert(n)])))

    expect((await writes()) - before).toBeLessThanOrEqual(3)
  })
})

describe('when Redis goes away', () => {
  test.each([1, 2, 3])('no alert that was answered is lost or doubled by kill -9 (%i)', async (round) => {
    const answered = new Set<string>()
    const refusals: unknown[] = []
    const stopped = new AbortController()
    let number = round * 100_000
    async function sender(): Promise<void> {
      while (!stopped.signal.aborted) {
        number += 1
        const next = alert(number)
        try {
          await store.accept([next])
          answered.add(next.id)
        } catch (error) {
          refusals.push(error)
          await new Promise((resolve) => setImmediate(resolve))
        }
      }
    }
    const senders = Array.from({ length: 20 }, sender)

    for (let kill = 0; kill < 3; kill += 1) {
      const goal = answered.size + 50 + Math.floor(Math.random() * 500)
      await vi.waitFor(() => expect(answered.size).toBeGreaterThan(goal), { timeout: 10_000, interval: 1 })
      await redis().kill9()
      await redis().restart()
    }
    stopped.abort()
    await Promise.all(senders)

    await vi.waitFor(() => store.ping(), { timeout: 5_000 })
    const kept = (await store.untriaged(1_000_000)).map(({ id }) => id)
    expect(refusals).not.toEqual([])
    expect(refusals.filter((error) => !(error instanceof RetryableError))).toEqual([])
    expect(new Set(kept).size).toBe(kept.length)
    expect([...answered].filter((id) => !kept.includes(id))).toEqual([])
  })

  test('what was done once is remembered over kill -9', async () => {
    expect(await store.once('slack:Ev0001', 60_000)).toBe(true)
    await redis().kill9()
    await redis().restart()
    await vi.waitFor(() => store.ping(), { timeout: 5_000 })

    expect(await store.once('slack:Ev0001', 60_000)).toBe(false)
  })

  test('each call rejects while Redis is down, with what to do, and works again when it is back', async () => {
    await redis().kill9()
    await vi.waitFor(() => expect(connection.redis.status).not.toBe('ready'))

    const outcomes = await Promise.allSettled(everyCall(store))

    expect(outcomes).toEqual(
      outcomes.map(() => ({
        status: 'rejected',
        reason: expect.objectContaining({
          name: 'RetryableError',
          message: expect.stringContaining('Check that Redis runs') as string,
        }) as Error,
      })),
    )
    await redis().restart()
    await vi.waitFor(() => store.ping(), { timeout: 5_000 })
    expect(await store.accept([alert(1)])).toMatchObject([{ fresh: true }])
  })

  test('a Redis that is silent makes no call wait until it speaks', async () => {
    await store.ping()
    redis().freeze()
    try {
      const outcomes = await Promise.allSettled(everyCall(store))

      expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 'rejected'))
    } finally {
      redis().thaw()
    }
    await vi.waitFor(() => store.ping(), { timeout: 5_000 })
  })
})

function everyCall(store: Store): readonly Promise<unknown>[] {
  return [
    store.accept([alert(1)]),
    store.untriaged(1),
    store.stillUntriaged(['x']),
    store.nextNumber('INC'),
    store.incident('INC-1'),
    store.run('R-1'),
    store.incidents({ open: true, limit: 1 }),
    store.runs({ open: true, limit: 1 }),
    store.commit(writing(incident('INC-1'))),
    store.claims(['frozen']),
    store.objects(['lb1']),
    store.objectsOf('INC-1', 1),
    store.head('INC-1'),
    store.timeline('INC-1'),
    store.due(noon, 1),
    store.lend(noon, 1),
    store.take('x'),
    store.effectDone('x'),
    store.effectLater('x', noon),
    store.pendingEffects(),
    store.setting('x'),
    store.putSetting('x', undefined, 'y'),
    store.once('x', 1_000),
    store.ping(),
  ]
}

/** How many scripts Redis has run. */
async function writes(): Promise<number> {
  const stats = await connection.redis.info('commandstats')
  const calls = [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)]
  return calls.reduce((sum, [, count]) => sum + Number(count), 0)
}

// What was ordered just before a crash, or while Redis died over the answer: done as soon as somebody is there again.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createMovableClock } from '../../sim/clock.ts'
import { createOutbox } from '../../src/incident/outbox.ts'
import type { Outbox, Performers } from '../../src/incident/outbox.ts'
import type { Effect, Store } from '../../src/ports.ts'
import { createStore } from '../../src/store/redis.ts'
import { silent, startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'

const clock = createMovableClock()
let redis: TestRedis
let store: Store
let done: string[]

beforeAll(async () => {
  redis = await startTestRedis()
  store = createStore({ redis: (await redis.connect()).redis })
})
beforeEach(async () => {
  await redis.flush()
  done = []
})
afterAll(() => redis.stop())

/** The outbox of a bot that has just started; what it does is only written down. */
function freshOutbox(): Outbox {
  const perform = async (_body: unknown, key: string): Promise<void> => void done.push(key)
  const kinds = ['card', 'room', 'say', 'page', 'tell-nagios', 'release', 'advance', 'run-news']
  const performers = Object.fromEntries(kinds.map((kind) => [kind, { perform }])) as unknown as Performers
  const queue = { put: async () => {}, onEffect: () => {} }
  return createOutbox({ store, queue, clock, log: silent, timeout: 1_000 }, () => performers)
}

/** A decision whose maker never comes to do what it demands. */
async function decideAndDie(...keys: readonly string[]): Promise<void> {
  const effects = keys.map((key): Effect => ({ key, body: { kind: 'release', incident: 'INC-1' } }))
  expect(await store.commit({ write: undefined, effects }, clock.now())).toBe('committed')
}

async function sweep(outbox: Outbox): Promise<void> {
  await outbox.sweep()
  await outbox.idle()
}

test('what was ordered just before a crash is done by the next start at once', async () => {
  await decideAndDie('INC-1-v1-1')

  await sweep(freshOutbox())

  expect(done).toEqual(['INC-1-v1-1'])
  expect(await store.pendingEffects()).toBe(0)
})

test('after a start, what somebody else has just ordered is left to them', async () => {
  const outbox = freshOutbox()
  await sweep(outbox)
  await decideAndDie('INC-1-v2-1')

  await sweep(outbox)

  expect(done).toEqual([])
})

test('after Redis was away, what it kept without an answer is done at once', async () => {
  const outbox = freshOutbox()
  await sweep(outbox)
  await decideAndDie('INC-1-v3-1')

  outbox.takeOver()
  await sweep(outbox)

  expect(done).toEqual(['INC-1-v3-1'])
})

test('more than one sweep can hold is taken over all the same', async () => {
  const outbox = freshOutbox()
  await decideAndDie(...Array.from({ length: 450 }, (_, index) => `INC-1-v1-${index + 1}`))

  await sweep(outbox)
  await sweep(outbox)
  await sweep(outbox)

  expect(new Set(done).size).toBe(450)
})

// The queue on a real Redis: bells ring at their time, survive crashes and restarts, and nothing is swallowed.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RetryableError, UserError } from '../../src/errors.ts'
import { createQueue } from '../../src/queue/bullmq.ts'
import { oneRedis } from '../servers/one-redis.ts'
import type { Effect } from '../../src/effect.ts'
import type { Clock, Log } from '../../src/ports.ts'
import type { JobQueue } from '../../src/queue/bullmq.ts'
import type { RedisConnection } from '../../src/store/connect.ts'

/** The queue asks its clock what time it is and how long a duration takes, and sets no timer. */
function clockAt(now: () => number, speed = 1): Clock {
  return {
    now,
    real: (duration) => duration / speed,
    after: () => {
      throw new Error('the queue sets no timer')
    },
  }
}

const clock = clockAt(() => Date.now())
const soon = { timeout: 10_000, interval: 5 }

const redis = oneRedis({ hz: '50' })
let connection: RedisConnection
let lines: { readonly level: string; readonly message: string; readonly fields: unknown }[] = []
const queues: JobQueue[] = []

beforeEach(async () => {
  await redis().flush()
  connection = await redis().connect()
  lines = []
})
afterEach(async () => {
  await Promise.all(queues.splice(0).map((queue) => queue.close()))
  await connection.close()
})

const log: Log = {
  debug: () => {},
  info: (message, fields) => lines.push({ level: 'info', message, fields }),
  warn: (message, fields) => lines.push({ level: 'warn', message, fields }),
  error: (message, fields) => lines.push({ level: 'error', message, fields }),
}

function open(on: RedisConnection = connection, at: Clock = clock): JobQueue {
  const queue = createQueue(on, { clock: at, log })
  queues.push(queue)
  return queue
}

/** Listens to the bells; gives what rang, with how late it was in milliseconds. */
function listen(queue: JobQueue): { readonly id: string; readonly at: number; readonly late: number }[] {
  const rung: { readonly id: string; readonly at: number; readonly late: number }[] = []
  queue.bells.onRing((id, at) => {
    rung.push({ id, at, late: Date.now() - at })
    return Promise.resolve()
  })
  return rung
}

function card(key: string, chat = 'console'): Effect {
  return { key, body: { kind: 'card', incident: 'INC-1', chat } }
}

function page(key: string): Effect {
  return {
    key,
    body: { kind: 'page', incident: 'INC-1', page: 'P1', step: 0, person: 'ann', channel: 'email' },
  }
}

test('a bell rings at its time, not before, and one that is late already rings at once', async () => {
  const queue = open()
  const rung = listen(queue)

  await queue.bells.set('INC-1', Date.now() + 150)
  await queue.bells.set('R-7', Date.now() - 60_000)

  await vi.waitFor(() => expect(rung).toHaveLength(2), soon)
  expect(rung.map(({ id }) => id)).toEqual(['R-7', 'INC-1'])
  expect(rung[1]?.late).toBeGreaterThanOrEqual(0)
})

test('bells that come one by one ring in time', async () => {
  const queue = open()
  const rung = listen(queue)

  for (let n = 1; n <= 5; n += 1) {
    await queue.bells.set(`INC-${n}`, Date.now() + 50)
    await vi.waitFor(() => expect(rung).toHaveLength(n), soon)
  }

  // A worker that no bell wakes looks again after five seconds.
  expect(rung.filter(({ late }) => late > 4_000)).toEqual([])
})

test('the same bell set twice rings once; another time of the same incident is another bell', async () => {
  const queue = open()
  const at = Date.now() + 100
  await Promise.all([
    queue.bells.set('INC-1', at),
    queue.bells.set('INC-1', at),
    queue.bells.set('INC-1', at),
  ])
  await queue.bells.set('INC-1', at + 50)

  const rung = listen(queue)

  await vi.waitFor(() => expect(rung.map((bell) => bell.at)).toEqual([at, at + 50]), soon)
})

test('on a clock that runs sixty times as fast a bell in a minute rings within a second or so', async () => {
  const start = Date.now()
  const fast = clockAt(() => start + (Date.now() - start) * 60, 60)
  const queue = open(connection, fast)
  const rung = listen(queue)

  await queue.bells.set('INC-1', fast.now() + 60_000)

  await vi.waitFor(() => expect(rung).toHaveLength(1), soon)
  expect(Date.now() - start).toBeGreaterThanOrEqual(950)
})

test('a thousand bells set at the same time all ring', async () => {
  const queue = open()
  const rung = listen(queue)
  const at = Date.now() + 300

  await Promise.all(Array.from({ length: 1_000 }, (_, n) => queue.bells.set(`INC-${n + 1}`, at)))

  await vi.waitFor(() => expect(rung).toHaveLength(1_000), soon)
  expect(new Set(rung.map(({ id }) => id)).size).toBe(1_000)
})

test('a bell whose listener fails rings again, and the failure is logged with its reason', async () => {
  const queue = open()
  let calls = 0
  queue.bells.onRing(() => {
    calls += 1
    return calls === 1 ? Promise.reject(new Error('store was busy')) : Promise.resolve()
  })

  await queue.bells.set('INC-1', Date.now())

  await vi.waitFor(() => expect(calls).toBe(2), soon)
  expect(lines).toContainEqual({
    level: 'warn',
    message: 'job failed, will be tried again',
    fields: {
      queue: 'bells',
      job: expect.stringMatching(/^INC-1@/) as string,
      attempt: 1,
      reason: 'store was busy',
    },
  })
})

test('bells ring after a restart of the process and after kill -9 of Redis', async () => {
  const before = open()
  const at = Date.now() + 400
  await before.bells.set('INC-1', at)
  await before.close()
  await redis().kill9()
  await redis().restart()

  const rung = listen(open(await redis().connect()))

  await vi.waitFor(() => expect(rung.map(({ id }) => id)).toEqual(['INC-1']), soon)
})

test('a running queue goes on by itself when Redis was killed and came back', async () => {
  const queue = open()
  const rung = listen(queue)
  await queue.bells.set('INC-1', Date.now())
  await vi.waitFor(() => expect(rung).toHaveLength(1), soon)
  await queue.bells.set('INC-2', Date.now() + 1_000)

  await redis().kill9()
  await redis().restart()
  await vi.waitFor(() => queue.bells.set('INC-3', Date.now()), soon)

  await vi.waitFor(
    () => expect(rung.map(({ id }) => id).toSorted()).toEqual(['INC-1', 'INC-2', 'INC-3']),
    soon,
  )
})

test('while Redis is down or silent, setting a bell rejects with what to do', async () => {
  const queue = open()
  await queue.bells.set('INC-1', Date.now() + 60_000)

  redis().freeze()
  const silent = await queue.bells.set('INC-2', Date.now()).catch((error: unknown) => error)
  redis().thaw()
  await redis().kill9()
  const down = await queue.effects.put(card('INC-1-card'), Date.now()).catch((error: unknown) => error)

  expect(silent).toBeInstanceOf(RetryableError)
  expect(down).toBeInstanceOf(RetryableError)
  expect(String(down)).toContain('Redis does not answer')
  await redis().restart()
  await vi.waitFor(() => queue.bells.set('INC-3', Date.now()), soon)
})

test('an effect is handed over once at its time, however often it is put', async () => {
  const queue = open()
  const handed: { readonly effect: Effect; readonly at: number }[] = []
  const at = Date.now() + 200
  const effect = card('INC-1-v3-1')
  await Promise.all([queue.effects.put(effect, at), queue.effects.put(effect, at)])
  await queue.effects.put(effect, at)
  await queue.effects.put(card('INC-1-v3-2'), at + 50)

  queue.effects.onEffect((effect) => {
    handed.push({ effect, at: Date.now() })
    return Promise.resolve()
  })

  await vi.waitFor(
    () => expect(handed.map(({ effect }) => effect)).toEqual([effect, card('INC-1-v3-2')]),
    soon,
  )
  expect(handed[0]?.at).toBeGreaterThanOrEqual(at)
})

test('an effect that was handed over can be put again', async () => {
  const queue = open()
  const handed: string[] = []
  queue.effects.onEffect((effect) => {
    handed.push(effect.key)
    return Promise.resolve()
  })
  await queue.effects.put(card('INC-1-card'), Date.now())
  await vi.waitFor(() => expect(handed).toHaveLength(1), soon)

  await vi.waitFor(async () => {
    await queue.effects.put(card('INC-1-card'), Date.now())
    expect(handed.length).toBeGreaterThan(1)
  }, soon)
})

test('a page is tried while rooms that hang take every slot of the other effects', async () => {
  const queue = open()
  const hanging = new AbortController()
  const hung = new Promise<void>((resolve) => hanging.signal.addEventListener('abort', () => resolve()))
  let taken = 0
  const pages: string[] = []
  queue.effects.onEffect((effect) => {
    if (effect.body.kind === 'page') {
      pages.push(effect.key)
      return Promise.resolve()
    }
    taken += 1
    return hung
  })
  await Promise.all(
    Array.from({ length: 150 }, (_, n) => queue.effects.put(card(`INC-${n}-card-slack`), Date.now())),
  )
  await vi.waitFor(() => expect(taken).toBe(100), soon)

  await queue.effects.put(page('INC-1-v1-1'), Date.now())

  await vi.waitFor(() => expect(pages).toHaveLength(1), soon)
  expect(taken).toBe(100)
  hanging.abort()
  await vi.waitFor(() => expect(taken).toBe(150), soon)
})

test('an effect waits as long as the other side asked before it is tried again', async () => {
  const queue = open()
  const tries: number[] = []
  queue.effects.onEffect(() => {
    tries.push(Date.now())
    return tries.length === 1 ? Promise.reject(new RetryableError('429', { after: 600 })) : Promise.resolve()
  })

  await queue.effects.put(card('INC-1-card'), Date.now())

  await vi.waitFor(() => expect(tries).toHaveLength(2), soon)
  expect((tries[1] ?? 0) - (tries[0] ?? 0)).toBeGreaterThanOrEqual(590)
})

test('on a clock that runs sixty times as fast the wait that the other side asked for is as much shorter', async () => {
  const begun = Date.now()
  const fast = clockAt(() => begun + (Date.now() - begun) * 60, 60)
  const { effects } = open(connection, fast)
  const tries: number[] = []
  effects.onEffect(async () => {
    tries.push(performance.now())
    if (tries.length === 1) throw new RetryableError('limited', { after: 60_000 })
  })

  await effects.put(card('INC-1-card'), fast.now())

  await vi.waitFor(() => expect(tries).toHaveLength(2), soon)
  const [first = 0, second = 0] = tries
  expect(second - first).toBeGreaterThan(900)
})

test('an effect that no trying can mend is given up at once, and that is logged', async () => {
  const queue = open()
  let tries = 0
  queue.effects.onEffect(() => {
    tries += 1
    return Promise.reject(new UserError('no-channel', 'the channel is archived: open it again'))
  })

  await queue.effects.put(card('INC-1-card'), Date.now())

  await vi.waitFor(() => expect(lines.map(({ level }) => level)).toEqual(['error']), soon)
  expect(tries).toBe(1)
  expect(lines[0]?.fields).toMatchObject({ reason: 'the channel is archived: open it again' })
})

test('a chat that hangs with more than can be done at a time holds up no other chat, no page and no run', async () => {
  const queue = open()
  const hanging: string[] = []
  const done: string[] = []
  queue.effects.onEffect((effect) => {
    if ('chat' in effect.body && effect.body.chat === 'slack') {
      hanging.push(effect.key)
      return new Promise(() => {})
    }
    done.push(effect.key)
    return Promise.resolve()
  })
  const many = Array.from({ length: 300 }, (_, n) => card(`INC-1-v${n + 1}-1`, 'slack'))
  await Promise.all(many.map((effect) => queue.effects.put(effect, Date.now())))
  await vi.waitFor(() => expect(hanging.length).toBeGreaterThanOrEqual(100), soon)

  await queue.effects.put(card('INC-1-card-teams', 'teams'), Date.now())
  await queue.effects.put(page('INC-1-v301-1'), Date.now())
  await queue.effects.put({ key: 'R-1-v2-1', body: { kind: 'advance', run: 'R-1' } }, Date.now())

  await vi.waitFor(() => expect(done).toHaveLength(3), soon)
  expect(hanging.length).toBeLessThan(300)
})

test('closing does not wait for ever for a job that hangs', async () => {
  const queue = open()
  let started = false
  queue.effects.onEffect(() => {
    started = true
    return new Promise(() => {})
  })
  await queue.effects.put(card('INC-1-card'), Date.now())
  await vi.waitFor(() => expect(started).toBe(true), soon)

  await expect(queue.close()).resolves.toBeUndefined()
})

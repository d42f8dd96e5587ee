// Bots as far as effects go, on one Redis: started, silent, killed, by the clock of Redis.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { createMovableClock } from '../../sim/clock.ts'
import type { MovableClock } from '../../sim/clock.ts'
import { createOutbox } from '../../src/incident/outbox.ts'
import type { Outbox } from '../../src/incident/outbox.ts'
import type { Performers } from '../../src/incident/tries.ts'
import type { Effect, EffectBody } from '../../src/effect.ts'
import type { Store } from '../../src/ports.ts'
import { beginLife } from '../../src/store/life.ts'
import type { Life } from '../../src/store/life.ts'
import { createStore } from '../../src/store/redis.ts'
import type { RedisClient } from '../../src/store/connect.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { silent } from '../servers/redis.ts'

type Perform = (key: string) => Promise<void>

/** A bot as far as effects go: what it does is written down. */
export interface Bot {
  readonly life: Life
  readonly store: Store
  readonly outbox: Outbox
  readonly done: string[]
  readonly warned: readonly string[]
  /** Sweeps once, and waits for what came of it. */
  readonly sweep: () => Promise<void>
}

interface BotOptions {
  readonly dataDir?: string
  readonly perform?: Perform
  readonly store?: Partial<Store>
  /** The kinds of effect that its version knows beside the others. */
  readonly knows?: readonly string[]
}

export interface OutboxHouse {
  readonly clock: MovableClock
  readonly client: () => RedisClient
  /** A directory of the test's own. */
  readonly dataDir: () => string
  readonly startBot: (options?: BotOptions) => Promise<Bot>
  /** As if it had been silent for so long, while others gave signs of life. */
  readonly silentFor: (bot: Bot, duration: number) => Promise<void>
  /** As if it had held what it holds for so long. */
  readonly holdsSince: (bot: Bot, duration: number) => Promise<void>
  /** As if Redis' clock had moved on by so long, or back: what is known by it is older, or younger, by that. */
  readonly redisClockMoves: (by: number) => Promise<void>
}

/** The hooks of a file of tests, and what they use. */
export function outboxHouse(): OutboxHouse {
  const clock = createMovableClock()
  const redis = oneRedis()
  let client: RedisClient
  let dataDir: string

  beforeAll(async () => {
    client = (await redis().connect()).redis
  })
  beforeEach(async () => {
    await redis().flush()
    dataDir = await mkdtemp(join(tmpdir(), 'dr-life-'))
  })
  afterEach(() => rm(dataDir, { recursive: true, force: true }))

  async function startBot(options: BotOptions = {}): Promise<Bot> {
    const life = await beginLife({
      redis: client,
      dataDir: options.dataDir ?? join(dataDir, crypto.randomUUID()),
      alone: false,
      log: silent,
    })
    const store = { ...createStore({ redis: client, process: life.name }), ...options.store }
    const done: string[] = []
    async function perform(_body: unknown, key: string): Promise<void> {
      await options.perform?.(key)
      done.push(key)
    }
    const kinds = ['page', 'release', 'card'] satisfies EffectBody['kind'][]
    const performers = Object.fromEntries(
      [...kinds, ...(options.knows ?? [])].map((kind) => [
        kind,
        { perform, tries: 3, giveUp: async () => void done.push('given up') },
      ]),
    ) as unknown as Performers
    const queue = { put: async () => {}, onEffect: () => {} }
    const warned: string[] = []
    const log = { ...silent, warn: (message: string) => void warned.push(message) }
    const outbox = createOutbox({ store, queue, clock, log, timeout: 5_000 }, () => performers)
    async function sweep(): Promise<void> {
      await outbox.sweep()
      await outbox.idle()
    }
    return { life, store, outbox, done, warned, sweep }
  }

  async function silentFor({ life }: Bot, duration: number): Promise<void> {
    const [seconds, microseconds] = (await client.time()).map(Number)
    const now = (seconds ?? 0) * 1_000 + (microseconds ?? 0) / 1_000
    await client.zadd('{dr}:processes', now - duration, life.name)
    await client.set('{dr}:processes:awake', 0)
  }

  async function holdsSince({ life }: Bot, duration: number): Promise<void> {
    const key = `{dr}:effects:held:${life.name}`
    for (const held of await client.zrange(key, 0, '-1')) await client.zincrby(key, -duration, held)
  }

  async function redisClockMoves(by: number): Promise<void> {
    const held = await client.keys('{dr}:effects:held:*')
    for (const key of ['{dr}:processes', ...held])
      for (const member of await client.zrange(key, 0, '-1')) await client.zincrby(key, -by, member)
    await client.incrby('{dr}:processes:awake', -by)
  }

  return {
    clock,
    client: () => client,
    dataDir: () => dataDir,
    startBot,
    silentFor,
    holdsSince,
    redisClockMoves,
  }
}

/** An effect that any version knows. */
export function effect(key: string): Effect {
  return { key, body: { kind: 'release', incident: 'INC-1' } }
}

/** A decision whose maker never comes to do what it demands. */
export async function decideAndDie({ store }: Bot, ...keys: readonly string[]): Promise<void> {
  expect(await store.commit({ write: undefined, effects: keys.map(effect) })).toBe('committed')
}

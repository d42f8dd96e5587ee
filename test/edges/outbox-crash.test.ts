// What was ordered just before a crash, or while Redis died over the answer: done as soon as somebody is there again.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import type { Store } from '../../src/ports.ts'
import { beginLife } from '../../src/store/life.ts'
import { createStore } from '../../src/store/redis.ts'
import { silent } from '../servers/redis.ts'
import { decideAndDie, effect, outboxHouse } from './outbox-house.ts'
import type { Bot } from './outbox-house.ts'

const soon = { timeout: 10_000, interval: 20 }
const { clock, client, dataDir, startBot, silentFor, holdsSince, redisClockMoves } = outboxHouse()

/** What the mark of a process that is gone says; its number is another process' by now. */
async function markOfTheDead(dir: string, { life }: Bot, fields: object = {}): Promise<void> {
  const own = JSON.parse(await readFile(join(dir, 'process.json'), 'utf8')) as object
  await writeFile(
    join(dir, 'process.json'),
    JSON.stringify({ ...own, name: life.name, began: '1', ...fields }),
  )
}

/** Resolves and rejects by hand. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

describe('a bot that was killed', () => {
  test('finds what it ordered just before at its next start, at once', async () => {
    const killed = await startBot({ dataDir: dataDir() })
    await decideAndDie(killed, 'INC-1-v1-1')
    await markOfTheDead(dataDir(), killed)

    const next = await startBot({ dataDir: dataDir() })
    await next.sweep()

    expect(next.done).toEqual(['INC-1-v1-1'])
    expect(await next.store.pendingEffects()).toBe(0)
  })

  test('leaves more than one sweep can hold, and all of it is taken over', async () => {
    const killed = await startBot({ dataDir: dataDir() })
    await decideAndDie(killed, ...Array.from({ length: 450 }, (_, index) => `INC-1-v1-${index + 1}`))
    await markOfTheDead(dataDir(), killed)

    const next = await startBot({ dataDir: dataDir() })
    for (let round = 0; round < 3; round += 1) await next.sweep()

    expect(new Set(next.done).size).toBe(450)
  })

  test('on another machine is noticed after five seconds of silence, and what it had is done there', async () => {
    const killed = await startBot()
    const other = await startBot()
    await decideAndDie(killed, 'INC-1-v1-1')

    await silentFor(killed, 4_000)
    await other.sweep()
    expect(other.done).toEqual([])
    await silentFor(killed, 6_000)
    await other.sweep()

    expect(other.done).toEqual(['INC-1-v1-1'])
  })

  test('whose number cannot be checked from here, in another container, waits for its silence too', async () => {
    const killed = await startBot({ dataDir: dataDir() })
    await decideAndDie(killed, 'INC-1-v1-1')
    await markOfTheDead(dataDir(), killed, { place: 'another-machine' })

    const next = await startBot({ dataDir: dataDir() })
    await next.sweep()
    expect(next.done).toEqual([])
    await silentFor(killed, 6_000)
    await next.sweep()

    expect(next.done).toEqual(['INC-1-v1-1'])
  })

  test('cannot leave a mark where nothing can be written, starts all the same, and says so', async () => {
    const file = join(dataDir(), 'file')
    await writeFile(file, '')
    const warned: string[] = []

    const life = await beginLife({
      redis: client(),
      dataDir: file,
      alone: false,
      log: { ...silent, warn: (message) => void warned.push(message) },
    })
    await life.beat()

    expect(warned).toEqual([expect.stringContaining('DATA_DIR cannot be written')])
  })

  test("whose Redis is nobody else's leaves all it had to the next start, wherever it ran", async () => {
    const killed = await startBot()
    await decideAndDie(killed, 'INC-1-v1-1')

    const next = await startBot()
    await beginLife({ redis: client(), dataDir: join(dataDir(), 'other'), alone: true, log: silent })
    await next.sweep()

    expect(next.done).toEqual(['INC-1-v1-1'])
  })

  test('and was closed in order hands over what it had at once', async () => {
    const closing = await startBot()
    const other = await startBot()
    await decideAndDie(closing, 'INC-1-v1-1')

    await closing.life.end()
    await other.sweep()

    expect(other.done).toEqual(['INC-1-v1-1'])
  })
})

describe('a bot that lives', () => {
  test('keeps what it has ordered, also from a second one on its directory', async () => {
    const first = await startBot({ dataDir: dataDir() })
    await decideAndDie(first, 'INC-1-v2-1')

    const second = await startBot({ dataDir: dataDir() })
    await second.sweep()

    expect(second.life.name).not.toBe(first.life.name)
    expect(second.done).toEqual([])
  })

  test('is not taken for dead because Redis was away', async () => {
    const first = await startBot()
    const second = await startBot()
    await decideAndDie(first, 'INC-1-v2-1')
    for (const bot of [first, second]) await silentFor(bot, 60_000)

    await second.sweep()

    expect(second.done).toEqual([])
  })

  test("is not taken for dead because Redis' clock was set back", async () => {
    const first = await startBot()
    const second = await startBot()
    await silentFor(first, -3_600_000)

    await second.life.beat()

    const last = Number(await client().zscore('{dr}:processes', first.life.name))
    expect(last).toBeLessThanOrEqual(Number(await client().zscore('{dr}:processes', second.life.name)))
  })

  test("that died after Redis' clock was set back is noticed after five seconds all the same", async () => {
    const killed = await startBot()
    const other = await startBot()
    await decideAndDie(killed, 'INC-1-v1-1')
    await redisClockMoves(-3_600_000)

    for (const seconds of [0, 2, 4]) {
      await other.sweep()
      expect(other.done, `after ${seconds} s`).toEqual([])
      await redisClockMoves(2_000)
    }
    await other.sweep()

    expect(other.done).toEqual(['INC-1-v1-1'])
  })

  test("does what Redis kept without an answer although Redis' clock was set back", async () => {
    const bot = await startBot()
    await decideAndDie(bot, 'INC-1-v3-1')
    await redisClockMoves(-3_600_000)
    await bot.sweep()
    expect(bot.done).toEqual([])

    await redisClockMoves(2_400)
    await bot.sweep()

    expect(bot.done).toEqual(['INC-1-v3-1'])
  })

  test('does what Redis kept without an answer after some seconds', async () => {
    const bot = await startBot()
    await bot.sweep()
    await decideAndDie(bot, 'INC-1-v3-1')
    await bot.sweep()
    expect(bot.done).toEqual([])

    await holdsSince(bot, 2_000)
    await bot.sweep()

    expect(bot.done).toEqual(['INC-1-v3-1'])
  })

  test('does not do twice what takes it long', async () => {
    const long = gate()
    const bot = await startBot({ perform: () => long.opened })
    await decideAndDie(bot, 'INC-1-v3-1')
    bot.outbox.start([effect('INC-1-v3-1')])
    await holdsSince(bot, 25_000)

    expect(await bot.outbox.sweep()).toBe(0)
    long.open()
    await bot.outbox.idle()

    expect(bot.done).toEqual(['INC-1-v3-1'])
  })

  test('does not do again what was done while Redis could not be told', async () => {
    const silence = vi.fn<Store['effectDone']>().mockRejectedValueOnce(new RetryableError('Redis is away'))
    const bot = await startBot({ store: { effectDone: silence } })
    silence.mockImplementation((key) =>
      createStore({ redis: client(), process: bot.life.name }).effectDone(key),
    )
    await decideAndDie(bot, 'INC-1-v3-1')
    bot.outbox.start([effect('INC-1-v3-1')])
    await bot.outbox.idle()

    await holdsSince(bot, 2_000)
    await bot.sweep()

    expect(bot.done).toEqual(['INC-1-v3-1'])
    expect(await bot.store.pendingEffects()).toBe(0)
  })

  test('gives a page up after three tries, whichever of two bots tried', async () => {
    const fails = { perform: () => Promise.reject(new RetryableError('no answer')) }
    const [first, second] = [await startBot(fails), await startBot(fails)]
    await decideAndDie(first, 'INC-1-v3-1')
    first.outbox.start([effect('INC-1-v3-1')])
    await first.outbox.idle()

    for (const bot of [second, first]) {
      clock.skip(30_000)
      await bot.sweep()
    }

    expect([...first.done, ...second.done]).toEqual(['given up'])
  })

  test('begins nothing more once it is being closed', async () => {
    const bot = await startBot()
    await decideAndDie(bot, 'INC-1-v3-1')

    await bot.outbox.close()
    bot.outbox.start([effect('INC-1-v3-1')])
    await bot.outbox.idle()

    expect(bot.done).toEqual([])
  })
})

describe('of two bots that show the same card', () => {
  const key = 'INC-1-card-slack'

  /** What the card shows: whoever writes it has read the world before. */
  function board(): {
    world: string
    shown: string
    readonly show: (before: () => Promise<void>) => Promise<void>
  } {
    const state = {
      world: 'paging',
      shown: '',
      show: async (before: () => Promise<void>) => {
        const read = state.world
        await before()
        state.shown = read
      },
    }
    return state
  }

  test('the one that is at it looks once more when the other has news, and the other leaves it to it', async () => {
    const card = board()
    const slow = gate()
    const first = await startBot({ perform: () => card.show(() => slow.opened) })
    const second = await startBot({ perform: () => card.show(() => Promise.resolve()) })
    await decideAndDie(first, key)
    first.outbox.start([effect(key)])
    await vi.waitFor(async () =>
      expect(await client().hget('{dr}:effects:holder', key)).toBe(first.life.name),
    )

    card.world = 'acknowledged'
    await decideAndDie(second, key)
    second.outbox.start([effect(key)])
    await second.outbox.idle()
    slow.open()
    await vi.waitFor(async () => expect(await first.store.pendingEffects()).toBe(0), soon)

    expect(card.shown).toBe('acknowledged')
    expect([first.done, second.done]).toEqual([[key, key], []])
  })

  test('one that was taken for dead does not have the last word', async () => {
    const card = board()
    const slow = gate()
    const begun = gate()
    const frozen = await startBot({
      perform: () =>
        card.show(() => {
          begun.open()
          return slow.opened
        }),
    })
    const other = await startBot({ perform: () => card.show(() => Promise.resolve()) })
    await decideAndDie(frozen, key)
    frozen.outbox.start([effect(key)])
    await begun.opened

    card.world = 'acknowledged'
    await silentFor(frozen, 6_000)
    await other.sweep()
    expect(card.shown).toBe('acknowledged')
    slow.open()
    await vi.waitFor(async () => expect(await other.store.pendingEffects()).toBe(0), soon)
    await frozen.outbox.idle()

    expect(card.shown).toBe('acknowledged')
    expect(frozen.done).toEqual([key, key])
  })
})

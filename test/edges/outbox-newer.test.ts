// What only a newer version of the bot knows how to do: left to it, while everything else goes on.
import { describe, expect, test } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import type { Effect, EffectBody } from '../../src/effect.ts'
import { effect, outboxHouse } from './outbox-house.ts'
import type { Bot } from './outbox-house.ts'

const { clock, client, startBot, holdsSince } = outboxHouse()

describe('a bot that finds what a newer version has ordered', () => {
  const later: Effect = {
    key: 'INC-1-v1-1',
    body: { kind: 'fax', incident: 'INC-1' } as unknown as EffectBody,
  }
  async function order({ store }: Bot, ...effects: readonly Effect[]): Promise<void> {
    expect(await store.commit({ write: undefined, effects })).toBe('committed')
  }

  test('does everything else, says so once, and the newer one does it as if nobody had tried', async () => {
    const older = await startBot()
    const newer = await startBot({
      knows: ['fax'],
      perform: () => Promise.reject(new RetryableError('busy')),
    })
    await order(older, later, effect('INC-1-v1-2'))
    older.outbox.start([later, effect('INC-1-v1-2')])
    await older.outbox.idle()

    for (let round = 0; round < 4; round += 1) {
      clock.skip(30_000)
      await older.sweep()
    }

    expect(older.done).toEqual(['INC-1-v1-2'])
    expect(older.warned).toEqual([expect.stringContaining('an effect is left to the newer version')])
    for (let tried = 0; tried < 2; tried += 1) {
      clock.skip(30_000)
      await newer.sweep()
    }
    expect(newer.done).toEqual([])
    expect(await newer.store.pendingEffects()).toBe(1)
  })

  test('does not end when what it hears of an effect goes wrong', async () => {
    const bot = await startBot({ store: { take: () => Promise.reject(new Error('no such thing')) } })
    await order(bot, effect('INC-1-v1-1'))

    bot.outbox.start([{ ...effect('INC-1-v1-1'), body: undefined as unknown as EffectBody }])
    await bot.outbox.idle()
    await bot.sweep()

    expect(await bot.store.pendingEffects()).toBe(1)
  })

  test('leaves one that nobody can read, and does the others', async () => {
    const bot = await startBot()
    const texts = { 'INC-1-v1-1': '{"kind":', 'INC-1-v1-2': 'null', 'INC-1-v1-3': '{"kind":"constructor"}' }
    await order(bot, ...Object.keys(texts).map(effect), effect('INC-1-v1-4'))
    await client().hset('{dr}:effects', texts)
    await holdsSince(bot, 2_000)

    await bot.sweep()

    expect(bot.done).toEqual(['INC-1-v1-4'])
    expect(bot.warned).toHaveLength(2)
    expect(await bot.store.pendingEffects()).toBe(3)
  })
})

// What every store promises about effects and about what is done only once, to one process and to several.
import { describe, expect, test, vi } from 'vitest'
import { noon } from './store-samples.ts'
import type { Store } from '../../src/ports.ts'

/** Gives an empty store; `beside` gives that of another process on the same data. */
export interface OpenStore {
  (): Promise<Store>
  readonly beside: () => Promise<Store>
}

/** Registers this part of the contract. */
export function storeEffectsContract(open: OpenStore): void {
  describe('effects', () => {
    const card = {
      key: 'INC-1-card-console',
      body: { kind: 'card', incident: 'INC-1', chat: 'console' },
    } as const
    const say = {
      key: 'INC-1-v1-1',
      body: { kind: 'say', incident: 'INC-1', chat: 'console', text: 'a', at: noon },
    } as const

    test("a commit's effects are the committer's: nobody else is lent them, however late it is", async () => {
      const store = await open()
      const other = await open.beside()
      await store.commit({ write: undefined, effects: [card, say] })

      expect(await store.lend(noon + 90_000, 10)).toEqual([])
      expect(await other.lend(noon + 90_000, 10)).toEqual([])
      expect(await other.take(card.key)).toBeUndefined()
      expect(await store.take(card.key)).toEqual({ effect: card, tried: 0 })
      expect(await store.pendingEffects()).toBe(2)
    })

    test('an effect that was given back is lent to one of many who ask at the same time', async () => {
      const store = await open()
      const others = await Promise.all(Array.from({ length: 5 }, () => open.beside()))
      await store.commit({ write: undefined, effects: [card, say] })
      for (const { key } of [card, say]) await store.effectLater(key, noon)

      const lent = await Promise.all(
        [store, ...others, store, ...others].map((each) => each.lend(noon + 30_000, 1)),
      )

      expect(lent.flat()).toHaveLength(2)
    })

    test('an effect that was done is gone; one that was not is taken later, by anybody', async () => {
      const store = await open()
      const other = await open.beside()
      await store.commit({ write: undefined, effects: [card, say] })

      expect(await store.effectDone(card.key)).toBe('done')
      await store.effectLater(say.key, noon + 40_000)

      expect(await store.pendingEffects()).toBe(1)
      expect(await other.lend(noon + 39_999, 10)).toEqual([])
      expect(await other.lend(noon + 40_000, 10)).toEqual([say])
      expect(await store.take(say.key)).toBeUndefined()
      expect(await store.effectDone(say.key)).toBe('lost')
      expect(await other.take(say.key)).toEqual({ effect: say, tried: 1 })
    })

    test('an effect that a clock put off which was a day ahead does not wait for that day', async () => {
      const store = await open()
      await store.commit({ write: undefined, effects: [card, say] })
      await store.effectLater(card.key, noon + 86_400_000)
      await store.effectLater(say.key, noon + 30_000)

      expect(await store.lend(noon, 10)).toEqual([card])
    })

    test('an effect that was done does not come back by being put off', async () => {
      const store = await open()
      await store.commit({ write: undefined, effects: [card] })
      await store.effectDone(card.key)

      await store.effectLater(card.key, noon)

      expect(await store.pendingEffects()).toBe(0)
      expect(await store.lend(noon + 99_000, 10)).toEqual([])
      expect(await store.effectDone(card.key)).toBe('lost')
    })

    test('the same key again replaces the body and is pending once', async () => {
      const store = await open()
      await store.commit({ write: undefined, effects: [say] })
      const newer = { ...say, body: { ...say.body, text: 'b' } }

      await store.commit({ write: undefined, effects: [newer] })

      expect(await store.pendingEffects()).toBe(1)
      expect(await store.take(say.key)).toEqual({ effect: newer, tried: 0 })
    })

    test('what another process puts again while one is at it is done once more by that one', async () => {
      const store = await open()
      const other = await open.beside()
      await store.commit({ write: undefined, effects: [card] })
      await store.take(card.key)

      await other.commit({ write: undefined, effects: [card] })

      expect(await other.take(card.key)).toBeUndefined()
      expect(await other.effectDone(card.key)).toBe('lost')
      expect(await store.effectDone(card.key)).toBe('again')
      expect(await store.take(card.key)).toEqual({ effect: card, tried: 0 })
      expect(await store.effectDone(card.key)).toBe('done')
      expect(await store.pendingEffects()).toBe(0)
    })

    test('what is put again after it was given back is at once that of whoever puts it', async () => {
      const store = await open()
      const other = await open.beside()
      await store.commit({ write: undefined, effects: [card] })
      await store.effectLater(card.key, noon + 30_000)

      await other.commit({ write: undefined, effects: [card] })

      expect(await store.take(card.key)).toBeUndefined()
      expect(await other.take(card.key)).toEqual({ effect: card, tried: 1 })
    })
  })

  describe('what is done only once', () => {
    test('the first who asks is told so, the others are not, in any process', async () => {
      const stores = [await open(), await open.beside(), await open.beside()]

      const answers = await Promise.all(
        [...stores, ...stores].map((store) => store.once('slack:Ev0001', 60_000)),
      )

      expect(answers.filter(Boolean)).toHaveLength(1)
      expect(await stores[0]?.once('slack:Ev0002', 60_000)).toBe(true)
      expect(await stores[1]?.once('slack:Ev0001', 60_000)).toBe(false)
    })

    test('it can be done again when its time is over', async () => {
      const store = await open()
      expect(await store.once('a', 30)).toBe(true)

      await vi.waitFor(async () => expect(await store.once('a', 60_000)).toBe(true), { interval: 5 })

      expect(await store.once('a', 60_000)).toBe(false)
    })

    test('it is remembered for longer once it is done, and not at all when it came to nothing', async () => {
      const store = await open()
      for (const name of ['a', 'b']) expect(await store.once(name, 60)).toBe(true)

      await store.holdOnce('a', 60_000)
      await store.holdOnce('b', 0)
      expect(await store.once('b', 60)).toBe(true)
      await vi.waitFor(async () => expect(await store.once('b', 60_000)).toBe(true), { interval: 5 })

      expect(await store.once('a', 60_000)).toBe(false)
    })
  })
}

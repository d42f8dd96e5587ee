// What every store promises (src/ports.ts, Store), as tests that any implementation must pass.
import { describe, expect, test } from 'vitest'
import { emptyHead } from '../../src/timeline/event.ts'
import { chain, headOf, verifyChain } from '../../src/timeline/chain.ts'
import {
  alert,
  carriedOut,
  expired,
  incident,
  noon,
  note,
  object,
  resolved,
  run,
  writing,
  writingRun,
} from './store-samples.ts'
import type { OpenStore } from './store-effects.ts'
import type { Commit } from '../../src/commit.ts'
import type { Store } from '../../src/ports.ts'
import type { TimelineEvent } from '../../src/timeline/event.ts'

/** Registers the contract. */
export function storeContract(open: OpenStore): void {
  describe('accepting alerts', () => {
    test('an alert that was accepted before is not stored again', async () => {
      const store = await open()

      const first = await store.accept([alert(1), alert(2), alert(1)])
      const second = await store.accept([alert(2), alert(3)])

      expect(first.map(({ fresh }) => fresh)).toEqual([true, true, false])
      expect(second).toEqual([
        { id: alert(2).id, fresh: false },
        { id: alert(3).id, fresh: true },
      ])
      expect(await store.untriaged(10)).toEqual([alert(1), alert(2), alert(3)])
    })

    test('of many redeliveries at the same time exactly one is fresh', async () => {
      const store = await open()

      const answers = await Promise.all(Array.from({ length: 300 }, () => store.accept([alert(7)])))

      expect(answers.flat().filter(({ fresh }) => fresh)).toHaveLength(1)
      expect(await store.untriaged(10)).toEqual([alert(7)])
    })

    test('alerts wait oldest first, as many as asked for', async () => {
      const store = await open()
      for (let n = 0; n < 30; n += 1) await store.accept([alert((n * 7) % 30)])

      const waiting = await store.untriaged(20)

      expect(waiting.map(({ id }) => id)).toEqual(
        Array.from({ length: 20 }, (_, n) => alert((n * 7) % 30).id),
      )
      expect(await store.untriaged(0)).toEqual([])
    })

    test('more alerts than fit into one write are all accepted, in order', async () => {
      const store = await open()
      const many = Array.from({ length: 1_234 }, (_, n) => alert(n))

      const answers = await store.accept(many)

      expect(answers.every(({ fresh }) => fresh)).toBe(true)
      expect(await store.untriaged(2_000)).toEqual(many)
    })

    test('an alert that was triaged is neither waiting nor accepted again', async () => {
      const store = await open()
      await store.accept([alert(1), alert(2)])

      expect(await store.commit({ write: undefined, triaged: [alert(1).id] })).toBe('committed')

      expect(await store.untriaged(10)).toEqual([alert(2)])
      expect(await store.accept([alert(1)])).toEqual([{ id: alert(1).id, fresh: false }])
      expect(await store.untriaged(10)).toEqual([alert(2)])
    })

    test('an alert that another process has triaged is not triaged again, nor is what was to be written with it', async () => {
      const store = await open()
      await store.accept([alert(1), alert(2)])
      await store.commit({ write: undefined, triaged: [alert(1).id] })

      const late: Commit = { ...writing(incident('INC-1')), triaged: [alert(2).id, alert(1).id] }

      expect(await (await open.beside()).commit(late)).toBe('conflict')
      expect(await store.incident('INC-1')).toBeUndefined()
      expect(await store.stillUntriaged([alert(1).id, alert(2).id, 'A-none'])).toEqual(new Set([alert(2).id]))
      expect(await store.stillUntriaged([])).toEqual(new Set())
    })

    test('accepting nothing answers nothing', async () => {
      const store = await open()

      expect(await store.accept([])).toEqual([])
    })
  })

  describe('states', () => {
    test('numbers are given once each, and separately for incidents and runs', async () => {
      const store = await open()

      const numbers = await Promise.all(Array.from({ length: 20 }, () => store.nextNumber('INC')))

      expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1))
      expect(await store.nextNumber('R')).toBe(1)
    })

    test('a state is read back with its version, and each commit raises it by one', async () => {
      const store = await open()

      await store.commit(writing(incident('INC-1')))
      await store.commit(writing(incident('INC-1', { level: 1 }), 1))
      await store.commit(writingRun(run('R-1')))

      expect(await store.incident('INC-1')).toEqual({ state: incident('INC-1', { level: 1 }), version: 2 })
      expect(await store.run('R-1')).toEqual({ state: run('R-1'), version: 1 })
      expect(await store.incident('INC-2')).toBeUndefined()
      expect(await store.run('R-2')).toBeUndefined()
    })

    test('of older runs those that still matter are found beside the newest, until they do not any more', async () => {
      const store = await open()
      const failover = carriedOut('R-1')
      await store.commit(writingRun(failover))
      await store.commit(writingRun(carriedOut('R-2', { direction: 'failback', undoes: 'R-1' })))
      await store.commit(
        writingRun({ ...carriedOut('R-3'), state: 'failed', current: 0, reason: '', advice: '' }),
      )
      for (const id of ['R-4', 'R-5', 'R-6'] as const) await store.commit(writingRun(expired(id)))
      const ids = async (lasting?: true) =>
        (await store.runs({ open: false, limit: 2, ...(lasting ? { lasting } : {}) })).map(({ id }) => id)

      expect(await ids()).toEqual(['R-6', 'R-5'])
      expect(await ids(true)).toEqual(['R-6', 'R-5', 'R-3', 'R-1'])

      await store.commit(writingRun({ ...failover, undoneBy: 'R-2' }, 1))
      expect(await ids(true)).toEqual(['R-6', 'R-5', 'R-3'])
    })

    test('of many who decide on the same version exactly one commits', async () => {
      const store = await open()
      await store.commit(writing(incident('INC-1')))

      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => store.commit(writing(incident('INC-1', { level: n }), 1))),
      )

      expect(answers.filter((answer) => answer === 'committed')).toHaveLength(1)
      expect((await store.incident('INC-1'))?.version).toBe(2)
    })

    test('what is new must not exist, and what is changed must', async () => {
      const store = await open()
      await store.commit(writing(incident('INC-1')))

      expect(await store.commit(writing(incident('INC-1')))).toBe('conflict')
      expect(await store.commit(writing(incident('INC-2'), 1))).toBe('conflict')
      expect(await store.incident('INC-2')).toBeUndefined()
    })

    test('lists are newest first by number; open ones leave out what has ended', async () => {
      const store = await open()
      for (const n of [2, 10, 9]) await store.commit(writing(incident(`INC-${n}`)))
      for (const n of [2, 10, 9]) await store.commit(writingRun(run(`R-${n}`)))

      await store.commit(writing(resolved('INC-9'), 1))
      await store.commit(writingRun(expired('R-9'), 1))

      const ids = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id)
      expect(ids(await store.incidents({ open: true, limit: 10 }))).toEqual(['INC-10', 'INC-2'])
      expect(ids(await store.incidents({ open: false, limit: 2 }))).toEqual(['INC-10', 'INC-9'])
      expect(ids(await store.runs({ open: true, limit: 10 }))).toEqual(['R-10', 'R-2'])
      expect(ids(await store.runs({ open: false, limit: 10 }))).toEqual(['R-10', 'R-9', 'R-2'])
    })

    test('an incident that is re-opened is open again', async () => {
      const store = await open()
      await store.commit(writing(resolved('INC-1')))

      await store.commit(writing(incident('INC-1'), 1))

      expect(await store.incidents({ open: true, limit: 1 })).toEqual([incident('INC-1')])
    })

    test('what is due is found earliest first, moves with its state and goes when it needs no look', async () => {
      const store = await open()
      await store.commit(writing(incident('INC-1'), 0, noon + 20))
      await store.commit(writingRun(run('R-1'), 0, noon + 10))
      await store.commit(writing(incident('INC-2'), 0, noon + 30))

      expect(await store.due(noon + 20, 10)).toEqual([
        { id: 'R-1', wakeAt: noon + 10 },
        { id: 'INC-1', wakeAt: noon + 20 },
      ])
      expect(await store.due(noon + 20, 1)).toEqual([{ id: 'R-1', wakeAt: noon + 10 }])

      await store.commit(writing(incident('INC-1'), 1, noon + 90))
      await store.commit(writingRun(run('R-1'), 1))
      expect(await store.due(noon + 50, 10)).toEqual([{ id: 'INC-2', wakeAt: noon + 30 }])
    })
  })

  describe('one decision', () => {
    test.each<[string, Partial<Commit>]>([
      ['a version', { write: writing(incident('INC-1'), 7).write }],
      ['a head', { timeline: { id: 'INC-1', head: { seq: 3, hash: 'x' }, events: someEvents(1) } }],
      ['an empty head', { timeline: { id: 'INC-9', head: emptyHead, events: someEvents(1, 'INC-9') } }],
      ['a claim that should be free', { claims: [{ name: 'system:lb', from: '', to: 'INC-1' }] }],
      ['a claim that should be held', { claims: [{ name: 'lock:a', from: 'R-1', to: '' }] }],
    ])('writes nothing at all when %s is not as expected', async (_what, changed) => {
      const store = await open()
      await store.accept([alert(1)])
      await store.commit({
        ...writing(incident('INC-9')),
        timeline: { id: 'INC-9', head: emptyHead, events: someEvents(2, 'INC-9') },
        claims: [{ name: 'system:lb', from: '', to: 'INC-9' }],
      })
      const whole: Commit = {
        ...writing(incident('INC-1'), 0, noon),
        timeline: { id: 'INC-1', head: emptyHead, events: someEvents(2) },
        claims: [{ name: 'system:api', from: '', to: 'INC-1' }],
        effects: [{ key: 'INC-1-v1-1', body: { kind: 'card', incident: 'INC-1', chat: 'console' } }],
        objects: [object('lb1', { incident: 'INC-1' })],
        triaged: [alert(1).id],
      }

      const answer = await store.commit({ ...whole, ...changed })

      expect(answer).toBe('conflict')
      expect(await store.incident('INC-1')).toBeUndefined()
      expect(await store.due(noon, 10)).toEqual([])
      expect(await store.timeline('INC-1')).toEqual([])
      expect(await store.head('INC-1')).toEqual(emptyHead)
      expect(await store.claims(['system:api', 'system:lb', 'lock:a'])).toEqual(['', 'INC-9', ''])
      expect(await store.pendingEffects()).toBe(0)
      expect(await store.objects(['lb1'])).toEqual([undefined])
      expect(await store.untriaged(10)).toEqual([alert(1)])
      expect(await store.timeline('INC-9')).toHaveLength(2)
    })

    test('writes everything when all is as expected', async () => {
      const store = await open()
      await store.accept([alert(1)])
      const events = someEvents(3)

      const answer = await store.commit({
        ...writing(incident('INC-1'), 0, noon),
        timeline: { id: 'INC-1', head: emptyHead, events },
        claims: [{ name: 'system:lb', from: '', to: 'INC-1' }],
        effects: [
          {
            key: 'INC-1-v1-1',
            body: { kind: 'say', incident: 'INC-1', chat: 'console', text: 'ü | \n"', at: noon },
          },
        ],
        objects: [object('lb1', { incident: 'INC-1' })],
        triaged: [alert(1).id],
      })

      expect(answer).toBe('committed')
      expect(await store.timeline('INC-1')).toEqual(events)
      expect(await store.head('INC-1')).toEqual(lastHead(events))
      expect(await store.claims(['system:lb'])).toEqual(['INC-1'])
      expect(await store.pendingEffects()).toBe(1)
      expect(await store.objects(['lb1'])).toEqual([object('lb1', { incident: 'INC-1' })])
      expect(await store.untriaged(10)).toEqual([])
    })

    test('a timeline of thousands of events is kept in order and verifies', async () => {
      const store = await open()
      const many = someEvents(3_000)
      await store.commit({
        write: undefined,
        timeline: { id: 'INC-1', head: emptyHead, events: many.slice(0, 1_500) },
      })
      const head = await store.head('INC-1')
      await store.commit({ write: undefined, timeline: { id: 'INC-1', head, events: many.slice(1_500) } })

      expect(verifyChain(await store.timeline('INC-1'), await store.head('INC-1'))).toEqual({ ok: true })
      expect(await store.timeline('INC-1')).toHaveLength(3_000)
    })

    test('the newest of a timeline are read alone, and all of one that is shorter', async () => {
      const store = await open()
      const events = someEvents(5)
      await store.commit({ write: undefined, timeline: { id: 'INC-1', head: emptyHead, events } })

      expect(await store.timeline('INC-1', { newest: 2 })).toEqual(events.slice(-2))
      expect(await store.timeline('INC-1', { newest: 9 })).toEqual(events)
    })

    test('a claim is taken by one of many, handed over and given back', async () => {
      const store = await open()

      const answers = await Promise.all(
        ['R-1', 'R-2', 'R-3'].map((to) =>
          store.commit({ write: undefined, claims: [{ name: 'lock:a', from: '', to }] }),
        ),
      )
      const [holder = ''] = await store.claims(['lock:a'])

      expect(answers.filter((answer) => answer === 'committed')).toHaveLength(1)
      expect(await claim(store, 'lock:a', holder, 'R-9')).toBe('committed')
      expect(await claim(store, 'lock:a', holder, '')).toBe('conflict')
      expect(await claim(store, 'lock:a', 'R-9', '')).toBe('committed')
      expect(await store.claims(['lock:a', 'frozen'])).toEqual(['', ''])
    })
  })

  describe('objects', () => {
    test('an incident has its bad objects, oldest first, until they recover or move to another', async () => {
      const store = await open()
      await store.commit({
        write: undefined,
        objects: [
          object('lb2', { incident: 'INC-1', at: noon + 2 }),
          object('lb1', { incident: 'INC-1', at: noon + 1 }),
          object('lb3', { incident: 'INC-1', at: noon + 3 }),
          object('db1'),
        ],
      })
      const keysOf = async (id: 'INC-1' | 'INC-2', limit = 10) =>
        (await store.objectsOf(id, limit)).map(({ key }) => key)
      expect(await keysOf('INC-1')).toEqual(['lb1', 'lb2', 'lb3'])
      expect(await keysOf('INC-1', 2)).toEqual(['lb1', 'lb2'])

      await store.commit({
        write: undefined,
        objects: [
          object('lb1', { incident: 'INC-1', bad: false, state: 'UP' }),
          object('lb2', { incident: 'INC-2' }),
        ],
      })

      expect(await keysOf('INC-1')).toEqual(['lb3'])
      expect(await keysOf('INC-2')).toEqual(['lb2'])
      expect(await store.objects(['lb1', 'nobody', 'db1'])).toEqual([
        object('lb1', { incident: 'INC-1', bad: false, state: 'UP' }),
        undefined,
        object('db1'),
      ])
      expect(await store.objects([])).toEqual([])
    })
  })

  describe('settings', () => {
    test('a setting changes only if it still is what was read', async () => {
      const store = await open()

      expect(await store.setting('overrides')).toBeUndefined()
      expect(await store.putSetting('overrides', 'x', '1')).toBe('conflict')
      expect(await store.putSetting('overrides', undefined, '')).toBe('committed')
      expect(await store.putSetting('overrides', undefined, '1')).toBe('conflict')
      expect(await store.putSetting('overrides', '', '[1]')).toBe('committed')
      expect(await store.setting('overrides')).toBe('[1]')
    })
  })

  test('a store has a clock that goes on, and no clock of its processes is ahead of the latest', async () => {
    const store = await open()

    const first = await store.time()
    const second = await store.time()
    const latest = await store.latest()

    expect(second).toBeGreaterThanOrEqual(first)
    expect(latest).toBeGreaterThanOrEqual(second)
    expect(Math.abs(first - Date.now())).toBeLessThan(60_000)
  })

  test('a store that is up answers a ping', async () => {
    const store = await open()

    await expect(store.ping()).resolves.toBeUndefined()
  })
}

function claim(store: Store, name: string, from: string, to: string): Promise<'committed' | 'conflict'> {
  return store.commit({ write: undefined, claims: [{ name, from, to }] })
}

function someEvents(count: number, id: 'INC-1' | 'INC-9' = 'INC-1'): readonly TimelineEvent[] {
  return chain(
    emptyHead,
    id,
    Array.from({ length: count }, (_, n) => note(`note ${n}`)),
  )
}

function lastHead(events: readonly TimelineEvent[]) {
  const last = events.at(-1)
  return last === undefined ? emptyHead : headOf(last)
}

// Deadlines whose bells were lost, while a provider of somebody's run does not answer.
import { expect, test, vi } from 'vitest'
import { createMovableClock } from '../../sim/clock.ts'
import { createDeadlines, repeat } from '../../src/deadlines/deadlines.ts'
import type { Deadlines } from '../../src/deadlines/deadlines.ts'
import type { IncidentId, Instant, RunId } from '../../src/ids.ts'

type Id = IncidentId | RunId

/** Bells that never ring; what is due is due until it was looked at. */
function silentBells(look: (id: Id) => Promise<void>) {
  const clock = createMovableClock()
  const due = new Map<Id, Instant>()
  const errors: string[] = []
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: (text: string) => errors.push(text) }
  const deadlines: Deadlines = createDeadlines({
    store: {
      due: async (now) => [...due].flatMap(([id, wakeAt]) => (wakeAt <= now ? [{ id, wakeAt }] : [])),
    },
    bells: { set: async () => {}, onRing: () => {} },
    clock,
    log,
    met: () => {},
    look: async (id) => {
      await look(id)
      due.delete(id)
    },
  })
  return { clock, due, errors, log, deadlines }
}

test('a provider that hangs holds up its own run, and nobody else’s deadline', async () => {
  const looked: Id[] = []
  const answer = Promise.withResolvers<void>()
  const { clock, due, log, deadlines } = silentBells(async (id) => {
    looked.push(id)
    if (id === 'R-1') await answer.promise
  })
  due.set('R-1', clock.now())
  const stop = repeat({ name: 'deadlines', every: 500, run: deadlines.sweep }, { clock, log })
  await vi.waitFor(() => expect(looked).toEqual(['R-1']))

  due.set('INC-1', clock.now())
  await vi.waitFor(() => {
    clock.skip(500)
    expect(looked).toEqual(['R-1', 'INC-1'])
  })

  stop()
  answer.resolve()
  await deadlines.idle()
  expect(due.size).toBe(0)
})

test('a look that fails is said once for each try, however many sweeps pass by', async () => {
  const answer = Promise.withResolvers<void>()
  const { clock, due, errors, deadlines } = silentBells(() => answer.promise)
  due.set('R-1', clock.now())

  await deadlines.sweep()
  await deadlines.sweep()
  answer.reject(new Error('no answer from Azure'))
  await deadlines.idle()

  expect(errors).toEqual(['a deadline could not be looked at; the next sweep tries again'])
})

test('a slow answer is no lost bell for two minutes; a look that nobody has begun is one after five seconds', async () => {
  const answer = Promise.withResolvers<void>()
  const { clock, due, errors, deadlines } = silentBells(() => answer.promise)
  due.set('R-1', clock.now())
  await deadlines.sweep()

  clock.skip(20_000)
  const slow = await deadlines.late()
  due.set('INC-1', clock.now() - 6_000)
  const lost = await deadlines.late()
  await deadlines.audit()
  due.delete('INC-1')
  clock.skip(120_000)
  const stuck = await deadlines.late()
  await deadlines.audit()

  expect([slow, lost, stuck].map((late) => Math.floor(late / 10_000))).toEqual([0, 0, 14])
  expect(slow).toBe(0)
  expect(lost).toBeGreaterThan(5_000)
  // Who only asks writes nothing into the log.
  expect(errors).toHaveLength(2)
  answer.resolve()
  await deadlines.idle()
})

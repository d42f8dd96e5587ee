// How many workers the queues need: never outside of the plan, never fewer than the sum says, never one too many.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { minute } from '../../src/ids.ts'
import { sizeByQueues } from '../../src/recovery/ways/workers/size.ts'
import type { Need } from '../../src/recovery/ways/workers/size.ts'

const plan = { min: 2, max: 20 }
const need: Need = { messages: 12_400, has: 4, perWorker: 40, left: 28 * minute, boot: 8 * minute }

describe('as many workers as the queues need', () => {
  test.each([
    [{}, 16, '12,400 messages / (40 per worker and minute x 20 min) = 16 workers; has 4'],
    [
      { messages: 100_000 },
      20,
      "100,000 messages / (40 per worker and minute x 20 min) = 125 workers, more than the plan's max: 20 workers; has 4",
    ],
    [
      { messages: 1 },
      2,
      "1 message / (40 per worker and minute x 20 min) = 1 worker, fewer than the plan's min: 2 workers; has 4",
    ],
    [
      { left: 8 * minute + 59_000 },
      20,
      "12,400 messages, and the objective (RTO) leaves 8m59s, and new workers need 8m: the plan's max of 20 workers; has 4",
    ],
    [
      { left: 0 },
      20,
      "12,400 messages, and the objective (RTO) is missed already: the plan's max of 20 workers; has 4",
    ],
    [
      { messages: 0, left: -minute },
      2,
      "0 messages / (40 per worker and minute x 1 min) = 0 workers, fewer than the plan's min: 2 workers; has 4",
    ],
    [
      { perWorker: 0.5, messages: 100 },
      10,
      '100 messages / (0.5 per worker and minute x 20 min) = 10 workers; has 4',
    ],
  ])('%j', (change, wanted, sum) => {
    expect(sizeByQueues({ ...need, ...change }, plan)).toEqual({ wanted, sum })
  })

  test('stay within the plan, do the work in time, and one fewer would not', () => {
    const inputs = fc.record({
      messages: fc.nat(1_000_000),
      has: fc.nat(100),
      perWorker: fc.double({ min: 0.01, max: 10_000, noNaN: true }),
      left: fc.integer({ min: -60, max: 600 }).map((minutes) => minutes * minute),
      boot: fc.integer({ min: 0, max: 60 }).map((minutes) => minutes * minute),
      min: fc.nat(10),
      more: fc.nat(100),
    })

    fc.assert(
      fc.property(inputs, ({ min, more, ...given }) => {
        const max = min + more
        const { wanted } = sizeByQueues(given, { min, max })
        const minutes = (given.left - given.boot) / minute
        const done = (workers: number): boolean => workers * given.perWorker * minutes >= given.messages

        expect(wanted).toBeGreaterThanOrEqual(min)
        expect(wanted).toBeLessThanOrEqual(max)
        if (minutes < 1) return
        if (wanted < max) expect(done(wanted + 1e-9)).toBe(true)
        if (wanted > min && wanted < max) expect(done(wanted - 1 - 1e-9)).toBe(false)
      }),
    )
  })
})

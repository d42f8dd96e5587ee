// How fast workers empty their queues: only out of what was really seen, never too good, and nothing where nobody can say.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { minute, second } from '../../src/ids.ts'
import { readDepths, withDepth } from '../../src/recovery/queues/depths.ts'
import { drainRate, emptyAt, perMinute, remaining } from '../../src/recovery/queues/drain-rate.ts'
import type { Depth } from '../../src/recovery/queues/drain-rate.ts'
import { drainText, remainingText } from '../../src/recovery/queues/words.ts'

const begin = Date.UTC(2026, 10, 23, 9)

/** One look a minute. */
function looks(messages: readonly number[], workers = 4): readonly Depth[] {
  return messages.map((each, index) => ({ at: begin + index * minute, messages: each, workers }))
}

function rateAfter(depths: readonly Depth[], later = 0) {
  return drainRate(depths, (depths.at(-1)?.at ?? begin) + later)
}

describe('the drain rate of a worker', () => {
  test('is what the queues got shorter by, for each worker and minute, over as long as it was sound', () => {
    const rate = rateAfter(looks([1_000, 820, 650, 500, 330, 200]))

    expect(rate).toMatchObject({ perWorker: 40, from: { messages: 1_000 }, to: { messages: 200 } })
    expect(rate && drainText(rate, begin + 8 * minute)).toBe(
      '40 a minute, net of what came in: 1,000 to 200 messages in 5m with 4 workers, until 3m ago',
    )
  })

  test('is said with how long the oldest message waited, where it was in sight', () => {
    const rate = rateAfter(
      looks([1_000, 800, 600, 400, 200]).map((look, index) => ({
        ...look,
        oldest: look.at - (42 - 6 * index) * minute,
      })),
    )

    expect(rate && drainText(rate, begin + 4 * minute)).toBe(
      '50 a minute, net of what came in: 1,000 to 200 messages in 4m with 4 workers, until just now; the oldest waited 42m, then 18m',
    )
  })

  test.each<[string, readonly Depth[]]>([
    ['nobody has looked', []],
    ['there are too few looks', looks([1_000, 800, 600, 400])],
    ['they got longer', looks([100, 200, 300, 400, 500, 600])],
    ['they stayed as they were', looks([500, 500, 500, 500, 500, 500])],
    ['there was nothing to do in between', looks([300, 150, 0, 400, 200, 50])],
    ['the workers ran out of work', looks([1_000, 700, 400, 100, 2, 1])],
    ['somebody has emptied a queue', looks([19_000, 18_960, 18_920, 10_500, 10_460, 10_420])],
    ['it went up as often as down', looks([900, 700, 800, 600, 700, 500, 600, 400])],
    ['hardly anything was done', looks([1_000, 998, 996, 995, 993])],
    ['there were no workers, and messages expired', looks([1_000, 800, 600, 400, 200], 0)],
    [
      'there is a gap in the middle',
      looks([1_000, 900, 800, 700, 600, 500]).map((look, index) =>
        index < 3 ? look : { ...look, at: look.at + 2 * minute },
      ),
    ],
    [
      'workers came meanwhile',
      looks([1_000, 900, 800, 700, 600, 500]).map((look, index) =>
        index < 3 ? look : { ...look, workers: 5 },
      ),
    ],
  ])('is not known when %s', (_why, depths) => {
    expect(rateAfter(depths)).toBeUndefined()
  })

  test('is forgotten after a day', () => {
    const depths = looks([1_000, 800, 600, 400, 200])

    expect(rateAfter(depths, 24 * 60 * minute)).toBeDefined()
    expect(rateAfter(depths, 24 * 60 * minute + 1)).toBeUndefined()
  })

  test('is that of the newest sound stretch, with the workers of that stretch', () => {
    const earlier = looks([9_000, 8_000, 7_000, 6_000, 5_000], 10)
    const later = looks([4_800, 4_600, 4_400, 4_200, 4_000], 5).map((look) => ({
      ...look,
      at: look.at + 5 * minute,
    }))
    const rising = looks([4_100, 4_200, 4_300], 2).map((look) => ({ ...look, at: look.at + 10 * minute }))

    expect(rateAfter([...earlier, ...later, ...rising])).toMatchObject({ perWorker: 40, to: { workers: 5 } })
    expect(rateAfter(earlier)).toMatchObject({ perWorker: 100, to: { workers: 10 } })
  })

  const history = fc
    .array(
      fc.record({
        messages: fc.nat(5_000),
        workers: fc.integer({ min: 0, max: 3 }),
        gap: fc.integer({ min: 30, max: 200 }),
      }),
      { maxLength: 60 },
    )
    .map((list) => {
      let at = begin
      return list.map(({ messages, workers, gap }): Depth => {
        at += gap * second
        return { at, messages, workers }
      })
    })
  /** Mostly falling, as random depths hardly ever are. */
  const falling = fc
    .record({
      start: fc.integer({ min: 500, max: 50_000 }),
      workers: fc.integer({ min: 1, max: 8 }),
      steps: fc.array(fc.integer({ min: -60, max: 400 }), { minLength: 3, maxLength: 70 }),
    })
    .map(({ start, workers, steps }) => {
      let left = start
      return looks([start, ...steps.map((step) => (left = Math.max(0, left - step)))], workers)
    })

  test('stands on a stretch that was seen: as many workers throughout, no gap, never empty, and really shorter', () => {
    let found = 0
    fc.assert(
      fc.property(fc.oneof(history, falling), (depths) => {
        const rate = rateAfter(depths)
        if (!rate) return
        found += 1
        const window = depths.slice(depths.indexOf(rate.from), depths.indexOf(rate.to) + 1)
        const minutes = (rate.to.at - rate.from.at) / minute

        expect(window.length).toBeGreaterThanOrEqual(5)
        expect(minutes).toBeLessThanOrEqual(60)
        expect(new Set(window.map(({ workers }) => workers)).size).toBe(1)
        expect(rate.to.workers).toBeGreaterThan(0)
        expect(Math.min(...window.map(({ messages }) => messages))).toBeGreaterThan(0)
        expect(window.slice(1).every(({ at }, index) => at - (window[index]?.at ?? 0) <= 2.5 * minute)).toBe(
          true,
        )
        const net = (rate.from.messages - rate.to.messages) / minutes / rate.to.workers
        expect(net).toBeGreaterThan(0)
        expect(Math.abs(rate.perWorker / net - 1)).toBeLessThanOrEqual(0.005)
      }),
      { numRuns: 500 },
    )
    expect(found).toBeGreaterThan(50)
  })

  test('of workers that do so many with so many coming in is what remains of both, never more than a worker does', () => {
    const load = fc.record({
      each: fc.integer({ min: 5, max: 500 }),
      workers: fc.integer({ min: 1, max: 40 }),
      incoming: fc.double({ min: 0, max: 0.7, noNaN: true }),
      minutes: fc.integer({ min: 4, max: 90 }),
      more: fc.nat(100_000),
    })

    fc.assert(
      fc.property(load, ({ each, workers, incoming, minutes, more }) => {
        const done = each * workers
        const coming = Math.floor(done * incoming)
        const start = (minutes + 1) * done + more
        const depths = looks(
          Array.from({ length: minutes + 1 }, (_, index) => start - index * (done - coming)),
          workers,
        )

        const rate = rateAfter(depths)
        const perWorker = rate?.perWorker ?? 0

        expect(((rate?.to.at ?? 0) - (rate?.from.at ?? 0)) / minute).toBe(Math.min(60, minutes))
        expect(perWorker).toBeLessThanOrEqual(each * 1.005)
        expect(Math.abs(perWorker / (each - coming / workers) - 1)).toBeLessThanOrEqual(0.005)
      }),
    )
  })

  test('is the same at any hour, and for as many times the messages', () => {
    fc.assert(
      fc.property(falling, fc.nat(10_000), fc.integer({ min: 2, max: 9 }), (depths, minutes, times) => {
        const rate = rateAfter(depths)
        const moved = rateAfter(depths.map((look) => ({ ...look, at: look.at + minutes * minute })))
        expect(moved?.perWorker).toBe(rate?.perWorker)
        if (!rate) return
        const more = rateAfter(depths.map((look) => ({ ...look, messages: look.messages * times })))
        expect(more?.perWorker).toBeGreaterThan(0)
      }),
    )
  })
})

test('looks are kept for four hours of work, and of a quiet time only its first and its last', () => {
  const pool = { resource_group: 'dr-rg', vmss: 'w', account: 'a', queues: ['q'], min: 1, max: 9 }
  function keptOf(messages: readonly number[]): readonly Depth[] {
    const text = looks(messages).reduce<string | undefined>(
      (so, look) => withDepth(pool, readDepths(pool, so), look),
      undefined,
    )
    return readDepths(pool, text)
  }

  fc.assert(
    fc.property(fc.array(fc.nat(3), { maxLength: 40 }), (messages) => {
      const kept = keptOf(messages)
      const all = looks(messages)
      expect(kept.filter((look) => look.messages > 0)).toEqual(all.filter((look) => look.messages > 0))
      expect(kept.at(-1)).toEqual(all.at(-1))
      expect(kept.map((look) => look.messages).join()).not.toContain('0,0,0')
    }),
  )
  const many = Array.from({ length: 300 }, (_, index) => index + 1)
  expect(keptOf(many).map((look) => look.messages)).toEqual(many.slice(-240))
})

describe('what is left', () => {
  function remainingNow(depths: readonly Depth[]) {
    return remaining(depths, depths.at(-1)?.at ?? begin)
  }
  function textOf(messages: readonly number[], workers = 4): string | undefined {
    const seen = remainingNow(looks(messages, workers))
    return seen && remainingText(seen)
  }

  test.each<[readonly number[], string | undefined]>([
    [[], undefined],
    [[3_000], '3,000 messages left; how fast they go is not known yet'],
    [[3_250, 3_000], '3,000 messages left; how fast they go is not known yet'],
    [[3_500, 3_250, 3_000], '3,000 messages left, at 250/min: 12m'],
    [[3, 2, 1], '1 message left, at 1/min: 1m'],
    [[500, 200, 0], 'the queues are empty'],
    [[3_000, 3_010, 3_000], '3,000 messages left, as many as 2m before: they do not get fewer'],
    [[3_000, 3_050, 3_120], '3,120 messages left, 120 more than 2m before: they do not get fewer'],
  ])('of %j a minute apart reads: %s', (messages, text) => {
    expect(textOf(messages)).toBe(text)
  })

  test('is not known by a look of long ago', () => {
    const depths = looks([3_500, 3_250, 3_000])

    expect(remaining(depths, begin + 4 * minute)).toBeDefined()
    expect(remaining(depths, begin + 5 * minute)).toBeUndefined()
  })

  test('is reckoned from the minutes since the number of workers changed', () => {
    const few = looks([5_000, 4_990, 4_980, 4_970], 2)
    const many = looks([4_960, 4_660, 4_360], 12).map((look) => ({ ...look, at: look.at + 4 * minute }))
    const seen = remainingNow([...few, ...many])

    expect(seen && remainingText(seen)).toBe('4,360 messages left, at 300/min: 15m')
  })

  test('ends when it says, if it goes on like that', () => {
    const shape = fc.record({
      by: fc.integer({ min: 1, max: 900 }),
      left: fc.integer({ min: 1, max: 90_000 }),
      count: fc.integer({ min: 3, max: 30 }),
    })

    fc.assert(
      fc.property(shape, ({ by, left, count }) => {
        const depths = looks(Array.from({ length: count }, (_, index) => left + (count - 1 - index) * by))
        const seen = remainingNow(depths)
        if (!seen) throw new Error('nothing is left of that')

        expect(perMinute(seen)).toBeCloseTo(by)
        expect(emptyAt(seen)).toBeCloseTo(seen.at + (left / by) * minute, -1)
      }),
    )
  })
})

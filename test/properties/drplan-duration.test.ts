// Durations as people write them are read and written without loss.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDuration, printClock, printDuration, printTook } from '../../src/drplan/duration.ts'

describe('a duration', () => {
  test.each([
    ['0s', 0],
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['1d2h3m4s', 93_784_000],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  test.each(['', 'm', '5', '5 m', '-5m', '5M', '1.5h', '30m1h', '5m5m', '5ms', 'five', '999999d', '5m\n'])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )

  test('that is printed is read as the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 90_000 * 86_400 }), (seconds) => {
        expect(parseDuration(printDuration(seconds * 1_000))).toBe(seconds * 1_000)
      }),
    )
  })

  test('is printed with the largest units first and no empty ones', () => {
    expect([90_000, 5_400_000, 604_800_000, 0, 499, -90_000].map(printDuration)).toEqual([
      '1m30s',
      '1h30m',
      '7d',
      '0s',
      '0s',
      '-1m30s',
    ])
  })

  test('of a clock has its two largest units, whether it runs out or is over', () => {
    const all = [272_000, -61_000, 3_605_000, 3_720_900, 90_061_000, 176_400_000, 0, 999, -500]

    expect(all.map(printClock)).toEqual(['4m32s', '1m1s', '1h', '1h2m', '1d1h', '2d1h', '0s', '0s', '0s'])
  })

  test('that something took is never nothing', () => {
    expect([0, 999, 1_000, 65_000].map(printTook)).toEqual(['under 1s', 'under 1s', '1s', '1m5s'])
  })
})

// The moment of a restore as people type it: read exactly, or refused with both ways to write it.
import { describe, expect, test } from 'vitest'
import { readMoment } from '../../src/command/moment.ts'

const now = Date.parse('2026-11-23T09:30:45Z')
const zone = 'Europe/Berlin'

test.each([
  ['10m ago', '2026-11-23T09:20:00Z'],
  ['1h30m ago', '2026-11-23T08:00:00Z'],
  ['2026-11-23T09:14+01:00', '2026-11-23T08:14:00Z'],
  ['2026-11-23t08:14z', '2026-11-23T08:14:00Z'],
  ['2026-11-23T09:14:30+01:00', '2026-11-23T08:14:30Z'],
])('%s is %s', (text, wanted) => {
  expect(new Date(readMoment(text, now, zone)).toISOString().replace('.000', '')).toBe(wanted)
})

describe('is refused with what to type', () => {
  test.each([
    ['2026-11-23T09:14', 'db restore 2026-11-23T09:14+01:00', 'db restore 2026-11-23T09:14Z'],
    ['9:14', 'db restore 2026-11-23T09:14+01:00', 'db restore 2026-11-23T09:14Z'],
    ['2026-07-01T09:14', 'db restore 2026-07-01T09:14+02:00', 'db restore 2026-07-01T09:14Z'],
  ])('when %s has no zone', (text, local, utc) => {
    expect(() => readMoment(text, now, zone)).toThrow(
      `does not say in which time zone. As Europe/Berlin has it: ${local}, or as UTC: ${utc}`,
    )
  })

  test('with both of them, when a time in autumn is there twice', () => {
    expect(() => readMoment('2026-10-25T02:30', now, zone)).toThrow(
      'Europe/Berlin has it twice then, first as: db restore 2026-10-25T02:30+02:00, and an hour later as: db restore 2026-10-25T02:30+01:00, or as UTC: db restore 2026-10-25T02:30Z',
    )
    // In spring it is not there at all.
    expect(() => readMoment('2026-03-29T02:30', now, zone)).toThrow(/As Europe\/Berlin has it: /)
  })

  test.each(['noon', '0m ago', 'yesterday ago', '2026-13-01T00:00Z', ''])('when “%s” is none', (text) => {
    expect(() => readMoment(text, now, zone)).toThrow(/is no moment\. Write how long ago.*db restore 10m ago/)
  })
})

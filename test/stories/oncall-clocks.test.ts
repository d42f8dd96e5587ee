// On call by the clock on the wall: handoffs over daylight saving, overrides, time off, and why it is this person.
import { describe, expect, test } from 'vitest'
import { candidates } from '../../src/oncall/candidates.ts'
import { channelsFor } from '../../src/oncall/channels.ts'
import { onCall, schedule, withOverrides } from '../../src/oncall/shift.ts'
import { momentText, zoned } from '../../src/moment.ts'
import { instantOf, momentEnd, momentStart } from '../../src/oncall/wallclock.ts'
import { planWith, planWithRotation } from '../fixtures/plans/plan.ts'

const hour = 3_600_000
const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds
const utc = (instant: number): string => Temporal.Instant.fromEpochMilliseconds(instant).toString()

describe('a handoff', () => {
  test.each([
    // zone, day of the change, hours of the daily shift over it
    ['Europe/Berlin', '2026-03-29', 23],
    ['Europe/Berlin', '2026-10-25', 25],
    ['America/New_York', '2026-03-08', 23],
    ['America/New_York', '2026-11-01', 25],
    ['Australia/Lord_Howe', '2026-10-04', 23.5],
    ['Australia/Lord_Howe', '2026-04-05', 24.5],
    ['Asia/Kolkata', '2026-03-29', 24],
  ])('is at 09:00 in %s on %s, after a shift of %d hours', (zone, date, hours) => {
    const plan = planWithRotation({ type: 'daily', start: '2026-01-05T09:00' }, {}, zone)
    const handoff = momentStart(`${date}T09:00`, zone)

    const before = onCall(plan, 'primary', handoff - 1)
    const after = onCall(plan, 'primary', handoff)

    expect(before?.until).toBe(handoff)
    expect(after?.from).toBe(handoff)
    expect((handoff - (before?.from ?? 0)) / hour).toBe(hours)
    expect(after?.person).not.toBe(before?.person)
  })

  test('of a weekly rotation stays at 09:00 local for a whole year', () => {
    const plan = planWithRotation({ type: 'weekly', start: '2026-01-05T09:00' })
    const from = at('2026-01-05T08:00:00Z')

    const shifts = schedule(plan, 'primary', from, from + 364 * 24 * hour)

    expect(shifts).toHaveLength(52)
    for (const { from } of shifts) {
      expect(zoned(from, 'Europe/Berlin').dayOfWeek).toBe(1)
      expect(momentText(from, 'Europe/Berlin')).toMatch(/ 09:00$/)
    }
    expect(shifts.map((shift) => shift.person).slice(0, 4)).toEqual(['ann', 'bob', 'cem', 'ann'])
  })

  test('in the hour that is skipped is at the jump of the clocks', () => {
    const plan = planWithRotation({ type: 'daily', start: '2026-03-20T02:30' })

    const shift = onCall(plan, 'primary', at('2026-03-29T01:00:00Z'))

    expect(utc(shift?.from ?? 0)).toBe('2026-03-29T01:00:00Z')
    expect(utc(shift?.until ?? 0)).toBe('2026-03-30T00:30:00Z')
  })

  test('in the hour that comes twice is at its first occurrence', () => {
    const plan = planWithRotation({ type: 'daily', start: '2026-10-20T02:30' })

    const shift = onCall(plan, 'primary', at('2026-10-25T00:30:00Z'))

    expect(utc(shift?.from ?? 0)).toBe('2026-10-25T00:30:00Z')
    expect(utc(shift?.until ?? 0)).toBe('2026-10-26T01:30:00Z')
  })

  test('is over when the clocks show the time before it for the second time', () => {
    const plan = planWithRotation({ type: 'daily', start: '2026-10-20T02:30' })
    const before = onCall(plan, 'primary', at('2026-10-25T00:29:59Z'))
    const second = onCall(plan, 'primary', at('2026-10-25T01:10:00Z'))

    expect(momentText(at('2026-10-25T01:10:00Z'), 'Europe/Berlin')).toBe('2026-10-25 02:10')
    expect(utc(second?.from ?? 0)).toBe('2026-10-25T00:30:00Z')
    expect(second?.person).not.toBe(before?.person)
  })

  test('of twelve-hour shifts alternates between 09:00 and 21:00 before and after the change', () => {
    const plan = planWithRotation({ type: 'custom', shift: '12h', start: '2026-03-27T09:00' })

    const shifts = schedule(plan, 'primary', at('2026-03-28T08:00:00Z'), at('2026-03-30T07:00:00Z'))

    expect(shifts.map((shift) => momentText(shift.from, 'Europe/Berlin').slice(-5))).toEqual([
      '09:00',
      '21:00',
      '09:00',
      '21:00',
    ])
    expect(shifts.map((shift) => (shift.until - shift.from) / hour)).toEqual([12, 11, 12, 12])
  })

  test('of one-hour shifts leaves nobody a shift of no length when an hour is skipped', () => {
    const plan = planWithRotation({ type: 'custom', shift: '1h', start: '2026-03-28T00:00' })

    const shifts = schedule(plan, 'primary', at('2026-03-28T23:00:00Z'), at('2026-03-29T03:00:00Z'))

    expect(shifts.map((shift) => (shift.until - shift.from) / hour)).toEqual([1, 1, 1, 1])
  })

  test('counts backwards from the start too, so that a start in the future leaves no gap', () => {
    const plan = planWithRotation({ type: 'weekly', start: '2027-01-04T09:00' })

    expect(onCall(plan, 'primary', at('2026-12-30T12:00:00Z'))?.person).toBe('cem')
  })
})

describe('a local time', () => {
  test('keeps its order where a whole day was skipped', () => {
    const lost = instantOf(Temporal.PlainDateTime.from('2011-12-30T12:00'), 'Pacific/Apia')

    expect(utc(lost)).toBe('2011-12-30T10:00:00Z')
  })

  test('as a date ends with that day, be it 23 or 25 hours long', () => {
    for (const [date, hours] of [
      ['2026-03-29', 23],
      ['2026-10-25', 25],
    ] as const) {
      expect((momentEnd(date, 'Europe/Berlin') - momentStart(date, 'Europe/Berlin')) / hour).toBe(hours)
    }
  })
})

describe('who is on call', () => {
  const monday = at('2026-11-23T12:00:00Z')

  test('is said with the rule and its end', () => {
    const plan = planWithRotation({ type: 'weekly', start: '2026-01-05T09:00' })

    const shift = onCall(plan, 'primary', monday)

    expect(shift?.why).toBe('on call (primary, weekly) until 2026-11-30 09:00 Europe/Berlin')
  })

  test('says the year of an end that is in another one', () => {
    const plan = planWithRotation({ type: 'weekly', start: '2026-01-05T09:00' })

    expect(onCall(plan, 'primary', at('2026-12-30T12:00:00Z'))?.why).toContain('until 2027-01-04 09:00')
  })

  test('is the person of the override, by whom and until when, over a handoff', () => {
    const override = { person: 'cem', from: '2026-11-29T09:00', to: '2026-12-01T09:00', by: 'mia' }
    const plan = planWithRotation({ type: 'weekly', start: '2026-01-05T09:00' }, { overrides: [override] })

    const shift = onCall(plan, 'primary', at('2026-11-30T12:00:00Z'))

    expect(shift?.person).toBe('cem')
    expect(shift?.why).toBe('override by Mia Manger until 2026-12-01 09:00 Europe/Berlin')
    expect(momentText(shift?.from ?? 0, 'Europe/Berlin')).toBe('2026-11-29 09:00')
  })

  test('goes back to the same turn after an override within it', () => {
    const override = { person: 'cem', from: '2026-11-24T09:00', to: '2026-11-25T09:00' }
    const plan = planWithRotation(
      { type: 'weekly', start: '2026-01-05T09:00', people: ['ann', 'bob'] },
      { overrides: [override] },
    )

    const shifts = schedule(plan, 'primary', at('2026-11-23T08:00:00Z'), at('2026-11-30T08:00:00Z'))

    expect(shifts.map((shift) => shift.person)).toEqual(['ann', 'cem', 'ann'])
  })

  test('is the person of the override that was added last', () => {
    const plan = planWithRotation({ type: 'weekly', start: '2026-01-05T09:00' })
    const span = { from: '2026-11-23T09:00', to: '2026-11-24T09:00' }

    const later = withOverrides(plan, [
      { person: 'bob', ...span },
      { person: 'mia', ...span },
    ])

    expect(onCall(later, 'primary', monday)?.person).toBe('mia')
    expect(onCall(plan, 'primary', monday)?.person).not.toBe('mia')
  })

  test('ignores an override for somebody who has left the plan', () => {
    const plan = planWithRotation({ type: 'weekly', start: '2026-01-05T09:00' })

    const later = withOverrides(plan, [{ person: 'gone', from: '2026-11-23T09:00', to: '2026-11-24T09:00' }])

    expect(onCall(later, 'primary', monday)).toEqual(onCall(plan, 'primary', monday))
  })

  test('is the next in turn while the person is off, until that one is back', () => {
    const plan = planWithRotation(
      { type: 'weekly', start: '2026-11-23T09:00' },
      { time_off: [{ person: 'ann', from: '2026-11-24', to: '2026-11-25' }] },
    )

    const shifts = schedule(plan, 'primary', monday, at('2026-11-30T08:00:00Z'))

    expect(shifts.map((shift) => [shift.person, momentText(shift.until, 'Europe/Berlin')])).toEqual([
      ['ann', '2026-11-24 00:00'],
      ['bob', '2026-11-26 00:00'],
      ['ann', '2026-11-30 09:00'],
    ])
    expect(shifts[1]?.why).toBe(
      'covers for Ann Onken, who is off (primary, weekly) until 2026-11-26 00:00 Europe/Berlin',
    )
  })

  test('is nobody when all are off', () => {
    const everybody = ['ann', 'bob', 'cem'].map((person) => ({
      person,
      from: '2026-11-24',
      to: '2026-11-24',
    }))
    const plan = planWithRotation({ type: 'weekly', start: '2026-11-23T09:00' }, { time_off: everybody })

    expect(onCall(plan, 'primary', at('2026-11-24T12:00:00Z'))).toBeUndefined()
    expect(candidates(plan, 'rotation:primary', at('2026-11-24T12:00:00Z'))).toEqual([])
    expect(schedule(plan, 'primary', monday, at('2026-11-26T08:00:00Z'))).toHaveLength(2)
  })
})

describe('who is called', () => {
  const monday = at('2026-11-23T12:00:00Z')

  test('of a rotation: who is on call, then the others in turn, without those who are off', () => {
    const plan = planWithRotation(
      { type: 'weekly', start: '2026-11-16T09:00', people: ['ann', 'bob', 'cem', 'mia'] },
      { time_off: [{ person: 'cem', from: '2026-11-20', to: '2026-11-30' }] },
    )

    expect(candidates(plan, 'rotation:primary', monday)).toEqual([
      { person: 'bob', why: 'on call (primary, weekly) until 2026-11-30 09:00 Europe/Berlin' },
      { person: 'mia', why: 'next in rotation primary after Bob Brandt' },
      { person: 'ann', why: 'next in rotation primary after Mia Manger' },
    ])
  })

  test('of a group: those who are not off', () => {
    const plan = planWith({
      oncall: {
        rotations: [{ name: 'primary', type: 'weekly', start: '2026-01-05T09:00', people: ['ann'] }],
        time_off: [{ person: 'bob', from: '2026-11-20', to: '2026-11-30' }],
      },
    })

    expect(candidates(plan, 'group:dev', monday)).toEqual([{ person: 'cem', why: 'in group dev' }])
  })

  test('of a group whose people are all off: all of them, and that is said', () => {
    const off = ['bob', 'cem'].map((person) => ({ person, from: '2026-11-20', to: '2026-11-30' }))
    const plan = planWithRotation({ type: 'weekly', start: '2026-01-05T09:00' }, { time_off: off })

    expect(candidates(plan, 'group:dev', monday)).toEqual([
      { person: 'bob', why: 'in group dev, of which everybody is off; off until 2026-12-01 00:00' },
      { person: 'cem', why: 'in group dev, of which everybody is off; off until 2026-12-01 00:00' },
    ])
  })

  test('by name: that person, off or not', () => {
    const off = [
      { person: 'mia', from: '2026-11-20', to: '2026-11-24' },
      { person: 'mia', from: '2026-11-25', to: '2026-11-30' },
    ]
    const plan = planWithRotation({ type: 'weekly', start: '2026-01-05T09:00' }, { time_off: off })

    expect(candidates(plan, 'person:mia', monday)).toEqual([
      { person: 'mia', why: 'named in the plan (person:mia); off until 2026-12-01 00:00' },
    ])
  })

  test('is nobody for a target that a newer plan no longer has', () => {
    const plan = planWith()

    for (const target of ['rotation:old', 'group:constructor', 'person:toString'] as const) {
      expect(candidates(plan, target, monday)).toEqual([])
    }
  })

  test('through the channels of the ladder that the person has an address on', () => {
    const plan = planWith()

    expect(channelsFor(plan, 'ann')).toEqual([
      { channel: 'chat', after: 0, to: 'ann' },
      { channel: 'email', after: 0, to: 'ann@example.com' },
      { channel: 'sms', after: 60_000, to: '+49 30 90182 001' },
    ])
    expect(channelsFor(plan, 'bob').map((reach) => reach.channel)).toEqual(['chat', 'email'])
    expect(channelsFor(plan, 'constructor')).toEqual([])
  })
})

// What holds for every rotation, override and absence, in every zone and at every moment.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { candidates } from '../../src/oncall/candidates.ts'
import { onCall, schedule } from '../../src/oncall/shift.ts'
import { zoned } from '../../src/moment.ts'
import { instantOf, momentStart } from '../../src/oncall/wallclock.ts'
import { planWithRotation } from '../fixtures/plans/plan.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'

const hour = 3_600_000
const day = 24 * hour
const zones = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'UTC',
  'Pacific/Apia',
  'Asia/Kathmandu',
]
const zone = fc.constantFrom(...zones)
const person = fc.constantFrom('ann', 'bob', 'cem')
const year = Date.UTC(2026, 0, 1)
const minuteOfYear = fc.integer({ min: 0, max: 365 * 24 * 60 })
const localText = minuteOfYear.map((minutes) =>
  Temporal.PlainDateTime.from('2026-01-01T00:00').add({ minutes }).toString({ smallestUnit: 'minute' }),
)
const timed = fc.tuple(localText, fc.integer({ min: 1, max: 30 * 24 * 60 })).map(([from, minutes]) => ({
  from,
  to: Temporal.PlainDateTime.from(from)
    .add({ minutes: minutes + 120 })
    .toString({ smallestUnit: 'minute' }),
}))
/** Dates alone: the last one counts as a whole day, so that a span may begin and end on the same one. */
const dated = fc
  .tuple(fc.integer({ min: 0, max: 364 }), fc.integer({ min: 0, max: 30 }))
  .map(([first, days]) => {
    const from = Temporal.PlainDate.from('2026-01-01').add({ days: first })
    return { from: from.toString(), to: from.add({ days }).toString() }
  })
const span = fc.oneof(timed, dated)
const absence = fc.tuple(person, span).map(([who, time]) => ({ person: who, ...time }))
const length = fc.oneof(
  fc.constant({ type: 'daily' }),
  fc.constant({ type: 'weekly' }),
  fc.integer({ min: 1, max: 24 * 20 }).map((hours) => ({ type: 'custom', shift: `${hours}h` })),
)
const plan: fc.Arbitrary<DrPlan> = fc
  .record({
    zone,
    length,
    start: localText,
    people: fc.uniqueArray(person, { minLength: 1 }),
    overrides: fc.array(absence, { maxLength: 4 }),
    timeOff: fc.array(absence, { maxLength: 6 }),
  })
  .map(({ zone, length, start, people, overrides, timeOff }) =>
    planWithRotation({ ...length, start, people }, { overrides, time_off: timeOff }, zone),
  )
/** As the guides say it: a date alone as the end of a span means that whole day, too. */
function endOf(text: string, zone: string): number {
  if (text.includes('T')) return momentStart(text, zone)
  return momentStart(Temporal.PlainDate.from(text).add({ days: 1 }).toString(), zone)
}

const moment = minuteOfYear.map((minutes) => year + minutes * 60_000)

describe('the shifts of a rotation', () => {
  test('pass over somebody who is off for whole days until the end of the last one', () => {
    fc.assert(
      fc.property(
        zone,
        dated,
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (zone, days, part) => {
          const off = { person: 'ann', ...days }
          const plan = planWithRotation(
            { type: 'weekly', start: '2026-01-01T00:00', people: ['ann', 'bob'] },
            { time_off: [off] },
            zone,
          )
          const [begin, end] = [momentStart(days.from, zone), endOf(days.to, zone)]

          expect(onCall(plan, 'primary', begin + Math.floor(part * (end - begin)))?.person).not.toBe('ann')
          expect(onCall(plan, 'primary', end - 60_000)?.person).not.toBe('ann')
        },
      ),
    )
  })

  test('follow each other without overlap, inside the time asked for', () => {
    fc.assert(
      fc.property(plan, moment, fc.integer({ min: 1, max: 30 * 24 }), (plan, from, hours) => {
        const to = from + hours * hour
        const shifts = schedule(plan, 'primary', from, to)

        for (const [index, shift] of shifts.entries()) {
          expect(shift.from).toBeGreaterThanOrEqual(shifts[index - 1]?.until ?? from)
          expect(shift.until).toBeGreaterThan(shift.from)
          expect(shift.until).toBeLessThanOrEqual(to)
        }
      }),
    )
  })

  test('leave no gap while somebody is never off', () => {
    fc.assert(
      fc.property(plan, moment, (plan, from) => {
        const free = { ...plan, oncall: { ...plan.oncall, time_off: [] } }
        const shifts = schedule(free, 'primary', from, from + 40 * day)

        const edges = [from, ...shifts.map((shift) => shift.until)]
        expect(shifts.map((shift) => shift.from)).toEqual(edges.slice(0, -1))
        expect(edges.at(-1)).toBe(from + 40 * day)
      }),
    )
  })

  test('say the same as asking at any one moment', () => {
    fc.assert(
      fc.property(plan, moment, fc.integer({ min: 0, max: 10 * 24 * 60 }), (plan, from, minutes) => {
        const at = from + minutes * 60_000
        const drawn = schedule(plan, 'primary', from, from + 11 * day).find(
          (shift) => shift.from <= at && at < shift.until,
        )
        const asked = onCall(plan, 'primary', at)

        expect(asked?.person).toBe(drawn?.person)
        if (asked && drawn) {
          expect(Math.max(asked.from, from)).toBe(drawn.from)
          expect(Math.min(asked.until, from + 11 * day)).toBe(drawn.until)
        }
      }),
    )
  })

  test('never name somebody who is off, unless an override does', () => {
    let found = 0
    let whole = 0
    fc.assert(
      fc.property(plan, moment, (plan, at) => {
        const shift = onCall(plan, 'primary', at)
        if (!shift || shift.why.startsWith('override')) return
        const off = plan.oncall.time_off.filter((one) => one.person === shift.person)
        for (const { from, to } of off) {
          found += 1
          if (!to.includes('T')) whole += 1
          expect(momentStart(from, plan.timezone) <= at && at < endOf(to, plan.timezone)).toBe(false)
        }
      }),
      { numRuns: 300 },
    )
    expect(found).toBeGreaterThan(20)
    expect(whole).toBeGreaterThan(5)
  })

  test('of a daily rotation begin at the same time of day, but where the clocks jump over it', () => {
    fc.assert(
      fc.property(zone, localText, moment, (zone, start, at) => {
        const plan = planWithRotation({ type: 'daily', start }, {}, zone)
        const shift = onCall(plan, 'primary', at)
        const local = zoned(shift?.from ?? 0, zone).toPlainDateTime()
        const wanted = local.withPlainTime(Temporal.PlainDateTime.from(start).toPlainTime())
        const exact = local.equals(wanted)
        expect(exact || instantOf(wanted, zone) === shift?.from).toBe(true)
      }),
    )
  })
})

describe('those who are called', () => {
  test('begin with the one on call, name nobody twice, and are nobody only when all are off', () => {
    fc.assert(
      fc.property(plan, moment, (plan, at) => {
        const people = candidates(plan, 'rotation:primary', at).map((candidate) => candidate.person)

        expect(people[0]).toBe(onCall(plan, 'primary', at)?.person)
        expect(new Set(people).size).toBe(people.length)
      }),
    )
  })

  test('of a group are never nobody', () => {
    fc.assert(
      fc.property(plan, moment, (plan, at) => {
        expect(candidates(plan, 'group:dev', at).length).toBeGreaterThan(0)
      }),
    )
  })
})

describe('a local time', () => {
  test('that is later is never an earlier moment', () => {
    fc.assert(
      fc.property(zone, localText, localText, (zone, a, b) => {
        const [first, second] = [a, b].sort()
        expect(momentStart(first ?? a, zone)).toBeLessThanOrEqual(momentStart(second ?? b, zone))
      }),
    )
  })

  test('of a moment is that moment again, but in the second pass of a repeated hour', () => {
    fc.assert(
      fc.property(zone, moment, (zone, at) => {
        const back = instantOf(zoned(at, zone).toPlainDateTime(), zone)
        expect(back === at || (back < at && at - back <= 24 * hour)).toBe(true)
      }),
    )
  })
})

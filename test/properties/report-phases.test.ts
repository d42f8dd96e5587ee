// The phases of an outage: together they are the whole of it, whatever marks are missing or out of order.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  measure,
  metForAll,
  outageEnd,
  phaseNames,
  phasesOf,
  verdictText,
  verdictTone,
} from '../../src/timeline/phases.ts'
import { optional } from '../../src/command/read.ts'
import type { Marks } from '../../src/incident/incident.ts'

const at = fc.integer({ min: 1_000, max: 100_000 })
const later = fc.option(at, { nil: undefined })
const marks: fc.Arbitrary<Marks> = fc
  .tuple(at, at, later, later, later, later, later, later, later)
  .map(([outage, detected, paged, acknowledged, diagnosed, decided, acted, verified, resolved]) => ({
    outage,
    detected,
    ...optional('paged', paged),
    ...optional('acknowledged', acknowledged),
    ...optional('diagnosed', diagnosed),
    ...optional('decided', decided),
    ...optional('acted', acted),
    ...optional('verified', verified),
    ...optional('resolved', resolved),
  }))
const now = 200_000

describe('phases', () => {
  test('follow each other without a gap, in their order, each at most once', () => {
    fc.assert(
      fc.property(marks, (found) => {
        const phases = phasesOf(found, now)

        expect(phases[0]?.from).toBe(found.outage)
        for (const [index, phase] of phases.entries()) {
          expect(phase.ms).toBe((phase.to ?? now) - phase.from)
          expect(phase.ms).toBeGreaterThanOrEqual(0)
          expect(phase.from).toBe(phases[index - 1]?.to ?? found.outage)
        }
        const places = phases.map((phase) => phaseNames.indexOf(phase.name))
        expect(places).toEqual([...new Set(places)].sort((a, b) => a - b))
      }),
    )
  })

  test('together are the outage as it is measured', () => {
    fc.assert(
      fc.property(marks, (found) => {
        const sum = phasesOf(found, now).reduce((total, phase) => total + phase.ms, 0)

        const { ms } = measure({ marks: found, objective: { rto: 1 } }, now)
        expect(sum).toBe(ms)
      }),
    )
  })

  test('go on only while the outage does', () => {
    fc.assert(
      fc.property(marks, (found) => {
        const running = phasesOf(found, now).filter((phase) => phase.to === undefined)

        expect(running).toHaveLength(outageEnd(found) === undefined ? 1 : 0)
      }),
    )
  })
})

describe('an outage', () => {
  test('with all marks has all phases', () => {
    const all: Marks = {
      outage: 0,
      detected: 10,
      paged: 11,
      acknowledged: 40,
      diagnosed: 100,
      decided: 110,
      acted: 140,
      verified: 150,
    }

    expect(phasesOf(all, now).map(({ name, ms }) => [name, ms])).toEqual([
      ['detect', 10],
      ['page', 1],
      ['acknowledge', 29],
      ['diagnose', 60],
      ['decide', 10],
      ['act', 30],
      ['verify', 10],
    ])
  })

  test('that mends itself while it is diagnosed ends with that phase', () => {
    const mended: Marks = {
      outage: 0,
      detected: 10,
      paged: 11,
      acknowledged: 40,
      verified: 90,
      resolved: 210,
    }

    expect(phasesOf(mended, now).at(-1)).toEqual({ name: 'diagnose', from: 40, to: 90, ms: 50 })
    expect(measure({ marks: mended, objective: { rto: 90 } }, now)).toEqual({
      ms: 90,
      rto: 90,
      over: true,
      met: true,
    })
  })

  test.each([
    [90, 'not known: closed by hand after 0s while Nagios still reported 2 problems', 'warn'],
    [89, 'missed: 0s', 'bad'],
  ])('that was closed by hand with problems open, against %i ms, is not met', (rto, words, tone) => {
    const byHand = { name: 'Ann Onken', problems: 2 }
    const marks: Marks = { outage: 0, detected: 10, resolved: 90, byHand }
    const measured = measure({ marks, objective: { rto } }, now)

    expect(measured).toMatchObject({ over: true, met: false, unseen: 2 })
    expect(verdictText(measured, '0s')).toBe(words)
    expect([verdictTone(measured), metForAll(measured)]).toEqual([tone, false])
  })

  test('that was mended by hand and closed is measured to the closing', () => {
    const closed: Marks = { outage: 0, detected: 10, paged: 11, resolved: 90 }

    expect(measure({ marks: closed, objective: { rto: 89 } }, now)).toMatchObject({ ms: 90, met: false })
  })

  test('that goes on is measured up to now', () => {
    const open: Marks = { outage: 0, detected: 10, paged: 11 }

    expect(phasesOf(open, 71).at(-1)).toEqual({ name: 'acknowledge', from: 11, ms: 60 })
    expect(measure({ marks: open, objective: { rto: 60 } }, 71)).toEqual({
      ms: 71,
      rto: 60,
      over: false,
      met: false,
    })
  })
})

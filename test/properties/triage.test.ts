// Redelivery and reordering change nothing: what is known of an object depends on what was sent, not on how it came.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Alert } from '../../src/intake/alert.ts'
import type { ObjectRecord } from '../../src/commit.ts'
import { classify } from '../../src/triage/classify.ts'

const start = Date.UTC(2026, 10, 23, 3)
const badStates = new Set(['CRITICAL', 'UNKNOWN'])

/** The life of one service as Nagios tells it: outages with ids that count up, repeated while they last. */
const life = fc
  .array(
    fc.record({
      repeats: fc.integer({ min: 0, max: 2 }),
      recovers: fc.boolean(),
      // Nagios' time has whole seconds, and much can happen in one.
      seconds: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((outages) => {
    let at = start
    return outages.flatMap(({ repeats, recovers, seconds }, index) => {
      const problemId = String(index + 1)
      const told: Alert[] = []
      for (let each = 0; each <= repeats; each += 1) {
        at += seconds * 1_000
        told.push(notification('PROBLEM', 'CRITICAL', at, problemId))
      }
      if (recovers) {
        at += seconds * 1_000
        told.push(notification('RECOVERY', 'OK', at, problemId))
      }
      return told
    })
  })

function notification(type: Alert['type'], state: Alert['state'], at: number, problemId: string): Alert {
  return {
    id: `A-${type}-${at}-${problemId}`,
    receivedAt: at,
    type,
    host: 'lb1',
    service: 'HAProxy',
    key: 'lb1;HAProxy',
    state,
    hard: true,
    at,
    problemId,
    hostGroups: [],
    serviceGroups: [],
    output: `${type} ${problemId}`,
  }
}

function known(alerts: readonly Alert[]): ObjectRecord | undefined {
  let record: ObjectRecord | undefined
  for (const alert of alerts) {
    const bad = badStates.has(alert.state)
    const result = classify(alert, { record, system: 'lb', bad, closed: false, forgotten: false })
    record = result.record ?? record
  }
  return record
}

describe('notifications of one object', () => {
  it('lead to the same knowledge in whatever order and however often they are delivered', () => {
    fc.assert(
      fc.property(life, fc.infiniteStream(fc.nat()), (alerts, dice) => {
        const numbers = [...dice.take(alerts.length * 2)]
        const doubled = [...alerts, ...alerts]
        const shuffled = doubled
          .map((alert, index) => ({ alert, by: numbers[index] ?? 0 }))
          .toSorted((a, b) => a.by - b.by)
          .map(({ alert }) => alert)

        const inOrder = known(alerts)
        const anyhow = known(shuffled)

        expect({ bad: anyhow?.bad, at: anyhow?.at, state: anyhow?.state }).toEqual({
          bad: inOrder?.bad,
          at: inOrder?.at,
          state: inOrder?.state,
        })
      }),
    )
  })

  it('of one second are told apart by the id of the problem', () => {
    const problem = notification('PROBLEM', 'CRITICAL', start, '7')
    const recovery = notification('RECOVERY', 'OK', start, '7')
    const next = notification('PROBLEM', 'CRITICAL', start, '8')

    expect(known([recovery, problem])?.bad).toBe(false)
    expect(known([problem, next, recovery])?.bad).toBe(true)
    expect(known([next, recovery, problem])?.bad).toBe(true)
  })

  it('that are older than what is known are marked as late, and change nothing', () => {
    const record = known([
      notification('PROBLEM', 'CRITICAL', start, '7'),
      notification('RECOVERY', 'OK', start + 60_000, '7'),
    ])
    const old = notification('PROBLEM', 'CRITICAL', start + 30_000, '7')

    const result = classify(old, { record, system: 'lb', bad: true, closed: false, forgotten: false })

    expect(result).toEqual({ kind: 'ignored', reason: 'newer news of lb1;HAProxy came before', late: true })
  })

  it('of a soft state are left to Nagios', () => {
    const soft = { ...notification('PROBLEM', 'CRITICAL', start, '1'), hard: false }

    expect(
      classify(soft, { record: undefined, system: 'lb', bad: true, closed: false, forgotten: false }),
    ).toEqual({
      kind: 'ignored',
      reason: 'soft state: Nagios is still checking',
    })
  })

  it('that acknowledge count in a soft state too, as Nagios sends them of hosts', () => {
    const problem = notification('PROBLEM', 'CRITICAL', start, '1')
    const ack = { ...notification('ACKNOWLEDGEMENT', 'CRITICAL', start + 1_000, '1'), hard: false }
    const record = known([problem])

    expect(classify(ack, { record, system: 'lb', bad: true, closed: false, forgotten: false })).toMatchObject(
      {
        kind: 'acknowledged',
      },
    )
  })

  it('that begin flapping in a good state are not trusted, and those that end it are', () => {
    const problem = notification('PROBLEM', 'CRITICAL', start, '1')
    const flapping = { ...notification('FLAPPINGSTART', 'OK', start + 5_000, '1') }
    const stopped = { ...notification('FLAPPINGSTOP', 'OK', start + 60_000, '1') }

    expect(known([problem, flapping])).toMatchObject({ bad: true, flapping: true })
    expect(known([problem, flapping, stopped])).toMatchObject({ bad: false, flapping: false })
  })

  it('of a problem end a downtime whose end was lost: during one Nagios sends no problems', () => {
    const begun = notification('DOWNTIMESTART', 'OK', start, '1')
    const later = notification('PROBLEM', 'CRITICAL', start + 30 * 86_400_000, '2')

    expect(known([begun, later])).toMatchObject({ bad: true, downtime: false })
  })

  it('that end a downtime in a bad state are a problem', () => {
    const begun = notification('DOWNTIMESTART', 'OK', start, '1')
    const problem = notification('PROBLEM', 'CRITICAL', start, '1')
    const ended = notification('DOWNTIMEEND', 'CRITICAL', start + 60_000, '1')

    expect(known([begun, problem])).toMatchObject({ bad: false, downtime: true })
    expect(known([begun, problem, ended])).toMatchObject({ bad: true, downtime: false })
  })
})

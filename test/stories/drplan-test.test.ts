// `dr plan test`: routing as a unit test. Which system, because of which rule, who would be paged when, and why.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { testReport } from '../../src/drplan/report.ts'
import { momentStart } from '../../src/oncall/wallclock.ts'
import { examplePlan, loadedWith } from '../fixtures/plans/plan.ts'
import type { LoadedPlan } from '../../src/drplan/load.ts'
import type { PlanReport } from '../../src/drplan/report.ts'

const haproxy = {
  host: 'lb1',
  service: 'HAProxy',
  hostGroups: [],
  serviceGroups: [],
  state: 'CRITICAL',
} as const
const lb1 = { host: 'lb1', hostGroups: [], serviceGroups: [], state: 'DOWN' } as const

function report(loaded: LoadedPlan, time: string): PlanReport {
  return testReport(loaded, lb1, momentStart(time, loaded.plan.timezone))
}

describe('dr plan test', () => {
  test('tells the whole story of an alert on Christmas Eve', async () => {
    const loaded = examplePlan()

    const told = testReport(loaded, haproxy, momentStart('2026-12-24T03:00', loaded.plan.timezone))

    expect(told.exitCode).toBe(0)
    await expect(`${told.text}\n`).toMatchFileSnapshot('../golden/plans/test-lb1-christmas.txt')
  })

  test('says which hour is meant in the night in which it is there twice', () => {
    const { text } = report(examplePlan(), '2026-10-25T02:30')

    expect(text).toContain('lb1 DOWN at 2026-10-25 02:30:00 Europe/Berlin (+02:00)')
    expect(text).toMatch(
      /reminder at 02:35:00 \(\+02:00\); at 02:00:00 \(\+01:00\) \(after 30m\) it escalates/,
    )
    expect(report(examplePlan(), '2026-12-24T03:00').text).not.toContain('+01:00')
  })

  test('says which channel is left out because a setting is missing', () => {
    const loaded = loadedWith()
    const at = momentStart('2026-12-24T03:00', loaded.plan.timezone)

    const { text } = testReport(loaded, lb1, at, ['email'])

    expect(text).toContain('chat 03:00:00 (left out: email, since SMTP_URL is not set here)')
    expect(text).not.toContain('email 03')
    expect(testReport(loaded, lb1, at).text).not.toContain('left out')
  })

  test('names the line of the rule in the file', () => {
    const loaded = examplePlan()
    const lines = readFileSync(new URL('../../dr-plan.example.yml', import.meta.url), 'utf8').split('\n')

    const { json } = report(loaded, '2026-12-24T03:00')

    expect(json).toMatchObject({ system: 'lb', rule: 'systems.lb.alerts[1] host: lb*' })
    const { line } = json as { readonly line: number }
    expect(lines[line - 1]).toContain('host: "lb*"')
  })

  test('says what to add when no system takes the alert, and fails', () => {
    const told = testReport(examplePlan(), { ...lb1, host: 'printer' }, 0)

    expect(told.exitCode).toBe(1)
    expect(told.text).toContain("No incident: no system's alerts match the host printer.")
    expect(told.text).toContain('Add a matcher under the "alerts"')
    expect(told.json).toMatchObject({ system: null })
  })

  test('shows the clock on the wall when the clocks change during the night', () => {
    const told = report(loadedWith(), '2026-03-29T01:58')

    expect(told.text).toContain('01:58:00  Cem Celik')
    expect(told.text).toContain('03:01:00  Ann Onken')
    expect(told.text).toContain('chat 03:01:00, email 03:01:00 (not in this version: sms)')
  })

  test('calls the next level at once when everybody of the first is off', () => {
    const off = ['ann', 'bob', 'cem'].map((person) => ({ person, from: '2026-12-24', to: '2026-12-24' }))
    const rotations = [
      { name: 'primary', type: 'weekly', start: '2026-01-05T09:00', people: ['ann', 'bob', 'cem'] },
    ]

    const told = report(loadedWith({ oncall: { rotations, time_off: off } }), '2026-12-24T03:00')

    expect(told.json).toMatchObject({
      levels: [{ pages: [] }, { at: momentStart('2026-12-24T03:00', 'Europe/Berlin') }],
    })
    expect(told.text).toContain('nobody is available')
  })

  test('calls a third level when diagnosis runs out, a fourth only when asked', () => {
    const escalation = ['rotation:primary', 'person:mia', 'group:dev', 'person:cem'].map((to) => ({
      to: [to],
    }))
    const start = momentStart('2026-12-24T03:00', 'Europe/Berlin')

    const { json, text } = report(loadedWith({ escalation }), '2026-12-24T03:00')

    const { levels } = json as { readonly levels: readonly { readonly at?: number }[] }
    expect(levels.map((level) => (level.at === undefined ? undefined : (level.at - start) / 60_000))).toEqual(
      [0, 9, 30, undefined],
    )
    expect(text).toContain('only when somebody says escalate')
  })

  test("uses the system's own diagnosis clock", () => {
    const systems = {
      lb: { rto: '10m', alerts: [{ host: 'lb*' }], diagnosis: { remind: '2m', deadline: '5m' } },
    }

    const told = report(loadedWith({ systems }), '2026-12-24T03:00')

    expect(told.text).toContain(
      'Diagnosis  reminder at 03:02:00; at 03:05:00 (after 5m) it escalates by itself',
    )
    expect(told.text).toContain('Level 1    03:05:00, when diagnosis has run out')
  })
})

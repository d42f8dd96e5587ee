// What people read of an incident on its card and in a page: true for the moment, in their zone, and nothing offered that would be refused.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadPlan } from '../../src/drplan/load.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'
import { incidentCard } from '../../src/incident/card.ts'
import { begin, decide } from '../../src/incident/decide.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Attached, IncidentInput } from '../../src/incident/input.ts'
import { pageMessage } from '../../src/incident/page-message.ts'

const loaded = loadPlan(readFileSync('dr-plan.example.yml', 'utf8'), 'dr-plan.example.yml')
if ('errors' in loaded) throw new Error('the example plan is broken')
const minute = 60_000
/** Monday, 03:12:00 in Berlin. */
const start = Date.UTC(2026, 10, 23, 2, 12)
const ann = { person: 'ann', door: 'cli' } as const

function planWith(deadline: number): DrPlan {
  return { ...(loaded as { plan: DrPlan }).plan, diagnosis: { remind: 2 * minute, deadline } }
}

function alert(change: Attached['change'], at: number): Attached {
  const state = change === 'mended' ? 'OK' : 'CRITICAL'
  const text = `lb1 HAProxy is ${state}: HTTP 503`
  return {
    alert: `A-${at}`,
    key: 'lb1;HAProxy',
    system: 'lb',
    state,
    output: 'HTTP 503',
    at,
    since: at - 30_000,
    change,
    text,
  }
}

/** An outage of the load balancer since 03:11:30, and what happened to it at which minutes. */
function after(
  plan: DrPlan,
  ...inputs: readonly (readonly [minutes: number, input: IncidentInput])[]
): Incident {
  const policy = { plan, chats: [] }
  const attached = [alert('broke', start)]
  const by = { person: 'nagios', door: 'nagios' } as const
  const { next } = begin(
    { id: 'INC-1', system: 'lb', title: attached[0]?.text ?? '', by, attached },
    start,
    policy,
  )
  return inputs.reduce((incident, [minutes, input]) => {
    const decision = decide(incident, input, start + minutes * minute, policy)
    if (!('next' in decision)) throw new Error(JSON.stringify(decision))
    return decision.next
  }, next)
}

function offered(incident: Incident, plan: DrPlan, now: number): readonly string[] {
  return (incidentCard(incident, { plan, now }).buttons ?? []).map((button) => button.command)
}

describe('a page', () => {
  test('says times with their zone, and what is left as a duration', () => {
    const plan = planWith(20 * minute)
    const view = { plan, now: start + minute, publicUrl: 'https://dr.example.com' }

    const { lines } = pageMessage(after(plan), { key: 'k', why: 'on call' }, view)

    expect(lines).toEqual([
      'lb1 HAProxy is CRITICAL: HTTP 503',
      'Down since: Mon 23 Nov 03:11:30 Europe/Berlin',
      'Who has it: nobody yet',
      'Objective (RTO 10m): 8m30s left',
      'Diagnosis clock: 19m left, until 03:32 Europe/Berlin',
      'Why you: on call',
      'Say: ack INC-1',
    ])
  })
})

describe('more time', () => {
  const ack = [1, { kind: 'ack', by: ann }] as const
  const extended = [2, { kind: 'extend', by: ann, duration: 4 * minute, reason: 'comparing' }] as const

  test('is offered as much as is left of the thirty minutes', () => {
    const ten = planWith(10 * minute)
    const wide = planWith(22 * minute)

    expect(offered(after(ten, ack), ten, start)).toContain('extend INC-1 10m')
    expect(offered(after(wide, ack), wide, start)).toContain('extend INC-1 8m')
    expect(offered(after(wide, ack, extended), wide, start)).toContain('extend INC-1 4m')
  })

  test('is not offered where it would be refused', () => {
    const whole = planWith(30 * minute)
    const short = planWith(10 * minute)
    const late = after(short, ack, [11, { kind: 'tick' }])

    expect(late.level).toBe(1)
    expect(offered(late, short, start + 11 * minute).join()).not.toContain('extend')
    expect(offered(after(whole, ack), whole, start).join()).not.toContain('extend')
  })
})

describe('problems', () => {
  test('that are all mended are not shown as what is broken now', () => {
    const plan = planWith(20 * minute)
    const mended = after(plan, [5, { kind: 'alerts', attached: [alert('mended', start + 5 * minute)] }])

    const headings = incidentCard(mended, { plan, now: start + 5 * minute }).sections?.map(
      (each) => each.heading,
    )

    expect(headings).toContain('What was broken, 2 alerts in all')
  })
})

describe('a relapse', () => {
  const mended = [5, { kind: 'alerts', attached: [alert('mended', start + 5 * minute)] }] as const
  const resolved = [8, { kind: 'tick' }] as const
  const relapsed = (at: number) => [12, { kind: 'alerts', attached: [alert('broke', at)] }] as const

  test.each([
    ['behind', start, start + 8 * minute],
    ['ahead', start + 60 * minute, start + 12 * minute],
    ['as the bot has it', start + 11 * minute, start + 11 * minute - 30_000],
  ])('is measured from a moment that can be, with the clock of Nagios %s', (_which, at, outage) => {
    const again = after(planWith(20 * minute), mended, resolved, relapsed(at))

    expect(again).toMatchObject({ state: 'paging', relapses: 1, marks: { outage } })
  })
})

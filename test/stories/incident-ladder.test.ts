// One person's ladder, second by second: a channel that is silent, one that is refused, and a chat that is not being read.
import { describe, expect, test } from 'vitest'
import type { Change, Policy } from '../../src/incident/change.ts'
import { begin, decide, wakeAt } from '../../src/incident/decide.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { IncidentInput } from '../../src/incident/input.ts'
import { planWith } from '../fixtures/plans/plan.ts'

const start = Date.UTC(2026, 10, 23, 2, 12)
const ladder = [{ chat: '0s' }, { email: '0s' }, { sms: '60s' }, { voice: '2m' }]

function policyWith(steps: readonly object[], advice?: Policy['advice']): Policy {
  const plan = planWith({ paging: { ladder: steps, next_engineer_after: '3m' } })
  return { plan, chats: [], ...(advice ? { advice } : {}) }
}

/** An outage for which Ann is on call; she has an address on every channel. */
function opened(policy: Policy): Change {
  const by = { person: 'nagios', door: 'nagios' } as const
  return begin({ id: 'INC-1', system: 'lb', title: 'lb1 is down', by, attached: [] }, start, policy)
}

/** What follows from inputs at seconds after the beginning. */
function after(policy: Policy, ...inputs: readonly (readonly [number, IncidentInput])[]): Incident {
  return inputs.reduce((incident, [seconds, input]) => {
    const decision = decide(incident, input, start + seconds * 1_000, policy)
    return decision.kind === 'change' ? decision.next : incident
  }, opened(policy).next)
}

function steps(incident: Incident): readonly string[] {
  return (incident.pages[0]?.steps ?? []).map(({ channel, at, outcome }) =>
    [channel, `${(at - start) / 1_000}s`, outcome ?? 'waits'].join(' '),
  )
}

function result(step: number, outcome: 'sent' | 'failed'): IncidentInput {
  return { kind: 'page-result', page: 'p1', step, outcome }
}
const tick: IncidentInput = { kind: 'tick' }

describe('a channel that hangs', () => {
  const slow = policyWith([{ chat: '0s' }, { email: '10m' }, { sms: '20m' }])

  test('delays the next one by 5 seconds, whatever the plan says, and goes on being tried', () => {
    const { next } = opened(slow)
    const early = after(slow, [4.9, tick])
    const late = after(slow, [5, tick])

    expect(wakeAt(next)).toBe(start + 5_000)
    expect(steps(early)).toEqual(['chat 0s ordered', 'email 600s waits', 'sms 1200s waits'])
    expect(steps(late)).toEqual(['chat 0s ordered', 'email 5s ordered', 'sms 1200s waits'])
    expect(steps(after(slow, [5, tick], [9, result(0, 'sent')]))[0]).toBe('chat 0s sent')
  })

  test('and another that hangs after it, delay the third by 5 seconds more', () => {
    expect(steps(after(slow, [5, tick], [10, tick]))).toEqual([
      'chat 0s ordered',
      'email 5s ordered',
      'sms 10s ordered',
    ])
  })

  test('is named in the record as the reason for the next', () => {
    const decision = decide(opened(slow).next, tick, start + 5_000, slow)

    const texts = decision.kind === 'change' ? decision.events.map((event) => event.text) : []
    expect(texts.join()).toContain('by email (chat has not answered for 5s)')
  })

  test('changes nothing for those after one that has answered', () => {
    const policy = policyWith(ladder)

    expect(steps(after(policy, [1, result(1, 'sent')], [30, tick]))).toEqual([
      'chat 0s ordered',
      'email 0s sent',
      'sms 60s waits',
      'voice 120s waits',
    ])
  })

  test('changes nothing when all channels are used', () => {
    const policy = policyWith([{ chat: '0s' }, { email: '0s' }])

    expect(decide(opened(policy).next, tick, start + 6_000, policy).kind).toBe('same')
  })
})

describe('somebody who is in do-not-disturb, or away', () => {
  test.each([
    ['dnd', 'do not disturb in chat: also by sms at once'],
    ['away', 'away in chat: also by sms at once'],
  ] as const)('(%s) is paged in chat all the same, and by the next louder channel at once', (advice, why) => {
    const asked: string[] = []
    const { next, effects } = opened(
      policyWith(ladder, (person) => {
        asked.push(person)
        return advice
      }),
    )

    expect(asked).toEqual([next.pages[0]?.person])
    expect(steps(next)).toEqual(['chat 0s ordered', 'email 0s ordered', 'sms 0s ordered', 'voice 120s waits'])
    expect(next.pages[0]?.why).toContain(why)
    expect(effects.filter((wish) => wish.kind === 'page')).toHaveLength(3)
  })

  test('is paged as ever when the ladder has nothing louder, or no chat', () => {
    const quiet = opened(policyWith([{ chat: '0s' }, { email: '0s' }], () => 'dnd')).next
    const chatless = opened(policyWith([{ email: '0s' }, { sms: '60s' }], () => 'dnd')).next

    expect(steps(chatless)).toEqual(['email 0s ordered', 'sms 60s waits'])
    expect([quiet, chatless].map((each) => each.pages[0]?.why).join()).not.toContain('disturb')
  })

  test('is paged as ever when the chat knows nothing of that', () => {
    expect(steps(opened(policyWith(ladder, () => undefined)).next)).toEqual([
      'chat 0s ordered',
      'email 0s ordered',
      'sms 60s waits',
      'voice 120s waits',
    ])
  })
})

// What people in one chat are told of another one: true for who is called and for the ways that are left, and no more than that.
import { describe, expect, test } from 'vitest'
import type { Policy } from '../../src/incident/change.ts'
import { chatNews } from '../../src/incident/chat-away.ts'
import { begin, decide } from '../../src/incident/decide.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { IncidentInput } from '../../src/incident/input.ts'
import { planWith } from '../fixtures/plans/plan.ts'

/** Monday, 03:12:40 in Berlin. */
const start = Date.UTC(2026, 10, 23, 2, 12, 40)
const minute = 60_000
const plan = planWith()
const policy: Policy = { plan, chats: ['console', 'slack', 'teams'], channels: ['chat', 'email'] }
const away = { kind: 'chat-away', chat: 'slack', since: start, refused: false } as const

/** An outage with both rooms open, and what was said in them. */
function told(inputs: readonly IncidentInput[], by: Policy = policy): readonly string[] {
  const opening = { id: 'INC-1', system: 'lb', title: 'HAProxy is down', attached: [] } as const
  const nagios = { person: 'nagios', door: 'nagios' } as const
  const rooms = by.chats.map(
    (chat) => ({ kind: 'room', chat, state: 'open', link: `https://${chat}.example.com` }) as const,
  )
  let incident: Incident = begin({ ...opening, by: nagios }, start, by).next
  const said: string[] = []
  for (const input of [...rooms, ...inputs]) {
    const decision = decide(incident, input, start + minute, by)
    if (decision.kind !== 'change') continue
    incident = decision.next
    said.push(...decision.effects.flatMap((wish) => (wish.kind === 'say' ? [wish.text] : [])))
  }
  return said.filter((text) => !text.startsWith('Also in'))
}

/** Ann, who is called, has an address in these chats. */
function annIn(...chats: readonly string[]): Policy {
  return { ...policy, reaches: (chat, person) => person === 'ann' && chats.includes(chat) }
}

const ways = 'Pages go by Teams and e-mail meanwhile'

describe('people in Teams are told that Slack is away', () => {
  test.each<[string, Policy, string]>([
    [
      'who may not see it',
      annIn('slack'),
      `Slack has not answered since 03:12 Europe/Berlin: Ann Onken may not see this. ${ways}`,
    ],
    [
      'nobody, where all are in Teams too',
      annIn('slack', 'teams'),
      `Slack has not answered since 03:12 Europe/Berlin. ${ways}`,
    ],
    ['nobody, where it is not known', policy, `Slack has not answered since 03:12 Europe/Berlin. ${ways}`],
    [
      'to call by phone, where no way is left',
      { ...policy, chats: ['console', 'slack'], channels: ['chat'] },
      'Slack has not answered since 03:12 Europe/Berlin. Nobody can be paged meanwhile but on the console: call people by phone',
    ],
  ])('with %s', (_what, by, text) => {
    expect(told([away], by)).toEqual([text])
  })

  test('as a refusal, where Slack answers and takes nothing', () => {
    expect(told([{ ...away, refused: true }])).toEqual([
      `Slack takes nothing from the bot since 03:12 Europe/Berlin. ${ways}`,
    ])
  })

  test('by whoever says so first, and not again for what began before its return', () => {
    const back = { kind: 'chat-back', chat: 'slack', heard: start + minute } as const

    expect(told([away, { ...away, since: start + 1_000 }, back, away, back])).toEqual([
      expect.stringContaining('has not answered'),
      'Slack answers again after 1m; its room is told what it missed',
    ])
  })

  test('not as being back by a process whose clock is a little ahead', () => {
    expect(told([away, { kind: 'chat-back', chat: 'slack', heard: start + 4_000 }])).toHaveLength(1)
  })
})

test('what lasts less than a quarter of a minute nobody hears of', () => {
  const opening = { id: 'INC-1', system: 'lb', title: 'HAProxy is down', attached: [] } as const
  const { next } = begin({ ...opening, by: { person: 'nagios', door: 'nagios' } }, start, policy)
  const state = { chat: 'slack', away: { since: start, refused: false } }

  expect(chatNews(next, state, start + 14_000)).toBeUndefined()
  expect(chatNews(next, state, start + 15_000)).toEqual(away)
})

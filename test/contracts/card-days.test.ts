// Clocks of a card that run past midnight: in chats, where nothing ticks, with their day; on the same day without.
import { describe, expect, test } from 'vitest'
import { messageOf } from '../../src/chat/slack/render/message.ts'
import { adaptiveCard } from '../../src/chat/teams/render/message.ts'
import { minute } from '../../src/ids.ts'
import { incidentCard } from '../../src/incident/card.ts'
import { plain } from '../../src/message.ts'
import type { Card } from '../../src/message.ts'
import { runCard } from '../../src/recovery/card.ts'
import { examplePlan } from '../stories/command-desk.ts'
import { incident, run } from './store-samples.ts'
import { shownCard } from './teams-cards-shown.ts'

const plan = examplePlan()
/** 23:55 in Berlin. */
const late = Date.UTC(2026, 10, 23, 22, 55)
/** A quarter of an hour earlier: all its clocks end before midnight. */
const earlier = late - 15 * minute

function cardAt(now: number): Card {
  const clock = { startedAt: now, endsAt: now + 8 * minute }
  const outage = incident('INC-1', { openedAt: now, marks: { outage: now, detected: now }, clock })
  return incidentCard(outage, { plan, now })
}

function fieldOf(card: Card, start: string): string | undefined {
  const found = card.fields?.find(({ label }) => label.startsWith(start))
  return found && plain(found.value)
}

describe('a clock that ends after midnight', () => {
  const card = cardAt(late)

  test('says the day in Slack, as its reader has it', () => {
    const { blocks } = messageOf({ title: '', tone: 'bad', fields: card.fields?.slice(2, 3) ?? [] })

    expect(JSON.stringify(blocks)).toContain('{date_short_pretty} {time}')
  })

  test('says the day in Teams and in e-mails', () => {
    expect(shownCard(adaptiveCard(card, { zone: plan.timezone }), plan.timezone)).toMatch(
      /until 2026-11-24 00:05|until .*24.*00:05/,
    )
    expect(fieldOf(card, 'Objective')).toBe('until 2026-11-23 23:05 UTC')
  })

  test('of a proposal says it, too', () => {
    const proposed = { ...run('R-1'), expiresAt: late + 10 * minute, askedAt: late } as ReturnType<typeof run>

    expect(fieldOf(runCard(proposed, late, plan), 'Valid')).toBe('until 2026-11-23 23:05 UTC')
  })
})

test('a clock that ends on the same day says the time only', () => {
  const card = cardAt(earlier)
  const { blocks } = messageOf({ title: '', tone: 'bad', fields: card.fields?.slice(2, 3) ?? [] })

  expect(fieldOf(card, 'Objective')).toBe('until 22:50 UTC')
  expect(JSON.stringify(blocks)).not.toContain('date_short_pretty')
})

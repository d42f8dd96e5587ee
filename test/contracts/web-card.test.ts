// Cards in the console: ways to places beside the buttons, and clocks in words that stay true while they tick.
import { describe, expect, test } from 'vitest'
import { cardHtml } from '../../src/web/card.ts'
import type { Card } from '../../src/message.ts'
import { examplePlan, start } from '../stories/command-desk.ts'

const view = {
  viewer: { id: 'ann', name: 'Ann Onken', roles: ['engineer'] },
  now: start,
  rate: 1,
  plan: examplePlan(),
  path: '/',
  csrf: 'c',
} as const

function drawn(card: Partial<Card>): string {
  const { markup } = cardHtml({ title: 'A card', tone: 'quiet', ...card }, { view, scope: 'test' })
  return markup.replaceAll(/\s+/g, ' ')
}

function valueOf(value: NonNullable<Card['fields']>[number]['value']): string {
  const markup = drawn({ fields: [{ label: 'Clock', value }] })
  return (/<dd[^>]*>(.*?)<\/dd>/.exec(markup)?.[1] ?? '')
    .replaceAll(/<[^>]+>/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

describe('a card in the console', () => {
  test('shows the ways to places beside its buttons, also where it has none', () => {
    const links = [{ label: 'Room in Slack', link: 'https://example.slack.com/archives/C012' }]

    expect(drawn({ links })).toContain('<a href="https://example.slack.com/archives/C012">Room in Slack</a>')
    expect(drawn({ links })).toContain('class="buttons few"')
    expect(drawn({})).not.toContain('class="buttons')
  })

  test('leads to web addresses only', () => {
    const markup = drawn({ links: [{ label: '<b>Evil</b>', link: 'javascript:alert(1)' }] })

    expect(markup).not.toContain('<a ')
    expect(markup).toContain('&lt;b&gt;Evil&lt;/b&gt; (javascript:alert(1))')
  })

  test('says what is left, until when, and how long ago it was over', () => {
    const at = start + 272_000

    expect(valueOf([{ at, show: 'countdown' }])).toBe('4m32s left')
    expect(valueOf([{ at, show: 'deadline' }])).toBe('4m32s left, until 03:04')
    expect(valueOf(['missed ', { at: start - 61_000, show: 'ago' }])).toBe('missed 1m1s ago')
  })
})

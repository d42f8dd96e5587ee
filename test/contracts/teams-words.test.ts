// What a room in Teams is told: every line a line, all of it within a message, and nothing in it markup, mention or link.
import { describe, expect, test } from 'vitest'
import { partsOfThread, roomLink } from '../../src/chat/teams/links.ts'
import { activityOfWords } from '../../src/chat/teams/words.ts'
import { cardText, checkActivity } from '../../sim/teams/cards.ts'
import { catchUpText } from '../../src/incident/catch-up.ts'
import type { TimelineEvent } from '../../src/timeline/event.ts'
import { planWith } from '../fixtures/plans/plan.ts'
import { aliveIn } from '../edges/teams-room-house.ts'
import { incident, noon } from './store-samples.ts'

function shown(text: string): readonly string[] {
  const activity = { ...activityOfWords(text, 'UTC') }
  const [card] = checkActivity(activity)
  return cardText(card?.content).split('\n')
}

describe('words in Teams', () => {
  test('of several lines stay several lines, without those that are empty', () => {
    expect(shown('While Teams was away:\n\n03:12:00 one\n03:13:00 two')).toEqual([
      'While Teams was away:',
      '03:12:00 one',
      '03:13:00 two',
    ])
  })

  test('are never none, and never more than a message takes', () => {
    expect(shown('')).toEqual(['…'])
    expect(shown(' \n\t ')).toEqual(['…'])
    expect(shown('x'.repeat(40_000)).join('')).toHaveLength(3_000)
    expect(shown('x'.repeat(2_000).concat('\n').repeat(100)).length).toBeLessThan(12)
  })

  test('from others stay data, in the message and in its notification', () => {
    const hostile =
      '**bold** [text](https://evil.example.com) <at>Ann</at> @everyone {{DATE(2026-01-01)}} <b>x</b>'
    const activity = activityOfWords(hostile, 'UTC')

    expect(activity.text).toBeUndefined()
    expect(activity.summary).toContain('<at>Ann</at>')
    expect(aliveIn([{ text: '', attachments: activity.attachments ?? [] }])).toEqual([])
  })

  test('that a room has missed fit, with the newest at the end', () => {
    const event = {
      timeline: 'INC-1',
      previous: '',
      hash: '',
      type: 'note',
      by: { person: 'ann', door: 'cli' },
    } as const
    const events = Array.from({ length: 100 }, (_, index): TimelineEvent => {
      return { ...event, seq: index, at: noon + index, text: `${index}: ${'x'.repeat(5_000)}` }
    })

    const lines = shown(
      catchUpText(incident('INC-1'), { chat: 'teams', since: noon + 1, events }, planWith()) ?? '',
    )

    expect(lines[0]).toContain('While Teams was away')
    expect(lines.at(-1)).toContain('99: x')
  })
})

describe('links to rooms', () => {
  const tenancy = { appUrl: 'https://teams.microsoft.com', tenantId: 't&1', teamId: 'g 2' }

  test('lead to a thread by its first message, and to a channel by its name', () => {
    const thread = new URL(roomLink(tenancy, { id: '19:a@thread.tacv2;messageid=12', name: 'x' }))
    const channel = new URL(roomLink(tenancy, { id: '19:a@thread.tacv2', name: 'inc-1 a/b' }))

    expect(thread.pathname).toBe('/l/message/19%3Aa%40thread.tacv2/12')
    expect(Object.fromEntries(thread.searchParams)).toEqual({
      groupId: 'g 2',
      tenantId: 't&1',
      parentMessageId: '12',
    })
    expect(channel.pathname).toBe('/l/channel/19%3Aa%40thread.tacv2/inc-1%20a%2Fb')
  })

  test('know a thread from a channel', () => {
    expect(partsOfThread('19:a@thread.tacv2;messageid=12')).toEqual({
      channel: '19:a@thread.tacv2',
      root: '12',
    })
    expect(partsOfThread('19:a@thread.tacv2')).toEqual({ channel: '19:a@thread.tacv2' })
  })
})

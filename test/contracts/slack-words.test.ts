// What a room in Slack is told at once when it has missed words: every line a line, all of them there, and nothing in them markup.
import { describe, expect, test } from 'vitest'
import { messageOfWords } from '../../src/chat/slack/words.ts'
import { catchUpText } from '../../src/incident/catch-up.ts'
import type { TimelineEvent } from '../../src/timeline/event.ts'
import { planWith } from '../fixtures/plans/plan.ts'
import { incident, noon } from './store-samples.ts'

function shown(text: string): readonly string[] {
  const blocks = messageOfWords(text).blocks as readonly {
    readonly elements: readonly {
      readonly elements: readonly { readonly type: string; readonly text: string }[]
    }[]
  }[]
  return blocks.map(({ elements }) =>
    elements.flatMap((section) => section.elements.map((piece) => piece.text)).join(''),
  )
}

describe('words in Slack', () => {
  test('of several lines stay several lines', () => {
    expect(shown('While Slack was away:\n03:12:00 one\n03:13:00 two')).toEqual([
      'While Slack was away:\n03:12:00 one\n03:13:00 two',
    ])
  })

  test('are one block when they are one line, cut to what Slack shows', () => {
    expect(shown('x'.repeat(40_000)).map((each) => each.length)).toEqual([3_000])
  })

  test('are never none', () => {
    expect(shown('')).toHaveLength(1)
  })

  test('from others stay data', () => {
    const { text } = messageOfWords('one\n<!channel> & <@U1>')

    expect(text).not.toMatch(/<[!@]/)
    expect(shown('one\n<!channel> *bold*')).toEqual(['one\n<!channel> *bold*'])
  })

  test('that a room has missed fit, the longest of them too, with the newest at the end', () => {
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

    const blocks = shown(
      catchUpText(incident('INC-1'), { chat: 'slack', since: noon + 1, events }, planWith()) ?? '',
    )

    const lines = blocks.join('\n').split('\n')
    expect(lines).toHaveLength(42)
    expect(lines[0]).toContain('While Slack was away')
    expect(lines[1]).toBe('59 earlier lines: /dr timeline INC-1')
    expect(lines.at(-1)).toMatch(/^\d\d:00:00 99: x/)
    expect(Math.max(...blocks.map((each) => each.length))).toBeLessThanOrEqual(3_000)
    expect(blocks.join('').length).toBeLessThan(10_000)
  })
})

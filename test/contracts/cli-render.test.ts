// Cards in a terminal: they fit, they can be read without colours, and nothing in them commands the terminal.
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cardText } from '../../src/cli/render.ts'
import { columnsOf, harmless } from '../../src/cli/text.ts'
import { begin, decide } from '../../src/incident/decide.ts'
import { incidentCard } from '../../src/incident/card.ts'
import { examplePlan, start } from '../stories/command-desk.ts'
import type { Terminal } from '../../src/cli/render.ts'
import type { Card } from '../../src/message.ts'

const plain: Terminal = { width: 80, colour: false, zone: 'Europe/Berlin', now: start }
const plan = examplePlan()

function openIncident() {
  const attached = {
    alert: 'A-1',
    key: 'lb1;HAProxy',
    system: 'lb',
    state: 'CRITICAL',
    output: 'Connection refused by 192.0.2.10 on port 443 after three tries, each of ten seconds',
    at: start,
    since: start - 30_000,
    change: 'broke',
    text: 'lb1 HAProxy is CRITICAL',
  } as const
  const opening = {
    id: 'INC-3',
    system: 'lb',
    title: 'lb1 HAProxy is CRITICAL',
    by: { person: 'nagios', door: 'nagios' },
    attached: [attached],
  } as const
  return begin(opening, start, { plan, chats: [] }).next
}

const everything: Card = {
  title: 'A card with everything that a card can have',
  tone: 'warn',
  fields: [
    { label: 'Short', value: ['yes'], tone: 'good' },
    {
      label: 'A rather long label',
      value: ['a value that goes on and on, far beyond what one line of a terminal can hold in it'],
    },
    { label: 'Left', value: [{ at: start + 272_000, show: 'countdown' }, ' left'], tone: 'bad' },
    { label: 'Over', value: [{ at: start - 60_000, show: 'countdown' }] },
  ],
  sections: [
    {
      lines: [
        [
          'Text, ',
          { strong: 'strong' },
          ', ',
          { code: 'code' },
          ', ',
          { link: 'https://example.com/x', text: 'a link' },
        ],
      ],
    },
    { heading: 'Times', lines: [[{ at: start, show: 'time' }, ' and ', { at: start, show: 'date-time' }]] },
    {
      heading: 'Table',
      table: {
        columns: ['Run', 'What', 'Why'],
        rows: [
          [
            [{ code: 'R-1' }],
            ['failover lb to backup'],
            ['the main load balancer does not answer and nobody knows what it is'],
          ],
          [[{ code: 'R-22' }], ['漢字 wide'], ['']],
        ],
      },
    },
    { preformatted: '# Markdown\n\n- kept   as it is\n' },
  ],
  buttons: [
    { label: 'Approve', command: 'approve R-7', style: 'primary', typed: 'api.example.com' },
    { label: 'More time', command: 'extend INC-3 10m', style: 'plain', input: 'Why?' },
    { label: 'Deny', command: 'deny R-7', style: 'danger', confirm: 'Really?' },
  ],
  footer: ['Opened ', { at: start, show: 'date-time' }],
}

describe('a card in a terminal', () => {
  test('an open incident', async () => {
    const card = incidentCard(openIncident(), { plan, now: start + 60_000 })

    await expect(cardText(card, { ...plain, now: start + 60_000 })).toMatchFileSnapshot(
      '../golden/cards/incident.txt',
    )
  })

  test('an incident that somebody has', async () => {
    const ack = { kind: 'ack', by: { person: 'ann', door: 'cli' } } as const
    const decision = decide(openIncident(), ack, start + 90_000, { plan, chats: [] })
    const next = decision.kind === 'change' ? decision.next : openIncident()

    await expect(
      cardText(incidentCard(next, { plan, now: start + 90_000 }), { ...plain, now: start + 90_000 }),
    ).toMatchFileSnapshot('../golden/cards/acknowledged.txt')
  })

  test('everything that a card can have, at 80 columns', async () => {
    await expect(cardText(everything, plain)).toMatchFileSnapshot('../golden/cards/everything.txt')
  })

  test('everything that a card can have, on a phone', async () => {
    await expect(cardText(everything, { ...plain, width: 40 })).toMatchFileSnapshot(
      '../golden/cards/everything-40.txt',
    )
  })

  test('colours only colour: the words are the same', () => {
    const coloured = cardText(everything, { ...plain, colour: true })

    expect(coloured).toContain('\u001b[31m')
    const words = stripVTControlCharacters(coloured).replaceAll(/ +$/gm, '')
    expect(words).toBe(cardText(everything, plain))
  })

  test('no text in it can command the terminal, turn the writing round, or begin a line of its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (evil) => {
        const text = cardText(cardOf(`${evil}\u001b[2J\u009b1m\r\n\u202e`), plain)

        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u)
      }),
    )
  })

  test('no line is wider than the terminal, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 200, size: 'max' }),
        fc.integer({ min: 40, max: 120 }),
        (text, width) => {
          const lines = cardText(cardOf(text), { ...plain, width }).split('\n')

          expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(width)
        },
      ),
    )
  })

  test('nothing of a text is lost when it is broken into lines', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200, size: 'max' }), (text) => {
        const card: Card = { title: 't', tone: 'quiet', sections: [{ lines: [[text]] }] }
        const shown = cardText(card, { ...plain, width: 30 })

        expect(shown.replaceAll(/\s/g, '')).toBe(`t${harmless(text)}`.replaceAll(/\s/g, ''))
      }),
    )
  })
})

function cardOf(text: string): Card {
  return {
    title: text,
    tone: 'bad',
    fields: [{ label: text, value: [text] }],
    sections: [
      { heading: text, lines: [[text, { code: text }, { strong: text }, { link: text, text }]] },
      { table: { columns: ['a', text], rows: [[[text], [text]]] } },
    ],
    buttons: [{ label: text, command: text, style: 'plain', typed: text }],
    footer: [text],
  }
}

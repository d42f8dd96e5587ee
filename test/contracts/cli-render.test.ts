// Cards in a terminal: they fit, they can be read without colours, and nothing in them commands the terminal.
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cardText } from '../../src/cli/render.ts'
import { columnsOf, harmless } from '../../src/cli/text.ts'
import { begin, decide } from '../../src/incident/decide.ts'
import { incidentCard } from '../../src/incident/card.ts'
import { runCard } from '../../src/recovery/card.ts'
import { cards as stages } from './stage-cards.ts'
import { run as sampleRun } from './store-samples.ts'
import { examplePlan, start } from '../stories/command-desk.ts'
import type { Terminal } from '../../src/cli/render.ts'
import type { Card } from '../../src/message.ts'
import type { Run } from '../../src/recovery/run.ts'

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

const record = { id: 'r1', name: 'api.example.com', type: 'A', ttl: 60, proxied: false } as const
const change = {
  provider: 'cloudflare-dns',
  zone: { id: 'z1', name: 'example.com', nameServers: [] },
  before: [{ ...record, content: '203.0.113.10' }],
  after: [{ ...record, content: '203.0.113.20' }],
} as const
const proposal: Run = {
  ...sampleRun('R-7'),
  askedAt: start,
  expiresAt: start + 300_000,
  incident: 'INC-3',
  proposal: {
    ...sampleRun('R-7').proposal,
    summary: 'api.example.com will point at the server backup (203.0.113.20)',
    changes: [{ what: 'A api.example.com', before: '203.0.113.10, TTL 300', after: '203.0.113.20, TTL 60' }],
    findings: [
      { rule: 'target-healthy', ok: true, text: '203.0.113.20 answers with 200 in 12 ms' },
      { rule: 'not-already-there', ok: true, text: 'the records point elsewhere now' },
    ],
    expected: { duration: 20_000, source: 'measured in the last 3 runs' },
    effectWithin: 300_000,
    debts: [
      { id: 'ttl', text: 'The TTL of api.example.com is 60 s', remedy: 'It goes back with: failback lb' },
    ],
    warnings: ['The certificate of the backup ends in 9 days'],
  },
  steps: [
    {
      title: 'Point api.example.com at 203.0.113.20',
      action: change,
      undo: { ...change, after: change.before },
      phase: 'ready',
      attempts: 0,
    },
    {
      title: 'Ask the name servers of example.com',
      action: { provider: 'dns-check', nameServers: [], want: [], within: 1 },
      phase: 'ready',
      attempts: 0,
    },
  ],
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
    { label: 'Left', value: [{ at: start + 272_000, show: 'countdown' }], tone: 'bad' },
    { label: 'Over', value: [{ at: start - 60_000, show: 'countdown' }] },
    { label: 'Ends', value: [{ at: start + 272_000, show: 'deadline' }] },
    { label: 'Ended', value: [{ at: start - 60_000, show: 'deadline' }] },
    { label: 'Missed', value: [{ at: start - 60_000, show: 'ago' }] },
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
  links: [
    { label: 'Console', link: 'https://dr.example.com/incidents/INC-3' },
    { label: 'Room in Slack', link: 'https://example.slack.com/archives/C0123' },
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

  test('a proposal', async () => {
    await expect(cardText(runCard(proposal, start, plan), plain)).toMatchFileSnapshot(
      '../golden/cards/proposal.txt',
    )
  })

  test.each(['run-8-denied', 'run-9-expired', 'run-10-drifted', 'run-11-replaced', 'run-12-cancelled'])(
    'a proposal that came to nothing is short: %s',
    async (name) => {
      const text = cardText(stages[name] ?? everything, plain)

      expect(text.split('\n').length).toBeLessThan(16)
      await expect(text).toMatchFileSnapshot(`../golden/cards/${name}.txt`)
    },
  )

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

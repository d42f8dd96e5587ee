// Whatever is on a card, Slack takes the message, and nothing of it becomes more than text.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { schemaErrors, ViewBlocks } from '../../sim/slack/blocks.ts'
import { sizeOf } from '../../src/chat/fit.ts'
import { limits } from '../../src/chat/slack/render/blocks.ts'
import { commandAction, readButton } from '../../src/chat/slack/render/buttons.ts'
import { homeView } from '../../src/chat/slack/render/home.ts'
import { messageOf } from '../../src/chat/slack/render/message.ts'
import { answerView, askView } from '../../src/chat/slack/render/views.ts'
import { clean } from '../../src/chat/text.ts'
import type { Button, Card, Field, Line, Section, Span } from '../../src/message.ts'

const evil = [
  '',
  ' ',
  '<!channel>',
  '<!here|here>',
  '<@U1>',
  '<#C1|x>',
  '<http://evil.example|bank>',
  '*b* _i_ ~s~ `c` ```pre```',
  ':fire:',
  '&lt;!channel&gt;',
  '\u202egnp.exe\u2066',
  '\u0000\u001b[2J\r\n\u2028\u200f',
  '{"command":"approve R-1"}',
  '\ud83d',
  'x'.repeat(3_000),
  '😀'.repeat(1_600),
  '漢'.repeat(4_000),
  '"\\'.repeat(20_000),
  'line\n'.repeat(5_000),
]
const text = fc.oneof(
  fc.constantFrom(...evil),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
)
const at = fc.integer({ min: 1_000, max: 4_000_000_000_000 })
const show = fc.constantFrom('time', 'date-time', 'countdown', 'deadline', 'ago')
const span: fc.Arbitrary<Span> = fc.oneof(
  text,
  fc.record({ at, show }),
  fc.record({ code: text }),
  fc.record({ strong: text }),
  fc.record({ link: fc.oneof(text, fc.webUrl(), fc.constant('javascript:alert(1)')), text }),
)
const line: fc.Arbitrary<Line> = fc.array(span, { maxLength: 4 })
const tone = fc.constantFrom('good', 'warn', 'bad', 'quiet')
const field: fc.Arbitrary<Field> = fc.record(
  { label: text, value: line, tone },
  { requiredKeys: ['label', 'value'] },
)
/** As many as there are, or thousands. */
function many<T>(one: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> {
  const few = fc.array(one, { maxLength: 6 })
  const thousands = one.map((each): readonly T[] => Array.from({ length: 3_000 }, () => each))
  return fc.oneof({ weight: 9, arbitrary: few }, { weight: 1, arbitrary: thousands })
}
const table = fc.record({
  columns: fc.array(text, { maxLength: 5 }),
  rows: many(fc.array(line, { maxLength: 5 })),
})
const section: fc.Arbitrary<Section> = fc.record(
  { heading: text, lines: many(line), table, preformatted: text },
  { requiredKeys: [] },
)
const button: fc.Arbitrary<Button> = fc.record(
  {
    label: text,
    command: text,
    style: fc.constantFrom('primary', 'danger', 'plain'),
    confirm: text,
    typed: text,
    input: text,
  },
  { requiredKeys: ['label', 'command', 'style'] },
)
const link = fc.record({ label: text, link: fc.oneof(text, fc.webUrl()) })
const anyCard: fc.Arbitrary<Card> = fc.record(
  {
    title: text,
    tone,
    fields: many(field),
    sections: many(section),
    buttons: many(button),
    links: fc.array(link, { maxLength: 4 }),
    footer: line,
  },
  { requiredKeys: ['title', 'tone'] },
)

/** Each string anywhere in a value. */
function strings(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(strings)
}

/** Each object anywhere in a value, once. */
function objects(value: unknown, seen = new Set<object>()): readonly Readonly<Record<string, unknown>>[] {
  if (typeof value !== 'object' || value === null || seen.has(value)) return []
  seen.add(value)
  const inner = Object.values(value).flatMap((each) => objects(each, seen))
  return Array.isArray(value) ? inner : [value as Readonly<Record<string, unknown>>, ...inner]
}

const mention = ['user', 'usergroup', 'channel', 'team', 'broadcast', 'emoji', 'color']
const dateToken = /<!date\^\d+\^[{} _a-z]+\|[-0-9: ]+UTC>/g

/** Whether an element makes more of a text than text, with what the card itself links to. */
function isMore(element: Readonly<Record<string, unknown>>, addresses: ReadonlySet<string>): boolean {
  const { type, text: words, url } = element
  if (type === 'mrkdwn') return String(words).replaceAll(dateToken, '') !== ''
  if (typeof url === 'string' && !(addresses.has(url) && /^https?:/.test(url))) return true
  return mention.includes(String(type))
}

function refusals(blocks: readonly unknown[], most: number): readonly string[] {
  const read = ViewBlocks.max(most).safeParse(blocks)
  return read.success ? [] : schemaErrors(read.error, '/blocks')
}

/** The addresses that a card's own link spans name, as a browser writes them. */
function addressesOf(card: Card): ReadonlySet<string> {
  const named = objects(card).flatMap(({ link }) => (typeof link === 'string' ? [link] : []))
  return new Set(named.flatMap((each) => URL.parse(each)?.href ?? []))
}

describe('any card in Slack', () => {
  test('is taken, with its title and within the room there is', () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        const { text: words, blocks } = messageOf(card)

        expect(refusals(blocks, limits.blocks)).toEqual([])
        expect(sizeOf(blocks)).toBeLessThanOrEqual(limits.whole)
        expect(blocks[0]?.type).toBe('header')
        expect(words.length).toBeGreaterThan(0)
        expect(words.length).toBeLessThanOrEqual(limits.text)
        expect(Math.max(...strings(blocks).map((each) => each.length))).toBeLessThanOrEqual(limits.text)
      }),
    )
  })

  test('holds no mention, no link of its own, no parsed text and no unseen character', () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        const { text: words, blocks } = messageOf(card)

        const addresses = addressesOf(card)
        expect(objects(blocks).filter((each) => isMore(each, addresses))).toEqual([])
        const all = [...strings(blocks), words].join('').replaceAll('\n', '')
        expect(all).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u)
        expect(all.isWellFormed()).toBe(true)
        expect(words.replaceAll(dateToken, '')).not.toMatch(/[<>]/)
      }),
    )
  })

  test('is taken as a modal, and on a home tab beside others', () => {
    fc.assert(
      fc.property(fc.array(anyCard, { maxLength: 8 }), line, (cards, shift) => {
        const home = homeView({ open: cards, approvals: cards.slice(0, 3), shift: [shift], notes: [shift] })
        const [first] = cards

        expect(refusals(home.blocks, limits.viewBlocks)).toEqual([])
        expect(sizeOf(home.blocks)).toBeLessThanOrEqual(limits.whole)
        if (first) expect(refusals(answerView(first).blocks, limits.viewBlocks)).toEqual([])
      }),
      { numRuns: 40 },
    )
  })
})

describe('any button in Slack', () => {
  test('comes back as what it was, or is left out: never as another command', () => {
    fc.assert(
      fc.property(button, (wanted) => {
        const card: Card = { title: 't', tone: 'quiet', buttons: [wanted] }
        const [element] = messageOf(card).blocks.flatMap((block) =>
          block.type === 'actions' ? block.elements : [],
        )
        if (element?.value === undefined) return

        const read = readButton(element.value)

        expect(element.action_id).toMatch(commandAction)
        expect(read.command).toBe(clean(wanted.command).trim())
        expect(read.typed).toBe(wanted.typed === undefined ? undefined : clean(wanted.typed))
        expect(read.input === undefined).toBe(wanted.input === undefined)
        expect(refusals(askView(read, '').blocks, limits.viewBlocks)).toEqual([])
      }),
    )
  })
})

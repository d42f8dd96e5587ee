// Any card there could be, with texts that are not meant well, for what renders cards; and what is in a rendering.
import fc from 'fast-check'
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
  '<at>Ann</at>',
  '[bank](http://evil.example) **b** ~~s~~ # h',
  '{{DATE(2017-02-14T06:00:00Z)}} {{TIME(2017-02-14T06:00:00Z)}}',
  '{',
  '{DATE(2017-02-14T06:00:00Z, SHORT)}}',
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
  fc.record({ command: text }),
  fc.record({ strong: text }),
  fc.record({ link: fc.oneof(text, fc.webUrl(), fc.constant('javascript:alert(1)')), text }),
)
export const anyLine: fc.Arbitrary<Line> = fc.array(span, { maxLength: 4 })
const tone = fc.constantFrom('good', 'warn', 'bad', 'quiet')
const field: fc.Arbitrary<Field> = fc.record(
  { label: text, value: anyLine, tone },
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
  rows: many(fc.array(anyLine, { maxLength: 5 })),
})
const section: fc.Arbitrary<Section> = fc.record(
  { heading: text, lines: many(anyLine), table, preformatted: text },
  { requiredKeys: [] },
)
export const anyButton: fc.Arbitrary<Button> = fc.record(
  {
    label: text,
    command: text,
    style: fc.constantFrom('primary', 'danger', 'plain'),
    confirm: text,
    typed: text,
    input: text,
    needed: fc.constant(true),
    summary: fc.array(anyLine, { maxLength: 3 }),
  },
  { requiredKeys: ['label', 'command', 'style'] },
)
const link = fc.record({ label: text, link: fc.oneof(text, fc.webUrl()) })
export const anyCard: fc.Arbitrary<Card> = fc.record(
  {
    title: text,
    tone,
    fields: many(field),
    sections: many(section),
    buttons: many(anyButton),
    links: fc.array(link, { maxLength: 4 }),
    footer: anyLine,
  },
  { requiredKeys: ['title', 'tone'] },
)

/** Each string anywhere in a value. */
export function strings(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(strings)
}

/** Each object anywhere in a value, once. */
export function objects(
  value: unknown,
  seen = new Set<object>(),
): readonly Readonly<Record<string, unknown>>[] {
  if (typeof value !== 'object' || value === null || seen.has(value)) return []
  seen.add(value)
  const inner = Object.values(value).flatMap((each) => objects(each, seen))
  return Array.isArray(value) ? inner : [value as Readonly<Record<string, unknown>>, ...inner]
}

/** The addresses that a card's own link spans name, as a browser writes them. */
export function addressesOf(card: Card): ReadonlySet<string> {
  const named = objects(card).flatMap(({ link }) => (typeof link === 'string' ? [link] : []))
  return new Set(named.flatMap((each) => URL.parse(each)?.href ?? []))
}

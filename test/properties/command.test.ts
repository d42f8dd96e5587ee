// Printing a command and reading it again agree, and no text whatever makes the parser throw.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commands, verbs } from '../../commands/index.ts'
import { parseCommand, printCommand } from '../../src/command/parse.ts'
import { quote, textOf, withoutEntities, wordsOf } from '../../src/command/words.ts'
import { optional } from '../../src/command/read.ts'
import { systemIds } from '../../src/ids.ts'
import type { Command, CommandOf, Verb } from '../../src/command/command.ts'

const spice = fc.constantFrom(
  '"',
  "'",
  '\\',
  '“',
  '”',
  '&amp;',
  '&nbsp;',
  '--yes',
  '—yes',
  ' ',
  '\n',
  'INC-3',
  'R-7',
  '\u00a0',
)
const text = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.array(fc.oneof(spice, fc.string({ maxLength: 5 })), { maxLength: 8 }).map((parts) => parts.join('')),
  )
  .filter((value) => value.trim() !== '')
const name = fc.oneof(fc.constantFrom('ann', 'backup', 'override', 'to', 'yes'), text)
const system = fc.constantFrom(...systemIds)
const incident = fc.integer({ min: 1, max: 1e12 }).map((n) => `INC-${n}` as const)
const run = fc.integer({ min: 1, max: 1e12 }).map((n) => `R-${n}` as const)
const duration = fc.integer({ min: 1, max: 86_400 }).map((n) => n * 1_000)
const options = fc.record({
  yes: fc.boolean(),
  overrides: fc.array(fc.record({ rule: name, reason: text }), { maxLength: 3 }),
})

const size = fc.oneof(
  fc.constant('auto' as const),
  fc.nat(9_999).map((to) => ({ to })),
  fc.integer({ min: -9_999, max: -1 }).map((by) => ({ by })),
  fc.integer({ min: 1, max: 9_999 }).map((by) => ({ by })),
)

/** Fields that may be left out: half of the time they are. */
function maybe<K extends string, V>(key: K, value: fc.Arbitrary<V>): fc.Arbitrary<{ readonly [P in K]?: V }> {
  return fc.option(value, { nil: undefined }).map((found) => optional(key, found))
}

function both<A, B>(a: fc.Arbitrary<A>, b: fc.Arbitrary<B>): fc.Arbitrary<A & B> {
  return fc.tuple(a, b).map(([left, right]) => ({ ...left, ...right }))
}

function of<V extends Verb, F>(verb: V, fields: fc.Arbitrary<F>): fc.Arbitrary<F & { readonly verb: V }> {
  return fields.map((found) => ({ verb, ...found }))
}

const arbitraries: { readonly [V in Verb]: fc.Arbitrary<CommandOf<V>> } = {
  help: of('help', maybe('about', text)),
  status: fc.oneof(of('status', maybe('incident', incident)), of('status', maybe('system', system))),
  ack: of('ack', maybe('incident', incident)),
  note: of('note', both(maybe('incident', incident), fc.record({ text }))),
  extend: of('extend', both(maybe('incident', incident), fc.record({ duration, reason: text }))),
  escalate: of('escalate', both(maybe('incident', incident), maybe('reason', text))),
  resolve: of('resolve', both(maybe('incident', incident), maybe('what', text))),
  open: of('open', both(fc.record({ system }), maybe('summary', text))),
  timeline: fc.oneof(
    of('timeline', both(maybe('incident', incident), fc.record({ verify: fc.boolean() }))),
    of('timeline', both(maybe('run', run), fc.record({ verify: fc.boolean() }))),
  ),
  report: fc.oneof(of('report', maybe('incident', incident)), of('report', maybe('run', run))),
  oncall: of('oncall', maybe('rotation', name)),
  'oncall override': of(
    'oncall override',
    both(fc.record({ person: name, from: name, to: name }), maybe('rotation', name)),
  ),
  'oncall cancel': fc.oneof(
    of('oncall cancel', both(fc.record({ person: name }), maybe('from', name))),
    of('oncall cancel', fc.record({ person: name, from: name, rotation: name })),
  ),
  failover: of('failover', both(fc.record({ system, options }), maybe('to', name))),
  failback: of('failback', fc.record({ system, options })),
  'dns show': fc.constant({ verb: 'dns show' }),
  'dns sync': fc.record({ verb: fc.constant('dns sync'), accept: fc.boolean() }),
  'dns bypass': of('dns bypass', both(fc.record({ options }), maybe('to', name))),
  'dns protect': of('dns protect', fc.record({ options })),
  'workers show': fc.constant({ verb: 'workers show' }),
  'workers scale': of('workers scale', both(fc.record({ size, options }), maybe('pool', name))),
  'db restore': of(
    'db restore',
    both(
      fc.record({ time: fc.constantFrom('10m ago', '2026-11-23T09:14Z', '9:14', 'noon today'), options }),
      maybe('database', name),
    ),
  ),
  'db geo-restore': of('db geo-restore', both(fc.record({ options }), maybe('database', name))),
  runs: of('runs', maybe('run', run)),
  approve: of('approve', both(fc.record({ run }), maybe('typed', text))),
  deny: of('deny', both(fc.record({ run }), maybe('reason', text))),
  cancel: of('cancel', fc.record({ run })),
  retry: of('retry', both(fc.record({ run }), maybe('override', fc.record({ rule: name, reason: text })))),
  freeze: of('freeze', maybe('reason', text)),
  unfreeze: fc.constant({ verb: 'unfreeze' }),
  debts: fc.constant({ verb: 'debts' }),
  'debts done': of('debts done', fc.record({ run, debt: fc.integer({ min: 1, max: 99 }), what: text })),
  logout: of('logout', maybe('person', name)),
}

describe('a command as text', () => {
  test.each(verbs)('%s reads back as it was printed', (verb) => {
    fc.assert(
      fc.property(arbitraries[verb] as fc.Arbitrary<Command>, (command) => {
        expect(parseCommand(printCommand(command))).toEqual({ command })
      }),
      { numRuns: 300 },
    )
  })

  test('any text is a command or a problem with an example that can be typed', () => {
    const verbish = fc
      .tuple(fc.constantFrom(...verbs, 'dns', 'db', 'faiover'), text)
      .map((two) => two.join(' '))
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), text, verbish), (typed) => {
        const parsed = parseCommand(typed)
        const readable = 'problem' in parsed ? parseCommand(parsed.example) : parsed

        expect(readable).toHaveProperty('command')
        expect(parsed).not.toHaveProperty('problem', '')
      }),
      { numRuns: 2_000 },
    )
  })

  test('a quoted text is one word, whatever is in it', () => {
    fc.assert(
      fc.property(text, text, (one, two) => {
        const words = wordsOf(withoutEntities(`${quote(one)} ${quote(two)}`))

        expect(words.map((word) => word.text)).toEqual([one, two])
      }),
    )
  })

  test('free text of several words stays as it was typed, quotes and lines included', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 2, maxLength: 5 }), (parts) => {
        const typed = parts.join(' ').trim()
        const words = wordsOf(typed)
        fc.pre(words.length > 1)

        expect(textOf(words)).toBe(typed)
      }),
    )
  })

  test.each(verbs)('every example of %s can be typed', (verb) => {
    for (const example of commands[verb].examples)
      expect(parseCommand(`dr ${example}`)).toHaveProperty('command.verb', verb)
  })
})

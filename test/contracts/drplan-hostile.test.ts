// Whatever is in the file, loading it ends soon and says what to do; it never throws.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadPlan } from '../../src/drplan/load.ts'
import { loadedWith } from '../fixtures/plans/plan.ts'
import type { PlanProblem } from '../../src/drplan/source.ts'

function errorsOf(text: string): readonly PlanProblem[] {
  const result = loadPlan(text, 'hostile.yml')
  return 'errors' in result ? result.errors : []
}

const laughs = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((name, index) => {
  const before = 'abcdefgh'[index]
  return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`
})

describe('a file that is no plan', () => {
  test.each([
    ['more than a million characters', 'a'.repeat(1_000_001), 'at most 1000000'],
    ['bytes that are not text', 'organisation: \u0000\u0001', 'UTF-8'],
    ['a file in another encoding', Buffer.from([0xff, 0xfe, 0x61, 0x00]).toString('utf8'), 'UTF-8'],
    ['a billion laughs', `a: &a [x]\n${laughs.join('\n')}`, 'Write the values out'],
    ['ten thousand aliases', `a: &a 1\nb: [${'*a, '.repeat(10_000)}]`, 'Write the values out'],
    ['brackets without end', '['.repeat(50_000), 'less nesting'],
    ['dashes without end', '- '.repeat(50_000), 'less nesting'],
  ])('is refused with a remedy: %s', (_, text, remedy) => {
    const [first, ...more] = errorsOf(text)

    expect(first?.write).toContain(remedy)
    expect(more).toEqual([])
  })

  test('is refused when a value contains itself', () => {
    const errors = errorsOf('people: &p {ann: *p}\norganisation: Example Ltd')

    expect(errors.map((error) => error.path)).toContain('people.ann.name')
  })

  test('cannot name a person after what every object has', () => {
    const [error, ...more] = errorsOf('people:\n  __proto__: {name: X, roles: [admin]}')

    expect(error).toMatchObject({ line: 2, column: 3, found: 'found the key "__proto__"' })
    expect(more).toEqual([])
    expect(Object.hasOwn(Object.prototype, 'roles')).toBe(false)
  })

  test('of any text gives errors with places, never an exception', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const errors = errorsOf(text)
        expect(errors.length).toBeGreaterThan(0)
        for (const error of errors) expect(Math.min(error.line, error.column)).toBeGreaterThanOrEqual(1)
      }),
    )
  })

  test('of any value in any place gives errors, never an exception', () => {
    const sections = fc.constantFrom(
      'people',
      'groups',
      'oncall',
      'paging',
      'diagnosis',
      'escalation',
      'systems',
    )
    const { plan } = loadedWith()
    fc.assert(
      fc.property(sections, fc.jsonValue(), (section, value) => {
        const result = loadPlan(JSON.stringify({ ...plan, [section]: value }), 'hostile.yml')
        expect('errors' in result || 'plan' in result).toBe(true)
      }),
    )
  })

  test.each([
    ['unknown keys', Array.from({ length: 40_000 }, (_, index) => `key${index}: 1`).join('\n')],
    [
      'people of no name',
      `people:\n${Array.from({ length: 40_000 }, (_, index) => `  p${index}: 1`).join('\n')}`,
    ],
  ])('gets at most a hundred errors for forty thousand %s', (_, text) => {
    const errors = errorsOf(text)

    expect(errors.length).toBeGreaterThan(0)
    expect(errors.length).toBeLessThanOrEqual(100)
  })

  test('shows at most sixty characters of what it found', () => {
    const [error] = errorsOf(`organisation: ${'x'.repeat(5_000)}`)

    expect(error?.found.length).toBeLessThan(90)
  })
})

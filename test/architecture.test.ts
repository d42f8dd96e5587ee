// Holds the import rules and house rules in the sources as they are, and shows that each rule finds what breaks it.
import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { importsOf, rules, violations } from './architecture/rules.ts'
import type { Source } from './architecture/rules.ts'

const root = new URL('..', import.meta.url).pathname
const sources: readonly Source[] = globSync('{src,commands,sim,demo,bench,test}/**/*.ts', { cwd: root })
  .map((path) => path.replaceAll('\\', '/'))
  .sort()
  .map((path) => ({ path, text: readFileSync(`${root}${path}`, 'utf8') }))

/** A file that keeps every rule, to be broken. */
const good = '// Says what this file is for.\n'

/** One broken file per rule, at least. What stands in quotes is data to the rules, so this file keeps them all the same. */
const broken: readonly (readonly [rule: string, path: string, text: string])[] = [
  [
    'a stage loads no SDK and nothing that reaches outside',
    'src/incident/a.ts',
    "import { Redis } from 'ioredis'",
  ],
  [
    'a stage loads no SDK and nothing that reaches outside',
    'commands/a.ts',
    "import { readFile } from 'node:fs/promises'",
  ],
  [
    'a stage loads no SDK and nothing that reaches outside',
    'src/ports.ts',
    "import type { Redis } from 'ioredis'",
  ],
  [
    'a stage knows only the stages it is meant to know, and no edge',
    'src/intake/a.ts',
    "import { x } from '../incident/b.ts'",
  ],
  [
    'a stage knows only the stages it is meant to know, and no edge',
    'src/triage/a.ts',
    "import {\n  x,\n} from '../store/b.ts'",
  ],
  [
    'a stage knows only the stages it is meant to know, and no edge',
    'commands/a.ts',
    "import { x } from '../src/web/b.ts'",
  ],
  [
    'a stage knows only the stages it is meant to know, and no edge',
    'src/oncall/a.ts',
    "import { x } from '../config.ts'",
  ],
  [
    'an edge knows stages, and no other edge but what the table says',
    'src/pagers/a.ts',
    "import { x } from '../store/b.ts'",
  ],
  [
    'an edge knows stages, and no other edge but what the table says',
    'src/store/a.ts',
    "import { x } from '../config.ts'",
  ],
  ['only the roots and tests import edges', 'src/ports.ts', "import type { x } from './web/b.ts'"],
  ['only the roots and tests import edges', 'src/deadlines/a.ts', "const x = await import('../queue/b.ts')"],
  ['an SDK is imported in its home only', 'src/web/a.ts', "import { Queue } from 'bullmq'"],
  ['an SDK is imported in its home only', 'src/providers/a.ts', "import x from '@fastify/static'"],
  [
    'the program does not lean on simulators, demo, benchmarks or tests',
    'commands/a.ts',
    "import { x } from '../sim/b.ts'",
  ],
  [
    'the program does not lean on simulators, demo, benchmarks or tests',
    'src/app.ts',
    "import { x } from '../test/b.ts'",
  ],
  ['only src/config.ts reads the environment', 'src/main.ts', "const port = process.env['PORT']"],
  ['only src/config.ts reads the environment', 'src/web/a.ts', "import { env } from 'node:process'"],
  [
    'a stage knows neither the clock nor the dice of the machine',
    'src/incident/a.ts',
    'const now = Date.now()',
  ],
  [
    'a stage knows neither the clock nor the dice of the machine',
    'src/triage/a.ts',
    'const now = new Date()',
  ],
  [
    'a stage knows neither the clock nor the dice of the machine',
    'commands/a.ts',
    'const now = Temporal.Now.instant()',
  ],
  [
    'a stage knows neither the clock nor the dice of the machine',
    'src/deadlines/a.ts',
    'setTimeout(ring, 10)',
  ],
  [
    'a stage knows neither the clock nor the dice of the machine',
    'src/oncall/a.ts',
    'const who = Math.random()',
  ],
  [
    'a stage knows neither the clock nor the dice of the machine',
    'src/intake/a.ts',
    'const id = randomUUID()',
  ],
  ['no module is mocked', 'test/a.test.ts', "vi.mock('ioredis')"],
  ['no test is left out', 'test/a.test.ts', "test.skip('x', () => {})"],
  ['no test is left out', 'test/a.test.ts', "describe.concurrent.only('x', () => {})"],
  ['nothing changes at the top of a module', 'src/web/a.ts', 'let count = 0'],
  ['only errors are classes', 'src/store/a.ts', 'export class Store {\n}'],
  ['only errors are classes', 'src/store/a.ts', 'class Store extends Base {\n}'],
  [
    'no barrel: a file that exports all of another one',
    'src/web/a.ts',
    "export * from './b.ts'\nexport const x = 1",
  ],
  ['no barrel: a file that only hands on', 'src/web/index.ts', "export { x } from './b.ts'"],
  ['a file begins with one sentence that says what it is for', 'src/web/a.ts', ''],
  ['a file can be read in one go', 'src/web/a.ts', '\n'.repeat(300) + 'const x = 1'],
  ['no drawer for leftovers', 'src/utils/a.ts', 'export const x = 1'],
]

describe('the sources', () => {
  test('were really read: a guard that sees nothing guards nothing', () => {
    const imports = sources.flatMap(importsOf)

    expect(sources.length).toBeGreaterThan(80)
    expect(imports.length).toBeGreaterThan(300)
    expect(imports).toContain('src/incident/incident.ts')
    expect(imports).toContain('ioredis')
    expect(sources.map((source) => source.path)).toContain('src/config.ts')
  })

  test('keep every rule', () => {
    expect(violations(sources)).toEqual([])
  })
})

describe('the rules', () => {
  test.each(broken)('%s: found in %s', (name, path, text) => {
    const opening = name.startsWith('a file begins') ? 'const x = 1\n' : good

    const found = violations([{ path, text: opening + text }])

    expect(found.join('\n')).toContain(`${path}: ${name}: `)
  })

  test('are each shown to find something', () => {
    const shown = new Set(broken.map(([name]) => name))

    expect(rules.map((rule) => rule.name).filter((name) => !shown.has(name))).toEqual([])
  })

  test.each([
    ['src/incident/a.ts', "// Prose about new Date() and process.env.\nconst x = 'Date.now()'"],
    [
      'src/incident/a.ts',
      `${good}import { z } from 'zod'\nimport type { Instant } from '../ids.ts'\nconst x = 1`,
    ],
    ['src/app.ts', `${good}import { x } from './store/redis.ts'\nconst y = x`],
    ['src/config.ts', `${good}const x = process.env`],
    ['src/errors.ts', `${good}export class ConflictError extends Error {\n}`],
    ['commands/index.ts', `${good}export { ack } from './ack.ts'`],
    ['test/a.test.ts', `${good}test('we skip nothing.only', () => {})`],
  ])('do not refuse what is right in %s', (path, text) => {
    expect(violations([{ path, text }])).toEqual([])
  })
})

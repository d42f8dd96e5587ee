// The guides are held equal to the program: commands, settings, keys of the plan, routes, file names, anchors.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { specOf, verbs } from '../commands/index.ts'
import { readArgs } from '../src/cli/args.ts'
import { usageText } from '../src/cli/usage.ts'
import { parseCommand } from '../src/command/parse.ts'
import { variableNames } from '../src/config.ts'
import { providerBlocks } from '../src/drplan/recoveries.ts'
import { DrPlan } from '../src/drplan/schema.ts'
import { systemIds } from '../src/ids.ts'
import { safetyRules } from '../src/recovery/safety.ts'
import { pages } from '../src/web/pages/router.ts'

const root = new URL('..', import.meta.url).pathname
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const documents = globSync('{*.md,docs/**/*.md,nagios/**/*.md}', { cwd: root }).sort()

/** The text below each heading of a level, by the heading. */
function sectionsOf(document: string, level: string): ReadonlyMap<string, string> {
  const parts = read(document)
    .split(new RegExp(`^${level} `, 'm'))
    .slice(1)
  return new Map(parts.map((part) => [part.split('\n', 1)[0] ?? '', part]))
}

/** What stands in backquotes. */
function quoted(text: string): readonly string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '')
}

describe('docs/commands.md', () => {
  const sections = sectionsOf('docs/commands.md', '###')

  test('has every command, in the order of help, and no other', () => {
    expect([...sections.keys()]).toEqual(verbs.map((verb) => `\`${verb}\``))
  })

  test.each(verbs)('%s: usage, summary, examples and who may are those of the program', (verb) => {
    const { usage, summary, examples, rights } = specOf(verb)
    const who = rights.includes('anyone') ? 'everybody in the DR plan' : rights.join(', ')
    const shown = examples.map((example) => `\`${example}\``).join(', ')
    const section = sections.get(`\`${verb}\``) ?? ''

    expect(section).toContain(`\n\n${summary}.\n\n    dr ${usage}\n\nWho may: ${who}. Example`)
    expect(section).toContain(`: ${shown}.`)
  })

  test('has every safety rule that can be overridden', () => {
    const [, table = ''] = read('docs/commands.md').split('## Safety rules')

    expect([...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1])).toEqual(safetyRules)
  })
})

/** What people are told to type, at a terminal or in Slack: in backquotes, or as a line of its own. */
function typedIn(document: string): readonly string[] {
  const found = [...read(document).matchAll(/(?:`|^(?:\$ )?)(?:npx dr|\/dr|@dr(?:-bot)?) ([^`\n]+)/gm)]
  return found.flatMap(([whole = '', typed = '']) => {
    const [line = ''] = typed.split(/ +#| && | > /)
    const form = /\.{3}|\[|\b[A-Z]{3,}\b(?!-)/.test(line.replaceAll(/--state [A-Z]+/g, ''))
    if (form) return []
    return [whole.includes('npx dr') ? `npx dr ${line.trim()}` : line.trim()]
  })
}

/** What is wrong with a command; undefined when it is understood. */
function misunderstood(typed: string): string | undefined {
  const local = typed.startsWith('npx dr ')
  const words = typed.replace(/^npx dr /, '').replaceAll('INC-n', 'INC-3')
  const isName = usageText().includes(`\n  ${words} `)
  if (isName) return undefined
  const invocation = local ? readArgs(words.split(' ')) : undefined
  if (invocation !== undefined && invocation.kind !== 'command') return undefined
  const parsed = parseCommand(invocation?.text ?? words)
  return 'command' in parsed ? undefined : `${typed}: ${parsed.problem}`
}

describe('commands in the guides', () => {
  test('are many, and the check finds one that is wrong', () => {
    expect(documents.flatMap(typedIn).length).toBeGreaterThan(30)
    expect(misunderstood('/dr statsu')).toBeDefined()
    expect(() => misunderstood('npx dr slack chekc')).toThrow('dr slack check')
  })

  test.each(documents.filter((document) => typedIn(document).length > 0))(
    '%s: each one is understood',
    (document) => {
      expect(typedIn(document).flatMap((typed) => misunderstood(typed) ?? [])).toEqual([])
    },
  )

  test('of the terminal are in its own list', () => {
    const rows = [...read('docs/commands.md').matchAll(/^\| `npx dr ([a-z]+(?: [a-z]+)?)/gm)].map(
      (match) => match[1] ?? '',
    )

    expect(rows.length).toBeGreaterThan(5)
    expect(rows.filter((verb) => !usageText().includes(`\n  ${verb} `))).toEqual([])
  })
})

describe('docs/settings.md', () => {
  test('has every setting once, and no other', () => {
    const [settings = ''] = read('docs/settings.md').split('\n## ')
    const named = quoted(settings).filter((text) => /^[A-Z][A-Z0-9_]+$/.test(text))

    expect(named.toSorted()).toEqual(variableNames.toSorted())
  })
})

describe('README.md', () => {
  test('names the settings that must be set, and leads to the others', () => {
    const [, settings = ''] = /### Settings\n([^]*?)\n### /.exec(read('README.md')) ?? []

    expect(quoted(settings)).toEqual(expect.arrayContaining(['NAGIOS_TOKEN', 'CONSOLE_SECRET']))
    expect(settings).toContain('](docs/settings.md)')
  })

  test('shows pictures that are there and load fast', () => {
    const pictures = [...read('README.md').matchAll(/!\[[^\]]{10,}\]\(([^)]+\.png)\)/g)].map(
      (match) => match[1] ?? '',
    )

    expect(pictures.length).toBeGreaterThan(2)
    for (const picture of pictures)
      expect(readFileSync(join(root, picture)).length, picture).toBeLessThan(200_000)
    expect(pictures.toSorted()).toEqual(globSync('docs/images/*', { cwd: root }).toSorted())
  })
})

interface PlanKey {
  readonly path: string
  readonly required: boolean
}

const Node = z.looseObject({
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  required: z.array(z.string()).optional(),
})

/** Every key of the plan, systems as one; entries of a list end with [], ids of people and groups are placeholders. */
function keysOf(schema: unknown, path: string): readonly PlanKey[] {
  const node = Node.safeParse(schema)
  if (!node.success) return []
  const { properties = {}, additionalProperties, items, required = [] } = node.data
  const own = Object.entries(properties).flatMap(([key, inner]) => {
    const at = path === '' ? key : `${path}.${key}`
    return [{ path: at, required: required.includes(key) }, ...keysOf(inner, at)]
  })
  const placeholder = path === 'people' ? 'PERSON' : 'GROUP'
  return [...own, ...keysOf(additionalProperties, `${path}.${placeholder}`), ...keysOf(items, `${path}[]`)]
}

function planKeys(): readonly PlanKey[] {
  const schema = z.toJSONSchema(DrPlan, { io: 'input', unrepresentable: 'any', reused: 'inline' })
  const others = new Set(systemIds.filter((id) => id !== 'lb'))
  return keysOf(schema, '')
    .filter(({ path }) => !others.has(path.split('.')[1] as never) || path.split('.').length < 3)
    .map((key) => ({ ...key, path: key.path.replace(/^systems\.lb\./, 'systems.SYSTEM.') }))
}

/** The rows of its tables, under the path that the heading above them names. */
function documentedKeys(): readonly PlanKey[] {
  const [, keys = ''] = read('docs/dr-plan.md').split('## Top level')
  let prefix = ''
  return keys.split('\n').flatMap((line) => {
    const heading = /^#+ `([^`]+)`$/.exec(line)
    if (heading) prefix = `${heading[1] ?? ''}.`
    const row = /^\| `([^`]+)` \| (\w*)/.exec(line)
    return row ? [{ path: `${prefix}${row[1] ?? ''}`, required: row[2] === 'required' }] : []
  })
}

describe('docs/dr-plan.md', () => {
  test('has every key of the plan, says which are required, and has no other', () => {
    const byPath = (a: PlanKey, b: PlanKey): number => a.path.localeCompare(b.path)

    expect(planKeys().length).toBeGreaterThan(100)
    expect(documentedKeys().toSorted(byPath)).toEqual(planKeys().toSorted(byPath))
  })

  test('names every provider block of a recovery', () => {
    expect(quoted(read('docs/dr-plan.md'))).toEqual(expect.arrayContaining([...providerBlocks]))
  })
})

describe('docs/http-api.md', () => {
  test('has every route, and no other', () => {
    const literal = /\.(get|post)(?:<[^(]*>)?\(\s*'(\/[^']*)'/g
    const found = globSync('src/web/*.ts', { cwd: root }).flatMap((file) =>
      [...read(file).matchAll(literal)].map(
        ([, method = '', path = '']) => `${method.toUpperCase()} ${path}`,
      ),
    )
    const reports = ['html', 'md'].map((format) => `GET /incidents/:id/report.${format}`)
    const real = [...found, ...reports, ...pages.map(([address]) => `GET ${address}`)]
    const documented = quoted(read('docs/http-api.md')).filter((text) => /^(?:GET|POST) \//.test(text))

    expect(found.length).toBeGreaterThan(12)
    expect(documented.toSorted()).toEqual(real.toSorted())
  })

  test('has every metric of the program', () => {
    const real = [...read('src/web/metrics.ts').matchAll(/name: '(dr_\w+)'/g)].map((match) => match[1] ?? '')
    const documented = quoted(read('docs/http-api.md')).filter((text) => text.startsWith('dr_'))

    expect(real.length).toBeGreaterThan(5)
    expect(documented.toSorted()).toEqual(real.toSorted())
  })
})

describe('ARCHITECTURE.md', () => {
  test('has a line for each folder and file at the top of src/', () => {
    const [, tree = ''] = /## The tree\n+```\n([^]*?)```/.exec(read('ARCHITECTURE.md')) ?? []
    const [, below = ''] = tree.split('src/\n')
    const named = [...below.matchAll(/^ {2}([\w.-]+\/?) {2,}\S/gm)].map((match) => match[1] ?? '')
    const real = [
      ...globSync('src/*.ts', { cwd: root }).map((path) => path.slice(4)),
      ...globSync('src/*/', { cwd: root }).map((path) => `${path.slice(4).replace(/\/$/, '')}/`),
    ]

    expect(named.toSorted()).toEqual(real.toSorted())
  })

  test('names a test for each guarantee', () => {
    const rows = [...read('ARCHITECTURE.md').matchAll(/^\| \d+ \| .+ \| (.+) \|$/gm)].map((match) =>
      quoted(match[1] ?? ''),
    )

    expect(rows.length).toBeGreaterThan(10)
    for (const files of rows)
      expect(files.every((file) => /^test\/.+\.ts$/.test(file)) && files[0]).toBeTruthy()
  })
})

describe('file names', () => {
  test.each(documents)('%s: every file of this project that is named exists', (document) => {
    const named = quoted(read(document)).filter((text) =>
      /^(?:src|commands|sim|demo|bench|test|nagios|docs|scripts)\/[\w./-]*$/.test(text),
    )

    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  test.each(documents)('%s: every heading that is linked to exists', (document) => {
    const links = [...read(document).matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)]
    const missing = links.filter(([, file = '', anchor = '']) => {
      const target = file === '' ? document : join(dirname(document), file)
      return !anchorsOf(target).includes(anchor)
    })

    expect(missing.map(([link]) => link)).toEqual([])
  })

  test('every decision has its four parts', () => {
    const decisions = globSync('docs/adr/*.md', { cwd: root })

    expect(decisions.length).toBeGreaterThan(7)
    for (const decision of decisions) {
      const text = read(decision)
      expect(text, decision).toMatch(/^# \d{4}: .+\n\nStatus: \w+/)
      expect([...sectionsOf(decision, '##').keys()], decision).toEqual([
        'Context',
        'Decision',
        'Consequences',
      ])
    }
  })
})

/** Headings as GitHub makes anchors of them. */
function anchorsOf(document: string): readonly string[] {
  return [...read(document).matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  )
}

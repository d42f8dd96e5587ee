// Documents are held equal to the code: settings, commands of this project, links between files.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readConfig, variableNames } from '../src/config.ts'
import { regionNames } from '../src/config/azure.ts'

const root = new URL('..', import.meta.url).pathname
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const documents = globSync('{*.md,docs/**/*.md,nagios/**/*.md}', { cwd: root }).sort()

interface Setting {
  readonly name: string
  readonly value: string
  /** Not in a comment: must be filled in. */
  readonly live: boolean
  /** The line above it. */
  readonly explanation: string
}

/** Settings as they stand in an env file, those in comments included. */
function settingsIn(text: string): readonly Setting[] {
  const lines = text.split('\n')
  return lines.flatMap((line, at) => {
    const match = /^(# )?([A-Z][A-Z0-9_]+)=(.*)$/.exec(line)
    if (match === null) return []
    const [, comment, name = '', value = ''] = match
    return [{ name, value, live: comment === undefined, explanation: lines[at - 1] ?? '' }]
  })
}

/** What is in one list only. */
function difference(documented: readonly string[], real: readonly string[]) {
  return {
    missing: real.filter((name) => !documented.includes(name)),
    unknown: documented.filter((name) => !real.includes(name)),
    twice: documented.filter((name, at) => documented.indexOf(name) !== at),
  }
}
const none = { missing: [], unknown: [], twice: [] }

describe('.env.example', () => {
  const settings = settingsIn(read('.env.example'))

  test('holds every variable that src/config.ts reads, and no other', () => {
    expect(variableNames.length).toBeGreaterThan(40)
    expect(
      difference(
        settings.map((setting) => setting.name),
        variableNames,
      ),
    ).toEqual(none)
  })

  test('explains each one in the line above it', () => {
    const unexplained = settings.filter((setting) => !/^# [A-Z`0-9].{10,}\.$/.test(setting.explanation))

    expect(unexplained).toEqual([])
  })

  test('leaves open exactly what must be filled in', () => {
    const live = settings.filter((setting) => setting.live)

    expect(live.map((setting) => setting.name).sort()).toEqual(['CONSOLE_SECRET', 'NAGIOS_TOKEN'])
    expect(live.map((setting) => setting.value)).toEqual(['', ''])
  })

  test('shows the defaults that the program really has', () => {
    const config = readConfig({ NAGIOS_TOKEN: 'n'.repeat(16), CONSOLE_SECRET: 'c'.repeat(32) })
    const real = Object.entries(config).filter(
      ([name]) => !['NAGIOS_TOKEN', 'CONSOLE_SECRET', 'PUBLIC_URL'].includes(name),
    )

    const shown = new Map(settings.map((setting) => [setting.name, setting.value]))

    expect(real.length).toBeGreaterThan(5)
    for (const [name, value] of real)
      expect(shown.get(name), name).toBe(value === false ? '0' : String(value))
  })

  test('is accepted with its examples, once the two secrets are filled in', () => {
    const examples = settings
      .filter((setting) => setting.value !== '' && setting.name !== 'NAGIOS_CGI_USER')
      .map((setting) => [setting.name, setting.value])

    const env = {
      ...Object.fromEntries(examples),
      NAGIOS_TOKEN: 'n'.repeat(16),
      CONSOLE_SECRET: 'c'.repeat(32),
    }

    expect(readConfig(env)).toMatchObject({ PORT: 3000, PUBLIC_URL: 'https://dr.example.com' })
  })

  test('is compared by a check that finds a difference', () => {
    expect(difference(['PORT', 'PROT', 'PORT'], ['PORT', 'HOST'])).toEqual({
      missing: ['HOST'],
      unknown: ['PROT'],
      twice: ['PORT'],
    })
  })
})

describe('the documents', () => {
  test('were really found', () => {
    expect(documents).toEqual(expect.arrayContaining(['CONTRIBUTING.md', 'SECURITY.md']))
  })

  test.each(documents)('%s: every link to a file of this project leads to one', (document) => {
    const links = [...read(document).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)].map(
      (match) => match[1] ?? '',
    )

    expect(links.filter((link) => !existsSync(join(root, dirname(document), link)))).toEqual([])
  })

  test.each(documents)('%s: every npm script that is named exists', (document) => {
    const scripts = Object.keys(readScripts())
    const named = [...read(document).matchAll(/`npm (?:run )?(start|test|[a-z]+(?::[a-z]+)?)(?= |`)/g)].map(
      (match) => match[1] ?? '',
    )

    expect(
      named.filter((name) => !scripts.includes(name) && !['ci', 'install', 'run'].includes(name)),
    ).toEqual([])
  })

  test.each(documents)('%s: every setting that is named exists', (document) => {
    const named = [
      ...read(document).matchAll(
        /`((?:SLACK|TEAMS|NAGIOS|AZURE|MICROSOFT|CLOUDFLARE|SMTP|TWILIO|NTFY|CONSOLE|REDIS|DR)_[A-Z_]+)\b/g,
      ),
    ]

    expect(named.map((match) => match[1] ?? '').filter((name) => !isKnownSetting(name))).toEqual([])
  })
})

function readScripts(): Readonly<Record<string, unknown>> {
  const parsed: unknown = JSON.parse(read('package.json'))
  const scripts =
    typeof parsed === 'object' && parsed !== null && 'scripts' in parsed ? parsed.scripts : undefined
  if (typeof scripts !== 'object' || scripts === null) throw new Error('package.json has no scripts')
  return { ...scripts }
}

/** `SLACK_` alone stands for all of Slack's. The notification script has settings of its own, in its example file. */
function isKnownSetting(name: string): boolean {
  const own = settingsIn(read('nagios/dr-notify.conf.example')).map((setting) => setting.name)
  return [...variableNames, ...regionNames, ...own].some(
    (known) => known === name || (name.endsWith('_') && known.startsWith(name)),
  )
}

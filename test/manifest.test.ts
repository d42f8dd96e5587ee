// manifest.yml: what Slack accepts, exactly what the code uses, and what the guide says to change for HTTP.
import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { shortcuts } from '../src/chat/slack/inbound/shortcuts.ts'
import { inboundScopes, methods, scopesUsed } from '../src/chat/slack/methods.ts'
import type { AppsManifestCreateArguments } from '@slack/web-api'

const root = new URL('..', import.meta.url).pathname
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const text = read('manifest.yml')

/** The words of a union type in Slack's own package, which is written for this version of the manifest. */
function words(type: string): readonly string[] {
  const home = dirname(createRequire(import.meta.url).resolve('@slack/web-api'))
  const types = readFileSync(join(home, 'types/request/manifest.d.ts'), 'utf8')
  const [, union = ''] = new RegExp(`^type ${type} = (.+);$`, 'm').exec(types) ?? []
  return [...union.matchAll(/'([^']+)'/g)].map((match) => match[1] ?? '')
}

function upTo(length: number): z.ZodString {
  return z.string().min(1).max(length)
}
function oneOf(type: string): z.ZodString {
  const known = words(type)
  return z.string().refine((word) => known.includes(word))
}
const requestUrl = z.url({ protocol: /^https$/ }).exactOptional()
const sorted = (list: readonly string[]): boolean =>
  new Set(list).size === list.length && list.every((word, at) => at === 0 || word > (list[at - 1] ?? ''))

/**
 * A manifest with the keys that the bot needs, within the limits of docs.slack.dev/reference/app-manifest; others are
 * refused.
 */
const Manifest = z.strictObject({
  _metadata: z.strictObject({ major_version: z.literal(2), minor_version: z.literal(1) }),
  display_information: z.strictObject({
    name: upTo(35),
    description: upTo(140),
    long_description: z.string().min(174).max(4_000),
    background_color: z.string().regex(/^#[0-9a-f]{6}$/),
  }),
  features: z.strictObject({
    app_home: z.strictObject({
      home_tab_enabled: z.boolean(),
      messages_tab_enabled: z.boolean(),
      messages_tab_read_only_enabled: z.boolean(),
    }),
    bot_user: z.strictObject({
      display_name: z.string().regex(/^[a-z0-9._-]{1,80}$/),
      always_online: z.boolean(),
    }),
    shortcuts: z
      .array(
        z.strictObject({
          name: upTo(24),
          type: z.enum(['global', 'message']),
          callback_id: upTo(255),
          description: upTo(150),
        }),
      )
      .max(10),
    slash_commands: z
      .array(
        z.strictObject({
          command: z.string().regex(/^\/[a-z][a-z0-9_-]{0,30}$/),
          url: requestUrl,
          description: upTo(100),
          usage_hint: upTo(1_000),
          should_escape: z.boolean(),
        }),
      )
      .max(50),
  }),
  oauth_config: z.strictObject({
    scopes: z.strictObject({ bot: z.array(oneOf('BotScope')).max(255).refine(sorted) }),
  }),
  settings: z.strictObject({
    event_subscriptions: z.strictObject({
      request_url: requestUrl,
      bot_events: z.array(oneOf('ManifestEvent')).max(100).refine(sorted),
    }),
    interactivity: z.strictObject({ is_enabled: z.boolean(), request_url: requestUrl }),
    org_deploy_enabled: z.boolean(),
    socket_mode_enabled: z.boolean(),
    token_rotation_enabled: z.boolean(),
  }),
})
type Manifest = z.infer<typeof Manifest>

/** The three places that hold an address over HTTP. */
function addresses({ features, settings }: Manifest): readonly (string | undefined)[] {
  return [
    ...features.slash_commands.map(({ url }) => url),
    settings.event_subscriptions.request_url,
    settings.interactivity.request_url,
  ]
}

describe('manifest.yml', () => {
  const manifest = Manifest.parse(parse(text))

  test('is one that Slack takes as it is: known keys, scopes and events, within the limits', () => {
    expect(words('BotScope').length).toBeGreaterThan(50)
    expect(words('ManifestEvent').length).toBeGreaterThan(50)
    const typed = JSON.parse(JSON.stringify(manifest)) as AppsManifestCreateArguments['manifest']

    expect(typed).toEqual(parse(text))
    expect(text).not.toMatch(/\t|\r/)
  })

  test.each([
    [
      'a name that is too long',
      (copy: Manifest) => ({
        ...copy,
        display_information: { ...copy.display_information, name: 'x'.repeat(36) },
      }),
    ],
    [
      'a scope that there is none of',
      (copy: Manifest) => ({ ...copy, oauth_config: { scopes: { bot: ['chat:read'] } } }),
    ],
    ['an unknown key', (copy: Manifest) => ({ ...copy, setings: {} })],
  ])('is measured by a rule that finds %s', (_, spoil) => {
    expect(Manifest.safeParse(spoil(manifest)).success).toBe(false)
  })

  test('asks for exactly the scopes that the code uses', () => {
    expect(Object.keys(methods).length).toBeGreaterThan(20)
    expect(manifest.oauth_config.scopes.bot).toEqual(scopesUsed())
  })

  test('subscribes to exactly the events that the code handles', () => {
    const handled = Object.keys(inboundScopes).filter((name) => name !== 'commands')

    expect(manifest.settings.event_subscriptions.bot_events).toEqual(handled.toSorted())
  })

  test('has exactly the shortcuts that the code answers', () => {
    const ids = manifest.features.shortcuts.map((each) => each.callback_id)

    expect(ids.toSorted()).toEqual(Object.values(shortcuts).toSorted())
    expect(manifest.features.shortcuts.filter(({ type }) => type === 'global')).toHaveLength(1)
  })

  test('needs no address from outside: Socket Mode, with buttons, home tab and direct messages', () => {
    expect(manifest.settings).toMatchObject({
      socket_mode_enabled: true,
      interactivity: { is_enabled: true },
      token_rotation_enabled: false,
      org_deploy_enabled: false,
    })
    expect(addresses(manifest)).toEqual([undefined, undefined, undefined])
    expect(manifest.features.app_home).toEqual({
      home_tab_enabled: true,
      messages_tab_enabled: true,
      messages_tab_read_only_enabled: false,
    })
  })

  test('lets people be named in a command as people: Slack writes their ids', () => {
    expect(manifest.features.slash_commands).toMatchObject([{ command: '/dr', should_escape: true }])
  })

  test('asks for no scope that only methods need which nobody calls', () => {
    const sources = globSync('src/chat/slack/**/*.ts', { cwd: root })
      .filter((path) => !path.endsWith('/methods.ts'))
      .map(read)
      .join('\n')
    const called = Object.entries(methods).filter(([method]) => sources.includes(`'${method}'`))
    const needed = [...called.map(([, scopes]) => scopes), ...Object.values(inboundScopes)].flat()

    expect(called.length).toBeGreaterThan(20)
    expect(scopesUsed().filter((scope) => !needed.some((each) => each === scope))).toEqual([])
  })
})

interface Hunk {
  readonly before: string
  readonly after: string
}

/** The changes of a diff without line numbers, as text to find and text to put in its place. */
function hunksOf(diff: string): readonly Hunk[] {
  return diff.split(/^@@\n/m).map((part) => {
    const lines = part.trimEnd().split('\n')
    const side = (left: string): string =>
      lines
        .filter((line) => ` ${left}`.includes(line[0] ?? ''))
        .map((line) => `${line.slice(1)}\n`)
        .join('')
    return { before: side('-'), after: side('+') }
  })
}

describe('the guide to Slack', () => {
  const guide = read('docs/slack.md')
  const [, diff = ''] = /```diff\n([^]*?)```/.exec(guide) ?? []

  test('says what to change for HTTP, and the manifest is then one for HTTP', () => {
    let changed = text
    for (const { before, after } of hunksOf(diff)) {
      expect(text.split(before), before).toHaveLength(2)
      changed = changed.replace(before, after)
    }
    const http = Manifest.parse(parse(changed))

    expect(http.settings.socket_mode_enabled).toBe(false)
    expect(addresses(http)).toEqual(Array(3).fill('https://dr.example.com/slack/events'))
    const without: unknown = JSON.parse(
      JSON.stringify(http, (key, value: unknown) => (/^(?:request_)?url$/.test(key) ? undefined : value)),
    )
    const asBefore = Manifest.parse(without)
    expect({ ...asBefore, settings: { ...asBefore.settings, socket_mode_enabled: true } }).toEqual(
      parse(text),
    )
  })

  test('counts the lines and the scopes as they are', () => {
    expect(diff.split('\n').filter((line) => line.startsWith('+'))).toHaveLength(4)
    expect(guide).toContain('Change four lines of the manifest')
    expect(guide).toContain(`all ${scopesUsed().length} are granted`)
  })

  test('names every shortcut as people see it', () => {
    const { shortcuts } = Manifest.parse(parse(text)).features

    expect(shortcuts.map(({ name }) => name).filter((name) => !guide.includes(`*${name}*`))).toEqual([])
  })
})

// teams/: a manifest that Microsoft's own schema takes, icons as Teams wants them, and the package that is uploaded.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { AppManifestUtils, type TeamsManifest } from '@microsoft/app-manifest'
import { strFromU8, unzipSync } from 'fflate'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { specOf, verbs } from '../commands/index.ts'
import { iconSizes, loadPainter, paintIcon } from '../scripts/teams-icons.ts'
import { botVersion, leftOfExample, manifestFor, packageFor } from '../scripts/teams-package.ts'
import { tenantRights, teamRights } from '../src/chat/teams/rights.ts'

const root = new URL('..', import.meta.url).pathname
const template = readFileSync(join(root, 'teams/manifest.json'), 'utf8')
const own = {
  appId: '11111111-2222-4333-8444-555555555555',
  publicUrl: 'https://bot.example.com',
  version: '0.1.0',
}

const Manifest = z.looseObject({
  id: z.string(),
  version: z.string(),
  name: z.object({ short: z.string() }),
  icons: z.object({ color: z.string(), outline: z.string() }),
  bots: z.array(
    z.looseObject({
      botId: z.string(),
      scopes: z.array(z.string()),
      commandLists: z.array(
        z.object({
          scopes: z.array(z.string()),
          commands: z.array(z.object({ title: z.string(), description: z.string() })),
        }),
      ),
    }),
  ),
  webApplicationInfo: z.object({ id: z.string(), resource: z.url() }),
  authorization: z.object({
    permissions: z.object({
      resourceSpecific: z.array(z.object({ name: z.string(), type: z.literal('Application') })),
    }),
  }),
})
type Manifest = z.infer<typeof Manifest>

/** What Microsoft's schema for manifests of version 1.25, which is in its package, says against one. */
async function refusals(manifest: object): Promise<readonly string[]> {
  const home = dirname(createRequire(import.meta.url).resolve('@microsoft/app-manifest'))
  const file = join(home, 'json-schemas/teams/v1.25/MicrosoftTeams.schema.json')
  type Schema = Parameters<typeof AppManifestUtils.validateAgainstSchema>[1]
  const schema = JSON.parse(readFileSync(file, 'utf8')) as Schema
  return AppManifestUtils.validateAgainstSchema(manifest as TeamsManifest, schema)
}

/** Width, height and the rest of a PNG's header. */
function sizeOf(png: Uint8Array): readonly [number, number] {
  const view = Buffer.from(png)
  expect(view.subarray(1, 4).toString()).toBe('PNG')
  return [view.readUInt32BE(16), view.readUInt32BE(20)]
}

describe('teams/manifest.json', () => {
  const manifest = Manifest.parse(JSON.parse(template))
  const [bot] = manifest.bots

  test('is one that Teams takes: version 1.25, by the schema of Microsoft', async () => {
    expect(manifest).toMatchObject({ manifestVersion: '1.25' })
    expect(await refusals(manifest)).toEqual([])
  })

  test.each([
    ['a name that is too long', (copy: Manifest) => ({ ...copy, name: { short: 'x'.repeat(31) } })],
    ['an unknown key', (copy: Manifest) => ({ ...copy, boots: [] })],
    ['an id that is none', (copy: Manifest) => ({ ...copy, id: 'dr-bot' })],
    ['two bots', (copy: Manifest) => ({ ...copy, bots: [...copy.bots, ...copy.bots] })],
  ])('is measured by a schema that finds %s', async (_, spoil) => {
    expect(await refusals(spoil(manifest))).not.toEqual([])
  })

  test('lists commands that there are, in the words of help, no more than the menu shows', () => {
    expect(bot?.commandLists.map(({ scopes }) => scopes)).toEqual([['team'], ['personal']])
    for (const { commands } of bot?.commandLists ?? []) {
      expect(commands.length).toBeGreaterThan(5)
      expect(commands.length).toBeLessThanOrEqual(10)
      for (const { title, description } of commands) {
        const verb = verbs.find((each) => each === title)
        expect(verb, title).toBeDefined()
        expect(description).toBe(verb && specOf(verb).summary)
      }
    }
  })

  test('is called as the guides call it, in teams and in chats with one person', () => {
    expect(manifest.name.short).toBe('dr')
    expect(bot?.scopes).toEqual(['team', 'personal'])
  })

  test('asks for exactly the rights in one team that the bot uses', () => {
    const asked = manifest.authorization.permissions.resourceSpecific.map(({ name }) => name)

    expect(asked).toEqual(teamRights.map(({ name }) => name))
    expect(asked).toEqual(asked.toSorted())
    expect(asked.every((name) => name.endsWith('.Group'))).toBe(true)
  })

  test('has the version of the bot', () => {
    expect(manifest.version).toBe(botVersion())
  })
})

describe('the icons', () => {
  beforeAll(loadPainter)

  test.each(Object.entries(iconSizes))(
    '%s.png is %i pixels wide and high, and what its drawing shows',
    async (name, size) => {
      const png = readFileSync(join(root, `teams/${name}.png`))
      const painted = await paintIcon(name === 'color' ? 'color' : 'outline')

      expect(sizeOf(png)).toEqual([size, size])
      expect(Buffer.compare(png, painted)).toBe(0)
      expect(png.length).toBeLessThan(20_000)
    },
  )

  test('outline is white lines and nothing else', () => {
    const svg = readFileSync(join(root, 'teams/outline.svg'), 'utf8')

    expect([...svg.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map((match) => match[1])).toEqual([
      'none',
      '#ffffff',
      'none',
      '#ffffff',
    ])
  })
})

describe('npm run teams:package', () => {
  test('packs the manifest with the ids of this bot, and both icons, at the top of a zip', async () => {
    const files = unzipSync(packageFor(own))
    const packed: unknown = JSON.parse(strFromU8(files['manifest.json'] ?? new Uint8Array()))
    const manifest = Manifest.parse(packed)

    expect(Object.keys(files)).toEqual(['manifest.json', 'color.png', 'outline.png'])
    expect(await refusals(manifest)).toEqual([])
    expect(manifest).toMatchObject({
      id: own.appId,
      bots: [{ botId: own.appId }],
      webApplicationInfo: { id: own.appId, resource: 'https://bot.example.com/' },
    })
    expect(JSON.stringify(packed)).not.toMatch(/0{8}|dr\.example/)
    expect(Object.values(manifest.icons).every((name) => name in files)).toBe(true)
  })

  test('gives the same bytes for the same bot', () => {
    expect(Buffer.compare(packageFor(own), packageFor(own))).toBe(0)
  })

  test('says what is missing', () => {
    for (const appId of [undefined, '', 'dr-bot'])
      expect(() => manifestFor(template, { ...own, appId })).toThrow(/MICROSOFT_APP_ID .* docs\/teams.md/)
    expect(() => manifestFor(template, { ...own, appId: 'dr-bot' })).toThrow('is "dr-bot"')
  })

  test('names what is still that of the example', () => {
    const packed = manifestFor(template, own)

    expect(leftOfExample(packed)).toEqual(['developer.name is still "Your company"'])
    expect(leftOfExample(manifestFor(template, { ...own, company: 'Example Ltd' }))).toEqual([])
    expect(leftOfExample(manifestFor(template, { ...own, publicUrl: undefined }))).toHaveLength(4)
  })

  test('leaves out rights that are not wanted, and says which there are', () => {
    const right = 'ChannelMessage.Read.Group'
    const { permissions } = Manifest.parse(
      JSON.parse(manifestFor(template, { ...own, without: [right] })),
    ).authorization

    expect(permissions.resourceSpecific).toHaveLength(teamRights.length - 1)
    expect(permissions.resourceSpecific.map(({ name }) => name)).not.toContain(right)
    expect(() => manifestFor(template, { ...own, without: ['Read.All'] })).toThrow(
      /--without Read.All: the app asks for Channel.Create.Group, /,
    )
  })

  test('takes no address that nobody else could open', () => {
    const text = manifestFor(template, { ...own, publicUrl: 'http://127.0.0.1:3000' })

    expect(text).toContain('"websiteUrl": "https://dr.example.com/"')
  })
})

describe('the guide to Teams', () => {
  const guide = existsSync(join(root, 'docs/teams.md'))
    ? readFileSync(join(root, 'docs/teams.md'), 'utf8')
    : ''

  test('names every right with what it is for', () => {
    for (const { name, use } of [...teamRights, ...tenantRights])
      expect(guide).toContain(`| \`${name}\` | ${use} |`)
  })
})

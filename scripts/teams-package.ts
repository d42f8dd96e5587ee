// Packs teams/ into the zip that is uploaded to Teams, with this bot's own ids: npm run teams:package
import { readFileSync, writeFileSync } from 'node:fs'
import { strToU8, zipSync } from 'fflate'

const root = new URL('..', import.meta.url)
const output = 'dr-bot-teams.zip'
const guid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i
/** What stands in teams/manifest.json in the place of this bot's own. */
const placeholders = {
  id: '00000000-0000-0000-0000-000000000000',
  address: 'https://dr.example.com/',
  company: 'Your company',
}

/** What makes the package that of one bot. */
export interface Own {
  /** MICROSOFT_APP_ID. */
  readonly appId: string | undefined
  /** PUBLIC_URL; shown in Teams as the app's site when it is an https address. */
  readonly publicUrl: string | undefined
  /** The version of the bot: Teams takes an update only when it is a higher one. */
  readonly version: string
}

/** The manifest with this bot's own. Throws an Error that says what to write where. */
export function manifestFor(template: string, { appId, publicUrl, version }: Own): string {
  if (appId === undefined || !guid.test(appId))
    throw new Error(
      `MICROSOFT_APP_ID in .env is ${appId ? JSON.stringify(appId) : 'not set'}: it must be the application (client) id of the bot, docs/teams.md, step 1`,
    )
  const site = publicUrl !== undefined && URL.parse(publicUrl)?.protocol === 'https:' ? publicUrl : undefined
  const text = template
    .replaceAll(placeholders.id, appId.toLowerCase())
    .replaceAll(placeholders.address, site === undefined ? placeholders.address : new URL(site).href)
  const manifest = JSON.parse(text) as Record<string, unknown>
  return `${JSON.stringify({ ...manifest, version }, undefined, 2)}\n`
}

/** What the manifest still has of the example; administrators of Teams see it when they allow the app. */
export function leftOfExample(manifest: string): readonly string[] {
  const { developer } = JSON.parse(manifest) as { readonly developer: Readonly<Record<string, string>> }
  return Object.entries(developer)
    .filter(([, value]) => value === placeholders.company || value.startsWith(placeholders.address))
    .map(([key, value]) => `developer.${key} is still "${value}"`)
}

/** The package: manifest and both icons at the top of a zip, the same bytes for the same contents. */
export function packageFor(own: Own): Uint8Array {
  const read = (name: string): Uint8Array => readFileSync(new URL(`teams/${name}`, root))
  const template = readFileSync(new URL('teams/manifest.json', root), 'utf8')
  const files = {
    'manifest.json': strToU8(manifestFor(template, own)),
    'color.png': read('color.png'),
    'outline.png': read('outline.png'),
  }
  return zipSync(files, { mtime: new Date('2026-01-01T00:00:00Z') })
}

/** The version in package.json. */
export function botVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }
  return version
}

function main(): void {
  const { MICROSOFT_APP_ID: appId, PUBLIC_URL: publicUrl } = process.env
  try {
    const own = { appId, publicUrl, version: botVersion() }
    writeFileSync(output, packageFor(own))
    const left = leftOfExample(manifestFor(readFileSync(new URL('teams/manifest.json', root), 'utf8'), own))
    if (left.length > 0)
      process.stderr.write(
        `Warning: ${left.join(', ')}. Write your own into teams/manifest.json and pack it again; addresses of the example become PUBLIC_URL when it is https\n`,
      )
    process.stdout.write(`${output}: upload it as docs/teams.md says, step 3\n`)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}

if (import.meta.main) main()

// Packs teams/ into the zip that is uploaded to Teams, with this bot's own ids: npm run teams:package
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
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
  /** The name that Teams shows beside the app. */
  readonly company?: string
  /** Rights in the team that the app does not ask for. */
  readonly without?: readonly string[]
}

interface Manifest {
  readonly developer: Readonly<Record<string, string>>
  readonly authorization: {
    readonly permissions: { readonly resourceSpecific: readonly { readonly name: string }[] }
  }
}

/** The manifest with this bot's own. Throws an Error that says what to write where. */
export function manifestFor(template: string, own: Own): string {
  const { appId, publicUrl, version, company } = own
  if (appId === undefined || !guid.test(appId))
    throw new Error(
      `MICROSOFT_APP_ID in .env is ${appId ? JSON.stringify(appId) : 'not set'}: it must be the application (client) id of the bot, docs/teams.md, step 1`,
    )
  const site = publicUrl !== undefined && URL.parse(publicUrl)?.protocol === 'https:' ? publicUrl : undefined
  const text = template
    .replaceAll(placeholders.id, appId.toLowerCase())
    .replaceAll(placeholders.address, site === undefined ? placeholders.address : new URL(site).href)
  const manifest = JSON.parse(text) as Manifest
  const developer = company === undefined ? manifest.developer : { ...manifest.developer, name: company }
  const authorization = lessRights(manifest, own.without ?? [])
  return `${JSON.stringify({ ...manifest, version, developer, authorization }, undefined, 2)}\n`
}

function lessRights({ authorization }: Manifest, without: readonly string[]): Manifest['authorization'] {
  const asked = authorization.permissions.resourceSpecific
  const names = asked.map(({ name }) => name)
  const unknown = without.filter((name) => !names.includes(name))
  if (unknown.length > 0)
    throw new Error(`--without ${unknown.join(', ')}: the app asks for ${names.join(', ')} in the team`)
  return { permissions: { resourceSpecific: asked.filter(({ name }) => !without.includes(name)) } }
}

/** What the manifest still has of the example; administrators of Teams see it when they allow the app. */
export function leftOfExample(manifest: string): readonly string[] {
  const { developer } = JSON.parse(manifest) as Manifest
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

function asked(): Pick<Own, 'company' | 'without'> {
  const { values } = parseArgs({
    options: { company: { type: 'string' }, without: { type: 'string', multiple: true } },
  })
  return values
}

function main(): void {
  const { MICROSOFT_APP_ID: appId, PUBLIC_URL: publicUrl } = process.env
  try {
    const own = { appId, publicUrl, version: botVersion(), ...asked() }
    writeFileSync(output, packageFor(own))
    const left = leftOfExample(manifestFor(readFileSync(new URL('teams/manifest.json', root), 'utf8'), own))
    if (left.length > 0)
      process.stderr.write(
        `Warning: ${left.join(', ')}. The company's name is given with npm run teams:package -- --company "NAME"; addresses of the example become PUBLIC_URL when it is https\n`,
      )
    process.stdout.write(`${output}: upload it as docs/teams.md says, step 3\n`)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}

if (import.meta.main) main()

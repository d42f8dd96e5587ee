// docs/teams.md followed step by step: .env of its example, the app packed, and `dr teams check` as a process says that all is well.
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { strFromU8, unzipSync } from 'fflate'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { SimTeams } from '../../sim/teams.ts'
import { dr } from '../servers/terminal.ts'
import { startTeamsFor, teamsEnv } from '../servers/teams.ts'

const root = resolve(import.meta.dirname, '../..')
const pack = join(root, 'scripts/teams-package.ts')
const run = promisify(execFile)
const Manifest = z.object({
  id: z.string(),
  developer: z.object({ name: z.string(), websiteUrl: z.string() }),
  authorization: z.object({
    permissions: z.object({ resourceSpecific: z.array(z.object({ name: z.string() })) }),
  }),
})
let teams: SimTeams
let home: string
let guide: string

beforeEach(async () => {
  ;[guide, home] = await Promise.all([
    readFile(join(root, 'docs/teams.md'), 'utf8'),
    mkdtemp(join(tmpdir(), 'dr-teams-guide-')),
  ])
  teams = await startTeamsFor(undefined, { limits: false, permissions: [] })
  await teams.install({ team: true })
  await copyFile(join(root, 'dr-plan.example.yml'), join(home, 'dr-plan.yml'))
})

afterEach(async () => {
  await teams.stop()
  await rm(home, { recursive: true, force: true })
})

/** The lines of .env that step 2 shows. */
function shownSettings(): readonly string[] {
  const [, block = ''] = /\n```sh\n(MICROSOFT_APP_ID=[^`]+)```/.exec(guide) ?? []
  return block.split('\n').flatMap((line) => line.split('=', 1).filter((name) => name !== ''))
}

/** The rights of the whole tenant that step 4 names. */
function tenantRights(): readonly string[] {
  const [, table = ''] = /\nThe tenant's, given by an administrator([\s\S]+?)\n### 5/.exec(guide) ?? []
  return [...table.matchAll(/^\| `([\w.]+)` \|/gm)].map((match) => match[1] ?? '')
}

/** .env.example with what the guide shows filled in, but for `without`, and where this Teams is. */
async function writeSettings(without?: string): Promise<void> {
  const own: Readonly<Record<string, string>> = {
    ...teamsEnv(teams),
    PUBLIC_URL: 'https://bot.example.com',
    NAGIOS_TOKEN: 'a-token-for-tests-only',
    CONSOLE_SECRET: 'a-secret-for-tests-only-of-some-length',
  }
  const beside = ['NAGIOS_TOKEN', 'CONSOLE_SECRET', 'TEAMS_SERVICE_URL', 'TEAMS_LOGIN_URL', 'GRAPH_URL']
  const names = [...shownSettings(), ...beside].filter((name) => name !== without)
  const example = await readFile(join(root, '.env.example'), 'utf8')
  const filled = names.reduce((text, name) => {
    const line = new RegExp(`^(?:# )?${name}=.*$`, 'm')
    expect(text, `${name} in .env.example`).toMatch(line)
    return text.replace(line, () => `${name}=${own[name] ?? ''}`)
  }, example)
  await writeFile(join(home, '.env'), filled)
}

/** Step 3, as `npm run teams:package` does it. */
async function packed(): Promise<z.infer<typeof Manifest>> {
  const args = ['--env-file-if-exists=.env', pack, '--company', 'Example Ltd']
  const { stderr } = await run(process.execPath, args, { cwd: home })
  expect(stderr).toBe('')
  const files = unzipSync(new Uint8Array(await readFile(join(home, 'dr-bot-teams.zip'))))
  expect(Object.keys(files).sort()).toEqual(['color.png', 'manifest.json', 'outline.png'])
  return Manifest.parse(JSON.parse(strFromU8(files['manifest.json'] ?? new Uint8Array())))
}

describe('the guide to Teams, followed step by step', () => {
  test('ends with a check that finds nothing missing', async () => {
    await writeSettings()

    const { id, developer, authorization } = await packed()
    const asked = authorization.permissions.resourceSpecific.map(({ name }) => name)
    // Who adds the app to the team gives it what its manifest asks for, and an administrator what the guide names.
    teams.setPermissions([...asked, ...tenantRights()])
    const { status, out, err } = await dr(['teams', 'check', '--try'], { home, env: {} })

    expect(id).toBe(teams.appId)
    expect(developer).toEqual({ name: 'Example Ltd', websiteUrl: 'https://bot.example.com/' })
    expect(err).toBe('')
    expect(out).not.toContain('✗')
    expect(out).toContain(`✓ sign-in: the app ${teams.appId} signs in to the tenant ${teams.tenantId}`)
    expect(out.match(/^! .*/gm)?.map((line) => line.split(':')[0])).toEqual(['! way in'])
    expect(out).toContain('Nothing is missing, 1 to know of.')
    expect(status).toBe(0)
  }, 60_000)

  test.each(['MICROSOFT_APP_ID', 'MICROSOFT_APP_TENANT_ID', 'TEAMS_CHANNEL_ID'])(
    'without %s the check says that it is not set, and where the guide has it',
    async (name) => {
      await writeSettings(name)

      const { status, out, err } = await dr(['teams', 'check'], { home, env: {} })

      expect(`${out}${err}`).toMatch(new RegExp(`✗ settings: .*${name}`))
      expect(status).toBe(1)
    },
  )
})

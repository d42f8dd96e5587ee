// Azure's SDKs are loaded when something of Azure is used, and not before: a plan without it pays nothing for them.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { z } from 'zod'

const script = new URL('../servers/loading.ts', import.meta.url).pathname
const Printed = z.object({ loaded: z.array(z.string()), said: z.array(z.string()) })

/** Starts a bot on this part of the example plan, says the commands, and answers what it has loaded by then. */
async function botThatSays(
  keep: (plan: string) => string,
  commands: readonly string[],
): Promise<z.infer<typeof Printed>> {
  const dir = await mkdtemp(join(tmpdir(), 'dr-lazy-'))
  const plan = join(dir, 'dr-plan.yml')
  await writeFile(plan, keep(await readFile('dr-plan.example.yml', 'utf8')))
  const env = {
    PATH: process.env['PATH'],
    PORT: '0',
    DR_PLAN: plan,
    DATA_DIR: join(dir, 'data'),
    NAGIOS_TOKEN: 'a-token-for-tests-only',
    CONSOLE_SECRET: 'a-secret-for-tests-only-of-some-length',
    CLOUDFLARE_BASE_URL: 'http://127.0.0.1:9/client/v4',
    CLOUDFLARE_STATUS_URL: 'http://127.0.0.1:9/',
    AZURE_SUBSCRIPTION_ID: '00000000-0000-0000-0000-000000000001',
    AZURE_CREDENTIAL: 'none',
    AZURE_ARM_ENDPOINT: 'https://localhost:9',
    AZURE_QUEUE_ENDPOINT: 'https://localhost:9/{account}',
    AZURE_SQL_ENDPOINT: '{server}.sql.localhost:9',
  }
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...commands], { env })
  await rm(dir, { recursive: true, force: true })
  return Printed.parse(JSON.parse(stdout))
}

/** The plan with one system only. */
function only(system: string, plan: string): string {
  const [before = '', systems = ''] = plan.split('\nsystems:\n')
  const [, block = ''] = new RegExp(`(?:^|\\n)( {2}${system}:\\n[^]*?)(?:\\n\\n|$)`).exec(systems) ?? []
  return `${before}\nsystems:\n${block.replace(/\n {4}depends_on: .*/, '')}\n`
}

test('a plan with a load balancer only never loads an SDK of Azure', async () => {
  const { loaded, said } = await botThatSays(
    (plan) => only('lb', plan),
    ['open lb it is slow', 'failover lb', 'workers show'],
  )

  expect(said[0]).toContain('INC-1')
  expect(said[2]).toContain('no pool of workers')
  expect(loaded).toContain('zod')
  expect(loaded.filter((name) => name.startsWith('@azure') || name === 'tedious')).toEqual([])
}, 60_000)

test('a look at workers loads what it needs, and nothing of databases or storage accounts', async () => {
  const { loaded } = await botThatSays((plan) => only('workers', plan), ['workers show', 'workers show'])

  expect(loaded).toEqual(expect.arrayContaining(['@azure/arm-compute']))
  expect(loaded).not.toContain('@azure/arm-sql')
  expect(loaded).not.toContain('@azure/arm-storage')
  expect(loaded).not.toContain('tedious')
  expect(loaded).not.toContain('@azure/identity')
}, 60_000)

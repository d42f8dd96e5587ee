// `dr plan check --live` names each right that is missing, and no other: every right at Azure is taken away in turn.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { AzureOptions } from '../../sim/azure.ts'
import { startWorld } from '../../sim/world.ts'
import type { World } from '../../sim/world.ts'
import { azureRights, listRight } from '../../src/recovery/rights.ts'
import type { AzureWay, Need } from '../../src/recovery/rights.ts'
import { twoRegions } from '../servers/databases.ts'
import { openLivePlan } from '../servers/live-plan.ts'
import type { LivePlan } from '../servers/live-plan.ts'
import { homeOf, startStandby } from '../servers/standby.ts'
import type { StandbyWorld } from '../servers/standby.ts'

let world: World
let standby: StandbyWorld
let plan: LivePlan

const value = 'a value that nobody may see'
const atAzure: AzureOptions = {
  sql: twoRegions,
  queues: ['examplewest', 'examplenorth'].map((account) => ({ account, name: 'orders', messages: 3 })),
  storage: {
    accounts: [{ group: 'dr-rg', name: 'examplewest', lag: 60_000 }],
    settings: [{ store: 'example', key: 'storage:account', value: 'examplewest' }],
    secrets: [
      { vault: 'example', name: 'storage-connection', value },
      { vault: 'example', name: 'storage-connection-north', value: `${value} either` },
    ],
  },
}

beforeAll(async () => {
  world = await startWorld()
  standby = await startStandby(world.zone, homeOf(world), atAzure)
  plan = await openLivePlan(() => [value, standby.azure.secret, world.token])
  await plan.write(systems())
})
afterEach(async () => {
  standby.azure.withhold([])
  standby.azure.fault(undefined)
  await plan.write(systems())
})
afterAll(async () => {
  await standby.stop()
  await world.stop()
  await plan.close()
})

/** Each recovery has the name of its way in the table of rights. */
function systems(): string {
  const { azure, registry } = standby
  const sql = 'resource_group: dr-rg, server: sql-west, database: orders'
  const storage = 'resource_group: dr-rg, account: examplewest, queues: [orders]'
  const change = `method: switch-setting, ${storage}, to_account: examplenorth`
  const setting = `app_configuration: "${azure.url}/appconfig/example", key: "storage:account", value: examplenorth`
  const secret = `key_vault: "${azure.url}/vaults/example", secret: storage-connection, from_secret: storage-connection-north`
  return `
  dns:
    rto: 30m
    recoveries:
      - name: standby_dns
        standby_dns:
          zone: ${world.zone}
          resource_group: dr-rg
          registrar: https://registrar.example.net
          parents: ${JSON.stringify(registry.servers)}
  db:
    rto: 30m
    rpo: 15m
    recoveries:
      - name: failover-group
        azure_sql: { method: failover-group, ${sql}, to_server: sql-north, failover_group: orders-fg }
      - name: point-in-time
        azure_sql: { method: point-in-time, ${sql} }
      - name: geo-restore
        azure_sql: { method: geo-restore, ${sql}, to_server: sql-north }
  storage:
    rto: 2h
    rpo: 15m
    recoveries:
      - name: account-failover
        azure_storage: { method: account-failover, ${storage} }
      - name: app_configuration
        azure_storage: { ${change}, ${setting} }
      - name: key_vault
        azure_storage: { ${change}, ${secret} }
  workers:
    rto: 30m
    recoveries:
      - name: scale_set
        scale_set: { resource_group: dr-rg, vmss: workers-vmss, account: examplewest, queues: [orders], min: 2, max: 20 }
`
}

const Live = z.object({
  live: z.object({
    recoveries: z.array(
      z.object({
        recovery: z.string(),
        ready: z.boolean(),
        checks: z.array(z.object({ what: z.string(), ok: z.boolean(), text: z.string() })),
      }),
    ),
  }),
})
type Recoveries = z.infer<typeof Live>['live']['recoveries']

async function check(): Promise<{ readonly code: number; readonly recoveries: Recoveries }> {
  const { code, printed } = await plan.check(
    {
      CLOUDFLARE_API_TOKEN: world.token,
      CLOUDFLARE_BASE_URL: world.cloudflare.baseUrl,
      ...standby.azure.env,
    },
    ['--json'],
  )
  return { code, recoveries: Live.parse(JSON.parse(printed)).live.recoveries }
}

function missingIn(recoveries: Recoveries): readonly string[] {
  return recoveries.flatMap(({ checks }) =>
    checks.flatMap(({ ok, what, text }) => (ok ? [] : [`${what}: ${text}`])),
  )
}

/** Rights by their names; Azure writes those of its types in upper and lower case as it likes. */
function rightsIn(lines: readonly string[]): readonly string[] {
  const found = lines.join('\n').matchAll(/Microsoft\.\w+(?:\/[\w*]+)+\/(?:read|write|delete|action)\b/gi)
  return [...new Set([...found].map(([right]) => right.toLowerCase()))]
}

function rightsOf(way: AzureWay): readonly string[] {
  const needs: readonly Need[] = azureRights[way]
  return [listRight, ...needs.flatMap(({ actions, dataActions = [] }) => [...actions, ...dataActions])]
}

const ways = Object.keys(azureRights) as AzureWay[]
const all = [...new Set(ways.flatMap(rightsOf))]

test('says that every recovery is ready, and changes nothing', async () => {
  const { code, recoveries } = await check()

  expect(missingIn(recoveries)).toEqual([])
  expect(recoveries.map(({ recovery }) => recovery).toSorted()).toEqual(ways.toSorted())
  expect(code).toBe(0)
  expect(standby.changes()).toEqual([])
})

test.each(all)('names the right that is missing, and no other: %s', async (right) => {
  standby.azure.withhold([right])

  const { code, recoveries } = await check()

  expect(rightsIn(missingIn(recoveries))).toEqual([right.toLowerCase()])
  const lacking = recoveries.filter(({ ready }) => !ready).map(({ recovery }) => recovery)
  expect(lacking.toSorted()).toEqual(ways.filter((way) => rightsOf(way).includes(right)).toSorted())
  expect(code).toBe(1)
})

test('says what is missing where, with the role that has it, and what Azure does not list', async () => {
  standby.azure.withhold([
    '*/move/action',
    '*/operations/read',
    '*/setSecret/action',
    '*/CAA/*',
    '*/messages/read',
  ])

  const { recoveries } = await check()

  const lines = recoveries.flatMap(({ recovery, checks }) =>
    checks.filter(({ ok }) => !ok).map(({ what, text }) => `${recovery}: ${what}: ${text}`),
  )
  const text = lines.join('\n').replaceAll(standby.azure.url, 'https://AZURE')
  await expect(`${text}\n`).toMatchFileSnapshot('../golden/plans/live-rights.txt')
})

test.each([
  ['the list is refused', { kind: 'status', status: 503, code: 'ServiceUnavailable' }],
  ['the list is no list', { kind: 'garbage' }],
  ['the list does not come', { kind: 'reset' }],
] as const)('calls nothing ready whose rights it has not seen: %s', async (_what, fault) => {
  standby.azure.fault({ ...fault, path: '/Microsoft.Authorization/permissions' })

  const { code, recoveries } = await check()

  expect(recoveries.length).toBeGreaterThan(0)
  expect(recoveries.filter(({ ready }) => ready)).toEqual([])
  for (const { checks } of recoveries) {
    const [first] = checks
    expect(first?.text).toMatch(
      /^not seen\. Azure could not list the bot's rights on dr-rg\/.* Look again in/,
    )
  }
  expect(code).toBe(1)
})

test('says how a store of settings in another resource group is named', async () => {
  const named = systems().replace(
    'value: examplenorth',
    'value: examplenorth, setting_resource_group: shop-rg',
  )
  await plan.write(named)

  const { recoveries } = await check()

  expect(missingIn(recoveries)).toEqual([
    expect.stringMatching(
      /^rights on shop-rg\/example: not seen\. .*404 ResourceGroupNotFound.*"setting_resource_group" in the DR plan\.$/,
    ),
  ])
})

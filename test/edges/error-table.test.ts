// Every way in which each provider can be answered badly, as one table: what the run's card says then, as golden files.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AzureFault } from '../../sim/azure/faults.ts'
import type { CloudflareFault } from '../../sim/cloudflare/faults.ts'
import { startApi, startHaproxy } from '../../sim/haproxy.ts'
import type { ApiServer, RealHaproxy } from '../../sim/haproxy.ts'
import { startRegistry } from '../../sim/registry.ts'
import type { Registry } from '../../sim/registry.ts'
import type { DnsFault } from '../../sim/dns.ts'
import { startWorld } from '../../sim/world.ts'
import type { World } from '../../sim/world.ts'
import { loadPlan } from '../../src/drplan/load.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'
import type { Providers } from '../../src/ports.ts'
import { createAzure, type AzureAccess } from '../../src/providers/azure/azure.ts'
import { createAzureSystems } from '../../src/providers/azure/systems.ts'
import { createCertificateCheck } from '../../src/providers/certificate.ts'
import { createCloudflareDns } from '../../src/providers/cloudflare/cloudflare.ts'
import { createHaproxy } from '../../src/providers/haproxy/haproxy.ts'
import { createOutside } from '../../src/providers/outside.ts'
import type { Action, ActionOf, ProviderName } from '../../src/recovery/action.ts'
import { noon } from '../contracts/store-samples.ts'
import { accessTo } from '../servers/azure.ts'
import { twoRegions } from '../servers/databases.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { publicAuthority, startOrigin } from '../servers/origin.ts'
import type { Origin } from '../servers/origin.ts'
import { startStandby } from '../servers/standby.ts'
import type { StandbyWorld } from '../servers/standby.ts'
import { azureRowsOf } from './error-table-azure.ts'
import type { AzureRow } from './error-table-azure.ts'
import { atOnce, azureFaults, columns, notOfAzure, onlyLooks } from './error-table-columns.ts'
import type { Column } from './error-table-columns.ts'
import { startStepCards } from '../servers/step-cards.ts'
import type { StepCards } from '../servers/step-cards.ts'
import { northValue, westValue } from '../servers/storage.ts'

const redis = oneRedis()
const clock = { now: () => noon }
/** No program listens on the first port; one that was free a moment ago may be another test's by now. */
const nowhere = 'https://localhost:1'
const calm = new AbortController().signal
let standby: StandbyWorld
let world: World
let origin: Origin
let registry: Registry
let apis: readonly ApiServer[]
let balancer: RealHaproxy
let cards: StepCards
let plan: DrPlan

beforeAll(async () => {
  standby = await startStandby('example.com', ['a.ns.example.net'], {
    now: clock.now,
    sql: twoRegions,
    storage: {
      accounts: [{ group: 'dr-rg', name: 'examplewest' }],
      settings: [{ store: 'example', key: 'storage:account', value: 'examplewest' }],
      secrets: [
        { vault: 'example', name: 'connection', value: westValue },
        { vault: 'example', name: 'connection-north', value: northValue },
      ],
    },
  })
  standby.azure.autoscale.set([
    { group: 'dr-rg', name: 'by-load', target: 'workers-vmss', enabled: true, minimum: 2, maximum: 6 },
  ])
  world = await startWorld()
  origin = await startOrigin('trusted')
  registry = await startRegistry({ zone: 'example.com', nameServers: ['a.ns.example.net'] })
  const [main, standbyServer] = await Promise.all([startApi('main'), startApi('standby')])
  apis = [main, standbyServer]
  balancer = await startHaproxy({ main, standby: standbyServer })
  const loaded = loadPlan(readFileSync('dr-plan.example.yml', 'utf8'), 'dr-plan.example.yml')
  if ('errors' in loaded) throw new Error('the example plan is broken')
  plan = loaded.plan
  cards = await startStepCards(redis(), plan)
})
afterAll(async () => {
  await Promise.all([standby.registry.stop(), cards.close(), ...apis.map((one) => one.stop())])
})

const azureRows = azureRowsOf({ subscription: () => standby.azure.subscription, setting, secret })

/** Told by tables of their own; the compiler makes sure that each provider is here or there. */
const elsewhere = {
  'haproxy-file': 'errors/haproxy.txt',
  'haproxy-wait': 'errors/haproxy.txt',
  'sql-query': 'errors/check-query.txt',
} as const satisfies Partial<Record<ProviderName, string>>

type Covered = keyof typeof azureRows | keyof typeof elsewhere | keyof typeof outsideRows
const missing: Exclude<ProviderName, Covered> extends never ? 'none' : never = 'none'

/** What brings the failure about, or why there is none. */
type Cells = Readonly<Record<Exclude<Column, 'refused'>, (() => void) | string>>

interface OutsideRow {
  readonly action: () => Promise<Action> | Action
  readonly cells: Cells
  readonly mend: () => void
  /** Brings it about for a change only; absent: it only looks. */
  readonly changing?: (column: Column) => void
}

const cloudflareFaults: Partial<Record<Column, CloudflareFault>> = {
  '401': { kind: 'status', status: 401 },
  '403': { kind: 'status', status: 403 },
  '404': { kind: 'status', status: 404 },
  '409': { kind: 'status', status: 409 },
  '429': { kind: 'rate-limit', retryAfter: 217 },
  '5xx': { kind: 'status', status: 503 },
  'no answer': { kind: 'hang' },
  reset: { kind: 'reset' },
  'a page': { kind: 'garbage' },
  'success: false': { kind: 'success-false' },
}

function cloudflareFails(column: Column, on: 'read' | 'change'): void {
  const fault = cloudflareFaults[column]
  world.cloudflare.fault(fault && { ...fault, on })
}

const notAzure = { 'Entra unreachable': 'it needs no token of Entra' }
const looksOnly = { ...notAzure, ...onlyLooks, 'success: false': "this form of an answer is Cloudflare's" }
const noHttp = 'no status: it does not speak HTTP'
const noStatus = { '401': noHttp, '403': noHttp, '404': noHttp, '409': noHttp, '429': noHttp, '5xx': noHttp }
const anyOther = 'as 5xx: any status but the wanted one is told alike'

const outsideRows = {
  'cloudflare-dns': {
    action: async () => {
      const dns = cloudflare()
      const zone = await dns.zone(world.zone, calm)
      const before = await dns.records(zone.id, [world.record], calm)
      const after = before.map((record) => ({ ...record, content: world.backup.host, ttl: 60 }))
      return { provider: 'cloudflare-dns', zone, before, after }
    },
    cells: {
      '401': () => cloudflareFails('401', 'read'),
      '403': () => cloudflareFails('403', 'read'),
      '404': () => cloudflareFails('404', 'read'),
      '409': () => cloudflareFails('409', 'read'),
      '429': () => cloudflareFails('429', 'read'),
      '5xx': () => cloudflareFails('5xx', 'read'),
      'no answer': () => cloudflareFails('no answer', 'read'),
      reset: () => cloudflareFails('reset', 'read'),
      'a page': () => cloudflareFails('a page', 'read'),
      'success: false': () => cloudflareFails('success: false', 'read'),
      ...notAzure,
      ...atOnce,
    },
    mend: () => world.cloudflare.fault(undefined),
    changing: (column) => cloudflareFails(column, 'change'),
  },
  probe: {
    action: () => ({
      provider: 'probe',
      url: `http://${world.record}/health`,
      resolve: world.backup.host,
      port: world.httpPort,
      timeout: 1_500,
    }),
    cells: {
      '401': anyOther,
      '403': anyOther,
      '404': anyOther,
      '409': anyOther,
      '429': anyOther,
      '5xx': () => world.backup.set('failing'),
      'no answer': () => world.backup.set('hang'),
      reset: () => world.backup.set('reset'),
      'a page': 'its status decides',
      ...looksOnly,
    },
    mend: () => world.backup.set('ok'),
  },
  'dns-check': {
    action: () => ({
      provider: 'dns-check',
      nameServers: [`localhost:${world.dns.port}`],
      want: [{ name: world.record, type: 'A', content: world.backup.host }],
      within: 60_000,
    }),
    cells: {
      ...noStatus,
      '5xx': () => world.dns.fault({ kind: 'servfail' }),
      '403': () => world.dns.fault({ kind: 'refuse' }),
      'no answer': () => world.dns.fault({ kind: 'drop' }),
      reset: 'a datagram has no connection',
      'a page': 'a datagram that is no answer is waited past, as no answer',
      ...looksOnly,
    },
    mend: () => world.dns.fault(undefined),
  },
  delegation: {
    action: () => ({
      provider: 'delegation',
      zone: 'example.com',
      parents: registry.servers,
      before: ['a.ns.example.net'],
      after: ['ns1.example.org'],
      registrar: 'https://registrar.example.com/',
    }),
    cells: {
      ...noStatus,
      '403': () => registryFails({ kind: 'refuse' }),
      '5xx': () => registryFails({ kind: 'servfail' }),
      'no answer': () => registryFails({ kind: 'drop' }),
      reset: 'a datagram has no connection',
      'a page': 'a datagram that is no answer is waited past, as no answer',
      ...looksOnly,
      'no end': () => {},
    },
    mend: () => registryFails(undefined),
  },
  'haproxy-server': {
    action: () => ({
      provider: 'haproxy-server',
      control: balancer.control,
      backend: 'api',
      server: 'standby',
      before: 'maint',
      after: 'ready',
    }),
    cells: {
      ...noStatus,
      '403': () => balancer.fault('deny'),
      'no answer': () => balancer.fault('hang'),
      reset: () => balancer.fault('reset'),
      'a page': () => balancer.fault('nonsense'),
      ...notAzure,
      ...atOnce,
      'success: false': "this form of an answer is Cloudflare's",
    },
    mend: () => balancer.fault(undefined),
  },
  certificate: {
    action: () => ({
      provider: 'certificate',
      want: [{ name: 'api.example.com', at: origin.host, port: origin.port }],
      timeout: 1_500,
    }),
    cells: {
      ...noStatus,
      'no answer': () => origin.fail('hang'),
      reset: () => origin.fail('reset'),
      'a page': 'it asks for no page; other certificates are told in its own tests',
      ...looksOnly,
    },
    mend: () => {},
  },
} as const satisfies Partial<Record<ProviderName, OutsideRow>>

function registryFails(fault: DnsFault | undefined): void {
  for (const index of registry.servers.keys()) registry.fault(index, fault)
}

async function setting(): Promise<ActionOf<'app-configuration'>> {
  const place = { store: `${standby.azure.url}/appconfig/example`, key: 'storage:account' }
  const { etag, value, tags } = await systems().readers.storage.setting(place, calm)
  const after = { value: 'examplenorth', tags }
  return { provider: 'app-configuration', ...place, etag, before: { value, tags }, after }
}

async function secret(): Promise<ActionOf<'key-vault-secret'>> {
  const vault = `${standby.azure.url}/vaults/example`
  const { storage } = systems().readers
  const { version: current } = await storage.secret({ vault, secret: 'connection' }, calm)
  const from = await storage.secret({ vault, secret: 'connection-north' }, calm)
  return {
    provider: 'key-vault-secret',
    vault,
    secret: 'connection',
    current,
    from: { secret: 'connection-north', version: from.version },
  }
}

function systems(change: Partial<AzureAccess> = {}): ReturnType<typeof createAzureSystems> {
  return createAzureSystems(createAzure(accessTo(standby.azure, change)), { clock })
}

function cloudflare(timeout = 15_000): ReturnType<typeof createCloudflareDns> {
  return createCloudflareDns({ token: world.token, baseUrl: world.cloudflare.baseUrl, timeout, clock })
}

function providers(azure: Pick<ReturnType<typeof systems>, 'providers'>, timeout = 15_000): Providers {
  return {
    'cloudflare-dns': cloudflare(timeout),
    ...createOutside({ clock, timeout }),
    certificate: createCertificateCheck({ ca: publicAuthority() }),
    ...createHaproxy({ clock, user: 'dr-bot', password: 'not-to-be-shown', timeout }),
    ...azure.providers,
  }
}

function plainly(text: string): string {
  return text
    .replaceAll(standby.azure.url, 'https://AZURE')
    .replaceAll(standby.azure.subscription, 'SUBSCRIPTION')
    .replaceAll(/(?<=replicationLinks\/)[0-9a-f-]{36}/g, 'LINK')
    .replaceAll(/\b[0-9a-f]{32}\b/g, 'VERSION')
    .replaceAll(/(?:localhost|127\.0\.0\.\d+):\d+/g, 'HOST')
}

function cell(column: Column, looking: string, changing?: string): string {
  const rest = changing === undefined || changing === looking ? '' : `\n    changing: ${changing}`
  return plainly(`  ${column}\n    looking: ${looking}${rest}`)
}

const withheldOnChange = ['*/write', '*/delete', '*/move/action', '*failover/action', '*/setSecret/action']

test('each Azure provider has a card to act on for each failure, or a reason why there is none', async () => {
  const { azure } = standby
  // A change that hangs comes after a look, which is to be in time on a busy machine too.
  const [patient, quick, quickChange] = [systems(), systems({ timeout: 200 }), systems({ timeout: 2_000 })]
  const parts = new Map<string, string[]>()
  const actions = new Map<string, Action>()
  for (const [name, row] of Object.entries<AzureRow>(azureRows)) {
    const action = await row.action()
    const of = providers(patient)
    const [hasty, hastyChange] = [providers(quick), providers(quickChange)]
    // The SDK is loaded and the token had before anything fails.
    for (const one of [of, hasty, hastyChange]) await observed(one, action)
    const both = async (column: Column, fault: AzureFault): Promise<string> => {
      const hangs = fault.kind === 'hang'
      azure.fault(fault)
      const looking = await cards.of(action, hangs ? hasty : of)
      if (row.change === undefined) return cell(column, looking)
      azure.fault({ ...fault, on: row.change })
      return cell(column, looking, await cards.of(action, hangs ? hastyChange : of))
    }
    const lines: string[] = []
    for (const column of columns) {
      const reason = { ...notOfAzure, ...row.empty }[column as 'Failed']
      if (reason !== undefined) lines.push(`  ${column}\n    none: ${reason}`)
      else if (column === '403') {
        azure.withhold(['Microsoft.*'])
        const looking = await cards.of(action, of)
        azure.withhold(withheldOnChange)
        lines.push(cell(column, looking, row.change && (await cards.of(action, of))))
        azure.withhold([])
      } else if (column === 'Entra unreachable') {
        const fresh = providers(systems({ authority: nowhere }))
        lines.push(cell(column, await cards.of(action, fresh)))
      } else if (column in azureFaults) {
        const fault = azureFaults[column as keyof typeof azureFaults]
        lines.push(await both(column, fault))
        azure.fault(undefined)
      }
    }
    parts.set(name, lines)
    actions.set(name, action)
  }
  // The port is really closed now, and the token is cached already.
  const of = providers(patient)
  await azure.stop()
  for (const [name, action] of actions) parts.get(name)?.push(cell('refused', await cards.of(action, of)))
  for (const [name, lines] of parts) expect(`${name}: ${lines.length}`).toBe(`${name}: ${columns.length}`)

  const text = [...parts].map(([name, lines]) => [name, ...lines, ''].join('\n')).join('\n')
  expect(missing).toBe('none')
  await expect(text).toMatchFileSnapshot('../golden/errors/table-azure.txt')
}, 120_000)

test('each provider outside of Azure has a card to act on for each failure, or a reason why there is none', async () => {
  const parts = new Map<string, string[]>()
  const actions = new Map<string, Action>()
  const [of, hasty] = [providers(systems()), providers(systems(), 1_500)]
  for (const [name, row] of Object.entries<OutsideRow>(outsideRows)) {
    const action = await row.action()
    for (const one of [of, hasty]) await observed(one, action)
    const lines: string[] = []
    for (const column of columns) {
      if (column === 'refused') continue
      const begin = row.cells[column]
      if (typeof begin === 'string') {
        lines.push(`  ${column}\n    none: ${begin}`)
        continue
      }
      const by = column === 'no answer' ? hasty : of
      begin()
      const looking = await cards.of(action, by)
      row.changing?.(column)
      lines.push(cell(column, looking, row.changing && (await cards.of(action, by))))
      row.mend()
    }
    parts.set(name, lines)
    actions.set(name, action)
  }
  await Promise.all([world.stop(), origin.stop(), registry.stop(), balancer.stop()])
  for (const [name, action] of actions) parts.get(name)?.push(cell('refused', await cards.of(action, of)))
  for (const [name, lines] of parts) expect(`${name}: ${lines.length}`).toBe(`${name}: ${columns.length}`)

  const text = [...parts].map(([name, lines]) => [name, ...lines, ''].join('\n')).join('\n')
  await expect(text).toMatchFileSnapshot('../golden/errors/table-outside.txt')
}, 60_000)

function observed(from: Providers, action: Action): Promise<unknown> {
  const provider = from[action.provider] as { observe: (of: Action, signal: AbortSignal) => Promise<unknown> }
  return provider.observe(action, calm)
}

// The recoveries of the example plan, one by one: what is typed, what is so outside then, and the way back.
import { Resolver } from 'node:dns/promises'
import type { SystemId } from '../../src/ids.ts'
import type { Run } from '../../src/recovery/run.ts'
import type { House } from './recovery-doors-house.ts'

/** What is typed, what is so outside then, and the way back: a command in the console's box, or the button of the run. */
export interface Play {
  readonly title: string
  /** File of what the terminal shows: the proposal, the end, and the way back. */
  readonly golden: string
  readonly system: SystemId
  readonly command: readonly string[]
  /** Only Nagios says that it is broken: this way needs all that it works with. */
  readonly onlySaid?: true
  readonly outside: (house: House, run: Run) => unknown
  readonly recovered: unknown
  readonly back: string | 'button'
  readonly asBefore: unknown
  /** Why there is no way back, where nothing that was there was touched. */
  readonly refused?: string
  /** What keeps its first change, or its first look, from working while that is on. */
  readonly fails: (house: House, on: boolean) => void
  /** What it asks a provider to change, each once, there and back; see `changesOf`. */
  readonly changes: { readonly there: readonly string[]; readonly back: readonly string[] }
  /** What a person does by hand elsewhere while it is carried out, there and back. */
  readonly byHand?: { readonly there: (house: House) => void; readonly back: (house: House) => void }
}

const lb = '127.0.0.11'

/** All ways of the example plan. */
export const plays: readonly Play[] = [
  {
    title: 'lb: the records point at the backup',
    golden: 'lb-backup',
    fails: cloudflareRefuses,
    changes: {
      there: ['POST /client/v4/zones/ID/dns_records/batch'],
      back: ['POST /client/v4/zones/ID/dns_records/batch'],
    },
    system: 'lb',
    command: ['failover', 'lb'],
    outside: zone,
    recovered: ['127.0.0.12'],
    back: 'button',
    asBefore: [lb],
  },
  {
    title: 'lb: the records point past the load balancers, at the API server',
    golden: 'lb-api',
    fails: cloudflareRefuses,
    changes: {
      there: ['POST /client/v4/zones/ID/dns_records/batch'],
      back: ['POST /client/v4/zones/ID/dns_records/batch'],
    },
    system: 'lb',
    command: ['failover', 'lb', 'to', 'api'],
    outside: zone,
    recovered: ['127.0.0.13'],
    back: 'failback lb',
    asBefore: [lb],
  },
  {
    title: 'dns: the zone is answered by its copy once the name servers are switched',
    golden: 'dns',
    fails: copyIsSilent,
    changes: { there: [], back: [] },
    system: 'dns',
    command: ['failover', 'dns'],
    outside: ({ outside }) => resolved(outside.nameServers.azure, outside.world.record),
    recovered: [lb],
    back: 'button',
    asBefore: [lb],
    byHand: {
      there: ({ outside }) => outside.registry.delegate(outside.nameServers.azure),
      back: ({ outside }) => outside.registry.delegate(outside.nameServers.cloudflare),
    },
  },
  {
    title: 'cloudflare: the records lead past the edge to the load balancer',
    golden: 'cloudflare',
    fails: cloudflareRefuses,
    changes: {
      there: ['POST /client/v4/zones/ID/dns_records/batch'],
      back: ['POST /client/v4/zones/ID/dns_records/batch'],
    },
    system: 'cloudflare',
    command: ['dns', 'bypass'],
    outside: zone,
    recovered: [lb],
    back: 'dns protect',
    asBefore: ['127.0.0.14'],
  },
  {
    title: 'api: both load balancers send the traffic to the standby',
    golden: 'api',
    fails: haproxyRefuses,
    changes: {
      there: [
        'lb1: set server api/standby state drain;set server api/standby health down',
        'lb1: set server api/standby state ready',
        'lb1: set server api/main state drain',
        'lb1: set server api/main state maint',
        'lb2: set server api/standby state drain;set server api/standby health down',
        'lb2: set server api/standby state ready',
        'lb2: set server api/main state drain',
        'lb2: set server api/main state maint',
      ],
      back: [
        'lb1: set server api/main state drain;set server api/main health down',
        'lb1: set server api/main state ready',
        'lb1: set server api/standby state drain',
        'lb1: set server api/standby state maint',
        'lb2: set server api/main state drain;set server api/main health down',
        'lb2: set server api/main state ready',
        'lb2: set server api/standby state drain',
        'lb2: set server api/standby state maint',
      ],
    },
    system: 'api',
    command: ['failover', 'api'],
    outside: ({ outside }) => Promise.all(outside.balancers.map((balancer) => balancer.states())),
    recovered: ['main maint, standby ready', 'main maint, standby ready'],
    back: 'button',
    asBefore: ['main ready, standby maint', 'main ready, standby maint'],
  },
  {
    title: 'db: the database is what it was ten minutes ago, the spoilt one is kept',
    golden: 'db-restore',
    fails: azureRefuses,
    changes: {
      there: [
        'PUT Sql/servers/sql-west/databases/orders-r-N',
        'PATCH Sql/servers/sql-west/failoverGroups/orders-fg',
        'DELETE Sql/servers/sql-west/databases/orders/replicationLinks/LINK',
        'POST Sql/servers/sql-west/databases/orders/move',
        'POST Sql/servers/sql-north/databases/orders/move',
        'POST Sql/servers/sql-west/databases/orders-r-N/move',
        'PATCH Sql/servers/sql-west/failoverGroups/orders-fg',
      ],
      back: [
        'PATCH Sql/servers/sql-west/failoverGroups/orders-fg',
        'DELETE Sql/servers/sql-west/databases/orders/replicationLinks/LINK',
        'POST Sql/servers/sql-west/databases/orders/move',
        'POST Sql/servers/sql-north/databases/orders/move',
        'POST Sql/servers/sql-west/databases/orders-before-r-N/move',
        'PATCH Sql/servers/sql-west/failoverGroups/orders-fg',
      ],
    },
    system: 'db',
    command: ['db', 'restore', '10m', 'ago'],
    outside: databases,
    recovered: 'orders of then, orders-before-r-N',
    back: 'failback db',
    asBefore: 'orders, orders-r-N of then',
  },
  {
    title: 'db: the other region takes over',
    golden: 'db-region',
    fails: azureRefuses,
    changes: {
      there: ['POST Sql/servers/sql-north/failoverGroups/orders-fg/failover'],
      back: ['POST Sql/servers/sql-west/failoverGroups/orders-fg/failover'],
    },
    system: 'db',
    command: ['failover', 'db'],
    outside: ({ outside }) => outside.azure.sql.group('orders-fg').primary,
    recovered: 'sql-north',
    back: 'button',
    asBefore: 'sql-west',
  },
  {
    title: 'db: the database is made again in the other region, from the backups copied there',
    golden: 'db-geo',
    fails: azureRefuses,
    changes: { there: ['PUT Sql/servers/sql-north/databases/orders-r-N'], back: [] },
    system: 'db',
    command: ['db', 'geo-restore'],
    outside: ({ outside }, { id }) =>
      outside.azure.sql.databases('sql-north').some(({ name }) => name === `orders-${id.toLowerCase()}`),
    recovered: true,
    back: 'failback db',
    refused: 'Nothing of db is to be undone: no failover of this bot stands',
    asBefore: true,
  },
  {
    title: 'storage: the applications are told to use the account in the other region',
    golden: 'storage-switch',
    fails: settingsRefuse,
    changes: {
      there: ['PUT /appconfig/example/kv/storage:account'],
      back: ['PUT /appconfig/example/kv/storage:account'],
    },
    system: 'storage',
    command: ['failover', 'storage'],
    onlySaid: true,
    outside: ({ outside }) => outside.azure.storage.settings.setting('example', 'storage:account').value,
    recovered: 'examplenorth',
    back: 'button',
    asBefore: 'examplewest',
  },
  {
    title: 'storage: the account moves to its paired region',
    golden: 'storage-account',
    fails: azureRefuses,
    changes: {
      there: ['POST Storage/storageAccounts/examplewest/failover'],
      back: ['POST Storage/storageAccounts/examplewest/failover'],
    },
    system: 'storage',
    command: ['failover', 'storage', 'to', 'account'],
    onlySaid: true,
    outside: ({ outside }) => outside.azure.storage.accounts.regions('examplewest'),
    recovered: { primary: 'northeurope', secondary: 'westeurope', sku: 'Standard_RAGRS' },
    back: 'failback storage',
    asBefore: { primary: 'westeurope', secondary: 'northeurope', sku: 'Standard_RAGRS' },
  },
  {
    title: 'workers: as many run as the queues need',
    golden: 'workers',
    fails: azureRefuses,
    changes: {
      there: ['PATCH Compute/virtualMachineScaleSets/workers-vmss'],
      back: ['PATCH Compute/virtualMachineScaleSets/workers-vmss'],
    },
    system: 'workers',
    command: ['workers', 'scale', 'auto'],
    outside: ({ outside }) => outside.azure.scaleSets.running('workers-vmss'),
    recovered: 17,
    back: 'button',
    asBefore: 4,
  },
]

function cloudflareRefuses({ outside }: House, on: boolean): void {
  outside.world.cloudflare.fault(on ? { kind: 'status', status: 403, on: 'change' } : undefined)
}

function azureRefuses({ outside }: House, on: boolean): void {
  outside.azure.fault(
    on ? { kind: 'status', status: 403, code: 'AuthorizationFailed', on: 'change' } : undefined,
  )
}

function settingsRefuse({ outside }: House, on: boolean): void {
  outside.azure.fault(on ? { kind: 'status', status: 403, on: 'setting-change' } : undefined)
}

function haproxyRefuses({ outside }: House, on: boolean): void {
  for (const balancer of outside.balancers) balancer.fault(on ? 'deny' : undefined)
}

function copyIsSilent({ outside }: House, on: boolean): void {
  outside.copyFault(on ? { kind: 'servfail' } : undefined)
}

/**
 * What each provider was asked to change so far, refused or not, as `METHOD what`. That the zone's copy is kept in
 * step is no run's matter.
 */
export function changesOf({ outside }: House): readonly (readonly string[])[] {
  const { world, azure, balancers } = outside
  const asked = [
    world.cloudflare.requests.filter(({ changes }) => changes).map(({ method, path }) => `${method} ${path}`),
    azure.requests
      .filter(({ reason, path }) => reason.endsWith('change') && !path.includes('/dnsZones/'))
      .map(({ method, path }) => `${method} ${decodeURIComponent(path.split('?')[0] ?? '')}`),
    ...balancers.map((balancer, n) => balancer.changing().map((line) => `lb${n + 1}: ${line}`)),
  ]
  return asked.map((lines) => lines.map(plain))
}

/** Without the ids of a zone, a subscription, a run, an operation. */
function plain(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{32}/g, 'ID')
    .replace(/(?<=replicationLinks\/).*/, 'LINK')
    .replace(/^(\S+) .*\/providers\/Microsoft\./, '$1 ')
    .replaceAll(/\b([rR])-\d+/g, '$1-N')
}

/** What clients of the zone are told. */
async function zone({ outside }: House): Promise<readonly string[]> {
  return resolved([`localhost:${outside.world.dns.port}`], outside.world.record)
}

async function resolved(servers: readonly string[], name: string): Promise<readonly string[]> {
  const resolver = new Resolver()
  resolver.setServers(servers.map((server) => server.replace('localhost', '127.0.0.1')))
  return resolver.resolve4(name)
}

/** Names of the databases in the first region; the number of the run that made one is left out. */
function databases({ outside }: House): string {
  const names = outside.azure.sql
    .databases('sql-west')
    .map(({ name, asOf }) => `${name.replace(/\d+$/, 'N')}${asOf === undefined ? '' : ' of then'}`)
  return names.toSorted().join(', ')
}

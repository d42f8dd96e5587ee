// What stands outside the bot, of all seven systems: Cloudflare and DNS, two real HAProxys before two API servers, and Azure.
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { startAzureSim } from './azure.ts'
import type { AzureSim } from './azure.ts'
import type { MovableClock } from './clock.ts'
import { startDnsServer } from './dns.ts'
import { servedZone } from './dns/answer.ts'
import type { ServedZone } from './dns/answer.ts'
import type { DnsFault } from './dns.ts'
import { startApi, startHaproxy } from './haproxy.ts'
import type { ApiServer, RealHaproxy } from './haproxy.ts'
import { createOrders } from './orders.ts'
import type { Orders } from './orders.ts'
import { startRegistry } from './registry.ts'
import type { Registry } from './registry.ts'
import { startWorld } from './world.ts'
import type { World } from './world.ts'
import type { Environment } from '../src/config.ts'
import { minute } from '../src/ids.ts'
import type { Duration } from '../src/ids.ts'

export interface Outside {
  readonly world: World
  readonly azure: AzureSim
  /** What the database at Azure holds. */
  readonly orders: Orders
  /** Where the zone is delegated: to Cloudflare's name servers, or to those of the copy at Azure. */
  readonly registry: Registry
  readonly nameServers: { readonly cloudflare: readonly string[]; readonly azure: readonly string[] }
  /** Makes the name servers of the copy fail; undefined mends them. */
  readonly copyFault: (fault: DnsFault | undefined) => void
  /** `main` takes the traffic of both load balancers; `standby` is in maintenance. */
  readonly api: { readonly main: ApiServer; readonly standby: ApiServer }
  readonly balancers: readonly RealHaproxy[]
  /** The settings by which the bot reaches it. */
  readonly env: Environment
  /** The example plan as it is shipped, with the addresses at which all this stands. */
  readonly planFor: (example: string) => string
  readonly stop: () => Promise<void>
}

/** The example plan's question about a restored database. */
const counted = 'SELECT COUNT(*) FROM orders WHERE created_at > DATEADD(hour, -1, @moment)'

/** Starts everything, or nothing. `restore`: how long Azure takes to restore the database. */
export async function startOutside(
  clock: MovableClock,
  { restore = 10 * minute }: { readonly restore?: Duration } = {},
): Promise<Outside> {
  await using started = new AsyncDisposableStack()
  const world = await startWorld()
  started.defer(world.stop)
  const api = { main: await startApi('main'), standby: await startApi('standby') }
  for (const server of Object.values(api)) started.defer(server.stop)
  const balancers = await Promise.all([startHaproxy(api), startHaproxy(api)])
  for (const balancer of balancers) started.defer(balancer.stop)
  const copy = await startCopy(world.zone, started)
  const azure = await startAzure(clock, { served: copy.served, restore })
  started.defer(azure.stop)
  const nameServers = { cloudflare: world.dns.zones[0]?.nameServers ?? [], azure: copy.nameServers }
  const registry = await startRegistry({ zone: world.zone, nameServers: nameServers.cloudflare })
  started.defer(registry.stop)
  const parts = started.move()
  return {
    world,
    azure,
    orders: createOrders(azure, { counted, now: clock.now }),
    registry,
    nameServers,
    copyFault: copy.fault,
    api,
    balancers,
    env: {
      CLOUDFLARE_API_TOKEN: world.token,
      CLOUDFLARE_BASE_URL: world.cloudflare.baseUrl,
      ...azure.env,
    },
    planFor: (example) => planFor(example, { world, api, balancers, azure, registry }),
    stop: () => parts.disposeAsync(),
  }
}

/** The two name servers at Azure that serve the zone's copy. */
async function startCopy(
  zone: string,
  started: AsyncDisposableStack,
): Promise<{
  readonly served: ServedZone
  readonly nameServers: readonly string[]
  readonly fault: Outside['copyFault']
}> {
  const nameServers: string[] = []
  const served = servedZone(zone, nameServers)
  const servers = await Promise.all([
    startDnsServer({ zones: [served] }),
    startDnsServer({ zones: [served] }),
  ])
  for (const server of servers) started.defer(server.stop)
  nameServers.push(...servers.map(({ port }) => `localhost:${port}`).toSorted())
  return {
    served,
    nameServers,
    fault: (fault) => {
      for (const server of servers) server.fault(fault)
    },
  }
}

/**
 * As the example plan has it: the zone's copy, a database in two regions, storage in two regions and the setting that
 * leads to it, a pool of four workers and the queues that they empty.
 */
async function startAzure(
  clock: MovableClock,
  { served, restore }: { readonly served: ServedZone; readonly restore: Duration },
): Promise<AzureSim> {
  const azure = await startAzureSim({
    now: clock.now,
    bootTime: 2 * minute,
    dnsZones: [{ group: 'dr-rg', served }],
    sql: {
      servers: [
        { group: 'dr-rg', name: 'sql-west', location: 'westeurope' },
        { group: 'dr-rg', name: 'sql-north', location: 'northeurope' },
      ],
      databases: [{ server: 'sql-west', name: 'orders', tags: { team: 'shop' } }],
      groups: [{ name: 'orders-fg', primary: 'sql-west', secondary: 'sql-north', databases: ['orders'] }],
      times: { restore },
    },
    scaleSets: [{ group: 'dr-rg', name: 'workers-vmss', instances: 4 }],
    queues: [
      { account: 'examplewest', name: 'orders', messages: 12, oldest: clock.now() - 20 * minute },
      { account: 'examplewest', name: 'mails', messages: 0 },
      { account: 'examplenorth', name: 'orders', messages: 0 },
      { account: 'examplenorth', name: 'mails', messages: 0 },
    ],
    storage: {
      // The hour that Azure needs is a hundred looks of the bot; ten minutes show the same.
      failoverTime: 10 * minute,
      accounts: [
        { group: 'dr-rg', name: 'examplewest', lag: 2 * minute },
        { group: 'dr-rg', name: 'examplenorth', primary: 'northeurope', secondary: 'westeurope' },
      ],
      settings: [{ store: 'example', key: 'storage:account', value: 'examplewest' }],
    },
  })
  // Its certificate is made again with each start; this process is the only one that trusts it.
  setDefaultCACertificates([...getCACertificates('default'), ...azure.certificates])
  return azure
}

function planFor(
  example: string,
  outside: Pick<Outside, 'world' | 'api' | 'balancers' | 'azure' | 'registry'>,
): string {
  const { world, api, balancers, azure, registry } = outside
  const standIns: readonly (readonly [string, string])[] = [
    ['203.0.113.10', world.lb.host],
    ['203.0.113.20', world.backup.host],
    ['203.0.113.30', world.api.host],
    ['https://api.example.com/health', `http://${world.record}:${world.httpPort}/health`],
    ['http://api.example.com:8080/health', `http://localhost:${api.standby.port}/health`],
    ['192.0.2.32', '127.0.0.1'],
    ['tcp://192.0.2.11:9999', balancers[0]?.control ?? ''],
    ['tcp://192.0.2.12:9999', balancers[1]?.control ?? ''],
    ['sync_every: 10m', `sync_every: 10m\n          parents: ${JSON.stringify(registry.servers)}`],
    ['https://example.azconfig.io', `${azure.url}/appconfig/example`],
  ]
  return standIns.reduce((text, [shipped, local]) => text.replaceAll(shipped, local), example)
}

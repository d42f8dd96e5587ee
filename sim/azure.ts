// A small real HTTPS server that speaks Azure Resource Manager, Entra's tokens and storage queues, and can be made to fail.
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { createAccess, type Access, type Principal } from './azure/access.ts'
import { createAutoscale, type Autoscale } from './azure/autoscale.ts'
import { selfSigned } from './azure/certificate.ts'
import { createDnsZones, type DnsZoneInput, type DnsZones } from './azure/dns.ts'
import { faultSwitch, type AzureFault } from './azure/faults.ts'
import { createOperations } from './azure/operations.ts'
import { permissionRoutes, type KnownResource } from './azure/permissions.ts'
import { createQueues, type QueueInput, type Queues } from './azure/queues.ts'
import { createScaleSets, type ScaleSetInput, type ScaleSets } from './azure/scale-sets.ts'
import { createSql, type Sql } from './azure/sql.ts'
import {
  meanwhile,
  refuseRequest,
  serve,
  type LoggedArmRequest,
  type Meanwhile,
  type Sim,
} from './azure/serve.ts'
import type { SqlInput } from './azure/sql-state.ts'
import { startTds, type Tds } from './azure/tds.ts'
import { createStorageServices, type StorageInput, type StorageServices } from './azure/storage-services.ts'

export interface AzureOptions {
  readonly scaleSets?: readonly ScaleSetInput[]
  readonly queues?: readonly QueueInput[]
  readonly sql?: SqlInput
  readonly storage?: StorageInput
  readonly dnsZones?: readonly DnsZoneInput[]
  readonly port?: number
  readonly now?: () => number
  /** By which tokens run out: by default the machine's, as clients keep them by that. */
  readonly tokenClock?: () => number
  /** Milliseconds until new instances run. Default 90 s. */
  readonly bootTime?: number
  /** Takes every token: for `AZURE_CREDENTIAL=none`. */
  readonly open?: boolean
}

export interface AzureSim {
  readonly port: number
  /** What AZURE_ARM_ENDPOINT and AZURE_AUTHORITY_HOST are set to. */
  readonly url: string
  /** What AZURE_QUEUE_ENDPOINT is set to. */
  readonly queueEndpoint: string
  readonly subscription: string
  readonly tenant: string
  readonly clientId: string
  readonly secret: string
  /** How the bot is told of it, by the names of its environment. */
  readonly env: Readonly<Record<string, string>>
  /** PEM of each certificate that a client must trust. */
  readonly certificates: readonly string[]
  readonly requests: readonly LoggedArmRequest[]
  readonly scaleSets: Omit<ScaleSets, 'routes'>
  readonly autoscale: Omit<Autoscale, 'routes'>
  readonly queues: Omit<Queues, 'answer'>
  readonly sql: Omit<Sql, 'routes' | 'state'>
  /** What can be asked of the databases themselves. */
  readonly tds: Omit<Tds, 'stop' | 'certificates'>
  readonly storage: StorageServices
  readonly dns: Omit<DnsZones, 'routes'>
  /** Takes these rights away, until it is called again; `*` stands for any text. */
  readonly withhold: Access['withhold']
  readonly forgetTokens: Access['forgetTokens']
  readonly federate: Access['federate']
  readonly fault: (fault: AzureFault | undefined) => void
  /** Somebody does this just as the next request of this reason has come in, before it is answered. */
  readonly meanwhile: Meanwhile['set']
  readonly stop: () => Promise<void>
}

const subscriptionId = '00000000-0000-0000-0000-000000000001'
const firstGroup = 'dr-rg'
const tenant = '00000000-0000-0000-0000-00000000000a'
/** The rights that the guide asks for. */
const main: Principal = {
  clientId: '00000000-0000-0000-0000-00000000000b',
  secret: 'sim-azure-secret-for-the-demo-only',
  actions: [
    'Microsoft.Compute/*',
    'Microsoft.Insights/autoscalesettings/*',
    'Microsoft.Storage/*/read',
    'Microsoft.Storage/storageAccounts/failover/action',
    'Microsoft.Network/dnsZones/*',
    'Microsoft.Sql/*/read',
    'Microsoft.Sql/servers/databases/write',
    'Microsoft.Sql/servers/databases/move/action',
    'Microsoft.Sql/servers/databases/replicationLinks/delete',
    'Microsoft.Sql/servers/failoverGroups/write',
    'Microsoft.Sql/servers/failoverGroups/failover/action',
    'Microsoft.Sql/servers/failoverGroups/forceFailoverAllowDataLoss/action',
    'Microsoft.Authorization/*/read',
  ],
  dataActions: [
    'Microsoft.Storage/storageAccounts/queueServices/queues/messages/read',
    'Microsoft.AppConfiguration/configurationStores/keyValues/*',
    'Microsoft.KeyVault/vaults/secrets/getSecret/action',
    'Microsoft.KeyVault/vaults/secrets/setSecret/action',
  ],
}

/**
 * Starts the simulator on 127.0.0.1. Besides the APIs it has control endpoints without a token:
 * `PUT /__sim/fault` (a fault as JSON, null mends), `GET /__sim/requests`.
 */
export async function startAzureSim(options: AzureOptions = {}): Promise<AzureSim> {
  const now = options.now ?? Date.now
  const certificate = selfSigned()
  let port = 0
  const url = (): string => `https://localhost:${port}`
  // Clients keep tokens by the clock of their machine, however fast the time of this world goes.
  const access = createAccess({
    tenant,
    principals: [main],
    open: options.open ?? false,
    url,
    now: options.tokenClock ?? Date.now,
  })
  const operations = createOperations({ subscription: subscriptionId, url, now, retryAfter: 5 })
  const scaleSets = createScaleSets({
    all: options.scaleSets ?? [],
    subscription: subscriptionId,
    now,
    bootTime: options.bootTime ?? 90_000,
  })
  const autoscale = createAutoscale(subscriptionId, scaleSets)
  const sql = createSql({ input: options.sql, subscription: subscriptionId, now })
  const storage = createStorageServices({
    input: options.storage,
    subscription: subscriptionId,
    tenant,
    access,
    url,
    now,
  })
  const dns = createDnsZones(options.dnsZones ?? [], { subscription: subscriptionId, url })
  const queues = createQueues(options.queues ?? [], tenant, access, now)
  const sim: Sim = {
    tenant,
    subscription: {
      id: subscriptionId,
      groups: groupsOf(options),
      routes: [
        ...scaleSets.routes,
        ...autoscale.routes,
        ...sql.routes,
        ...storage.accounts.routes,
        ...dns.routes,
        ...permissionRoutes({ access, url, resources: resourcesOf(options) }),
      ],
      access,
      operations,
      url,
      now,
    },
    access,
    queues,
    storage,
    faults: faultSwitch(),
    meanwhile: meanwhile(),
    log: [],
  }
  const server = createServer(certificate, (request, response) => {
    serve(sim, request, response).catch((thrown: unknown) => refuseRequest(response, thrown))
  })
  // What is still in its handshake is no connection yet to the server, which would wait for it when it stops.
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const tds = await startTds({ state: sql.state, access })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  const queueEndpoint = `${url()}/queues/{account}`
  return {
    port,
    url: url(),
    queueEndpoint,
    env: {
      AZURE_SUBSCRIPTION_ID: subscriptionId,
      AZURE_CREDENTIAL: 'client-secret',
      AZURE_TENANT_ID: tenant,
      AZURE_CLIENT_ID: main.clientId,
      AZURE_CLIENT_SECRET: main.secret,
      AZURE_ARM_ENDPOINT: url(),
      AZURE_AUTHORITY_HOST: url(),
      AZURE_QUEUE_ENDPOINT: queueEndpoint,
      AZURE_SQL_ENDPOINT: tds.endpoint,
    },
    subscription: subscriptionId,
    tenant,
    clientId: main.clientId,
    secret: main.secret,
    certificates: [certificate.cert, ...tds.certificates],
    requests: sim.log,
    scaleSets,
    autoscale,
    queues,
    sql,
    tds,
    storage,
    dns,
    withhold: access.withhold,
    forgetTokens: access.forgetTokens,
    federate: access.federate,
    fault: sim.faults.set,
    meanwhile: sim.meanwhile.set,
    stop: async () => {
      await Promise.all([stop(server, sockets), tds.stop()])
    },
  }
}

function groupsOf({ scaleSets = [], sql, storage }: AzureOptions): readonly string[] {
  const all = [...scaleSets, ...(sql?.servers ?? []), ...(storage?.accounts ?? [])]
  return [...new Set([firstGroup, ...all.map(({ group }) => group)])]
}

/** Stores and vaults are in the first group. */
function resourcesOf(options: AzureOptions): readonly KnownResource[] {
  const { scaleSets = [], sql, storage, dnsZones = [] } = options
  const { accounts = [], settings = [], secrets = [] } = storage ?? {}
  return [
    ...scaleSets.map(({ group, name }) => ({
      group,
      resource: `Microsoft.Compute/virtualMachineScaleSets/${name}`,
    })),
    ...(sql?.servers ?? []).map(({ group, name }) => ({ group, resource: `Microsoft.Sql/servers/${name}` })),
    ...accounts.map(({ group, name }) => ({ group, resource: `Microsoft.Storage/storageAccounts/${name}` })),
    ...dnsZones.map(({ group, served }) => ({
      group,
      resource: `Microsoft.Network/dnsZones/${served.name}`,
    })),
    ...settings.map(({ store }) => ({
      group: firstGroup,
      resource: `Microsoft.AppConfiguration/configurationStores/${store}`,
    })),
    ...secrets.map(({ vault, name }) => ({
      group: firstGroup,
      resource: `Microsoft.KeyVault/vaults/${vault}/secrets/${name}`,
    })),
  ]
}

async function stop(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  server.close()
  for (const socket of sockets) socket.destroy()
  await once(server, 'close')
}

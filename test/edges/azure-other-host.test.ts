// Whatever is answered in Azure's name, no request goes to another host than the one that its token is for, and people hear why.
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import { selfSigned } from '../../sim/azure/certificate.ts'
import type { AzureFault, Reason } from '../../sim/azure/faults.ts'
import { RetryableError } from '../../src/errors.ts'
import type { Providers } from '../../src/ports.ts'
import type { ActionOf } from '../../src/recovery/action.ts'
import { createAzure, type AzureAccess } from '../../src/providers/azure/azure.ts'
import { createAzureSystems, type AzureSystems } from '../../src/providers/azure/systems.ts'
import { standingClock } from '../contracts/provider.ts'
import { servedZone } from '../../sim/dns/answer.ts'
import { accessTo, startTestAzure } from '../servers/azure.ts'
import { twoRegions } from '../servers/databases.ts'

type By = NonNullable<AzureFault['by']>

const calm = new AbortController().signal
const clock = standingClock()
const group = { resourceGroup: 'dr-rg' }
const pool = { ...group, vmss: 'workers-vmss' }
const server = { ...group, server: 'sql-west' }
const account = { ...group, account: 'examplewest' }

let sim: AzureSim
let elsewhere: Server
/** What came to the other host: nothing may. */
let arrived: string[]

beforeEach(async () => {
  sim = await startTestAzure({
    sql: twoRegions,
    dnsZones: [{ group: 'dr-rg', served: servedZone('example.com', ['localhost:5353']) }],
    storage: {
      accounts: [{ group: 'dr-rg', name: 'examplewest' }],
      settings: [{ store: 'example', key: 'storage:account', value: 'examplewest' }],
      secrets: [{ vault: 'example', name: 'storage-connection', value: 'AccountKey=of-the-west' }],
    },
  })
  arrived = []
  const { cert, key } = selfSigned()
  elsewhere = createServer({ cert, key }, (request, response) => {
    request.resume()
    arrived.push(`${request.method} ${request.url}`)
    response.setHeader('content-type', 'application/json').end('{"status":"Succeeded","value":[]}')
  }).listen(0, '127.0.0.1')
  await once(elsewhere, 'listening')
  setDefaultCACertificates([...getCACertificates('default'), cert])
})
afterEach(async () => {
  elsewhere.closeAllConnections()
  elsewhere.close()
  await sim.stop()
})

function systems(change: Partial<AzureAccess> = {}): AzureSystems {
  return createAzureSystems(createAzure(accessTo(sim, change)), { clock })
}

function hostElsewhere(): string {
  return `localhost:${(elsewhere.address() as AddressInfo).port}`
}

/** The next answer to such a request leads away. */
function lead(by: By, fault: { readonly on: Reason; readonly path?: string }): void {
  sim.fault({ kind: 'lead-away', by, to: `https://${hostElsewhere()}/elsewhere`, times: 1, ...fault })
}

/** What a person reads of it. Nothing has arrived at the other host. */
async function told(work: Promise<unknown>): Promise<string> {
  const outcome = await work.then(
    (result) => JSON.stringify(result),
    (thrown: unknown) => {
      expect(thrown).toBeInstanceOf(RetryableError)
      return (thrown as Error).message
    },
  )
  expect(arrived).toEqual([])
  return outcome
}

function saysWhereTo(setting: string): RegExp {
  return new RegExp(
    `an answer of https://localhost:${sim.port} leads to another host, ${hostElsewhere()}: nothing was sent there\\. Look whether somebody is between the bot and Azure, and whether ${setting} is right\\.`,
  )
}

type Readers = AzureSystems['readers']

/** One look through each client of Resource Manager. */
const looks: readonly (readonly [client: string, path: string, look: (from: Readers) => Promise<unknown>])[] =
  [
    ['arm-compute', 'virtualMachineScaleSets', ({ workers }) => workers.pool(pool, calm)],
    ['arm-monitor', 'autoscaleSettings', ({ workers }) => workers.autoscale(pool, calm)],
    ['arm-sql', 'databases', ({ sql }) => sql.databases(server, calm)],
    ['arm-storage', 'storageAccounts', ({ storage }) => storage.account(account, calm)],
    ['arm-dns', 'dnsZones', ({ standbyDns }) => standbyDns.zone({ ...group, zone: 'example.com' }, calm)],
    ['the list of rights', 'permissions', ({ rights }) => rights.granted(group, calm)],
  ]

test.each(looks)('a redirect of a look by %s is not followed', async (_client, path, look) => {
  lead('redirect', { on: 'read', path })

  expect(await told(look(systems().readers))).toMatch(saysWhereTo('AZURE_ARM_ENDPOINT'))
})

const lists = looks.filter(([client]) => !['arm-compute', 'arm-storage'].includes(client))

test.each(lists)('a next page of a list by %s is not read elsewhere', async (_client, path, look) => {
  lead('next-link', { on: 'read', path: path === 'dnsZones' ? 'dnsZones/example.com/' : path })

  expect(await told(look(systems().readers))).toMatch(saysWhereTo('AZURE_ARM_ENDPOINT'))
})

/** Begins it, and looks at it once if Azure took it. */
async function followed<N extends 'scale-set-capacity' | 'storage-failover' | 'sql-failover'>(
  name: N,
  action: ActionOf<N>,
): Promise<unknown> {
  const provider: Pick<Providers[N], 'start' | 'check'> = systems().providers[name]
  const operation = await provider.start(action, 'R-1-1', calm)
  return provider.check(action, operation, clock.now(), calm)
}

const before = { primary: 'westeurope', secondary: 'northeurope', sku: 'Standard_RAGRS' }
const toSix = { provider: 'scale-set-capacity', ...pool, before: 4, after: 6, within: 900_000 } as const
const toNorth = { provider: 'storage-failover', ...account, type: 'unplanned', before } as const
const groupToNorth = {
  provider: 'sql-failover',
  place: { ...group, server: 'sql-north' },
  group: 'orders-fg',
  database: 'orders',
  forced: false,
} as const
/** One operation of each client that begins any. */
const operations: readonly (readonly [client: string, begin: () => Promise<unknown>])[] = [
  ['arm-compute', () => followed('scale-set-capacity', toSix)],
  ['arm-storage', () => followed('storage-failover', toNorth)],
  ['arm-sql', () => followed('sql-failover', groupToNorth)],
]

test.each(operations)('a redirect of a change by %s is not followed', async (_client, begin) => {
  lead('redirect', { on: 'change' })

  expect(await told(begin())).toMatch(saysWhereTo('AZURE_ARM_ENDPOINT'))
})

const ways = ['async-operation', 'location'] as const
const ledAstray = operations.flatMap(([client, begin]) => ways.map((by) => [by, client, begin] as const))

test.each(ledAstray)(
  'an operation whose %s is elsewhere is not asked there by %s',
  async (by, client, begin) => {
    lead(by, { on: 'change' })

    const said = await told(begin())

    // What became of a database's operation is seen by the databases themselves.
    if (client === 'arm-sql') expect(said).toContain('orders-fg is being failed over to sql-north')
    else expect(said).toMatch(saysWhereTo('AZURE_ARM_ENDPOINT'))
  },
)

type DataLook = (from: Readers, at: string) => Promise<unknown>
const dataPlanes: readonly (readonly [on: Reason, setting: string, look: DataLook])[] = [
  ['queue', 'AZURE_QUEUE_ENDPOINT', ({ workers }) => workers.queues('examplewest', ['orders'], calm)],
  [
    'setting',
    '"app_configuration" of the recovery',
    ({ storage }, at) => storage.setting({ store: `${at}/appconfig/example`, key: 'storage:account' }, calm),
  ],
  [
    'secret',
    '"key_vault" of the recovery',
    ({ storage }, at) =>
      storage.secret({ vault: `${at}/vaults/example`, secret: 'storage-connection' }, calm),
  ],
]

test.each(dataPlanes)('a redirect of a look at a %s is not followed', async (on, setting, look) => {
  lead('redirect', { on })

  expect(await told(look(systems().readers, sim.url))).toMatch(saysWhereTo(setting))
})

test('a queue that is redirected on its own host is not followed, since its next host would not be seen', async () => {
  sim.fault({ kind: 'lead-away', by: 'redirect', on: 'queue', to: `${sim.url}/queues/examplewest/mails` })

  await expect(systems().readers.workers.queues('examplewest', ['orders'], calm)).rejects.toThrow(/307/)

  expect(sim.requests.filter(({ reason, path }) => reason === 'queue' && path.includes('mails'))).toEqual([])
})

/** Ways to ask Entra ID over the network: each sends something that only Entra may see. */
const proofs = ['client-secret', 'workload-identity'] as const
const leads = ['redirect', 'token-endpoint'] as const
const tokenWays = proofs.flatMap((proof) => leads.map((by) => [proof, by] as const))

test.each(tokenWays)('what proves who the bot is (%s) follows no %s to another host', async (proof, by) => {
  lead(by, { on: 'token', path: by === 'redirect' ? 'oauth2' : 'openid-configuration' })
  const { readers } = systems({ credential: proof, tokenFile: await tokenFile() })

  expect(await told(readers.workers.pool(pool, calm))).toMatch(saysWhereTo('AZURE_AUTHORITY_HOST'))
})

async function tokenFile(): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'dr-token-')), 'token')
  await writeFile(path, 'a.service-account.token')
  onTestFinished(() => rm(dirname(path), { recursive: true }))
  return path
}

test("what gives out the machine's identity is followed nowhere, not even on its own host", async () => {
  const asked: string[] = []
  const locations = [`https://${hostElsewhere()}/elsewhere`, '/again']
  const machine = createHttpServer((request, response) => {
    response.writeHead(307, { location: locations[asked.length] ?? '/again' }).end()
    asked.push(request.url?.split('?')[0] ?? '')
  }).listen(0, '127.0.0.1')
  await once(machine, 'listening')
  vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${(machine.address() as AddressInfo).port}/token`)
  vi.stubEnv('IDENTITY_HEADER', 'what-proves-that-it-is-this-machine')
  onTestFinished(() => {
    vi.unstubAllEnvs()
    machine.closeAllConnections()
    machine.close()
  })
  const { readers } = systems({ credential: 'managed-identity' })
  const look = (): Promise<unknown> => readers.workers.pool(pool, calm)

  await expect(look()).rejects.toThrow(
    /it got no token \(answered with 307\)\. Nothing was changed\. Give the/,
  )
  await expect(look()).rejects.toThrow(/it got no token \(answered with 307\)/)

  expect(arrived).toEqual([])
  expect(new Set(asked)).toEqual(new Set(['/token']))
  expect(asked.length).toBeGreaterThan(1)
})

test.each(['entra', 'sql'] as const)(
  'a database that leads elsewhere gets no login there (%s)',
  async (auth) => {
    const asked = { place: server, database: 'orders', query: 'SELECT 1', timeout: 10_000, auth }
    const [host, port] = ['127.0.0.1', (elsewhere.address() as AddressInfo).port]
    const connected: unknown[] = []
    elsewhere.on('connection', (socket) => connected.push(socket))
    sim.tds.redirects({ host, port })

    await expect(systems().readers.sqlQuery.ask(asked, calm)).rejects.toThrow(
      `an answer of sql-west.sql.localhost leads to another host, ${host}:${port}: nothing was sent there. Look whether somebody is between the bot and Azure, and whether AZURE_SQL_ENDPOINT is right.`,
    )

    expect(connected).toEqual([])
  },
)

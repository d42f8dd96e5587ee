// The recoveries of a DR plan: a named way out, and the one block that says through which provider.
import { z } from 'zod'
import {
  failoverGroup,
  queueName,
  resourceGroup,
  scaleSet,
  sqlDatabase,
  sqlServer,
  storageAccount,
} from './azure-names.ts'
import { AzureStorage } from './azure-storage.ts'
import { CheckQuery } from './check-query.ts'
import {
  destination,
  duration,
  hostName,
  httpsUrl,
  httpUrl,
  ipAddress,
  line,
  matching,
  name,
} from './values.ts'
import type { SystemId } from '../ids.ts'

const flag = z.boolean({ error: 'true or false' })
const records = z
  .array(hostName, { error: 'a list of record names such as [api.example.com]' })
  .min(1, 'at least one record name such as [api.example.com]')

/** Points records of a Cloudflare zone at another server. Used by the system lb. */
const Cloudflare = z.strictObject(
  {
    zone: hostName,
    records,
    to: destination,
    /** Whether the records go through Cloudflare's proxy afterwards; absent: as they were. */
    proxied: flag.exactOptional(),
  },
  { error: 'such as {zone: example.com, records: [api.example.com], to: 203.0.113.20}' },
)

/** Takes records out of Cloudflare's proxy (DNS-only). Used by the system cloudflare. */
const CloudflareBypass = z.strictObject(
  {
    zone: hostName,
    records,
    /** The load balancer's public address; absent: the address that the record holds already. */
    to: destination.exactOptional(),
  },
  { error: 'such as {zone: example.com, records: [api.example.com], to: 203.0.113.10}' },
)

/** A copy of the zone at Azure DNS, kept in step, to which the registrar's name servers are switched. System dns. */
const StandbyDns = z
  .strictObject(
    {
      zone: hostName,
      resource_group: resourceGroup,
      /** Where a person switches the name servers. */
      registrar: httpsUrl,
      /** How often the copy is brought up to date. */
      sync_every: duration(
        'a duration of 1m to 1d, such as "10m"',
        (ms) => ms >= 60_000 && ms <= 86_400_000,
      ).prefault('10m'),
      /** Names that shall lead to `to` while the standby answers; absent: all lead where Cloudflare's records point. */
      records: records.exactOptional(),
      to: destination.exactOptional(),
      /** Name servers of the zone above; absent: they are found by asking. */
      parents: z
        .array(line('a name server such as "192.0.2.53" or "a.gtld-servers.net"'), {
          error: 'a list of name servers such as ["a.gtld-servers.net"]',
        })
        .exactOptional(),
    },
    { error: 'zone, resource_group and registrar; see dr-plan.example.yml' },
  )
  .superRefine((block, context) => {
    if (block.records !== undefined && block.to === undefined)
      require(context, 'to', 'where "records" shall lead, such as "to: 203.0.113.10"')
    if (block.to !== undefined && block.records === undefined)
      require(context, 'records', 'which names shall lead to "to", such as "records: [api.example.com]"')
    const outside = block.records?.find((record) => !isInZone(block.zone, record))
    if (outside !== undefined)
      require(context, 'records', `names of the zone ${block.zone}, such as "api.${block.zone}"`)
  })

/** Whether a name is one of the zone, or the zone itself. */
export function isInZone(zone: string, name: string): boolean {
  const [outer, inner] = [zone.toLowerCase(), name.toLowerCase()]
  return inner === outer || inner.endsWith(`.${outer}`)
}

const socket =
  'an address of HAProxy\'s runtime API such as "tcp://192.0.2.11:9999" or "unix:/run/haproxy/admin.sock"'
const dataplane = 'the address of a Data Plane API such as {url: "https://192.0.2.11:5555"}'
/** What a backend or server in haproxy.cfg may be called: nothing that could be a second command. */
const haproxyName = (what: string) => matching(/^[\w.:-]{1,64}$/, what)

/** Moves a backend's traffic from one server to another on every load balancer. System api. */
const Haproxy = z
  .strictObject(
    {
      /** The `stats socket ... level admin` of each load balancer. */
      sockets: z
        .array(
          matching(/^(?:tcp:\/\/(?:[\w.-]+|\[[\da-f:.]+\]):\d{1,5}|unix:\/[\w./-]{1,100})$/i, socket).refine(
            (text) => text.startsWith('unix:') || isPort(text.slice(text.lastIndexOf(':') + 1)),
            socket,
          ),
          { error: 'a list of addresses such as ["tcp://192.0.2.11:9999"]' },
        )
        .min(1, socket)
        .exactOptional(),
      /** Instead of `sockets`: the Data Plane API v3 of each load balancer, which writes its file too. */
      dataplane: z
        .array(z.strictObject({ url: httpUrl.refine(isBare, dataplane) }, { error: dataplane }), {
          error: `a list with ${dataplane}`,
        })
        .min(1, dataplane)
        .exactOptional(),
      backend: haproxyName('the name of a backend in haproxy.cfg, such as "api"'),
      from: haproxyName('the name of a server of that backend, such as "main"'),
      to: haproxyName('the name of a server of that backend, such as "standby"'),
      /** How long sessions may take to end before the old server is put into maintenance. */
      drain: duration('a duration of at most 10m, such as "30s"', (ms) => ms <= 600_000).prefault('30s'),
    },
    { error: 'sockets, backend, from and to; see dr-plan.example.yml' },
  )
  .superRefine((block, context) => {
    if (block.from === block.to)
      require(context, 'to', `another server than ${block.from}, which the traffic is to leave`)
    if ((block.sockets === undefined) === (block.dataplane === undefined))
      require(context, 'sockets', 'either "sockets" or "dataplane": one way to tell the load balancers')
  })

function isPort(text: string): boolean {
  return Number(text) >= 1 && Number(text) <= 65_535
}

/** Scheme, host and port, and nothing that would be sent along. */
function isBare(address: string): boolean {
  const url = URL.parse(address)
  return url !== null && url.pathname === '/' && url.search + url.hash + url.username === ''
}

/**
 * An Azure SQL database. `point-in-time`: a new database beside the old one, then swapped in. `geo-restore`: from the
 * geo-redundant backup onto `to_server`. `failover-group`: the group's secondary `to_server` becomes primary.
 */
const AzureSql = z
  .strictObject(
    {
      method: z.enum(['point-in-time', 'geo-restore', 'failover-group'], {
        error: 'one of: point-in-time, geo-restore, failover-group',
      }),
      resource_group: resourceGroup,
      server: sqlServer('the Azure SQL server', 'sql-west'),
      database: sqlDatabase,
      to_resource_group: resourceGroup.exactOptional(),
      to_server: sqlServer('the Azure SQL server in the other region', 'sql-north').exactOptional(),
      failover_group: failoverGroup.exactOptional(),
      /** Asked of the database before it is trusted. */
      check: CheckQuery.exactOptional(),
    },
    { error: 'method, resource_group, server and database; see dr-plan.example.yml' },
  )
  .superRefine((block, context) => {
    if (block.method !== 'point-in-time' && block.to_server === undefined) {
      require(context, 'to_server', 'the server in the other region, such as "to_server: sql-north"')
    }
    if (block.method === 'failover-group' && block.failover_group === undefined) {
      require(context, 'failover_group', 'the name of the group, such as "failover_group: orders-fg"')
    }
  })

const workers = z
  .int({ error: 'a whole number such as 4' })
  .min(0, 'a whole number such as 4')
  .max(1000, 'at most 1000')

/** An Azure VM scale set of workers, sized by the queues that it empties. System workers. */
const ScaleSet = z
  .strictObject(
    {
      resource_group: resourceGroup,
      /** The name of the VM scale set; the pool's name in `workers scale`. */
      vmss: scaleSet,
      account: storageAccount('the storage account that holds the queues', 'examplewest'),
      queues: z.array(queueName).min(1, 'at least one queue, such as [orders]'),
      min: workers,
      max: workers,
      /** Messages that one worker does in a minute: from it, `auto` knows how many workers the queues need. */
      per_worker: z
        .number({ error: 'messages that one worker does in a minute, such as 40' })
        .positive('a number above 0 such as 40')
        .exactOptional(),
    },
    { error: 'resource_group, vmss, account, queues, min and max; see dr-plan.example.yml' },
  )
  .refine((block) => block.min <= block.max, { path: ['max'], error: 'a number that is not less than "min"' })

/** Asks the target from outside: before pointing at it, and after. */
const Probe = z.strictObject(
  {
    url: httpUrl,
    /** The address to connect to instead of what DNS says. */
    resolve: ipAddress.exactOptional(),
    port: z
      .int({ error: 'a port such as 443' })
      .min(1, 'a port such as 443')
      .max(65_535, 'a port such as 443')
      .exactOptional(),
    /** Expected status; absent: any 2xx. */
    status: z
      .int({ error: 'an HTTP status such as 200' })
      .min(100, 'an HTTP status such as 200')
      .max(599, 'an HTTP status such as 200')
      .exactOptional(),
    /** Text that the body must contain. */
    contains: line('text that the answer contains, such as "ok"').exactOptional(),
    timeout: duration('a duration of 1s to 1m, such as "5s"', (ms) => ms >= 1_000 && ms <= 60_000).prefault(
      '5s',
    ),
  },
  { error: 'a probe such as {url: "https://api.example.com/health"}' },
)

/** The blocks of which a recovery has exactly one. */
export const providerBlocks = [
  'cloudflare',
  'cloudflare_bypass',
  'standby_dns',
  'haproxy',
  'azure_sql',
  'azure_storage',
  'scale_set',
] as const
export type ProviderBlock = (typeof providerBlocks)[number]

/** Which blocks can recover which system. */
export const blocksOfSystem: Readonly<Record<SystemId, readonly ProviderBlock[]>> = {
  dns: ['standby_dns'],
  cloudflare: ['cloudflare_bypass'],
  lb: ['cloudflare'],
  api: ['haproxy', 'cloudflare'],
  db: ['azure_sql'],
  storage: ['azure_storage'],
  workers: ['scale_set'],
}

/** One recovery of a system. */
export const Recovery = z.strictObject(
  {
    name,
    risk: z
      .enum(['reversible', 'disruptive', 'loses-data'], {
        error: 'one of: reversible, disruptive, loses-data',
      })
      .exactOptional(),
    /** From start to seen working, as far as it is known. */
    expected: duration().exactOptional(),
    probe: Probe.exactOptional(),
    cloudflare: Cloudflare.exactOptional(),
    cloudflare_bypass: CloudflareBypass.exactOptional(),
    standby_dns: StandbyDns.exactOptional(),
    haproxy: Haproxy.exactOptional(),
    azure_sql: AzureSql.exactOptional(),
    azure_storage: AzureStorage.exactOptional(),
    scale_set: ScaleSet.exactOptional(),
  },
  { error: 'a recovery: a name and one provider block; see dr-plan.example.yml' },
)

function require(context: z.RefinementCtx, key: string, write: string): void {
  context.addIssue({ code: 'custom', path: [key], message: write })
}

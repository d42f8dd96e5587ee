// What is read of the systems before there is an action: for proposals, for commands that show, for readiness.
import type { Instant } from './ids.ts'
import type { AutoscaleLimits, DnsRecord, SettingContent } from './recovery/action.ts'
import type { PoolQuota } from './recovery/pool-quota.ts'
import type { StandbyContent, StandbyType } from './recovery/standby-action.ts'
import type { SqlPlace, SqlQuestion, SqlSettings } from './recovery/sql-action.ts'

/** What proposals read of Cloudflare before there is an action. */
export interface DnsReader {
  readonly zone: (
    name: string,
    signal: AbortSignal,
  ) => Promise<{ readonly id: string; readonly name: string; readonly nameServers: readonly string[] }>
  readonly records: (
    zoneId: string,
    names: readonly string[],
    signal: AbortSignal,
  ) => Promise<readonly DnsRecord[]>
  /** Every record of the zone, of whatever type. */
  readonly whole: (
    zone: { readonly id: string; readonly name: string },
    signal: AbortSignal,
  ) => Promise<readonly ZoneRecord[]>
}

/** A record of a Cloudflare zone as its API has it; `ttl` 1 means automatic, `data` holds the parts of SRV and CAA. */
export interface ZoneRecord {
  readonly name: string
  readonly type: string
  readonly content: string
  readonly ttl: number
  readonly proxied: boolean
  readonly priority?: number
  readonly data?: Readonly<Record<string, unknown>>
}

/** A record set of the standby zone. `managed`: the bot made it, by its mark; others are left alone. */
export interface StandbySet extends StandbyContent {
  readonly name: string
  readonly type: StandbyType
  readonly etag: string
  readonly managed: boolean
}

/** The standby zone without the record sets that are Azure's own: SOA, and NS of the zone itself. */
export interface StandbyZone {
  readonly nameServers: readonly string[]
  readonly sets: readonly StandbySet[]
}

/** What is read of the standby zone at Azure DNS. */
export interface StandbyDnsReader {
  readonly zone: (
    place: { readonly resourceGroup: string; readonly zone: string },
    signal: AbortSignal,
  ) => Promise<StandbyZone>
}

/** What is read of Cloudflare beside its records. */
export interface CloudflareReader {
  /** Whether the token may change the zone's records, as Cloudflare lists its rights; undefined when it lists none. */
  readonly mayEdit: (zone: string, signal: AbortSignal) => Promise<boolean | undefined>
  /** What its status page says, in words; undefined when that is off or silent. A hint only, and late. */
  readonly status: (signal: AbortSignal) => Promise<string | undefined>
}

/** What is read of HAProxy beside its servers. */
export interface HaproxyReader {
  /** The level of a socket of the runtime API: `admin` may set states, `operator` and `user` may not. */
  readonly level: (socket: string, signal: AbortSignal) => Promise<string>
}

/** What is read of the systems before there is an action: for proposals, for commands that show, for readiness. */
export interface Readers {
  readonly dns: DnsReader
  readonly cloudflare: CloudflareReader
  readonly haproxy: HaproxyReader
  readonly standbyDns: StandbyDnsReader
  readonly workers: WorkersReader
  readonly sql: SqlReader
  readonly sqlQuery: SqlQueryReader
  readonly storage: StorageReader
  readonly rights: RightsReader
}

/**
 * Where rights are asked about: a resource of a group by type and names (`Microsoft.Sql/servers/sql-west`), or the
 * group.
 */
export interface RightsScope {
  readonly resourceGroup: string
  readonly resource?: string
}

/** What one role gives somebody at a place: actions, in which `*` stands for any text, without those that it takes out. */
export interface Grant {
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  readonly dataActions: readonly string[]
  readonly notDataActions: readonly string[]
  /** Only under a condition that the bot cannot judge. */
  readonly conditional: boolean
}

/** What is read of the bot's own rights at Azure. */
export interface RightsReader {
  /** All roles that count there, inherited ones too. Throws UserError or RetryableError. */
  readonly granted: (scope: RightsScope, signal: AbortSignal) => Promise<readonly Grant[]>
}

/** A storage queue as it was seen; `oldest`: when the message at its head was put in. */
export interface QueueSeen {
  readonly name: string
  readonly messages: number
  readonly oldest?: Instant
}

/** A pool of workers as it was seen. `instances`: how many are in each state, by Azure's names. */
export interface PoolSeen {
  readonly capacity: number
  readonly updating: boolean
  readonly instances: Readonly<Record<string, number>>
  /** What Azure says has gone wrong with the last change, with its code: `AllocationFailed: ...`. */
  readonly problem?: string
}

/** A setting that changes a pool's size by itself, within the limits of whichever of its profiles applies. */
export interface AutoscaleSeen {
  readonly name: string
  readonly enabled: boolean
  /** It also scales out ahead of a load that it foresees; within the same limits. */
  readonly predictive: boolean
  readonly limits: readonly AutoscaleLimits[]
}

/** Where a pool of workers is. */
export interface PoolPlace {
  readonly resourceGroup: string
  readonly vmss: string
}

/** What is read of a pool of workers and of the queues that it empties. */
export interface WorkersReader {
  readonly pool: (place: PoolPlace, signal: AbortSignal) => Promise<PoolSeen>
  /** Throws UserError or RetryableError, also when Azure does not say all of it. */
  readonly quota: (place: PoolPlace, signal: AbortSignal) => Promise<PoolQuota>
  /** Only those that are on. */
  readonly autoscale: (place: PoolPlace, signal: AbortSignal) => Promise<readonly AutoscaleSeen[]>
  readonly queues: (
    account: string,
    names: readonly string[],
    signal: AbortSignal,
  ) => Promise<readonly QueueSeen[]>
}

/** A database of Azure SQL as it was seen. */
export interface SqlDatabaseSeen {
  /** Azure's id: it has the name in it. */
  readonly id: string
  readonly name: string
  /** Of the database itself; stays when it is renamed. */
  readonly guid: string
  /** Azure's word: `Online`, `Restoring`. */
  readonly status: string
  readonly location: string
  readonly settings: SqlSettings
  /** The earliest moment that it can be brought back to. */
  readonly earliest?: Instant
  /** The failover group that it is a member of. */
  readonly group?: string
}

/** A database that was deleted and can be made again from its backups. */
export interface SqlDroppedSeen {
  readonly id: string
  readonly name: string
  readonly location: string
  readonly settings: SqlSettings
  readonly earliest: Instant
  readonly deletedAt: Instant
}

/** A failover group, as one of its servers has it. `databases`: their ids on that server. */
export interface SqlGroupSeen {
  readonly role: 'Primary' | 'Secondary'
  /** Azure's word: `CATCH_UP` while the copies are kept in step. */
  readonly state: string
  readonly partners: readonly (SqlPlace & { readonly location: string })[]
  readonly databases: readonly string[]
}

/** What is read of Azure SQL. Each throws UserError or RetryableError. */
export interface SqlReader {
  readonly server: (place: SqlPlace, signal: AbortSignal) => Promise<{ readonly location: string }>
  readonly databases: (place: SqlPlace, signal: AbortSignal) => Promise<readonly SqlDatabaseSeen[]>
  /** Newest deletion first. */
  readonly dropped: (place: SqlPlace, signal: AbortSignal) => Promise<readonly SqlDroppedSeen[]>
  /** The newest backup that was copied to the other region. */
  readonly recoverable: (
    place: SqlPlace,
    database: string,
    signal: AbortSignal,
  ) => Promise<{ readonly id: string; readonly lastBackup: Instant }>
  readonly group: (place: SqlPlace, name: string, signal: AbortSignal) => Promise<SqlGroupSeen>
  /** Where copies of a database are kept in step. */
  readonly links: (
    place: SqlPlace,
    database: string,
    signal: AbortSignal,
  ) => Promise<readonly { readonly id: string; readonly partner: string }[]>
}

/** The first cell of the first row that a database answered; `rows` 0: it answered none. */
export interface SqlAnswer {
  readonly rows: 0 | 1
  readonly cell: string | number | null
}

/** What is asked of databases themselves, beside what Azure says of them. */
export interface SqlQueryReader {
  /** What of the settings is missing to ask in this way; undefined: nothing is. */
  readonly missing: (auth: SqlQuestion['auth']) => string | undefined
  /** Throws UserError for what a person must mend, and RetryableError. */
  readonly ask: (question: SqlQuestion, signal: AbortSignal) => Promise<SqlAnswer>
}

/** Where a storage account is. */
export interface AccountPlace {
  readonly resourceGroup: string
  readonly account: string
}

/** A storage account as Azure's resource provider tells it. Regions and redundancy by Azure's names. */
export interface AccountSeen {
  readonly primary: string
  readonly secondary?: string
  readonly sku: string
  readonly primaryUp: boolean
  readonly secondaryUp: boolean
  readonly failingOver: boolean
  /** Absent: it has no copy in another region. */
  readonly replication?: {
    /** Live, Bootstrap or Unavailable. */
    readonly status: string
    /** All that was written before it is in the other region; absent while Azure does not say. */
    readonly lastSync?: Instant
    readonly canFailOver: boolean
    readonly canFailOverPlanned: boolean
    /** How redundant it is after a failover that is not planned. */
    readonly skuAfterwards?: string
  }
}

/** A setting of Azure App Configuration: the store's https address, the key, and the label if it has one. */
export interface SettingPlace {
  readonly store: string
  readonly key: string
  readonly label?: string
}

/** A setting as it was seen. */
export interface SettingSeen extends SettingContent {
  readonly etag: string
  readonly locked: boolean
}

/** A secret's version that is current, or the one that was asked for. Never its value. */
export interface SecretSeen {
  readonly version: string
  readonly contentType?: string
}

/** What is read of storage accounts and of the settings that lead applications to them. */
export interface StorageReader {
  /** Throws a RetryableError when the resource provider does not answer, as when its region is down. */
  readonly account: (place: AccountPlace, signal: AbortSignal) => Promise<AccountSeen>
  readonly queues: (
    account: string,
    names: readonly string[],
    signal: AbortSignal,
  ) => Promise<readonly QueueSeen[]>
  readonly setting: (place: SettingPlace, signal: AbortSignal) => Promise<SettingSeen>
  readonly secret: (
    place: { readonly vault: string; readonly secret: string; readonly version?: string },
    signal: AbortSignal,
  ) => Promise<SecretSeen>
}

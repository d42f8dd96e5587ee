// What a step does to Azure SQL, as data: databases made from backups, renamed, replicated, failed over.
import type { CheckQuery, Expectation } from '../drplan/check-query.ts'
import type { Duration, Instant } from '../ids.ts'

const groupPrefix = 'azure-sql-group:'

/** Where an Azure SQL server is. */
export interface SqlPlace {
  readonly resourceGroup: string
  readonly server: string
}

/**
 * A failover group as what is locked: it keeps two runs from being at work on databases of one group at once, and says
 * nothing of any one of them.
 */
export function groupTarget(group: string): string {
  return `${groupPrefix}${group}`
}

export function isGroupTarget(target: string): boolean {
  return target.startsWith(groupPrefix)
}

/** What of a database must be given again to one that is restored from it; Azure's own names and values. */
export interface SqlSettings {
  readonly sku?: { readonly name: string; readonly tier?: string; readonly capacity?: number }
  /** Instead of a sku, for a database in an elastic pool. */
  readonly elasticPoolId?: string
  readonly tags: Readonly<Record<string, string>>
  readonly zoneRedundant?: boolean
  readonly readScale?: string
  readonly licenseType?: string
  readonly requestedBackupStorageRedundancy?: string
  readonly maintenanceConfigurationId?: string
  readonly minCapacity?: number
  readonly autoPauseDelay?: number
}

/**
 * Makes a new database from a backup. `PointInTimeRestore`: of one that is there, on its own server. `Restore`: of one
 * that was deleted. `Recovery`: from the copy of the backups in the other region. The name belongs to this run alone:
 * that the database is there says that this was started.
 */
export interface SqlRestoreAction {
  readonly provider: 'sql-restore'
  readonly mode: 'PointInTimeRestore' | 'Restore' | 'Recovery'
  readonly source: SqlPlace & { readonly database: string }
  /** Azure's id of the database, of the deleted database, or of the recoverable one. */
  readonly sourceId: string
  /** Of a database that is there: the guid that it had when this was proposed, since its id names whatever has the name. */
  readonly guid?: string
  /** The moment whose data is wanted; absent: the newest that there is. */
  readonly at?: Instant
  readonly target: SqlPlace & { readonly database: string; readonly location: string }
  readonly settings: SqlSettings
  /** What else was being restored at the target's server when this was proposed, and was taken into account. */
  readonly beside?: readonly string[]
}

/** Looks whether a database is online. */
export interface SqlCheckAction {
  readonly provider: 'sql-check'
  readonly place: SqlPlace
  readonly database: string
}

/**
 * A question to a database itself. `moment`: what `@moment` in the query stands for; absent: the time at which it is
 * asked.
 */
export interface SqlQuestion {
  readonly place: SqlPlace
  readonly database: string
  readonly query: string
  /** How long the answer may take, from the connection on. */
  readonly timeout: Duration
  readonly auth: CheckQuery['auth']
  readonly moment?: Instant
}

/**
 * Asks a database whether its data is right, and changes nothing. `expect`: what the first cell of the answer must be;
 * absent: there must be a row. `otherwise`: what another answer means, as a sentence, such as `orders is the old database
 * still.`; absent: there is nothing to say about it.
 */
export interface SqlQueryAction extends SqlQuestion {
  readonly provider: 'sql-query'
  readonly expect?: Expectation
  readonly otherwise?: string
}

/**
 * Renames a database. `own`: which of the two names belongs to this run alone, so that looking says whether it has
 * happened. `aside`: the name under which the database that had the other name is kept; a rename comes after that.
 * `guid`: of the database that is meant, which it keeps whatever its name; absent for one that this run makes.
 */
export interface SqlRenameAction {
  readonly provider: 'sql-rename'
  readonly place: SqlPlace
  readonly from: string
  readonly to: string
  readonly own: 'from' | 'to'
  readonly guid?: string
  readonly aside?: string
}

/**
 * Takes a database out of a failover group, or puts it in, at the primary server. `aside`: the name under which the
 * database that was a member is kept once another one has taken its name; it tells before from after. Absent: none does.
 * `guid`: of the database that leaves or joins; absent for one that this run makes.
 */
export interface SqlGroupAction {
  readonly provider: 'sql-group'
  readonly place: SqlPlace
  readonly group: string
  readonly database: string
  readonly member: boolean
  readonly guid?: string
  readonly aside?: string
}

/** Stops the replication of a database, known by its guid, to its copy at `partner`; the copy stays, as one of its own. */
export interface SqlLinkAction {
  readonly provider: 'sql-link'
  readonly place: SqlPlace
  readonly database: string
  readonly partner: string
  readonly aside: string
  readonly guid?: string
}

/**
 * Makes `place`, the secondary server of a failover group, the primary one. `forced`: without waiting for what is not
 * replicated yet. `members`: its databases when this was proposed.
 */
export interface SqlFailoverAction {
  readonly provider: 'sql-failover'
  readonly place: SqlPlace
  readonly group: string
  readonly database: string
  readonly forced: boolean
  readonly members?: readonly string[]
}

export type SqlAction =
  | SqlRestoreAction
  | SqlCheckAction
  | SqlQueryAction
  | SqlRenameAction
  | SqlGroupAction
  | SqlLinkAction
  | SqlFailoverAction

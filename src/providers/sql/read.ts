// Reads Azure SQL: servers, databases, their backups, failover groups, and where copies are kept in step.
import type { Database, SqlManagementClient } from '@azure/arm-sql'
import { z } from 'zod'
import type { SqlPlace, SqlSettings } from '../../recovery/sql-action.ts'
import type { SqlDatabaseSeen, SqlDroppedSeen, SqlGroupSeen, SqlReader } from '../../readers.ts'
import type { Azure } from '../azure/azure.ts'
import type { AzurePurpose } from '../azure/errors.ts'
import { lazily } from '../lazily.ts'

/** How the SDK is reached: each call bounded, its failure told in words. */
export interface SqlAccess {
  readonly azure: Azure
  readonly client: () => Promise<SqlManagementClient>
}

/** The client is made at the first call, when the SDK is loaded too. */
export function sqlOf(azure: Azure): SqlAccess {
  const client = lazily(async () => {
    const { credential, subscription, options } = await azure.arm()
    const { SqlManagementClient } = await import('@azure/arm-sql')
    return new SqlManagementClient(credential, subscription, options)
  })
  return { azure, client }
}

/** What a request about a server wants, for its errors. */
export function sqlPurpose(
  { resourceGroup, server }: SqlPlace,
  doing: string,
  changes: boolean,
): AzurePurpose {
  return {
    doing,
    role: `for database recovery (docs/recovery.md) on ${resourceGroup}/${server}`,
    names: '"resource_group", "server", "database", "to_server" and "failover_group" of the recovery',
    changes,
  }
}

/** What proposals and people see of databases. */
export function createSqlReader(access: SqlAccess): SqlReader {
  return {
    server: (place, signal) => readServer(access, place, signal),
    databases: (place, signal) => readDatabases(access, place, signal),
    dropped: (place, signal) => readDropped(access, place, signal),
    recoverable: (place, database, signal) => readRecoverable(access, { ...place, database }, signal),
    group: (place, name, signal) => readGroup(access, place, name, signal),
    links: (place, database, signal) => readLinks(access, place, database, signal),
  }
}

/** The SDK makes empty things out of whatever it was answered with. */
function unlike(what: string): SyntaxError {
  return new SyntaxError(`an answer without ${what}`)
}

async function readServer(
  { azure, client }: SqlAccess,
  place: SqlPlace,
  signal: AbortSignal,
): Promise<{ readonly location: string }> {
  const { servers } = await client()
  const purpose = sqlPurpose(place, `look at the SQL server ${place.server}`, false)
  return azure.call(purpose, signal, async (abortSignal) => {
    const { location } = await servers.get(place.resourceGroup, place.server, { abortSignal })
    if (typeof location !== 'string') throw unlike('a location')
    return { location }
  })
}

/** All databases of a server, but for its own `master`. */
export async function readDatabases(
  { azure, client }: SqlAccess,
  place: SqlPlace,
  signal: AbortSignal,
): Promise<readonly SqlDatabaseSeen[]> {
  const { databases } = await client()
  const purpose = sqlPurpose(place, `look at the databases of ${place.server}`, false)
  const found = await azure.call(purpose, signal, (abortSignal) =>
    listed((options) => databases.listByServer(place.resourceGroup, place.server, options), abortSignal),
  )
  return found.flatMap((one) => (one.name === 'master' ? [] : [databaseSeen(one)]))
}

const List = z.object({ value: z.array(z.unknown()) })

interface ListOptions {
  readonly abortSignal: AbortSignal
  readonly onResponse: (raw: { readonly parsedBody?: unknown }) => void
}

/** A page that is no list would pass as an empty one, and what is there as gone. */
export async function listed<T>(
  list: (options: ListOptions) => AsyncIterable<T>,
  abortSignal: AbortSignal,
): Promise<T[]> {
  let good = true
  const onResponse: ListOptions['onResponse'] = ({ parsedBody }) => {
    good &&= List.safeParse(parsedBody).success
  }
  const found: T[] = []
  for await (const one of list({ abortSignal, onResponse })) found.push(one)
  if (!good) throw unlike('a list')
  return found
}

function databaseSeen(database: Database): SqlDatabaseSeen {
  const { id = '', name = '', databaseId = '', status = 'Unknown', location } = database
  const { earliestRestoreDate, failoverGroupId } = database
  return {
    id,
    name,
    guid: databaseId,
    status,
    location,
    settings: settingsOf(database),
    ...(earliestRestoreDate ? { earliest: earliestRestoreDate.getTime() } : {}),
    ...(failoverGroupId ? { group: lastOf(failoverGroupId) } : {}),
  }
}

/** What is set and can be given to another database. */
function settingsOf(database: Database): SqlSettings {
  const { sku, tags, elasticPoolId } = database
  const { zoneRedundant, readScale, licenseType, requestedBackupStorageRedundancy } = database
  const { maintenanceConfigurationId, minCapacity, autoPauseDelay } = database
  const rest = {
    zoneRedundant,
    readScale,
    licenseType,
    requestedBackupStorageRedundancy,
    maintenanceConfigurationId,
    minCapacity,
    autoPauseDelay,
  }
  return {
    tags: tags ?? {},
    ...(elasticPoolId ? { elasticPoolId } : skuOf(sku)),
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
  }
}

function skuOf(sku: Database['sku']): Pick<SqlSettings, 'sku'> {
  if (!sku) return {}
  const { name, tier, capacity } = sku
  return {
    sku: { name, ...(tier === undefined ? {} : { tier }), ...(capacity === undefined ? {} : { capacity }) },
  }
}

/** The last part of one of Azure's ids: its name. */
export function lastOf(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1)
}

async function readDropped(
  { azure, client }: SqlAccess,
  place: SqlPlace,
  signal: AbortSignal,
): Promise<readonly SqlDroppedSeen[]> {
  const { restorableDroppedDatabases } = await client()
  const purpose = sqlPurpose(place, `look at the deleted databases of ${place.server}`, false)
  const found = await azure.call(purpose, signal, (abortSignal) =>
    listed(
      (options) => restorableDroppedDatabases.listByServer(place.resourceGroup, place.server, options),
      abortSignal,
    ),
  )
  return found
    .flatMap(({ id = '', databaseName: name, location = '', earliestRestoreDate, deletionDate, sku, tags }) =>
      name === undefined || !deletionDate
        ? []
        : [
            {
              id,
              name,
              location,
              settings: { tags: tags ?? {}, ...skuOf(sku) },
              earliest: (earliestRestoreDate ?? deletionDate).getTime(),
              deletedAt: deletionDate.getTime(),
            },
          ],
    )
    .toSorted((a, b) => b.deletedAt - a.deletedAt)
}

async function readRecoverable(
  { azure, client }: SqlAccess,
  { resourceGroup, server, database }: SqlPlace & { readonly database: string },
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly lastBackup: number }> {
  const { recoverableDatabases } = await client()
  const place = { resourceGroup, server }
  const purpose = sqlPurpose(place, `look at the backups of ${database} in the other region`, false)
  return azure.call(purpose, signal, async (abortSignal) => {
    const { id, lastAvailableBackupDate } = await recoverableDatabases.get(resourceGroup, server, database, {
      abortSignal,
    })
    if (id === undefined || !lastAvailableBackupDate) throw unlike('a backup')
    return { id, lastBackup: lastAvailableBackupDate.getTime() }
  })
}

export async function readGroup(
  { azure, client }: SqlAccess,
  place: SqlPlace,
  name: string,
  signal: AbortSignal,
): Promise<SqlGroupSeen> {
  const { failoverGroups } = await client()
  const purpose = sqlPurpose(place, `look at the failover group ${name} at ${place.server}`, false)
  return azure.call(purpose, signal, async (abortSignal) => {
    const found = await failoverGroups.get(place.resourceGroup, place.server, name, { abortSignal })
    const { replicationRole: role, replicationState: state = '', partnerServers = [], databases = [] } = found
    if (role !== 'Primary' && role !== 'Secondary') throw unlike('a replication role')
    return { role, state, databases, partners: partnerServers.map(partnerOf) }
  })
}

function partnerOf({ id, location = '' }: { readonly id: string; readonly location?: string }) {
  const resourceGroup = /\/resourceGroups\/([^/]+)\//i.exec(id)?.[1] ?? ''
  return { resourceGroup, server: lastOf(id), location }
}

export async function readLinks(
  { azure, client }: SqlAccess,
  place: SqlPlace,
  database: string,
  signal: AbortSignal,
): Promise<readonly { readonly id: string; readonly partner: string }[]> {
  const { replicationLinks } = await client()
  const purpose = sqlPurpose(place, `look at the copies of ${database}`, false)
  const found = await azure.call(purpose, signal, (abortSignal) =>
    listed(
      (options) => replicationLinks.listByDatabase(place.resourceGroup, place.server, database, options),
      abortSignal,
    ),
  )
  return found.map(({ name = '', partnerServer = '' }) => ({ id: name, partner: partnerServer }))
}

// How the simulated Azure SQL says what it has: the bodies of its answers, as Resource Manager has them.
import { sameName, settled, membersOf, linkAt } from './sql-state.ts'
import type { Database, Dropped, Group, Link, SqlServerInput, SqlState } from './sql-state.ts'

const type = 'Microsoft.Sql/servers'

function serverId({ options }: SqlState, { group, name }: SqlServerInput): string {
  return `/subscriptions/${options.subscription}/resourceGroups/${group}/providers/${type}/${name}`
}

export function serverOf({ servers }: SqlState, name: string): SqlServerInput {
  const found = servers.find((one) => sameName(one.name, name))
  if (found) return found
  throw new Error(`the simulator has no SQL server ${name}`)
}

function idAt(state: SqlState, server: string): string {
  return serverId(state, serverOf(state, server))
}

export function databaseId(state: SqlState, server: string, name: string): string {
  return `${idAt(state, server)}/databases/${name}`
}

export function serverBody(state: SqlState, server: SqlServerInput): object {
  return {
    id: serverId(state, server),
    name: server.name,
    type,
    location: server.location,
    properties: {
      state: 'Ready',
      version: '12.0',
      fullyQualifiedDomainName: `${server.name}.database.windows.net`,
    },
  }
}

export function databaseBody(state: SqlState, database: Database): object {
  const { server, name, guid, sku, tags, backedUpSince, settings, work } = database
  const group = settled(state).groups.find(
    (one) => membersOf(one, name) && [one.primary, one.secondary].some((at) => sameName(at, server)),
  )
  const restoring = work?.what === 'RESTORE DATABASE' || work?.what === 'RECOVER DATABASE'
  const { location } = serverOf(state, server)
  return {
    id: databaseId(state, server, name),
    name,
    type: `${type}/databases`,
    location,
    tags,
    sku: { ...sku, family: 'Gen5' },
    properties: {
      databaseId: guid,
      status: restoring
        ? 'Restoring'
        : work?.what === 'CREATE CONTINUOUS DATABASE COPY'
          ? 'Creating'
          : 'Online',
      collation: 'SQL_Latin1_General_CP1_CI_AS',
      creationDate: new Date(backedUpSince).toISOString(),
      ...(restoring ? {} : { earliestRestoreDate: new Date(backedUpSince).toISOString() }),
      currentServiceObjectiveName: `${sku.name}_${sku.capacity ?? 2}`,
      zoneRedundant: false,
      readScale: 'Disabled',
      requestedBackupStorageRedundancy: 'Geo',
      currentBackupStorageRedundancy: 'Geo',
      ...settings,
      ...(group ? { failoverGroupId: `${idAt(state, server)}/failoverGroups/${group.name}` } : {}),
    },
  }
}

export function droppedBody(state: SqlState, { id, database, deletedAt }: Dropped): object {
  const { server, name, backedUpSince, sku, tags } = database
  return {
    id: `${idAt(state, server)}/restorableDroppedDatabases/${id}`,
    name: id,
    type: `${type}/restorableDroppedDatabases`,
    location: serverOf(state, server).location,
    sku,
    tags,
    properties: {
      databaseName: name,
      creationDate: new Date(backedUpSince).toISOString(),
      deletionDate: new Date(deletedAt).toISOString(),
      earliestRestoreDate: new Date(backedUpSince).toISOString(),
      backupStorageRedundancy: 'Geo',
    },
  }
}

export function recoverableBody(state: SqlState, { server, name, sku }: Database): object {
  // The copy in the other region is as old as the last round that copied it there: once an hour.
  const last = Math.floor(state.options.now() / 3_600_000) * 3_600_000 - 600_000
  return {
    id: `${idAt(state, server)}/recoverabledatabases/${name}`,
    name,
    type: `${type}/recoverableDatabases`,
    properties: {
      edition: sku.tier,
      serviceLevelObjective: `${sku.name}_${sku.capacity ?? 2}`,
      lastAvailableBackupDate: new Date(last).toISOString(),
    },
  }
}

export function operationBodies(state: SqlState, { server, name, work }: Database): readonly object[] {
  if (!work) return []
  const { startedAt, endsAt, what } = work
  const part = (state.options.now() - startedAt) / Math.max(1, endsAt - startedAt)
  return [
    {
      id: `${databaseId(state, server, name)}/operations/00000000-0000-0000-0000-0000000000ee`,
      name: '00000000-0000-0000-0000-0000000000ee',
      type: `${type}/databases/operations`,
      properties: {
        databaseName: name,
        serverName: server,
        operation: what.replaceAll(' ', ''),
        operationFriendlyName: what,
        percentComplete: Math.min(99, Math.floor(part * 100)),
        startTime: new Date(startedAt).toISOString(),
        state: 'InProgress',
        isCancellable: true,
      },
    },
  ]
}

export function groupBody(state: SqlState, group: Group, at: string): object {
  const primary = sameName(group.primary, at)
  const here = primary ? group.primary : group.secondary
  const partner = primary ? group.secondary : group.primary
  const seeding = group.databases.some((name) =>
    state.databases.some(
      (one) => one.name === name && one.server === group.secondary && one.work !== undefined,
    ),
  )
  const replicationState =
    group.failover !== undefined
      ? 'PENDING'
      : state.down.has(partner)
        ? 'SUSPENDED'
        : seeding
          ? 'SEEDING'
          : 'CATCH_UP'
  return {
    id: `${idAt(state, here)}/failoverGroups/${group.name}`,
    name: group.name,
    type: `${type}/failoverGroups`,
    location: serverOf(state, here).location,
    properties: {
      readWriteEndpoint: { failoverPolicy: 'Manual' },
      readOnlyEndpoint: { failoverPolicy: 'Disabled' },
      replicationRole: primary ? 'Primary' : 'Secondary',
      replicationState,
      partnerServers: [
        {
          id: idAt(state, partner),
          location: serverOf(state, partner).location,
          replicationRole: primary ? 'Secondary' : 'Primary',
        },
      ],
      databases: group.databases.map((name) => databaseId(state, here, name)),
    },
  }
}

function linkBody(state: SqlState, link: Link, at: string): object {
  const primary = sameName(link.from, at)
  const partner = primary ? link.to : link.from
  return {
    id: `${databaseId(state, at, link.database)}/replicationLinks/${link.id}`,
    name: link.id,
    type: `${type}/databases/replicationLinks`,
    properties: {
      role: primary ? 'Primary' : 'Secondary',
      partnerRole: primary ? 'Secondary' : 'Primary',
      partnerServer: partner,
      partnerDatabase: link.database,
      partnerLocation: serverOf(state, partner).location,
      replicationMode: 'Async',
      replicationState: 'CATCH_UP',
      percentComplete: 100,
      isTerminationAllowed: true,
    },
  }
}

/** The links that a database has, as its server shows them. */
export function linkBodies(state: SqlState, { server, name }: Database): readonly object[] {
  const link = linkAt(state, server, name)
  return link ? [linkBody(state, link, server)] : []
}

// Makes databases of the simulated Azure SQL out of backups: at a point in time, from another region, after a deletion.
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { ArmError, type ArmAnswer } from './envelope.ts'
import type { ArmContext } from './routes.ts'
import { databaseBody, databaseId, serverOf } from './sql-bodies.ts'
import { demandServer, findDatabase, sameName, usualSku } from './sql-state.ts'
import type { Database, SqlState } from './sql-state.ts'

const Put = z.strictObject({
  location: z.string(),
  tags: z.record(z.string(), z.string()).optional(),
  sku: z
    .strictObject({
      name: z.string(),
      tier: z.string().optional(),
      capacity: z.int().optional(),
      family: z.string().optional(),
      size: z.string().optional(),
    })
    .optional(),
  properties: z.strictObject({
    createMode: z.enum(['PointInTimeRestore', 'Recovery', 'Restore']),
    sourceDatabaseId: z.string(),
    restorePointInTime: z.iso.datetime().optional(),
    elasticPoolId: z.string().optional(),
    zoneRedundant: z.boolean().optional(),
    readScale: z.enum(['Enabled', 'Disabled']).optional(),
    licenseType: z.string().optional(),
    requestedBackupStorageRedundancy: z.enum(['Geo', 'Local', 'Zone', 'GeoZone']).optional(),
    maintenanceConfigurationId: z.string().optional(),
    minCapacity: z.number().optional(),
    autoPauseDelay: z.number().optional(),
  }),
})
type Put = z.infer<typeof Put>

/** Azure's log backups are taken every five to ten minutes: what is younger is in none yet. */
const logBackup = 5 * 60_000

/** Begins to make a database, or refuses as Azure does. */
export function createDatabase(state: SqlState, context: ArmContext): ArmAnswer {
  const { params, group, now } = context
  const server = demandServer(state, group, params['server'] ?? '')
  const name = params['database'] ?? ''
  const parsed = Put.safeParse(context.body)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw bad(
      'InvalidParameterValue',
      `Invalid value given for parameter ${issue?.path.join('.')}: ${issue?.message}`,
    )
  }
  const put = parsed.data
  if (findDatabase(state, server.name, name))
    throw bad('DatabaseAlreadyExists', `A database named '${name}' already exists on the server.`)
  if (!sameName(put.location.replaceAll(' ', ''), server.location))
    throw bad('MismatchedLocation', `The location '${put.location}' is not that of the server.`)
  const source = sourceOf(state, put, server.name)
  refuseOutsideWindow(put, source, now)
  const work = {
    what: put.properties.createMode === 'Recovery' ? 'RECOVER DATABASE' : 'RESTORE DATABASE',
    startedAt: now,
    endsAt: now + state.times.restore,
  }
  const error = state.failing.get('restore')
  state.failing.delete('restore')
  const database = newDatabase(put, {
    doomed: error !== undefined,
    server: server.name,
    name,
    now,
    work,
    sku: source.sku,
  })
  state.databases.push(database)
  const headers = context.operations.begin({
    namespace: 'Microsoft.Sql',
    location: server.location,
    apiVersion: '2022-08-01-preview',
    outcome: () => {
      if (state.stuck) return undefined
      if (!error) return { endsAt: work.endsAt, status: 'Succeeded' }
      return { endsAt: work.endsAt, status: 'Failed', error }
    },
    result: () => databaseBody(state, database),
  })
  return {
    status: 202,
    body: { operation: 'CreateLogicalDatabase', startTime: new Date(now).toISOString() },
    headers,
  }
}

function newDatabase(
  put: Put,
  made: Pick<Database, 'server' | 'name' | 'work' | 'doomed'> & {
    readonly now: number
    readonly sku: Database['sku']
  },
): Database {
  const { server, name, work, doomed, now } = made
  const { createMode: _mode, sourceDatabaseId: _source, restorePointInTime, ...settings } = put.properties
  const sku = put.sku ? { tier: usualSku.tier, ...put.sku } : made.sku
  return {
    server,
    name,
    guid: randomUUID(),
    backedUpSince: now,
    tags: put.tags ?? {},
    sku: { name: sku.name, tier: sku.tier ?? usualSku.tier, capacity: sku.capacity },
    settings,
    work,
    doomed,
    asOf: restorePointInTime === undefined ? undefined : Date.parse(restorePointInTime),
  }
}

interface Source {
  readonly from: number
  readonly to: number
  readonly sku: Database['sku']
}

function sourceOf(state: SqlState, { properties }: Put, server: string): Source {
  const { createMode, sourceDatabaseId } = properties
  const now = state.options.now()
  if (createMode === 'Restore') {
    const found = state.dropped.find(({ id }) =>
      sourceDatabaseId.endsWith(`/restorableDroppedDatabases/${id}`),
    )
    if (!found) throw bad('SourceDatabaseNotFound', `Source database '${sourceDatabaseId}' does not exist.`)
    return { from: found.database.backedUpSince, to: found.deletedAt, sku: found.database.sku }
  }
  const at = state.databases.find((one) => {
    const id = databaseId(state, one.server, one.name)
    const recoverable = id.replace('/databases/', '/recoverabledatabases/')
    return sameName(sourceDatabaseId, createMode === 'Recovery' ? recoverable : id)
  })
  if (!at) throw bad('SourceDatabaseNotFound', `Source database '${sourceDatabaseId}' does not exist.`)
  if (createMode === 'Recovery') return { from: 0, to: Infinity, sku: at.sku }
  if (!sameName(at.server, server))
    throw bad(
      'CrossServerRestoreNotAllowed',
      `Point in time restore of a database of '${serverOf(state, at.server).name}' is only possible on the same server.`,
    )
  return { from: at.backedUpSince, to: now - logBackup, sku: at.sku }
}

function refuseOutsideWindow({ properties }: Put, { from, to }: Source, now: number): void {
  const { restorePointInTime, createMode } = properties
  if (createMode === 'PointInTimeRestore' && restorePointInTime === undefined)
    throw bad('MissingRestorePointInTime', 'The restore point in time was not specified.')
  if (restorePointInTime === undefined) return
  const at = Date.parse(restorePointInTime)
  if (at >= from && at <= Math.min(to, now)) return
  throw bad(
    'InvalidRestorePointInTime',
    `The restore point '${restorePointInTime}' is invalid. It must be between ${new Date(from).toISOString()} and ${new Date(Math.min(to, now)).toISOString()}.`,
  )
}

export function bad(code: string, message: string): ArmError {
  return new ArmError(400, code, message)
}

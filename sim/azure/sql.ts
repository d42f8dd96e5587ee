// Azure SQL of the simulated subscription: what can be asked of servers, databases, backups and failover groups.
import { z } from 'zod'
import { ArmError, type ArmAnswer } from './envelope.ts'
import type { ArmContext, ArmRoute } from './routes.ts'
import { databaseBody, databaseId, droppedBody, groupBody, linkBodies } from './sql-bodies.ts'
import { operationBodies, recoverableBody, serverBody, serverOf } from './sql-bodies.ts'
import { bad, createDatabase } from './sql-create.ts'
import { deleteLink, failOver, setMembers } from './sql-groups.ts'
import { createSqlState, demandDatabase, demandGroup, demandServer, findDatabase } from './sql-state.ts'
import { linkAt, membersOf, sameName, settled } from './sql-state.ts'
import type { Database, SqlOptions, SqlServerInput, SqlState } from './sql-state.ts'

/** A database as tests and drills look at it from behind. */
export interface SqlDatabaseShown {
  readonly name: string
  readonly guid: string
  readonly status: 'Online' | 'Restoring'
  readonly tags: Readonly<Record<string, string>>
  readonly sku: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly asOf: number | undefined
}

export interface Sql {
  readonly routes: readonly ArmRoute[]
  readonly state: SqlState
  readonly databases: (server: string) => readonly SqlDatabaseShown[]
  readonly group: (name: string) => {
    readonly primary: string
    readonly databases: readonly string[]
    readonly failingOver: boolean
  }
  /** Deletes a database behind the bot's back; it can be restored. */
  readonly drop: (server: string, name: string) => void
  /** Renames one behind the bot's back, as a person in the portal does. */
  readonly rename: (server: string, name: string, to: string) => void
  /** Fails a group over behind the bot's back, at once. */
  readonly failOver: (name: string) => void
  /** The region of this server does not answer, until it is called with false. */
  readonly down: (server: string, down: boolean) => void
  /** The next restore or failover ends so, instead of well. */
  readonly fails: (what: 'restore' | 'failover', code: string, message: string) => void
  /** True: operations begin and never end. */
  readonly stuck: (stuck: boolean) => void
}

const type = 'Microsoft.Sql/servers'
const server = `${type}/{server}`
const database = `${server}/databases/{database}`
const failoverGroup = `${server}/failoverGroups/{group}`
const databases = ['2021-11-01', '2022-08-01-preview']
const groups = ['2020-11-01-preview', '2021-11-01']
const links = ['2021-11-01', '2022-02-01-preview']
const operations = ['2021-02-01-preview', '2021-11-01']

/** Servers and databases as they are at the start, and what can be asked of them. */
export function createSql(options: SqlOptions): Sql {
  const state = createSqlState(options)
  return {
    routes: [...readRoutes(state), ...changeRoutes(state)],
    state,
    databases: (name) =>
      settled(state)
        .databases.filter((one) => sameName(one.server, name))
        .map(shown),
    group: (name) => {
      const found = settled(state).groups.find((one) => sameName(one.name, name))
      if (!found) throw new Error(`the simulator has no failover group ${name}`)
      return { primary: found.primary, databases: found.databases, failingOver: found.failover !== undefined }
    },
    drop: (at, name) => {
      const found = demandDatabase(state, serverOf(state, at).group, at, name)
      state.databases.splice(state.databases.indexOf(found), 1)
      const id = `${found.name},${options.now()}`
      state.dropped.push({ id, database: found, deletedAt: options.now() })
    },
    rename: (at, name, to) => {
      demandDatabase(state, serverOf(state, at).group, at, name).name = to
    },
    failOver: (name) => {
      const found = state.groups.find((one) => sameName(one.name, name))
      if (found) found.failover = { endsAt: options.now(), forced: false, fails: false }
      settled(state)
    },
    down: (name, down) => {
      if (down) state.down.add(name)
      else state.down.delete(name)
    },
    fails: (what, code, message) => {
      state.failing.set(what, { code, message })
    },
    stuck: (stuck) => {
      state.stuck = stuck
    },
  }
}

function shown({ name, guid, tags, sku, settings, work, asOf }: Database): SqlDatabaseShown {
  const restoring = work?.what.startsWith('RE') ?? false
  return { name, guid, status: restoring ? 'Restoring' : 'Online', tags, sku: sku.name, settings, asOf }
}

type Look = (at: SqlServerInput, context: ArmContext) => unknown

function readRoutes(state: SqlState): readonly ArmRoute[] {
  const get = (path: string, right: string, apiVersions: readonly string[], look: Look): ArmRoute => ({
    method: 'GET',
    path,
    action: `${right}/read`,
    apiVersions,
    answer: (context) => {
      const at = demandServer(state, context.group, context.params['server'] ?? '')
      settled(state)
      return { status: 200, body: look(at, context) }
    },
  })
  const named = (at: SqlServerInput, { group, params }: ArmContext): Database =>
    demandDatabase(state, group, at.name, params['database'] ?? '')
  const own = (at: SqlServerInput): readonly Database[] =>
    state.databases.filter((one) => sameName(one.server, at.name))
  return [
    get(server, type, databases, (at) => serverBody(state, at)),
    get(`${server}/databases`, `${type}/databases`, databases, (at) => ({
      value: own(at).map((one) => databaseBody(state, one)),
    })),
    get(database, `${type}/databases`, databases, (at, context) => databaseBody(state, named(at, context))),
    get(`${database}/operations`, `${type}/databases/operations`, operations, (at, context) => ({
      value: operationBodies(state, named(at, context)),
    })),
    get(`${database}/replicationLinks`, `${type}/databases/replicationLinks`, links, (at, context) => ({
      value: linkBodies(state, named(at, context)),
    })),
    get(`${server}/restorableDroppedDatabases`, `${type}/restorableDroppedDatabases`, databases, (at) => ({
      value: state.dropped
        .filter((one) => sameName(one.database.server, at.name))
        .map((one) => droppedBody(state, one)),
    })),
    {
      ...get(
        `${server}/recoverableDatabases/{database}`,
        `${type}/recoverableDatabases`,
        databases,
        () => ({}),
      ),
      // Backups in the other region are there although the server's own region is not.
      answer: ({ group, params }) => {
        const found = demandDatabase(state, group, params['server'] ?? '', params['database'] ?? '')
        return { status: 200, body: recoverableBody(state, found) }
      },
    },
    get(failoverGroup, `${type}/failoverGroups`, groups, (at, { group, params }) =>
      groupBody(state, demandGroup(state, group, at.name, params['group'] ?? ''), at.name),
    ),
  ]
}

function changeRoutes(state: SqlState): readonly ArmRoute[] {
  return [
    {
      method: 'PUT',
      path: database,
      action: `${type}/databases/write`,
      apiVersions: databases,
      answer: (context) => createDatabase(state, context),
    },
    {
      method: 'POST',
      path: `${database}/move`,
      action: `${type}/databases/move/action`,
      apiVersions: databases,
      answer: (context) => rename(state, context),
    },
    {
      method: 'PATCH',
      path: failoverGroup,
      action: `${type}/failoverGroups/write`,
      apiVersions: groups,
      answer: (context) => setMembers(state, context),
    },
    {
      method: 'POST',
      path: `${failoverGroup}/failover`,
      action: `${type}/failoverGroups/failover/action`,
      apiVersions: groups,
      answer: (context) => failOver(state, context, false),
    },
    {
      method: 'POST',
      path: `${failoverGroup}/forceFailoverAllowDataLoss`,
      action: `${type}/failoverGroups/forceFailoverAllowDataLoss/action`,
      apiVersions: groups,
      answer: (context) => failOver(state, context, true),
    },
    {
      method: 'DELETE',
      path: `${database}/replicationLinks/{link}`,
      action: `${type}/databases/replicationLinks/delete`,
      apiVersions: links,
      answer: (context) => deleteLink(state, context),
    },
  ]
}

const Move = z.strictObject({ id: z.string() })

/** At once, without an operation; not for a database that is replicated, in a group, or still being made. */
function rename(state: SqlState, context: ArmContext): ArmAnswer {
  const { params, group: resourceGroup } = context
  const at = demandServer(state, resourceGroup, params['server'] ?? '')
  const found = demandDatabase(state, resourceGroup, at.name, params['database'] ?? '')
  const id = Move.safeParse(context.body).data?.id ?? ''
  const prefix = databaseId(state, at.name, '')
  if (!id.toLowerCase().startsWith(prefix.toLowerCase()))
    throw bad('InvalidMoveTarget', 'The target of the move must be a database of the same server.')
  const to = id.slice(prefix.length)
  const grouped = state.groups.some(
    (one) =>
      membersOf(one, found.name) && [one.primary, one.secondary].some((name) => sameName(name, at.name)),
  )
  if (grouped || linkAt(state, at.name, found.name))
    throw bad(
      'OperationNotAllowedOnReplicatedDatabase',
      `The database '${found.name}' cannot be renamed while it is replicated or in a failover group.`,
    )
  if (found.work)
    throw new ArmError(
      409,
      'ConflictingDatabaseOperation',
      `'${found.work.what}' is going on for '${found.name}'.`,
    )
  if (findDatabase(state, at.name, to))
    throw new ArmError(409, 'DatabaseAlreadyExists', `A database named '${to}' already exists on the server.`)
  found.name = to
  return { status: 200, body: undefined }
}

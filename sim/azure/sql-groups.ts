// Failover groups and replication links of the simulated Azure SQL: members, the copies that they have, who is primary.
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { ArmError, type ArmAnswer } from './envelope.ts'
import type { Begun } from './operations.ts'
import type { ArmContext } from './routes.ts'
import { databaseId, groupBody, serverOf } from './sql-bodies.ts'
import { bad } from './sql-create.ts'
import { demandDatabase, demandGroup, demandServer, findDatabase, linkAt, sameName } from './sql-state.ts'
import type { Group, SqlState } from './sql-state.ts'

const Patch = z.strictObject({
  properties: z.strictObject({ databases: z.array(z.string()) }),
})
const namespace = 'Microsoft.Sql'
const groupVersion = '2020-11-01-preview'
const linkVersion = '2022-02-01-preview'

/** Sets which databases belong to a group; one that comes again gets a copy at the other server. */
export function setMembers(state: SqlState, context: ArmContext): ArmAnswer {
  const { group: resourceGroup, params, now } = context
  const server = demandServer(state, resourceGroup, params['server'] ?? '')
  const group = demandGroup(state, resourceGroup, server.name, params['group'] ?? '')
  if (!sameName(group.primary, server.name))
    throw bad(
      'FailoverGroupUpdateOrDeleteRequestOnSecondary',
      'The request must be made on the primary server.',
    )
  refuseWhileFailingOver(group)
  const parsed = Patch.safeParse(context.body)
  if (!parsed.success) throw bad('InvalidParameterValue', 'Invalid value given for parameter databases.')
  const names = parsed.data.properties.databases.map((id) => memberName(state, server.name, id))
  const coming = names.filter((name) => !group.databases.some((one) => sameName(one, name)))
  for (const name of coming) seed(state, group, name)
  group.databases = names
  const endsAt = now + (coming.length > 0 ? state.times.seed : 1_000)
  return begin(state, context, {
    endsAt,
    location: server.location,
    apiVersion: groupVersion,
    answer: groupAnswer(state, group, server.name),
  })
}

function memberName(state: SqlState, server: string, id: string): string {
  const found = state.databases.find(
    (one) => sameName(databaseId(state, server, one.name), id) && one.server === server,
  )
  if (found) return found.name
  throw bad('InvalidFailoverGroupDatabase', `The database '${id}' does not exist on the primary server.`)
}

function seed(state: SqlState, group: Group, name: string): void {
  if (linkAt(state, group.primary, name)) return
  if (findDatabase(state, group.secondary, name))
    throw bad(
      'FailoverGroupCreateOrUpdateRequestWithMultipleErrors',
      `The operation cannot be performed due to multiple errors: a database '${name}' already exists on the partner server '${group.secondary}'.`,
    )
  const from = findDatabase(state, group.primary, name)
  if (!from || from.work) throw bad('DatabaseNotOnline', `The database '${name}' is not online.`)
  const now = state.options.now()
  const endsAt = now + state.times.seed
  const work = { what: 'CREATE CONTINUOUS DATABASE COPY', startedAt: now, endsAt }
  state.databases.push({ ...from, server: group.secondary, guid: randomUUID(), work })
  state.links.push({ id: randomUUID(), database: name, from: group.primary, to: group.secondary })
}

/** Stops the replication of a database; its copy stays as a database of its own. */
export function deleteLink(state: SqlState, context: ArmContext): ArmAnswer {
  const { group: resourceGroup, params, now } = context
  const server = demandServer(state, resourceGroup, params['server'] ?? '')
  const database = demandDatabase(state, resourceGroup, server.name, params['database'] ?? '')
  const link = linkAt(state, server.name, database.name)
  if (!link || link.id !== params['link']) return { status: 204, body: undefined }
  if (state.groups.some((group) => group.databases.some((name) => sameName(name, database.name))))
    throw bad(
      'OperationNotAllowedOnDatabaseInFailoverGroup',
      `The database '${database.name}' is in a failover group.`,
    )
  state.links.splice(state.links.indexOf(link), 1)
  // A copy that is not whole yet is of no use to anybody: it goes with its link.
  const copy = findDatabase(state, link.to, link.database)
  if (copy?.work) state.databases.splice(state.databases.indexOf(copy), 1)
  return begin(state, context, {
    endsAt: now + 1_000,
    location: server.location,
    apiVersion: linkVersion,
    answer: () => undefined,
  })
}

/** Makes the secondary server, on which it is called, the primary one. */
export function failOver(state: SqlState, context: ArmContext, forced: boolean): ArmAnswer {
  const { group: resourceGroup, params, now } = context
  const server = demandServer(state, resourceGroup, params['server'] ?? '')
  const group = demandGroup(state, resourceGroup, server.name, params['group'] ?? '')
  if (sameName(group.primary, server.name))
    throw bad(
      'FailoverGroupFailoverRequestOnPrimary',
      `Failover cannot be initiated on the primary server '${server.name}' of the failover group '${group.name}'.`,
    )
  refuseWhileFailingOver(group)
  const error = state.failing.get('failover') ?? downError(state, group, forced)
  state.failing.delete('failover')
  const endsAt = now + state.times.failover
  group.failover = { endsAt, forced, fails: error !== undefined }
  for (const name of group.databases) {
    const database = findDatabase(state, server.name, name)
    if (database) database.work = { what: 'ALTER DATABASE FAILOVER', startedAt: now, endsAt }
  }
  return begin(state, context, {
    endsAt,
    location: server.location,
    apiVersion: groupVersion,
    answer: groupAnswer(state, group, server.name),
    ...(error ? { error } : {}),
  })
}

function downError(state: SqlState, group: Group, forced: boolean) {
  if (forced || !state.down.has(serverOf(state, group.primary).name)) return undefined
  return {
    code: 'GeoReplicationCannotBecomePrimaryDuringOutage',
    message: 'The planned failover could not be completed: the primary server is not available.',
  }
}

function refuseWhileFailingOver(group: Group): void {
  if (group.failover)
    throw new ArmError(409, 'FailoverGroupBusy', `The failover group '${group.name}' is being failed over.`)
}

function groupAnswer(state: SqlState, group: Group, at: string): () => object {
  return () => groupBody(state, group, at)
}

function begin(
  state: SqlState,
  { operations }: ArmContext,
  how: {
    readonly endsAt: number
    readonly location: string
    readonly apiVersion: string
    readonly answer: () => unknown
    readonly error?: { readonly code: string; readonly message: string }
  },
): ArmAnswer {
  const { endsAt, location, apiVersion, answer, error } = how
  const begun: Begun = {
    namespace,
    location,
    apiVersion,
    outcome: () => {
      if (state.stuck) return undefined
      return error ? { endsAt, status: 'Failed', error } : { endsAt, status: 'Succeeded' }
    },
    result: answer,
  }
  return { status: 202, body: undefined, headers: operations.begin(begun) }
}

// What the simulated Azure SQL consists of: servers, databases, failover groups, and what time makes of them.
import { randomUUID } from 'node:crypto'
import { ArmError, resourceNotFound } from './envelope.ts'

export interface SqlServerInput {
  readonly group: string
  readonly name: string
  readonly location: string
}

/** `backedUpSince`: the earliest moment that it can be brought back to. */
export interface SqlDatabaseInput {
  readonly server: string
  readonly name: string
  readonly backedUpSince?: number
  readonly tags?: Readonly<Record<string, string>>
}

/** Each of its databases gets a copy at the secondary server, kept in step. */
export interface SqlGroupInput {
  readonly name: string
  readonly primary: string
  readonly secondary: string
  readonly databases: readonly string[]
}

/** How long things take, in milliseconds. */
export interface SqlTimes {
  readonly restore: number
  readonly failover: number
  readonly seed: number
}

/** Times, where not given: 10 min to restore, 20 s to fail over, 5 min to seed a copy. */
export interface SqlInput {
  readonly servers: readonly SqlServerInput[]
  readonly databases: readonly SqlDatabaseInput[]
  readonly groups?: readonly SqlGroupInput[]
  readonly times?: Partial<SqlTimes>
  /** What queries are answered in whichever database, a cell for each row. */
  readonly answers?: Readonly<Record<string, readonly (string | number | null)[]>>
}

export interface SqlOptions {
  readonly input: SqlInput | undefined
  readonly subscription: string
  readonly now: () => number
}

export interface Database {
  readonly server: string
  name: string
  readonly guid: string
  readonly backedUpSince: number
  readonly tags: Readonly<Record<string, string>>
  readonly sku: { readonly name: string; readonly tier: string; readonly capacity?: number | undefined }
  readonly settings: Readonly<Record<string, unknown>>
  /** What is being done with it until `endsAt`. */
  work: { readonly what: string; readonly startedAt: number; readonly endsAt: number } | undefined
  /** It does not come to be: it vanishes when its work ends. */
  readonly doomed: boolean
  /** The state of the data that it holds: the moment that it was brought back to. */
  readonly asOf: number | undefined
}

/** Keeps the copy at `to` in step with the database at `from`, both of the name `database`. */
export interface Link {
  readonly id: string
  database: string
  from: string
  to: string
}

export interface Group {
  readonly name: string
  primary: string
  secondary: string
  databases: readonly string[]
  failover: { readonly endsAt: number; readonly forced: boolean; readonly fails: boolean } | undefined
}

export interface Dropped {
  readonly id: string
  readonly database: Database
  readonly deletedAt: number
}

export interface SqlState {
  readonly options: Omit<SqlOptions, 'input'>
  readonly servers: readonly SqlServerInput[]
  readonly times: SqlTimes
  readonly databases: Database[]
  readonly dropped: Dropped[]
  readonly links: Link[]
  readonly groups: readonly Group[]
  /** Servers whose region does not answer. */
  readonly down: Set<string>
  /** How the next operation of this kind ends, instead of well. */
  readonly failing: Map<'restore' | 'failover', { readonly code: string; readonly message: string }>
  /** True: operations begin and never end. */
  stuck: boolean
  readonly answers: NonNullable<SqlInput['answers']>
}

export const usualSku = { name: 'GP_Gen5', tier: 'GeneralPurpose', capacity: 4 }
const week = 7 * 86_400_000

const usualTimes: SqlTimes = { restore: 600_000, failover: 20_000, seed: 300_000 }

export function createSqlState({ input, ...options }: SqlOptions): SqlState {
  const { now } = options
  const databases = (input?.databases ?? []).map((one) => fresh(one, now()))
  const links: Link[] = []
  const groups = (input?.groups ?? []).map((one): Group => ({ ...one, failover: undefined }))
  const state: SqlState = {
    options,
    servers: input?.servers ?? [],
    times: { ...usualTimes, ...input?.times },
    databases,
    dropped: [],
    links,
    groups,
    down: new Set(),
    failing: new Map(),
    stuck: false,
    answers: input?.answers ?? {},
  }
  for (const { databases: members, primary, secondary } of groups)
    for (const name of members) {
      databases.push(fresh({ server: secondary, name }, now()))
      links.push({ id: randomUUID(), database: name, from: primary, to: secondary })
    }
  return state
}

function fresh({ server, name, backedUpSince, tags }: SqlDatabaseInput, now: number): Database {
  return {
    server,
    name,
    guid: randomUUID(),
    backedUpSince: backedUpSince ?? now - week,
    tags: tags ?? {},
    sku: usualSku,
    settings: {},
    work: undefined,
    doomed: false,
    asOf: undefined,
  }
}

export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

export function findDatabase(state: SqlState, server: string, name: string): Database | undefined {
  return settled(state).databases.find((one) => sameName(one.server, server) && sameName(one.name, name))
}

export function demandDatabase(state: SqlState, group: string, server: string, name: string): Database {
  const found = findDatabase(state, server, name)
  if (found) return found
  throw resourceNotFound('Microsoft.Sql/servers/databases', `${server}/${name}`, group)
}

export function demandServer(state: SqlState, group: string, name: string): SqlServerInput {
  const found = state.servers.find((one) => sameName(one.name, name) && sameName(one.group, group))
  if (!found) throw resourceNotFound('Microsoft.Sql/servers', name, group)
  if (state.down.has(found.name))
    throw new ArmError(503, 'ServiceUnavailable', `The service in ${found.location} is unavailable.`)
  return found
}

export function demandGroup(state: SqlState, resourceGroup: string, server: string, name: string): Group {
  const found = settled(state).groups.find(
    (one) => sameName(one.name, name) && (sameName(one.primary, server) || sameName(one.secondary, server)),
  )
  if (found) return found
  throw resourceNotFound('Microsoft.Sql/servers/failoverGroups', `${server}/${name}`, resourceGroup)
}

/** The link of a database at whichever of its two ends. */
export function linkAt(state: SqlState, server: string, database: string): Link | undefined {
  return state.links.find(
    (link) => sameName(link.database, database) && (sameName(link.from, server) || sameName(link.to, server)),
  )
}

export function membersOf(group: Group, database: string): boolean {
  return group.databases.some((name) => sameName(name, database))
}

/** Brings everything to what time has made of it. */
export function settled(state: SqlState): SqlState {
  const now = state.options.now()
  if (state.stuck) return state
  const ended = state.databases.filter(({ work }) => work !== undefined && work.endsAt <= now)
  for (const database of ended) {
    database.work = undefined
    if (database.doomed) state.databases.splice(state.databases.indexOf(database), 1)
  }
  for (const group of state.groups) {
    const { failover } = group
    if (!failover || failover.endsAt > now) continue
    group.failover = undefined
    if (failover.fails) continue
    const { primary, secondary } = group
    group.primary = secondary
    group.secondary = primary
    for (const link of state.links)
      if (membersOf(group, link.database)) Object.assign(link, { from: secondary, to: primary })
  }
  return state
}

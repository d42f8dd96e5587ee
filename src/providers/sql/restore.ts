// The providers that make a database of Azure SQL from a backup, and that look whether one is online.
import { UserError } from '../../errors.ts'
import { minute } from '../../ids.ts'
import { printDuration } from '../../drplan/duration.ts'
import type { Clock, Progress, Provider, Settled } from '../../ports.ts'
import type { SqlPlace, SqlRestoreAction, SqlSettings } from '../../recovery/sql-action.ts'
import type { SqlDatabaseSeen } from '../../readers.ts'
import { CheckFacts, RestoreFacts, isBeingMade, sqlRestore } from '../../recovery/kinds/sql.ts'
import { begin, isFresh, outcome, running, type Begin } from './operation.ts'
import { createSqlReader, readDatabases, sqlPurpose, type SqlAccess } from './read.ts'
import { age } from '../started.ts'
import { together } from '../../together.ts'

/** Azure: most restores finish within it. */
const most = 12 * 60 * minute

export function createSqlRestore(
  access: SqlAccess,
  { clock }: { readonly clock: Pick<Clock, 'now'> },
): Provider<'sql-restore'> {
  const look = (action: SqlRestoreAction, signal: AbortSignal): Promise<RestoreFacts> =>
    lookAt(access, action, signal)
  return {
    observe: look,
    start: async (action, key, signal) => {
      const { target, source } = action
      refuseOther(sqlRestore.differences(action, await look(action, signal)))
      const doing = `restore ${source.database} as ${target.database}`
      const send = await sender(access, action)
      return begin(access, sqlPurpose(target, doing, true), { key, now: clock.now(), signal }, send)
    },
    check: async (action, operation, now, signal) => {
      const facts = await look(action, signal)
      if (settled(action, facts) === 'done')
        return { state: 'done', note: `${action.target.database} is Online at ${action.target.server}` }
      const { target } = action
      const how = await outcome(access, target, { operation, signal }, await sender(access, action))
      if (typeof how === 'object') return failed(action, how.failed)
      if (facts.target === null && how === undefined && !isFresh(operation, now))
        return failed(action, `${target.database} is not at ${target.server} any more`)
      return going(access, action, { took: age(operation, now), seen: facts.target !== null, signal })
    },
    settled,
  }
}

async function lookAt(
  access: SqlAccess,
  { mode, source, sourceId, target }: SqlRestoreAction,
  signal: AbortSignal,
): Promise<RestoreFacts> {
  const { databases, dropped, recoverable } = createSqlReader(access)
  const here = databases(target, signal)
  const readSource = async (): Promise<RestoreFacts['source']> => {
    if (mode === 'Recovery') {
      await recoverable(source, source.database, signal)
      return { status: 'Recoverable', sku: '', earliest: null }
    }
    if (mode === 'PointInTimeRestore') return seenAs(byName(await here, source.database))
    const found = (await dropped(source, signal)).find(
      ({ id }) => id.toLowerCase() === sourceId.toLowerCase(),
    )
    return found ? { status: 'Deleted', sku: found.settings.sku?.name ?? '', earliest: found.earliest } : null
  }
  const [all, from] = await together([here, readSource()])
  const made = byName(all, target.database)
  return {
    source: from,
    target: made ? { status: made.status } : null,
    restoring: all
      .filter(({ name, status }) => isBeingMade(status) && name !== target.database)
      .map(({ name }) => name),
  }
}

function seenAs(database: SqlDatabaseSeen | undefined): RestoreFacts['source'] {
  if (!database) return null
  const { status, settings, earliest = null, guid } = database
  return { status, guid, sku: settings.sku?.name ?? settings.elasticPoolId ?? '', earliest }
}

export function byName(all: readonly SqlDatabaseSeen[], name: string): SqlDatabaseSeen | undefined {
  return all.find((one) => one.name.toLowerCase() === name.toLowerCase())
}

function settled({ guid }: SqlRestoreAction, facts: unknown): Settled {
  const { target, source } = RestoreFacts.parse(facts)
  if (target === null)
    return guid !== undefined && source?.guid !== undefined && source.guid !== guid ? 'unclear' : 'not-done'
  if (target.status === 'Online') return 'done'
  return isBeingMade(target.status) ? 'under-way' : 'unclear'
}

/** The request; given a kept poller it only asks how the one that was sent before goes. */
async function sender({ client }: SqlAccess, action: SqlRestoreAction): Promise<Begin> {
  const { databases } = await client()
  const { mode, sourceId, at, target, settings } = action
  const database = {
    ...wanted(settings),
    location: target.location,
    createMode: mode,
    sourceDatabaseId: sourceId,
    ...(at === undefined ? {} : { restorePointInTime: new Date(at) }),
  }
  return (options) =>
    databases.beginCreateOrUpdate(target.resourceGroup, target.server, target.database, database, options)
}

/** The SDK's types want mutable copies. */
function wanted({ tags, sku, ...rest }: SqlSettings) {
  return { ...rest, tags: { ...tags }, ...(sku ? { sku: { ...sku } } : {}) }
}

async function going(
  { azure, client }: SqlAccess,
  { target }: SqlRestoreAction,
  how: { readonly took: number | undefined; readonly seen: boolean; readonly signal: AbortSignal },
): Promise<Progress> {
  const { resourceGroup, server, database } = target
  if (!how.seen) return running(`Azure has taken it; ${database} is not to be seen yet`)
  const { databaseOperations } = await client()
  const purpose = sqlPurpose(target, `say how far ${database} is`, false)
  const percent = await azure.call(purpose, how.signal, async (abortSignal) => {
    for await (const one of databaseOperations.listByDatabase(resourceGroup, server, database, {
      abortSignal,
    }))
      if (one.state === 'InProgress') return one.percentComplete
    return undefined
  })
  const late =
    how.took !== undefined && how.took > most
      ? `; it has taken ${printDuration(Math.floor(how.took / minute) * minute)}, longer than most restores do: ask Azure's support, or cancel this run and take another way (failover db)`
      : ''
  return running(`${database} is being restored${percent === undefined ? '' : `, ${percent} %`}${late}`)
}

function failed({ source, target }: SqlRestoreAction, why: string): Progress {
  return {
    state: 'failed',
    reason: `${target.database} could not be made: ${why.replace(/\.$/, '')}. ${source.database} was not touched.`,
    advice: `Fix what Azure names, then propose it again; or take another way: failover db to NAME.`,
  }
}

/** Looks whether a database is online, as Azure says; whether its data is right only a query can tell. */
export function createSqlCheck(access: SqlAccess): Provider<'sql-check'> {
  const look = async (place: SqlPlace, database: string, signal: AbortSignal) => {
    const found = byName(await readDatabases(access, place, signal), database)
    return { status: found?.status ?? null }
  }
  return {
    observe: ({ place, database }, signal) => look(place, database, signal),
    start: ({ place, database }, key, signal) =>
      access.azure.call(sqlPurpose(place, `look at ${database}`, false), signal, async () => ({ id: key })),
    check: async ({ place, database }, _operation, _now, signal) => {
      const { status } = await look(place, database, signal)
      if (status === 'Online') return { state: 'done', note: `${database} is Online at ${place.server}` }
      if (status !== null && isBeingMade(status)) return running(`${database} is ${status}`)
      const reason = status === null ? `${database} is not at ${place.server}.` : `${database} is ${status}.`
      return { state: 'failed', reason, advice: `Look at ${place.server} in the Azure portal.` }
    },
    settled: (_action, facts) => (CheckFacts.parse(facts).status === 'Online' ? 'done' : 'not-done'),
  }
}

/** Azure knows databases by name, and has no conditional requests: each is looked at just before it is changed. */
export function refuseOther(differences: readonly string[]): void {
  if (differences.length === 0) return
  throw new UserError(
    'world-differs',
    `It is not as it was shown any more: ${differences.join('; ')}. Nothing was changed by this step. Look at it in the Azure portal, and propose it again.`,
  )
}

/** For requests about a database that must be there. */
export function missing(database: string, server: string): UserError {
  return new UserError(
    'azure-not-found',
    `${server} has no database ${database}. Nothing was changed. Compare "server" and "database" in the DR plan with the Azure portal.`,
  )
}

// The provider that makes the secondary server of an Azure SQL failover group the primary one.
import type { Clock, Progress, Provider, Settled } from '../../ports.ts'
import { minute, second } from '../../ids.ts'
import type { SqlFailoverAction } from '../../recovery/sql-action.ts'
import { FailoverFacts, sqlFailover } from '../../recovery/kinds/sql.ts'
import { begin, isFresh, outcome, running, type Begin } from './operation.ts'
import { refuseOther } from './restore.ts'
import { lastOf, listed, readGroup, sqlPurpose, type SqlAccess } from './read.ts'
import { age } from '../started.ts'

const soon = 3 * second
/** After so long a failover that should take a minute is not waited for any more, or, when it is forced, worth a word. */
const long = 5 * minute

export function createSqlFailover(
  access: SqlAccess,
  { clock }: { readonly clock: Pick<Clock, 'now'> },
): Provider<'sql-failover'> {
  const look = (action: SqlFailoverAction, signal: AbortSignal): Promise<FailoverFacts> =>
    lookAt(access, action, signal)
  return {
    observe: look,
    start: async (action, key, signal) => {
      const { place, group, forced } = action
      refuseOther(sqlFailover.differences(action, await look(action, signal)))
      const doing = `${forced ? 'force the failover of' : 'fail over'} ${group} to ${place.server}`
      const purpose = sqlPurpose(place, doing, true)
      return begin(access, purpose, { key, now: clock.now(), signal }, await sender(access, action))
    },
    check: async (action, operation, now, signal) => {
      const { place, group } = action
      const facts = await look(action, signal)
      const state = settled(action, facts)
      if (state === 'done') return { state, note: `${place.server} is the primary of ${group}` }
      const how = await outcome(access, place, { operation, signal }, await sender(access, action))
      if (typeof how === 'object') return failed(action, how.failed)
      const took = age(operation, now) ?? 0
      if (took > long && !action.forced) return failed(action, waits)
      if (state === 'under-way' || how !== undefined || isFresh(operation, now))
        return running(note(action, took), soon)
      return failed(action, 'nothing is under way at Azure')
    },
    settled,
  }
}

async function lookAt(
  access: SqlAccess,
  { place, group, database }: SqlFailoverAction,
  signal: AbortSignal,
): Promise<FailoverFacts> {
  const seen = await readGroup(access, place, group, signal)
  const { role, state, databases } = seen
  const { databaseOperations } = await access.client()
  const purpose = sqlPurpose(place, `see what is being done with ${database}`, false)
  const failingOver = await access.azure.call(purpose, signal, async (abortSignal) => {
    const { resourceGroup, server } = place
    const all = await listed(
      (options) => databaseOperations.listByDatabase(resourceGroup, server, database, options),
      abortSignal,
    )
    return all.some(
      ({ state: how, operation, operationFriendlyName }) =>
        how === 'InProgress' && /fail ?over/i.test(`${operation} ${operationFriendlyName}`),
    )
  })
  return { role, state, members: databases.map(lastOf), failingOver: failingOver || state === 'PENDING' }
}

function settled(_action: SqlFailoverAction, facts: unknown): Settled {
  const { role, failingOver } = FailoverFacts.parse(facts)
  if (role === 'Primary') return 'done'
  return failingOver ? 'under-way' : 'not-done'
}

/** The request; given a kept poller it only asks how the one that was sent before goes. */
async function sender({ client }: SqlAccess, { place, group, forced }: SqlFailoverAction): Promise<Begin> {
  const { failoverGroups } = await client()
  const { resourceGroup, server } = place
  return (options) =>
    forced
      ? failoverGroups.beginForceFailoverAllowDataLoss(resourceGroup, server, group, options)
      : failoverGroups.beginFailover(resourceGroup, server, group, options)
}

const waits =
  'it has been going on for more than five minutes, where Azure says less than one, so the old primary does not hand over'

function note({ group, place }: SqlFailoverAction, took: number): string {
  const going = `${group} is being failed over to ${place.server}`
  return took < long
    ? going
    : `${going}, for longer than Azure says it takes (less than a minute): ask Azure's support`
}

function failed({ group, place, forced }: SqlFailoverAction, why: string): Progress {
  return {
    state: 'failed',
    reason: `${place.server} has not become the primary of ${group}: ${why.replace(/\.$/, '')}.`,
    advice: forced
      ? "Ask Azure's support, or take another way: failover db to NAME, or db restore TIME."
      : 'When the old primary is lost, what is not replicated yet is lost too, and it can be forced: failover db to NAME --override planned-possible "reason" --override loss-within-objective "reason"',
  }
}

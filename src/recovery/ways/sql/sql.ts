// The block `azure_sql`: which of the three ways a recovery goes, and the way back of each.
import { RetryableError, UserError } from '../../../errors.ts'
import type { Context, Draft } from '../../draft.ts'
import type { SqlPlace } from '../../sql-action.ts'
import { draftSqlBack } from './back.ts'
import { sourceOf } from './compare.ts'
import type { SqlRecovery } from './compare.ts'
import { draftGeo } from './geo.ts'
import { checkByDraft } from '../draft-check.ts'
import { draftGroup } from './group.ts'
import { byName, lookAround } from './look.ts'
import { checkAtAzure } from '../rights-check.ts'
import { checkQuery } from './query.ts'
import { draftRestore } from './restore.ts'
import { logBackups } from './safety.ts'
import { wayOf } from '../way.ts'

export const azureSql = wayOf('azure_sql', {
  draft,
  check: async (context, recovery) =>
    checkAtAzure(
      context,
      recovery,
      async () => [
        ...(await checkByDraft(readyFor(context, recovery), (one) => draft(one, recovery))),
        ...(await checkQuery(context, recovery)),
      ],
      await partnerOf(context, recovery),
    ),
  failback: draftSqlBack,
  changes: ['sql-group', 'sql-link', 'sql-rename', 'sql-failover'],
})

/** Whether a restore could be carried out is asked of a moment that backups should hold whenever they are taken. */
function readyFor(context: Context, { azure_sql: { method } }: SqlRecovery): Context {
  if (method !== 'point-in-time') return context
  const { ask, now } = context
  return { ...context, ask: { ...ask, order: { kind: 'restore-point', at: now - 2 * logBackups } } }
}

/** The other server of the database's group, where a swap renames too; undefined when none is seen: the plan's counts. */
async function partnerOf(context: Context, { azure_sql: block }: SqlRecovery): Promise<SqlPlace | undefined> {
  if (block.method !== 'point-in-time') return undefined
  const { calls } = context
  const place = sourceOf(block)
  try {
    const live = byName(await calls.readers.sql.databases(place, calls.limit()), block.database)
    if (live?.group === undefined) return undefined
    return (await lookAround(context, place, live)).partner
  } catch (thrown) {
    // What cannot be looked at is reported by the proposal, which looks at the same.
    if (thrown instanceof UserError || thrown instanceof RetryableError) return undefined
    throw thrown
  }
}

function draft(context: Context, recovery: SqlRecovery): Promise<Draft> {
  switch (recovery.azure_sql.method) {
    case 'point-in-time':
      return draftRestore(context, recovery)
    case 'geo-restore':
      return draftGeo(context, recovery)
    case 'failover-group':
      return draftGroup(context, recovery)
  }
}

// The plan's check query as a step of a recovery, and as a part of its readiness; without one nobody asks a database itself.
import type { Context } from '../../draft.ts'
import { stepOf } from '../../draft.ts'
import { judge, questionText } from '../../kinds/sql-query.ts'
import { RetryableError, UserError, reasonOf } from '../../../errors.ts'
import { second } from '../../../ids.ts'
import type { Instant } from '../../../ids.ts'
import type { Step } from '../../run.ts'
import type { SqlPlace, SqlQueryAction } from '../../sql-action.ts'
import { sourceOf, targetOf } from './compare.ts'
import type { SqlBlock, SqlRecovery } from './compare.ts'
import type { Checked } from '../way.ts'

/** Where the question goes. `moment`: of which the data is; absent: of the time at which it is asked. */
export interface QueryAbout {
  readonly place: SqlPlace
  readonly database: string
  readonly moment?: Instant
  /** What a good answer comes before, such as `the swap`; absent: the change is made by then. */
  readonly before?: string
  /** What it means that the answer is not the wanted one, as a sentence. */
  readonly otherwise?: string
}

type Calls = Pick<Context, 'calls'>

/** The step, or none: when the plan has no check query, or its user is not known. */
export function querySteps(
  { calls }: Calls,
  { check }: Pick<SqlBlock, 'check'>,
  { place: { resourceGroup, server }, database, moment, before, otherwise }: QueryAbout,
): readonly Step[] {
  if (!check || calls.readers.sqlQuery.missing(check.auth) !== undefined) return []
  const action: SqlQueryAction = {
    provider: 'sql-query',
    place: { resourceGroup, server },
    database,
    ...check,
    ...(moment === undefined ? {} : { moment }),
    ...(otherwise === undefined ? {} : { otherwise }),
  }
  const turn = before === undefined ? '' : `, before ${before},`
  const title = `Ask ${database} at ${server}${turn} whether its data is right: ${questionText(action)}`
  return [stepOf(title, action)]
}

/** Whether the database itself will be asked. */
export function isAsked({ calls }: Calls, { check }: Pick<SqlBlock, 'check'>): boolean {
  return check !== undefined && calls.readers.sqlQuery.missing(check.auth) === undefined
}

/** What is to be known of a check query that cannot be asked. */
export function queryWarnings({ calls }: Calls, { check }: Pick<SqlBlock, 'check'>): readonly string[] {
  const missing = check && calls.readers.sqlQuery.missing(check.auth)
  return missing === undefined
    ? []
    : [`The check query of the DR plan is left out: ${missing}, so nobody asks the database itself`]
}

/** What is to be known of a recovery without a probe. */
export function probeWarnings(
  context: Calls,
  { probe, azure_sql: block }: SqlRecovery,
  asked: 'whether it is online' | 'who is primary',
): readonly string[] {
  if (probe) return []
  const query = isAsked(context, block) ? ', and the database its check query' : ''
  return [`The DR plan has no probe for this recovery: the bot asks Azure ${asked}${query}, and nobody else`]
}

/**
 * Asks the database as it is now, as whom it would be asked in a recovery: what is there before one, or the copy that
 * would take over. A restore asks what it has restored: of the data of now, which may be what it is to mend, no answer
 * speaks against it, as long as there is one.
 */
export async function checkQuery(
  { calls }: Calls,
  { azure_sql: block }: SqlRecovery,
): Promise<readonly Checked[]> {
  const { check, database } = block
  if (!check) return []
  const what = 'check query'
  const { sqlQuery } = calls.readers
  const missing = sqlQuery.missing(check.auth)
  if (missing !== undefined) {
    const text = `${missing}, so a recovery goes on without asking the database. Set both and start the bot again, or write "auth: entra" at "check" in the DR plan.`
    return [{ what, ok: false, text }]
  }
  const place = block.method === 'failover-group' ? targetOf(block) : sourceOf(block)
  try {
    const limit = calls.limit(check.timeout + 2 * second)
    const { ok, text } = judge(check.expect, await sqlQuery.ask({ ...check, place, database }, limit))
    const found = `${database} at ${place.server} ${text}`
    if (ok) return [{ what, ok, text: found }]
    if (block.method !== 'failover-group')
      return [{ what, ok: true, text: `${found} as it is now: a restore asks the restored copy, not this` }]
    const next =
      'A failover takes this data over as it is, and would end there as failed: look at the data, or correct "check" in the DR plan.'
    return [{ what, ok, text: `${found}. ${next}` }]
  } catch (thrown) {
    if (thrown instanceof UserError) return [{ what, ok: false, text: thrown.message }]
    if (!(thrown instanceof RetryableError)) throw thrown
    return [{ what, ok: false, text: `${reasonOf(thrown)} Look again in a few minutes.` }]
  }
}

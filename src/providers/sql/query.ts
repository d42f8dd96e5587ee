// The check query: asks a database itself whether its data is right, as the bot's own identity or as a user of the database.
import { RetryableError, UserError } from '../../errors.ts'
import type { Clock, Facts, Progress, Provider } from '../../ports.ts'
import type { SqlAnswer, SqlQueryReader } from '../../readers.ts'
import { QueryFacts, judge } from '../../recovery/kinds/sql-query.ts'
import type { SqlQueryAction, SqlQuestion } from '../../recovery/sql-action.ts'
import type { Azure } from '../azure/azure.ts'
import { SqlFailure, askSql, loadDriver } from './connection.ts'
import type { SqlLogin } from './connection.ts'
import { explainSql } from './query-errors.ts'
import { sqlPurpose } from './read.ts'

/** Loads the driver at the first question. Each one has a connection of its own, and ends it. */
export function createSqlQuery(
  azure: Azure,
  { clock }: { readonly clock: Pick<Clock, 'now'> },
): {
  readonly provider: Provider<'sql-query'>
  readonly reader: SqlQueryReader
} {
  const reader: SqlQueryReader = {
    missing: (auth) =>
      auth === 'sql' && azure.sqlLogin === undefined
        ? 'AZURE_SQL_USER and AZURE_SQL_PASSWORD are not set'
        : undefined,
    ask: (question, signal) => ask(azure, { moment: clock.now(), ...question }, signal),
  }
  return {
    reader,
    provider: {
      observe: (action, signal) => look(reader, action, signal),
      start: async ({ place, database }, key, signal) => {
        if (signal.aborted)
          throw new RetryableError(
            `The question to ${database} at ${place.server} was stopped before it began.`,
          )
        return { id: key }
      },
      check: async (action, _operation, _now, signal) =>
        verdictOf(action, await look(reader, action, signal)),
      settled: (_action, facts) => (QueryFacts.parse(facts).ok ? 'done' : 'not-done'),
    },
  }
}

type Dated = SqlQuestion & Required<Pick<SqlQuestion, 'moment'>>

/** What a person must mend is what was found; only what passes by itself is thrown, and asked again. */
async function look(
  reader: SqlQueryReader,
  action: SqlQueryAction,
  signal: AbortSignal,
): Promise<Facts & QueryFacts> {
  try {
    return judge(action.expect, await reader.ask(action, signal))
  } catch (thrown) {
    if (thrown instanceof UserError) return { ok: false, text: thrown.message }
    throw thrown
  }
}

function verdictOf({ database, place, otherwise }: SqlQueryAction, { ok, text }: QueryFacts): Progress {
  if (ok) return { state: 'done', note: `it ${text}` }
  const where = `${database} at ${place.server}`
  const means = otherwise === undefined ? [] : [otherwise.replace(/[^.]$/, '$&.')]
  if (!text.startsWith('answered'))
    return { state: 'failed', reason: text, advice: [...means, 'Fix what is named.'].join(' ') }
  return {
    state: 'failed',
    reason: `${where} ${text}.`,
    advice: [...means, `Look at the data of ${where} yourself.`].join(' '),
  }
}

async function ask(azure: Azure, question: Dated, signal: AbortSignal): Promise<SqlAnswer> {
  const { place, database, timeout } = question
  const { host, port, domain, scope } = azure.sqlServer(place.server)
  await loadDriver()
  const own = AbortSignal.timeout(timeout)
  const limit = AbortSignal.any([signal, own])
  const login = await loginFor(azure, question, { scope, signal: limit })
  try {
    return await askSql({ host, port, domain, database, login, timeout }, textOf(question), limit)
  } catch (thrown) {
    if (!(thrown instanceof SqlFailure)) throw thrown
    throw explainSql({ ...question, host, port, stopped: signal.aborted, late: own.aborted }, thrown)
  }
}

async function loginFor(
  azure: Azure,
  { auth, place }: SqlQuestion,
  { scope, signal }: { readonly scope: string; readonly signal: AbortSignal },
): Promise<SqlLogin> {
  if (auth === 'entra') {
    const purpose = sqlPurpose(place, `give a token for the databases of ${place.server}`, false)
    const token = await azure.call(purpose, signal, async (abortSignal) =>
      (await azure.credential()).getToken(scope, { abortSignal }),
    )
    return { token: token?.token ?? '' }
  }
  if (azure.sqlLogin) return azure.sqlLogin
  throw new UserError(
    'sql-login',
    `The databases of ${place.server} cannot be asked: AZURE_SQL_USER and AZURE_SQL_PASSWORD are not set. Set both and start the bot again, or write "auth: entra" at "check" in the DR plan.`,
  )
}

/** `@moment` is given its value by the bot; everything else is the plan's own SELECT. */
function textOf({ query, moment }: Dated): string {
  if (!/@moment\b/i.test(query)) return query
  const at = new Date(moment).toISOString().replace('Z', '')
  return `DECLARE @moment datetime2(3) = '${at}';\n${query}`
}

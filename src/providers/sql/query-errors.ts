// What every failure of a check query means to a person: the one place where a database's errors are told apart.
import { TooLong } from '../../bounded.ts'
import { RetryableError, UserError, reasonOf } from '../../errors.ts'
import { second } from '../../ids.ts'
import type { SqlQuestion } from '../../recovery/sql-action.ts'
import { LedAway } from '../azure/answers.ts'
import { lineOf } from '../azure/errors.ts'
import type { SqlHost } from '../azure/azure.ts'
import { LeftTransaction, TooLongDecimal } from './connection.ts'
import type { SqlFailure } from './connection.ts'

export interface Asked extends SqlQuestion, Pick<SqlHost, 'host' | 'port'> {
  /** Whoever asked has told to stop, before the question's own time was up. */
  readonly stopped: boolean
  /** The question's own time was up. */
  readonly late: boolean
}

interface Meaning {
  readonly code: string
  /** What is wrong, after a colon, and what to do about it, in whole sentences. */
  readonly text: (asked: Asked, message: string) => string
}

const correct =
  'Correct "check.query" in the DR plan; a run that was proposed before keeps the query that it had.'
const grant = 'ALTER ROLE db_datareader ADD MEMBER [NAME]'

const noUser: Meaning = {
  code: 'sql-login',
  text: ({ auth }) =>
    auth === 'entra'
      ? `it does not let the bot's identity in. Make it a user of the database, signed in as the server's Entra admin: CREATE USER [NAME] FROM EXTERNAL PROVIDER; ${grant}. A restored database has the users that it had at its moment.`
      : `it does not let AZURE_SQL_USER in with AZURE_SQL_PASSWORD. Compare both with the user of the database itself: CREATE USER [NAME] WITH PASSWORD = '...'; ${grant}. A restored database has the users, and passwords, that it had at its moment.`,
}
const notOpen: Meaning = {
  code: 'sql-not-found',
  text: ({ place, database }) =>
    `the server has no database ${database} that the bot may open. Compare "server" and "database" in the DR plan with the Azure portal, and whether the bot's user is one of that database; ${place.server} may also be just renaming it.`,
}
const unknownName: Meaning = {
  code: 'sql-query',
  text: (_asked, message) =>
    `${lineOf(message)} What the query names is not there, or was not yet at the moment that was restored. ${correct}`,
}

/**
 * Errors of SQL Server that a person must mend, by number (learn.microsoft.com: database engine errors;
 * troubleshooting Azure SQL connectivity).
 */
const meanings: Readonly<Record<number, Meaning>> = {
  18456: noUser,
  916: noUser,
  33134: noUser,
  4060: notOpen,
  40532: {
    code: 'sql-not-found',
    text: ({ place }) =>
      `Azure has no server ${place.server}, or its networks keep the bot out. Compare "server" in the DR plan with the Azure portal.`,
  },
  18487: {
    code: 'sql-login',
    text: () =>
      'the password of AZURE_SQL_USER has expired. Give the user a new one, and AZURE_SQL_PASSWORD with it.',
  },
  40615: {
    code: 'sql-firewall',
    text: ({ place }, message) =>
      `the firewall of ${place.server} does not let ${addressIn(message)} in, from which the bot comes. Allow that address in the Azure portal: ${place.server}, Networking, Firewall rules. It takes up to five minutes to come into force.`,
  },
  40914: {
    code: 'sql-firewall',
    text: ({ place }) =>
      `${place.server} does not let the bot's virtual network in. Add its subnet in the Azure portal: ${place.server}, Networking, Virtual networks.`,
  },
  47073: {
    code: 'sql-firewall',
    text: ({ place }) =>
      `${place.server} is closed to public networks. Give the bot's network a private endpoint to it (Azure portal: ${place.server}, Networking, Private access), or allow selected networks.`,
  },
  207: unknownName,
  208: unknownName,
  229: { code: 'sql-rights', text: lacksRight },
  230: { code: 'sql-rights', text: lacksRight },
  300: { code: 'sql-rights', text: lacksRight },
  297: { code: 'sql-rights', text: lacksRight },
}

/**
 * Errors that pass by themselves: not yet available, moved, too busy, a deadlock. In milliseconds: how long Azure
 * says to wait.
 */
const passing: Readonly<Record<number, number | undefined>> = {
  615: undefined,
  926: undefined,
  1205: undefined,
  3960: undefined,
  4221: undefined,
  10928: undefined,
  10929: undefined,
  40143: undefined,
  40197: undefined,
  40501: 10 * second,
  40540: undefined,
  40613: undefined,
  42108: undefined,
  42109: undefined,
  49918: undefined,
  49919: undefined,
  49920: undefined,
}

/** Certificates that are not trusted, by the codes of TLS. */
const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/

/** Every failure, as what a person or time can mend. Nothing of the driver's error is kept: it holds the connection. */
export function explainSql(asked: Asked, failure: SqlFailure): UserError | RetryableError {
  const what = `${asked.database} at ${asked.place.server} could not be asked`
  if (asked.stopped) return new RetryableError(`${what}: it was stopped before it had answered.`)
  if (failure.cause instanceof LedAway) return new RetryableError(`${what}: ${failure.cause.message}`)
  if (failure.cause instanceof TooLong)
    return new UserError(
      'sql-query',
      `${what}: it answered with ${failure.cause.message}, and was not read further. A check query answers one short cell, such as a count or a moment. ${correct}`,
    )
  if (failure.cause instanceof TooLongDecimal)
    return new UserError(
      'sql-query',
      `${what}: it answered with a decimal that is too long to be read exactly. Ask for it as a text, which is compared digit by digit: CAST(... AS varchar(50)). ${correct}`,
    )
  if (failure.cause instanceof LeftTransaction)
    return new UserError(
      'sql-query',
      `${what}: the query has left the transaction in which the bot asks, so that what it changed, if anything, was not rolled back. Look at what it calls. ${correct}`,
    )
  if (failure.said) return bySaying(what, asked, failure.said)
  const code = codeIn(failure)
  if (asked.late || code === 'ETIMEOUT') return new RetryableError(`${what}: ${lateText(asked, failure)}`)
  if (untrusted.test(code))
    return new UserError(
      'sql-certificate',
      `${what}: ${asked.host} shows a certificate that is not trusted for its name (${code}). Nothing was sent to it. Something stands between the bot and Azure, or AZURE_SQL_ENDPOINT is wrong; a certificate authority of your own is named to the bot by NODE_EXTRA_CA_CERTS.`,
    )
  return new RetryableError(`${what}: ${connectionText(asked, code)}`)
}

function bySaying(
  what: string,
  asked: Asked,
  { number, message }: NonNullable<SqlFailure['said']>,
): UserError | RetryableError {
  if (number in passing) {
    const after = passing[number]
    return new RetryableError(`${what}: ${number}: ${lineOf(message)}`, after === undefined ? {} : { after })
  }
  const meaning = meanings[number]
  if (meaning) return new UserError(meaning.code, `${what}: ${number}: ${meaning.text(asked, message)}`)
  return new UserError('sql-query', `${what}: ${number}: ${lineOf(message)} ${correct}`)
}

/**
 * SQL Server names the right and the object: `The SELECT permission was denied on the object 'orders', ..., schema
 * 'dbo'.`
 */
function lacksRight({ auth }: Asked, message: string): string {
  const [, right, object, schema] =
    /The (\w+) permission was denied on the object '([^']+)'.*schema '([^']+)'/.exec(lineOf(message)) ?? []
  const missing =
    right === undefined ? lineOf(message) : `the right ${right} on ${schema}.${object} is missing.`
  const who = auth === 'entra' ? "the bot's identity" : 'AZURE_SQL_USER'
  return `${missing} Give it to ${who} in the database: ${grant}`
}

function addressIn(message: string): string {
  return /IP address '([\da-fA-F.:]{2,45})'/.exec(message)?.[1] ?? 'the address'
}

function lateText({ timeout, host, port }: Asked, failure: SqlFailure): string {
  const within = `within ${timeout / second}s`
  return failure.while === 'connecting'
    ? `${host}:${port} gave no connection ${within}. A network may be in the way: the bot must reach port 1433, and from within Azure 11000 to 11999 too.`
    : `it gave no answer ${within}. A query that an index answers is quicker; "check.timeout" in the DR plan gives it more time.`
}

/** Of the innermost cause, which says what happened: ECONNREFUSED, not ESOCKET. */
function codeIn(failure: SqlFailure): string {
  let deepest: unknown = failure.cause
  while (deepest instanceof Error && deepest.cause !== undefined) deepest = deepest.cause
  if (deepest instanceof AggregateError) deepest = deepest.errors[0]
  return deepest instanceof Error && 'code' in deepest ? String(deepest.code) : reasonOf(deepest)
}

function connectionText({ host, port, place }: Asked, code: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return `${host}:${port} refused the connection.`
    case 'ENOTFOUND':
      return `${host} has no address in DNS. Compare "server" in the DR plan with the Azure portal.`
    case 'EAI_AGAIN':
      return `the address of ${host} was not to be had: the resolver does not answer.`
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ECLOSE':
      return `${place.server} closed the connection in the middle.`
    default:
      return `the connection to ${host}:${port} failed (${lineOf(code).replace(/\.$/, '')}).`
  }
}

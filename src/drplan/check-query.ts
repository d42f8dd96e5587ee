// The check query of a database: one read-only question, and the answer that a good database gives.
import { z } from 'zod'
import { compareDecimals, isDecimal } from './decimal.ts'
import { duration } from './values.ts'

/** How an answer must compare with what was expected. */
const comparisons = ['>=', '<=', '!=', '>', '<', '='] as const

/** What the first cell of the answer must be: a number compared, or a text that is equal (or, with `!=`, is not). */
export interface Expectation {
  readonly op: (typeof comparisons)[number]
  /** `exactly`: a number with more digits than a number here can hold. */
  readonly than: number | string | { readonly exactly: string }
}

/**
 * Words of T-SQL that change something, lead elsewhere, or begin another statement, which needs no semicolon. All are
 * reserved: as the name of a column they must be quoted anyway.
 */
const refusedWords = new Set(
  `ADD ALTER BACKUP BEGIN BULK CHECKPOINT CLOSE COMMIT CREATE DBCC DEALLOCATE DECLARE DELETE DENY DROP DUMP EXEC EXECUTE GOTO
  GRANT IF INSERT INTO KILL LOAD MERGE OPEN OPENDATASOURCE OPENQUERY OPENROWSET PRINT RAISERROR READTEXT RECONFIGURE RESTORE RETURN
  REVERT REVOKE ROLLBACK SAVE SET SETUSER SHUTDOWN TRAN TRANSACTION TRIGGER TRUNCATE UPDATE UPDATETEXT USE WAITFOR WHILE
  WRITETEXT`.split(/\s+/),
)
/** Hints that hold locks others wait for. A column of such a name must be quoted. */
const lockingHints = new Set(
  'HOLDLOCK PAGLOCK REPEATABLEREAD SERIALIZABLE TABLOCK TABLOCKX UPDLOCK XLOCK'.split(' '),
)
/** SQL Server ends a number where it cannot go on: `1e0DELETE` is the number 1e0 and the word DELETE. */
const wordOrNumber = /[\p{L}_@#][\p{L}\p{N}_@#$]*|0x[0-9a-f]*|\d+\.?\d*(?:e[+-]?\d*)?|\.\d+(?:e[+-]?\d*)?/giu
const number = /^[\d.]/
const wordStart = /^[\p{L}_@#$]/u
/** A sequence's next value is gone even after a rollback. */
const nextValue = /\bNEXT\s+VALUE\b/
const queries = 'one SELECT such as "SELECT COUNT(*) FROM orders"'
const longest = 2_000

const Query = z
  .string({ error: queries })
  .max(longest, `${queries}, of at most ${longest} characters`)
  .superRefine((text, context) => {
    const why = whyNotReadOnly(text)
    if (why !== undefined) context.addIssue({ code: 'custom', message: `${queries}: ${why}` })
  })
  .transform((text) => text.trim().replace(/;$/, '').trimEnd())

/**
 * Why a query may not be a check: anything but a single SELECT. `undefined`: it is one. It is the first of three locks;
 * the second is that whatever it does is rolled back, the third are the rights of its user.
 */
function whyNotReadOnly(text: string): string | undefined {
  const bare = withoutQuoted(text)
  if (bare === undefined) return 'a quote or bracket in it is not closed'
  if (/--|\/\*/.test(bare)) return 'it may not hold comments'
  const statement = bare.trim().replace(/;$/, '')
  if (statement.includes(';')) return 'it may not be more than one statement'
  if (/[^\P{C}\t\r\n]/u.test(statement)) return 'it may not hold control characters'
  const written = wordsIn(statement)
  if (written === undefined) return 'a number in it runs into a word'
  const stranger = written.find((word) => /^@[^@]/.test(word) && word !== '@moment')
  if (stranger !== undefined)
    return `it may not hold ${stranger}: the one parameter is @moment, written in small letters`
  const words = written.map((word) => word.toUpperCase())
  if (words[0] !== 'SELECT' && words[0] !== 'WITH') return 'it must begin with SELECT or WITH'
  const refused = nextValue.test(statement.toUpperCase())
    ? 'NEXT VALUE'
    : words.find((word) => refusedWords.has(word) || lockingHints.has(word))
  return refused === undefined ? undefined : `it may not hold ${refused}`
}

/** Without the numbers; undefined when a word begins right behind one. */
function wordsIn(statement: string): readonly string[] | undefined {
  const tokens = [...statement.matchAll(wordOrNumber)]
  const runsOn = tokens.some(
    ({ 0: token, index }) => number.test(token) && wordStart.test(statement.slice(index + token.length)),
  )
  return runsOn ? undefined : tokens.map(([token]) => token).filter((token) => !number.test(token))
}

/** With a number in place of each text and quoted name, whose words are harmless; undefined when one does not end. */
function withoutQuoted(text: string): string | undefined {
  const bare = text.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\[(?:[^\]]|\]\])*\]/g, ' 0 ')
  return /['"[\]]/.test(bare) ? undefined : bare
}

/** A YAML number longer than this was rounded before anybody could read it. */
const longNumbers = 'a number of more than 15 digits as a text, such as ">= 9007199254740993"'
const expectations = 'a number such as 1, a comparison such as ">= 1", or a text such as "ok"'

const Expect = z
  .union([z.number(), z.string()], { error: expectations })
  .transform((given, context): Expectation => {
    const expected = expectationOf(given)
    if (expected) return expected
    const right = typeof given === 'string' ? comparisonMeant(given.trim()) : longNumbers
    context.addIssue({ code: 'custom', message: right ?? expectations })
    return z.NEVER
  })

/** Comparisons of other languages, and what they are here. */
const foreign: Readonly<Record<string, string>> = { '=>': '>=', '=<': '<=', '==': '=', '<>': '!=' }

/** What to write for `=> 1`; undefined when it does not begin with a comparison of another language. */
function comparisonMeant(text: string): string | undefined {
  const own = foreign[text.slice(0, 2)]
  return own === undefined ? undefined : JSON.stringify(`${own} ${text.slice(2).trim()}`)
}

function expectationOf(given: number | string): Expectation | undefined {
  if (typeof given === 'string') return expectationIn(given.trim())
  return Math.abs(given) > Number.MAX_SAFE_INTEGER ? undefined : { op: '=', than: given }
}

function expectationIn(text: string): Expectation | undefined {
  const op = comparisons.find((one) => text.startsWith(one))
  const rest = op === undefined ? text : text.slice(op.length).trim()
  if (rest === '' || rest.length > 100 || /\p{Cc}/u.test(rest)) return undefined
  // `=> 1` is no wish for the text "> 1".
  if (op !== undefined && /^[<>=!]/.test(rest)) return undefined
  const number = isDecimal(rest) ? numberOf(rest) : undefined
  if (op === undefined) return { op: '=', than: number ?? rest }
  if (number === undefined && op !== '=' && op !== '!=') return undefined
  return { op, than: number ?? rest }
}

/** As a number where that is the same, digit by digit. */
function numberOf(text: string): Expectation['than'] {
  const number = Number(text)
  return compareDecimals(number, text) === 0 ? number : { exactly: text }
}

/** Whether it asks for one number about all rows, which is a row even when there are none. Only a plain one is known. */
export function alwaysGivesRow(query: string): boolean {
  const text = query.trim()
  return /^SELECT\s+(?:COUNT|COUNT_BIG)\s*\(/i.test(text) && !/\b(?:GROUP\s+BY|HAVING)\b/i.test(text)
}

/** `>= 1`: the expectation as it is written. */
export function printExpectation({ op, than }: Expectation): string {
  if (typeof than === 'object') return `${op} ${than.exactly}`
  return typeof than === 'string' && op === '=' ? JSON.stringify(than) : `${op} ${than}`
}

/** Asked of a database before it is trusted: `auth` says as whom, `timeout` how long the answer may take. */
export const CheckQuery = z.strictObject(
  {
    query: Query,
    /** What the first cell of the first row must be; absent: there must be a row. */
    expect: Expect.exactOptional(),
    timeout: duration('a duration of 1s to 2m, such as "30s"', (ms) => ms >= 1_000 && ms <= 120_000).prefault(
      '30s',
    ),
    auth: z.enum(['entra', 'sql'], { error: 'one of: entra, sql' }).prefault('entra'),
  },
  { error: 'such as {query: "SELECT COUNT(*) FROM orders", expect: ">= 1"}' },
)
export type CheckQuery = z.output<typeof CheckQuery>

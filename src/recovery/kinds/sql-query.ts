// The check query of a database: what was asked, whether the answer is the wanted one, and the words for both.
import { z } from 'zod'
import { printExpectation } from '../../drplan/check-query.ts'
import type { Expectation } from '../../drplan/check-query.ts'
import { compareDecimals, isDecimal } from '../../drplan/decimal.ts'
import type { SqlAnswer } from '../../readers.ts'
import type { SqlQueryAction } from '../sql-action.ts'
import { onlyLooks } from './kind.ts'
import type { Kind } from './kind.ts'

/** Whether the answer was the wanted one, and what it was. */
export const QueryFacts = z.object({ ok: z.boolean(), text: z.string() })
export type QueryFacts = Readonly<z.infer<typeof QueryFacts>>

export const sqlQuery: Kind<SqlQueryAction> = {
  undoText: () => onlyLooks,
  ground: () => ({}),
  differences: (_action, facts) => {
    const { ok, text } = QueryFacts.parse(facts)
    return ok ? [] : [text]
  },
  inTurn: true,
}

/** Longer answers and queries are cut: they are read on a phone. */
const longest = { cell: 80, query: 160 } as const

/** `SELECT COUNT(*) FROM orders; wanted: >= 1`, on one line. */
export function questionText({ query, expect }: Pick<SqlQueryAction, 'query' | 'expect'>): string {
  return `${cut(query.replaceAll(/\s+/g, ' '), longest.query)}; ${wantedText(expect)}`
}

/** What of these texts is code, as it stands in them. */
export function codeOf(action: Pick<SqlQueryAction, 'query' | 'expect'>): readonly string[] {
  return [questionText(action), wantedText(action.expect)]
}

function wantedText(expect: Expectation | undefined): string {
  return `wanted: ${expect === undefined ? 'a row' : printExpectation(expect)}`
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text
}

/** Holds an answer against what was wanted: `answered 0 (wanted: >= 1)`. */
export function judge(expect: Expectation | undefined, { rows, cell }: SqlAnswer): QueryFacts {
  const wanted = wantedText(expect)
  if (rows === 0) return { ok: false, text: `answered no row (${wanted})` }
  const ok = expect === undefined || (cell !== null && holds(expect, cell))
  return { ok, text: `answered ${cellText(cell)} (${wanted})` }
}

function cellText(cell: SqlAnswer['cell']): string {
  if (cell === null) return 'NULL'
  const plain = String(cell).replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
  const short = cut(plain.trim(), longest.cell)
  return typeof cell === 'string' && !isDecimal(cell) ? JSON.stringify(short) : short
}

function holds({ op, than }: Expectation, cell: string | number): boolean {
  if (typeof than === 'string') return (String(cell).trim() === than) === (op === '=')
  const found = compareDecimals(cell, typeof than === 'object' ? than.exactly : than)
  if (found === undefined) return false
  switch (op) {
    case '>=':
      return found >= 0
    case '<=':
      return found <= 0
    case '>':
      return found > 0
    case '<':
      return found < 0
    case '=':
      return found === 0
    case '!=':
      return found !== 0
  }
}

// How much data a restore has cost: what was written from its moment until the old database was taken aside.
import type { Duration, Instant } from '../ids.ts'
import type { Run } from './run.ts'

/** What was written from `from` to `to` is not in the database that took the name; it is in the one taken aside. */
export interface DataLost {
  readonly from: Instant
  readonly to: Instant
  readonly ms: Duration
}

/**
 * Undefined for a run that went back to no moment, or has taken nothing aside: until then the old database is in use.
 * The loss of one that was undone since is what it was while it stood.
 */
export function dataLost({ order, steps }: Pick<Run, 'order' | 'steps'>): DataLost | undefined {
  if (order?.kind !== 'restore-point') return undefined
  const aside = steps.find(
    ({ action, phase }) => action.provider === 'sql-rename' && action.own === 'to' && phase === 'done',
  )
  if (aside?.endedAt === undefined) return undefined
  const { at: from } = order
  const to = aside.endedAt
  return { from, to, ms: Math.max(0, to - from) }
}

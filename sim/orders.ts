// The data in the demo's database: a table that somebody empties, and which of the databases are without it since.
import type { AzureSim } from './azure.ts'

/** The table `orders` of the database of that name, wherever its name and its failover group lead. */
export interface Orders {
  /** Whether whoever asks the database finds the table filled. */
  readonly filled: () => boolean
  /** Somebody empties the table now; a database that was brought back to a moment before has it still. */
  readonly empty: () => void
  /** Somebody puts the rows back by hand, into each database that lacks them. */
  readonly refill: () => void
}

/** What the plan's check counts in it while it is filled. */
const rows = 318

/** `counted`: the plan's query that counts the rows. */
export function createOrders(
  { sql, tds }: Pick<AzureSim, 'sql' | 'tds'>,
  { counted, now }: { readonly counted: string; readonly now: () => number },
): Orders {
  let emptiedAt: number | undefined
  const has = ({ asOf }: { readonly asOf: number | undefined }): boolean =>
    emptiedAt === undefined || (asOf !== undefined && asOf < emptiedAt)
  tds.answers(counted, (database) => [has(database) ? rows : 0])
  return {
    filled: () => {
      const live = sql.databases(sql.group('orders-fg').primary).find(({ name }) => name === 'orders')
      return live !== undefined && live.status === 'Online' && has(live)
    },
    empty: () => {
      emptiedAt = now()
    },
    refill: () => {
      emptiedAt = undefined
    },
  }
}

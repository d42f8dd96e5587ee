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
  /** What was emptied itself stays so, also where an earlier restore had brought it back to a moment before. */
  const emptied = new Set<string>()
  const has = ({ guid, asOf }: { readonly guid: string; readonly asOf: number | undefined }): boolean =>
    !emptied.has(guid) && (emptiedAt === undefined || (asOf !== undefined && asOf < emptiedAt))
  const live = () => sql.databases(sql.group('orders-fg').primary).find(({ name }) => name === 'orders')
  tds.answers(counted, (database) => [has(database) ? rows : 0])
  return {
    filled: () => {
      const found = live()
      return found !== undefined && found.status === 'Online' && has(found)
    },
    empty: () => {
      emptiedAt = now()
      const found = live()
      if (found) emptied.add(found.guid)
    },
    refill: () => {
      emptiedAt = undefined
      emptied.clear()
    },
  }
}

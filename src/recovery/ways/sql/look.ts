// Looks at a database before it is swapped: what has its name now, in which failover group it is, where its copy is.
import { UserError } from '../../../errors.ts'
import type { SqlDatabaseSeen, SqlDroppedSeen, SqlGroupSeen } from '../../../readers.ts'
import type { Context } from '../../draft.ts'
import type { SqlPlace } from '../../sql-action.ts'
import { known } from './swap.ts'
import type { Swap } from './swap.ts'

export function byName<T extends { readonly name: string }>(all: readonly T[], name: string): T | undefined {
  return all.find((one) => one.name.toLowerCase() === name.toLowerCase())
}

/** The group of a database and its copy elsewhere, as far as a swap must know them. */
export async function lookAround(
  { calls }: Pick<Context, 'calls'>,
  place: SqlPlace,
  live: SqlDatabaseSeen,
): Promise<Pick<Swap, 'group' | 'partner' | 'guid'>> {
  const { sql } = calls.readers
  const { guid } = live
  const links = await sql.links(place, live.name, calls.limit())
  if (live.group === undefined) {
    const [link] = links
    if (!link) return { guid }
    // Outside of a group only the name of the other server is known, not its resource group.
    return {
      guid,
      partner: { resourceGroup: place.resourceGroup, server: link.partner, linked: true, has: false },
    }
  }
  const seen = await sql.group(place, live.group, calls.limit())
  const other = seen.partners[0]?.server
  if (seen.role === 'Secondary')
    throw new UserError(
      'on-secondary',
      `${place.server} is the secondary of ${live.group} now, and a copy cannot be restored to a moment: ${other ?? 'its partner'} is the primary. Nothing was changed. Fail back first (failback db), or add a recovery with "server: ${other ?? 'NAME'}" to the DR plan.`,
    )
  const partner = await copyIn({ calls }, seen, live.name, links)
  return { guid, group: live.group, ...(partner ? { partner } : {}) }
}

/** A database's copy at the other server of a group, whether it is a member just now or has left for a swap. */
export async function copyIn(
  { calls }: Pick<Context, 'calls'>,
  { partners }: Pick<SqlGroupSeen, 'partners'>,
  name: string,
  links: readonly { readonly partner: string }[],
): Promise<Swap['partner']> {
  const [partner] = partners
  if (!partner) return undefined
  const at = { resourceGroup: partner.resourceGroup, server: partner.server }
  const there = await calls.readers.sql.databases(at, calls.limit())
  // A copy that is still being seeded goes when its replication is stopped: nothing is left to set aside.
  const copy = byName(there, name)
  const has = copy?.status === 'Online'
  const linked = links.some((link) => link.partner.toLowerCase() === at.server.toLowerCase())
  return { ...at, linked, has, ...(copy ? known(copy.guid) : {}) }
}

/** The newest of its name that was deleted after the moment, for the moment must be one of its life. */
export function droppedFor(
  all: readonly SqlDroppedSeen[],
  name: string,
  at: number | undefined,
): SqlDroppedSeen | undefined {
  const same = all.filter((one) => one.name.toLowerCase() === name.toLowerCase())
  return same.find((one) => at === undefined || (at >= one.earliest && at <= one.deletedAt)) ?? same[0]
}

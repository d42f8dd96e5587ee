// Azure SQL: what is seen of databases and failover groups, what of it a proposal stands on, and in what it differs.
import { z } from 'zod'
import type { SqlCheckAction, SqlFailoverAction, SqlGroupAction } from '../sql-action.ts'
import type { SqlLinkAction, SqlRenameAction, SqlRestoreAction } from '../sql-action.ts'
import { onlyLooks } from './kind.ts'
import type { Kind } from './kind.ts'

/** `earliest`: the earliest moment that it can be brought back to. Null: there is none. */
export const RestoreFacts = z.object({
  source: z.object({ status: z.string(), sku: z.string(), earliest: z.number().nullable() }).nullable(),
  target: z.object({ status: z.string() }).nullable(),
  /** Other databases of the target's server that are just being restored. */
  restoring: z.array(z.string()),
})
export type RestoreFacts = Readonly<z.infer<typeof RestoreFacts>>

export const CheckFacts = z.object({ status: z.string().nullable() })

/** Those of the action's names that are there. */
export const RenameFacts = z.object({
  databases: z.array(z.object({ name: z.string(), guid: z.string(), status: z.string() })),
})
export type RenameFacts = Readonly<z.infer<typeof RenameFacts>>

/** `aside`: a database has the name under which the old one is kept, so the swap has come that far. */
export const GroupFacts = z.object({
  role: z.string(),
  state: z.string(),
  members: z.array(z.string()),
  aside: z.boolean(),
})
export type GroupFacts = Readonly<z.infer<typeof GroupFacts>>

export const LinkFacts = z.object({ links: z.array(z.string()), aside: z.boolean() })
export type LinkFacts = Readonly<z.infer<typeof LinkFacts>>

/** `failingOver`: it is under way just now. */
export const FailoverFacts = z.object({
  role: z.string(),
  state: z.string(),
  members: z.array(z.string()),
  failingOver: z.boolean(),
})
export type FailoverFacts = Readonly<z.infer<typeof FailoverFacts>>

export const sqlRestore: Kind<SqlRestoreAction> = {
  undoText: ({ target }) => `${target.database} stays`,
  leaves: ({ target }) => `${target.database} stays, and is paid for, until somebody deletes it`,
  // The window moves on all the time: what counts is whether the moment is still in it.
  ground: ({ at }, facts) => {
    const { source, target, restoring } = RestoreFacts.parse(facts)
    return { source: source && { ...source, earliest: isKept(at, source) }, free: target === null, restoring }
  },
  differences: ({ source: from, target: to, at }, facts) => {
    const { source, target, restoring } = RestoreFacts.parse(facts)
    return [
      ...(source ? [] : [`${from.database} is not at ${from.server} any more`]),
      ...(source && !isKept(at, source)
        ? [`the backups of ${from.database} do not reach back to the moment any more`]
        : []),
      ...(target ? [`${to.database} is at ${to.server} already (${target.status})`] : []),
      ...restoring.map((name) => `${name} is just being restored at ${to.server}`),
    ]
  },
}

function isKept(at: number | undefined, { earliest }: { readonly earliest: number | null }): boolean {
  return at === undefined || earliest === null || at >= earliest
}

export const sqlCheck: Kind<SqlCheckAction> = {
  undoText: () => onlyLooks,
  ground: () => ({}),
  differences: () => [],
}

export const sqlRename: Kind<SqlRenameAction> = {
  undoText: ({ from, to, place }) => `${from} gets the name ${to} at ${place.server}`,
  ground: ({ from, to, own }, facts) => {
    const seen = RenameFacts.parse(facts)
    const other = named(seen, own === 'to' ? from : to)
    return {
      other: other ? { guid: other.guid, status: other.status } : null,
      free: !named(seen, own === 'to' ? to : from),
    }
  },
  differences: ({ from, to, own, place }, facts) => {
    const seen = RenameFacts.parse(facts)
    const other = own === 'to' ? from : to
    const mine = own === 'to' ? to : from
    const found = named(seen, other)
    return [
      ...(found && found.status !== 'Online' ? [`${other} at ${place.server} is ${found.status}`] : []),
      ...(found ? [] : [`there is no database ${other} at ${place.server}`]),
      ...(named(seen, mine) ? [`there is a database ${mine} at ${place.server}`] : []),
    ]
  },
}

/** The database of this name, in upper or lower case. */
export function named(
  { databases }: RenameFacts,
  name: string,
): RenameFacts['databases'][number] | undefined {
  return databases.find((one) => one.name.toLowerCase() === name.toLowerCase())
}

export const sqlGroup: Kind<SqlGroupAction> = {
  undoText: ({ database, group, member }) =>
    member ? `${database} joins ${group}, its copy is seeded anew` : `${database} leaves ${group}`,
  ground: (_action, facts) => {
    const { role, members } = GroupFacts.parse(facts)
    return { role, members: members.toSorted() }
  },
  differences: ({ group, place }, facts) => {
    const { role, members } = GroupFacts.parse(facts)
    return [
      `${group} has ${members.join(', ') || 'no database'}; ${place.server} is its ${role.toLowerCase()}`,
    ]
  },
}

export const sqlLink: Kind<SqlLinkAction> = {
  undoText: ({ database, partner }) => `a new copy of ${database} is seeded at ${partner}`,
  ground: (_action, facts) => LinkFacts.parse(facts).links,
  differences: ({ database, partner }, facts) => {
    const { links } = LinkFacts.parse(facts)
    return links.includes(partner) ? [] : [`${database} has no copy at ${partner} any more`]
  },
}

export const sqlFailover: Kind<SqlFailoverAction> = {
  undoText: ({ group, place }) => `${place.server} becomes primary of ${group}, planned`,
  // Whether copies are in step matters for a planned failover only; a forced one is for when they are not.
  ground: ({ forced }, facts) => {
    const { role, state, members, failingOver } = FailoverFacts.parse(facts)
    return { role, members: members.toSorted(), failingOver, ...(forced ? {} : { inStep: isInStep(state) }) }
  },
  differences: ({ group, place, forced }, facts) => {
    const { role, state, failingOver } = FailoverFacts.parse(facts)
    return [
      ...(role === 'Secondary' ? [] : [`${place.server} is the ${role.toLowerCase()} of ${group} already`]),
      ...(failingOver ? [`${group} is just being failed over`] : []),
      ...(forced || isInStep(state) ? [] : [`the copies of ${group} are not in step (${state})`]),
    ]
  },
}

/** Azure's words for a copy that has all, but for the last moments. */
export function isInStep(state: string): boolean {
  return state === 'CATCH_UP' || state === ''
}

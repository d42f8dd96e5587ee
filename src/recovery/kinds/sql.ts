// Azure SQL: what is seen of databases and failover groups, what of it a proposal stands on, and in what it differs.
import { z } from 'zod'
import type { SqlCheckAction, SqlFailoverAction, SqlGroupAction } from '../sql-action.ts'
import type { SqlLinkAction, SqlRenameAction, SqlRestoreAction } from '../sql-action.ts'
import { onlyLooks } from './kind.ts'
import type { Kind } from './kind.ts'

/**
 * `guid`: of a source that is there, and whose guid is known. `earliest`: the earliest moment that it can be brought
 * back to. Null: there is none.
 */
export const RestoreFacts = z.object({
  source: z
    .object({
      status: z.string(),
      sku: z.string(),
      earliest: z.number().nullable(),
      guid: z.string().optional(),
    })
    .nullable(),
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

/**
 * `aside`: a database has the name under which the old one is kept, so the swap has come that far. `guid`: of the
 * database that has the name now.
 */
export const GroupFacts = z.object({
  role: z.string(),
  state: z.string(),
  members: z.array(z.string()),
  aside: z.boolean(),
  guid: z.string().nullable(),
})
export type GroupFacts = Readonly<z.infer<typeof GroupFacts>>

export const LinkFacts = z.object({
  links: z.array(z.string()),
  aside: z.boolean(),
  guid: z.string().nullable(),
})
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
  differences: (action, facts) => {
    const { source: from, target: to, at, beside = [] } = action
    const { source, target, restoring } = RestoreFacts.parse(facts)
    return [
      ...(source ? [] : [`${from.database} is not at ${from.server} any more`]),
      ...otherThan(action, found(source?.guid ?? null), `${from.database} at ${from.server}`),
      ...(source && !isKept(at, source)
        ? [`the backups of ${from.database} do not reach back to the moment any more`]
        : []),
      ...(target ? [`${to.database} is at ${to.server} already (${target.status})`] : []),
      ...restoring
        .filter((name) => !beside.includes(name))
        .map((name) => `${name} is just being restored at ${to.server}`),
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
  differences: (action, facts) => {
    const { from, to, own, place, aside } = action
    const seen = RenameFacts.parse(facts)
    const at = `at ${place.server}`
    const found = named(seen, from)
    const taken = named(seen, to)
    if (own === 'to' || action.guid !== undefined || found)
      return [
        ...(found ? [] : [`there is no database ${from} ${at}`]),
        ...otherThan(action, found, `${from} ${at}`),
        ...(found && isBeingMade(found.status) ? [`${from} ${at} is ${found.status}`] : []),
        ...(taken && isInTheWay(action, seen) ? [`there is a database ${to} ${at}`] : []),
      ]
    // What it renames is still to be made: the name is free, or has what is to be renamed out of its way.
    if (aside === undefined) return taken ? [`there is a database ${to} ${at}`] : []
    return taken || named(seen, aside) ? [] : [`there is no database ${to} ${at}`]
  },
}

/** A name may be taken until its database is set aside, so after that nobody else may have it. */
function isInTheWay({ own, aside, guid }: SqlRenameAction, seen: RenameFacts): boolean {
  if (own === 'to' || aside === undefined || guid === undefined) return true
  return named(seen, aside) !== undefined
}

/** That a database of the right name is not the one that was shown. */
export function otherThan(
  { guid }: { readonly guid?: string },
  found: { readonly guid: string } | undefined,
  what: string,
): readonly string[] {
  return guid === undefined || !found || found.guid === guid
    ? []
    : [`${what} is another database than the one that was shown (${found.guid}, not ${guid})`]
}

/** Azure's words for a database that is not whole yet. */
export function isBeingMade(status: string): boolean {
  return ['Restoring', 'Creating', 'Copying', 'Recovering'].includes(status)
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
    member ? `${database} joins ${group}, its copy is seeded again` : `${database} leaves ${group}`,
  ground: ({ database }, facts) => {
    const { role, members, guid } = GroupFacts.parse(facts)
    return { role, listed: isListed(members, database), guid }
  },
  differences: (action, facts) => {
    const { group, place, database, member } = action
    const { role, members, aside, guid } = GroupFacts.parse(facts)
    const listed = isListed(members, database)
    // A swap's database joins after another one of its name has left: it is a member before the swap, and not in it.
    const joins = member && (action.aside === undefined || aside)
    const mine = member && !aside ? [] : otherThan(action, found(guid), `${database} at ${place.server}`)
    return [
      ...(role === 'Primary' ? [] : [`${place.server} is the ${role.toLowerCase()} of ${group}`]),
      ...(listed && joins ? [`${database} is in ${group} already`] : []),
      ...(listed || joins ? [] : [`${database} is not in ${group} any more`]),
      ...mine,
    ]
  },
}

function isListed(members: readonly string[], database: string): boolean {
  return members.some((name) => isSame(name, database))
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function found(guid: string | null): { readonly guid: string } | undefined {
  return guid === null ? undefined : { guid }
}

export const sqlLink: Kind<SqlLinkAction> = {
  undoText: ({ database, partner }) => `a new copy of ${database} is seeded at ${partner}`,
  ground: (_action, facts) => {
    const { links, guid } = LinkFacts.parse(facts)
    return { links, guid }
  },
  differences: (action, facts) => {
    const { database, partner, place } = action
    const { links, guid } = LinkFacts.parse(facts)
    const linked = links.some((name) => isSame(name, partner))
    return [
      ...(linked ? [] : [`${database} has no copy at ${partner} any more`]),
      ...otherThan(action, found(guid), `${database} at ${place.server}`),
    ]
  },
}

export const sqlFailover: Kind<SqlFailoverAction> = {
  undoText: ({ group, place }) => `${place.server} becomes primary of ${group}, planned`,
  // Whether copies are in step matters for a planned failover only; a forced one is for when they are not.
  ground: ({ forced }, facts) => {
    const { role, state, members, failingOver } = FailoverFacts.parse(facts)
    return { role, members: members.toSorted(), failingOver, ...(forced ? {} : { inStep: isInStep(state) }) }
  },
  differences: ({ group, place, forced, database, members: shown }, facts) => {
    const { role, state, members, failingOver } = FailoverFacts.parse(facts)
    const now = members.toSorted().join(', ')
    const changed = shown !== undefined && shown.toSorted().join(', ') !== now
    return [
      ...(isListed(members, database) ? [] : [`${database} is not in ${group} any more`]),
      ...(changed && isListed(members, database) ? [`${group} has other databases now: ${now}`] : []),
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

// One database takes another one's name, as steps: out of the failover group, the old one aside, the new one in place, back into the group.
import type { Recovery } from '../../../drplan/schema.ts'
import { ownName, stepOf } from '../../draft.ts'
import type { Context } from '../../draft.ts'
import type { Proposal, Step } from '../../run.ts'
import type { SqlGroupAction, SqlLinkAction, SqlPlace, SqlRenameAction } from '../../sql-action.ts'
import { digestOf, groundOf } from '../../world.ts'
import { together } from '../../../together.ts'

/** `name` is the one that applications know. */
export interface Swap {
  readonly place: SqlPlace
  readonly name: string
  /** The guid of what has the name now. */
  readonly guid?: string
  /** What gets the name; absent: nothing does, the name becomes free. */
  readonly incoming?: string
  /** Its guid; absent for one that this run makes. */
  readonly incomingGuid?: string
  /** How what has the name now is called afterwards; absent: nothing has it. */
  readonly aside?: string
  readonly group?: string
  /** Where what has the name is replicated to, and whether a database of the name is there. */
  readonly partner?: SqlPlace & { readonly linked: boolean; readonly has: boolean; readonly guid?: string }
}

/** All steps of it, each with its undo. A member of a group, or what is replicated, cannot be renamed. */
export function swapSteps(swap: Swap): readonly Step[] {
  const { place, name, guid, incoming, incomingGuid, aside, group, partner } = swap
  const leave = aside !== undefined && group !== undefined
  return [
    ...(leave ? [groupStep(swap, { group, aside, member: false, ...known(guid) })] : []),
    ...(aside !== undefined && partner?.linked === true ? [linkStep(swap, partner, aside)] : []),
    ...(aside === undefined ? [] : [asideStep(place, name, { to: aside, ...known(guid) })]),
    ...(aside !== undefined && partner?.has === true
      ? [asideStep(placeOf(partner), name, { to: aside, ...known(partner.guid) })]
      : []),
    ...(incoming === undefined ? [] : [inStep(swap, incoming)]),
    ...(leave && incoming !== undefined
      ? [groupStep(swap, { group, aside, member: true, ...known(incomingGuid) })]
      : []),
  ]
}

/** What Azure has told no guid of is known by its name only. */
export function known(guid: string | undefined): { readonly guid?: string } {
  return guid === undefined || guid === '' ? {} : { guid }
}

function placeOf({ resourceGroup, server }: SqlPlace): SqlPlace {
  return { resourceGroup, server }
}

function groupStep(
  { place, name: database }: Pick<Swap, 'place' | 'name'>,
  {
    group,
    aside,
    member,
    guid,
  }: Pick<SqlGroupAction, 'group' | 'member' | 'guid'> & { readonly aside: string | undefined },
): Step {
  const action: SqlGroupAction = {
    provider: 'sql-group',
    place,
    group,
    database,
    member,
    ...known(guid),
    ...(aside === undefined ? {} : { aside }),
  }
  const title = member
    ? `Put ${database} back into ${group}; its copy is seeded again`
    : `Take ${database} out of ${group}`
  return stepOf(title, action, { ...action, member: !member })
}

function linkStep({ place, name: database, group, guid }: Swap, partner: SqlPlace, aside: string): Step {
  const action: SqlLinkAction = {
    provider: 'sql-link',
    place,
    database,
    partner: partner.server,
    aside,
    ...known(guid),
  }
  const undo: SqlGroupAction = {
    provider: 'sql-group',
    place,
    group: group ?? partner.server,
    database,
    member: true,
    aside,
  }
  return stepOf(`Stop the replication of ${database} to ${partner.server}`, action, undo)
}

/** Renames what has a name, so that the name becomes free. */
export function asideStep(
  place: SqlPlace,
  from: string,
  { to, guid }: Pick<SqlRenameAction, 'to' | 'guid'>,
): Step {
  const action: SqlRenameAction = { provider: 'sql-rename', place, from, to, own: 'to', ...known(guid) }
  return stepOf(`Rename ${from} at ${place.server} to ${to}`, action, {
    ...action,
    from: to,
    to: from,
    own: 'from',
  })
}

function inStep({ place, name, aside, incomingGuid }: Swap, incoming: string): Step {
  const action: SqlRenameAction = {
    provider: 'sql-rename',
    place,
    from: incoming,
    to: name,
    own: 'from',
    ...known(incomingGuid),
    ...(aside === undefined ? {} : { aside }),
  }
  const undo: SqlRenameAction = { provider: 'sql-rename', place, from: name, to: incoming, own: 'to' }
  return stepOf(`Rename ${incoming} to ${name}`, action, undo)
}

/** Puts a database back into a group that it left. */
export function joinStep(
  place: SqlPlace,
  database: string,
  { group, guid }: Pick<SqlGroupAction, 'group' | 'guid'>,
): Step {
  return groupStep({ place, name: database }, { group, aside: undefined, member: true, ...known(guid) })
}

/** Whether a database is online, at the end or before it is trusted with the name. */
export function checkStep(place: SqlPlace, database: string): Step {
  return stepOf(`Look whether ${database} is online at ${place.server}`, {
    provider: 'sql-check',
    place: placeOf(place),
    database,
  })
}

/** The plan's own probe, at the end. */
export function probeSteps(probe: Recovery['probe']): readonly Step[] {
  return probe === undefined
    ? []
    : [
        stepOf(`Ask ${URL.parse(probe.url)?.host ?? probe.url}, after the change`, {
          provider: 'probe',
          ...probe,
        }),
      ]
}

/** Looks at the ground of all steps, as it is looked at again before the run starts. */
export async function digestSteps(
  { calls }: Pick<Context, 'calls'>,
  steps: readonly Step[],
): Promise<Proposal['digest']> {
  const seen = await together(
    groundOf(steps).map(async ({ action }) => ({ action, facts: await calls.observe(action) })),
  )
  return digestOf(seen)
}

/** A name that only this run gives: `orders-r-7`, `orders-before-r-7`. */
export function nameFor(database: string, kept: 'copy' | 'aside'): string {
  return kept === 'copy' ? `${database}-${ownName}` : `${database}-before-${ownName}`
}

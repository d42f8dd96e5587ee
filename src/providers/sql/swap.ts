// The providers that let one database of Azure SQL take another one's place: renames, membership of a group, replication.
import type { Clock, Progress, Provider, Settled } from '../../ports.ts'
import { second } from '../../ids.ts'
import type { SqlGroupAction, SqlLinkAction, SqlRenameAction } from '../../recovery/sql-action.ts'
import {
  GroupFacts,
  LinkFacts,
  RenameFacts,
  named,
  otherThan,
  sqlGroup,
  sqlLink,
  sqlRename,
} from '../../recovery/kinds/sql.ts'
import { begin, isFresh, outcome, running, type Begin } from './operation.ts'
import { byName, missing, refuseOther } from './restore.ts'
import { lastOf, readDatabases, readGroup, readLinks, sqlPurpose, type SqlAccess } from './read.ts'
import { together } from '../../together.ts'

const soon = 5 * second

/** Renames a database; Azure does it at once, and cuts the connections to it. */
export function createSqlRename(access: SqlAccess): Provider<'sql-rename'> {
  const look = async (
    { place, from, to, aside }: SqlRenameAction,
    signal: AbortSignal,
  ): Promise<RenameFacts> => {
    const all = await readDatabases(access, place, signal)
    const databases = [from, to, ...(aside === undefined ? [] : [aside])].flatMap((name) => {
      const found = byName(all, name)
      return found ? [{ name: found.name, guid: found.guid, status: found.status }] : []
    })
    return { databases }
  }
  return {
    observe: look,
    start: async (action, key, signal) => {
      const { place, from, to } = action
      const { databases } = await access.client()
      const found = byName(await readDatabases(access, place, signal), from)
      if (!found) throw missing(from, place.server)
      refuseOther(sqlRename.differences(action, await look(action, signal)))
      const id = `${found.id.slice(0, found.id.lastIndexOf('/') + 1)}${to}`
      await access.azure.call(sqlPurpose(place, `rename ${from} to ${to}`, true), signal, (abortSignal) =>
        databases.rename(place.resourceGroup, place.server, from, { id }, { abortSignal }),
      )
      return { id: key }
    },
    check: async (action, _operation, _now, signal) => renamed(action, await look(action, signal)),
    settled: renameSettled,
  }
}

/** The name that belongs to the run alone decides; the other one had an owner before, and may have one again. */
function renameSettled(action: SqlRenameAction, facts: unknown): Settled {
  const { from, to, own, aside } = action
  const seen = RenameFacts.parse(facts)
  const [before, after] = [named(seen, from), named(seen, to)]
  const kept = aside === undefined || named(seen, aside) !== undefined
  if (own === 'to') return isMeant(action, after ?? before) ? (after ? 'done' : 'not-done') : 'unclear'
  if (before) return isMeant(action, before) && !(after && kept) ? 'not-done' : 'unclear'
  if (!kept) return 'not-done'
  if (after) return isMeant(action, after) ? 'done' : 'unclear'
  return aside === undefined ? 'not-done' : 'unclear'
}

function isMeant({ guid }: SqlRenameAction, seen: { readonly guid: string } | undefined): boolean {
  return seen !== undefined && (guid === undefined || seen.guid === guid)
}

function renamed(action: SqlRenameAction, facts: RenameFacts): Progress {
  const { from, to, place } = action
  if (renameSettled(action, facts) === 'done') return { state: 'done', note: `${from} is ${to} now` }
  const names = facts.databases.map(({ name, status }) => `${name} (${status})`).join(', ')
  return {
    state: 'failed',
    reason: `Azure took the rename of ${from} to ${to}, but ${place.server} has ${names || 'neither'}.`,
    advice: `Look at ${place.server} in the Azure portal; when the names are right, propose it again.`,
  }
}

/** Takes a database out of its failover group, or puts it in; its copy is then seeded again. */
export function createSqlGroup(
  access: SqlAccess,
  { clock }: { readonly clock: Pick<Clock, 'now'> },
): Provider<'sql-group'> {
  const look = async (
    { place, group, aside, database }: SqlGroupAction,
    signal: AbortSignal,
  ): Promise<GroupFacts> => {
    const [{ role, state, databases }, all] = await together([
      readGroup(access, place, group, signal),
      readDatabases(access, place, signal),
    ])
    return {
      role,
      state,
      members: databases.map(lastOf),
      aside: aside !== undefined && byName(all, aside) !== undefined,
      guid: byName(all, database)?.guid ?? null,
    }
  }
  return {
    observe: look,
    start: async (action, key, signal) => {
      const { place, group, database, member } = action
      const [seen, all] = await together([
        readGroup(access, place, group, signal),
        readDatabases(access, place, signal),
      ])
      const found = byName(all, database)
      if (!found) throw missing(database, place.server)
      refuseOther([
        ...sqlGroup.differences(action, await look(action, signal)),
        ...otherThan(action, found, `${database} at ${place.server}`),
      ])
      const others = seen.databases.filter((id) => !sameName(lastOf(id), database))
      const doing = member ? `put ${database} into ${group}` : `take ${database} out of ${group}`
      const send = await patch(access, action, member ? [...others, found.id] : others)
      return begin(access, sqlPurpose(place, doing, true), { key, now: clock.now(), signal }, send)
    },
    check: async (action, operation, now, signal) => {
      const { place, group, database, member } = action
      const facts = await look(action, signal)
      if (groupSettled(action, facts) === 'done') return { state: 'done', note: memberNote(action, facts) }
      const how = await outcome(access, place, { operation, signal }, await patch(access, action, []))
      if (how === 'running' || isFresh(operation, now))
        if (typeof how !== 'object') return running(`Azure is at the members of ${group}`, soon)
      return {
        state: 'failed',
        reason: `${database} could not ${member ? 'join' : 'leave'} ${group}: ${typeof how === 'object' ? how.failed : 'nothing is under way at Azure'}.`,
        advice: member
          ? `${database} works, but has no copy in the other region: put it into ${group} in the Azure portal.`
          : 'Nothing else was changed.',
      }
    },
    settled: groupSettled,
  }
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

async function patch(
  { client }: SqlAccess,
  action: SqlGroupAction,
  databases: readonly string[],
): Promise<Begin> {
  const { failoverGroups } = await client()
  const { place, group } = action
  const update = { databases: [...databases] }
  return (options) => failoverGroups.beginUpdate(place.resourceGroup, place.server, group, update, options)
}

/** A member before the swap is the old database, one after it the new one: what was set aside tells which it is. */
function groupSettled(action: SqlGroupAction, facts: unknown): Settled {
  const { database, member } = action
  const { members, aside, guid } = GroupFacts.parse(facts)
  const listed = members.some((name) => sameName(name, database))
  const isMeant = guid === null || action.guid === undefined || guid === action.guid
  if (member) {
    if (action.aside === undefined) return listed ? 'done' : 'not-done'
    return !aside ? 'not-done' : !isMeant ? 'unclear' : listed ? 'done' : 'not-done'
  }
  if (!listed || (action.aside !== undefined && aside)) return 'done'
  return isMeant ? 'not-done' : 'unclear'
}

function memberNote({ database, group, member }: SqlGroupAction, { state }: GroupFacts): string {
  if (!member) return `${database} is out of ${group}`
  return state === 'SEEDING'
    ? `${database} is in ${group}; its copy in the other region is being seeded, and cannot take over until that has ended`
    : `${database} is in ${group}`
}

/** Stops a replication. Stopping what is stopped already changes nothing, so asking twice is harmless. */
export function createSqlLink(
  access: SqlAccess,
  { clock }: { readonly clock: Pick<Clock, 'now'> },
): Provider<'sql-link'> {
  const look = async ({ place, database, aside }: SqlLinkAction, signal: AbortSignal): Promise<LinkFacts> => {
    const all = await readDatabases(access, place, signal)
    const there = byName(all, database) !== undefined
    const links = there ? await readLinks(access, place, database, signal) : []
    return {
      links: links.map((link) => link.partner),
      aside: byName(all, aside) !== undefined,
      guid: byName(all, database)?.guid ?? null,
    }
  }
  return {
    observe: look,
    start: async (action, key, signal) => {
      const { place, database, partner } = action
      const links = await readLinks(access, place, database, signal)
      const link = links.find((one) => sameName(one.partner, partner))
      if (!link) return { id: key }
      refuseOther(sqlLink.differences(action, await look(action, signal)))
      const purpose = sqlPurpose(place, `stop the replication of ${database} to ${partner}`, true)
      const send = await stopLink(access, action, link.id)
      return begin(access, purpose, { key, now: clock.now(), signal }, send)
    },
    check: async (action, operation, now, signal) => {
      const { place, database, partner } = action
      if (linkSettled(action, await look(action, signal)) === 'done')
        return { state: 'done', note: `${database} is not replicated to ${partner} any more` }
      const how = await outcome(access, place, { operation, signal }, await stopLink(access, action, ''))
      if (typeof how !== 'object' && (how === 'running' || isFresh(operation, now)))
        return running(`The replication of ${database} to ${partner} is being stopped`, soon)
      return {
        state: 'failed',
        reason: `The replication of ${database} to ${partner} goes on: ${typeof how === 'object' ? how.failed : 'nothing is under way at Azure'}.`,
        advice: 'Stop it in the Azure portal, then go on.',
      }
    },
    settled: linkSettled,
  }
}

async function stopLink(
  { client }: SqlAccess,
  { place, database }: SqlLinkAction,
  id: string,
): Promise<Begin> {
  const { replicationLinks } = await client()
  return (options) => replicationLinks.beginDelete(place.resourceGroup, place.server, database, id, options)
}

function linkSettled(action: SqlLinkAction, facts: unknown): Settled {
  const { links, aside, guid } = LinkFacts.parse(facts)
  if (aside || !links.some((name) => sameName(name, action.partner))) return 'done'
  return guid === null || action.guid === undefined || guid === action.guid ? 'not-done' : 'unclear'
}

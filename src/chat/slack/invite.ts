// Bringing people into a room: everybody once, many in one call; whoever cannot come is named with the reason.
import { z } from 'zod'
import { RetryableError, UserError } from '../../errors.ts'
import type { PersonId } from '../../ids.ts'
import type { DrPlan } from '../../drplan/schema.ts'
import { everybodyIn } from '../guests.ts'
import type { Guests } from '../guests.ts'
import { againAfter, markDone } from '../parts.ts'
import type { Left, Site } from '../parts.ts'
import { SlackRefusal } from './api.ts'
import { doPart } from './furnish.ts'
import type { FurnishDeps } from './furnish.ts'
import type { People } from './people.ts'
import { advice } from './refusals.ts'
import { isLost } from './rooms.ts'

export interface InviteDeps extends FurnishDeps {
  readonly people: People
  readonly plan: () => DrPlan
}

/** Slack takes at most this many people in one invitation (conversations.invite). */
const mostAtOnce = 100
/** Slack's words for somebody who is there already, the bot itself among them. */
const there = ['already_in_channel', 'cant_invite_self']
/** In `done` of a record under `user ID`: was brought in. Anything else is why not. */
const inside = 'in'

const Invited = z.object({
  errors: z.array(z.object({ user: z.string(), error: z.string() })).exactOptional(),
})

/** Invites who belongs into the room and was not invited before. Somebody who has left is not brought back. */
export async function invite(deps: InviteDeps, site: Site, view: Guests): Promise<readonly Left[]> {
  const found: Looked[] = []
  for (const person of everybodyIn(deps.plan(), view)) found.push(await memberOf(deps, site, person))
  for (const group of view.groups) found.push(await userGroup(deps, site, group))
  const users = [...new Set(found.flatMap((each) => each.users))]
  const { done } = await deps.records.read(site.incident)
  const missing = users.filter((user) => done[keyOf(user)] === undefined)
  const later: Left[] = []
  for (let from = 0; from < missing.length; from += mostAtOnce)
    later.push(...(await bring(deps, site, missing.slice(from, from + mostAtOnce))))
  return [...found.flatMap((each) => each.left), ...later, ...(await turnedAway(deps, site, users))]
}

interface Looked {
  readonly users: readonly string[]
  readonly left: readonly Left[]
}

/** Somebody whom Slack does not know is looked up once for each address that the plan has of them. */
async function memberOf(deps: InviteDeps, site: Site, person: PersonId): Promise<Looked> {
  const known = deps.plan().people[person]
  if (known?.slack !== undefined) return { users: [known.slack], left: [] }
  const left = await doPart(deps, site, {
    name: `person ${person}`,
    wanted: known?.email ?? '',
    work: async () => {
      const found = await deps.people.find(person, site.options)
      if ('nobody' in found) throw new UserError('not-in-slack', found.nobody)
    },
  })
  if (left.length > 0) return { users: [], left }
  const found = await deps.people.find(person, site.options)
  return { users: 'user' in found ? [found.user] : [], left: [] }
}

/** The members of a group's user group in Slack, asked for once and remembered until they are in. */
async function userGroup(deps: InviteDeps, site: Site, group: string): Promise<Looked> {
  const id = deps.plan().groups[group]?.slack
  if (id === undefined) return { users: [], left: [] }
  const members = `members ${id}`
  const left = await doPart(deps, site, {
    name: `group ${group}`,
    wanted: id,
    work: async () => {
      const users = await deps.people.userGroup(id, site.options)
      await markDone(deps, site, { [members]: users.join(' ') })
    },
  })
  const { done } = await deps.records.read(site.incident)
  return { users: (done[members] ?? '').split(' ').filter((user) => user !== ''), left }
}

/** Where Slack refuses many because of one, it is asked for each half of them. */
async function bring(deps: InviteDeps, site: Site, users: readonly string[]): Promise<readonly Left[]> {
  const args = { channel: site.room.id, users: users.join(','), force: true }
  try {
    const { errors = [] } = Invited.parse(await deps.api.call('conversations.invite', args, site.options))
    const refused = new Map(errors.map(({ user, error }) => [user, error]))
    await note(deps, site, users, (user) => outcome(refused.get(user)))
    return []
  } catch (thrown) {
    if (isLost(thrown)) throw thrown
    if (thrown instanceof RetryableError)
      return [{ text: `people: ${thrown.message}`, ...againAfter(thrown) }]
    if (!(thrown instanceof SlackRefusal)) throw thrown
    const half = Math.ceil(users.length / 2)
    if (users.length > 1)
      return [
        ...(await bring(deps, site, users.slice(0, half))),
        ...(await bring(deps, site, users.slice(half))),
      ]
    await note(deps, site, users, () => outcome(thrown.reason))
    return []
  }
}

function outcome(error: string | undefined): string {
  if (error === undefined || there.includes(error)) return inside
  return `${error}. ${advice(error, { method: 'conversations.invite', needed: undefined })}`
}

async function note(
  deps: InviteDeps,
  site: Site,
  users: readonly string[],
  outcomeOf: (user: string) => string,
): Promise<void> {
  const outcomes = users.map((user) => [keyOf(user), outcomeOf(user)] as const)
  const refused = outcomes.filter(([, text]) => text !== inside)
  if (refused.length > 0)
    deps.log.warn('people could not be invited into a room in Slack', {
      incident: site.incident,
      people: refused.map(([user, text]) => `${user}: ${text}`),
    })
  await markDone(deps, site, Object.fromEntries(outcomes))
}

async function turnedAway(deps: InviteDeps, site: Site, users: readonly string[]): Promise<readonly Left[]> {
  const { done } = await deps.records.read(site.incident)
  const names = new Map(Object.values(deps.plan().people).map(({ slack, name }) => [slack, name]))
  return users.flatMap((user) => {
    const text = done[keyOf(user)]
    if (text === undefined || text === inside) return []
    return [{ text: `${names.get(user) ?? user}: ${text}`, again: false }]
  })
}

function keyOf(user: string): string {
  return `user ${user}`
}

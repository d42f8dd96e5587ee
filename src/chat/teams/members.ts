// Who belongs into a room must be in the team, since all of a team sees its standard channels: brought in, or named.
import { z } from 'zod'
import type { DrPlan } from '../../drplan/schema.ts'
import { UserError } from '../../errors.ts'
import type { PersonId } from '../../ids.ts'
import { everybodyIn } from '../guests.ts'
import type { Guests } from '../guests.ts'
import { markDone } from '../parts.ts'
import type { Left, PartDeps, Site } from '../parts.ts'
import { shaped } from './api-errors.ts'
import { TeamsRefusal } from './api.ts'
import type { TeamsApi } from './api.ts'
import { briefly } from './briefly.ts'
import { doPart } from './furnish.ts'

export interface MembersDeps extends PartDeps {
  readonly api: Pick<TeamsApi, 'graph'>
  readonly plan: () => DrPlan
  readonly teamId: string
  /** Microsoft Graph, without a slash at its end. */
  readonly graphUrl: string
}

interface Guest {
  readonly name: string
  readonly id: string
}

const Members = z.object({ value: z.array(z.object({ userId: z.string().nullish() })) })

/** Brings into the team whoever is not in it, where the bot may; whoever cannot come is named with what to do. */
export async function bringIn(deps: MembersDeps, site: Site, view: Guests): Promise<readonly Left[]> {
  const plan = deps.plan()
  const people = everybodyIn(plan, view)
  const strangers = people.flatMap((person) => strangerIn(plan, person))
  const { done } = await deps.records.read(site.incident)
  const missing = people
    .flatMap((person) => guestIn(plan, person))
    .filter(({ id }) => done[keyOf(id)] === undefined)
  if (missing.length === 0) return strangers
  const left = await doPart(deps, site, {
    name: 'people',
    wanted: missing.map(({ id }) => id).join(' '),
    work: () => briefly(site.options, (options) => bring(deps, { ...site, options }, missing)),
  })
  return [...strangers, ...left]
}

function guestIn(plan: DrPlan, person: PersonId): readonly Guest[] {
  const known = plan.people[person]
  return known?.teams === undefined ? [] : [{ name: known.name, id: known.teams.toLowerCase() }]
}

function strangerIn(plan: DrPlan, person: PersonId): readonly Left[] {
  const known = plan.people[person]
  if (known?.teams !== undefined) return []
  const text =
    known === undefined
      ? `person ${person}: ${person} is not in the DR plan any more`
      : `person ${person}: the DR plan has no Teams id of ${known.name}; set people.${person}.teams`
  return [{ text, again: false }]
}

/** Throws the names of all who are not in, with what to do about them. */
async function bring(deps: MembersDeps, site: Site, guests: readonly Guest[]): Promise<void> {
  const outside: string[] = []
  const refused: string[] = []
  for (const guest of guests) {
    const why = (await isMember(deps, site, guest)) ? undefined : await add(deps, site, guest)
    if (why === undefined) await markDone(deps, site, { [keyOf(guest.id)]: 'in' })
    else if (why.status === 403) outside.push(guest.name)
    else refused.push(`${guest.name}: ${why.message}`)
  }
  const step =
    'not in the team, and the bot may not add anybody. Add them in Teams (Manage team, Members), or grant the app TeamMember.ReadWrite.All (docs/teams.md, step 4)'
  const texts = [...(outside.length > 0 ? [`${outside.join(', ')}: ${step}`] : []), ...refused]
  if (texts.length > 0) throw new UserError('not-in-team', texts.join('; '))
}

/** Source of the filter: learn.microsoft.com/graph/api/team-list-members, example 3. */
async function isMember({ api, teamId }: MembersDeps, { options }: Site, { id }: Guest): Promise<boolean> {
  const $filter = `(microsoft.graph.aadUserConversationMember/userId eq '${id}')`
  const path = `teams/${teamId}/members?${new URLSearchParams({ $filter })}`
  const { value } = shaped(
    Members,
    await api.graph('GET', path, undefined, options),
    'the members of the team',
  )
  return value.some(({ userId }) => userId?.toLowerCase() === id)
}

/** Why Teams refused it; undefined when the person is in. */
async function add(
  { api, teamId, graphUrl }: MembersDeps,
  { options }: Site,
  { id }: Guest,
): Promise<TeamsRefusal | undefined> {
  const body = {
    '@odata.type': '#microsoft.graph.aadUserConversationMember',
    roles: [],
    'user@odata.bind': `${graphUrl}/v1.0/users('${id}')`,
  }
  try {
    await api.graph('POST', `teams/${teamId}/members`, body, options)
    return undefined
  } catch (thrown) {
    if (thrown instanceof TeamsRefusal) return thrown
    throw thrown
  }
}

function keyOf(id: string): string {
  return `member ${id}`
}

// Looks whether the people of the DR plan are in the team, and whether pages reach them.
import { z } from 'zod'
import type { DrPlan, Person } from '../../../drplan/schema.ts'
import type { TeamsApi } from '../api.ts'
import { whyNot } from './ask.ts'
import type { Ask, Finding, Tell } from './ask.ts'

export interface Asking {
  readonly api: Pick<TeamsApi, 'graph' | 'memberId' | 'openChat'>
  readonly ask: Ask
  /** The right to read users is there. */
  readonly mayReadUsers: boolean
  /** So is that to add the app for people. */
  readonly mayInstall: boolean
  /** Who is in the team is asked of its channel. */
  readonly channelThere: boolean
}

type Found = Omit<Finding, 'about'>

const room = { lane: 'room' } as const
const User = z.object({ displayName: z.string() })
const objectId = 'In Entra: Users, the person, "Object ID"'

/** Each person of the plan, by object id alone: names can be chosen. */
export async function checkPeople(asking: Asking, plan: DrPlan, tell: Tell): Promise<void> {
  for (const [id, person] of Object.entries(plan.people))
    tell({ ...(await checkPerson(asking, id, person)), about: `people.${id}` })
}

async function checkPerson(asking: Asking, id: string, { teams, name }: Person): Promise<Found> {
  const { api, ask } = asking
  if (teams === undefined) {
    const text = `has no object id in the plan: no pages by Teams, and no commands. Write "teams: ..." under people.${id}. ${objectId}`
    return { mark: 'open', text }
  }
  const called = await nameOf(asking, teams)
  if ('missing' in called) return { mark: 'missing', text: called.missing }
  const member = await ask(() => api.memberId(teams, room))
  if ('refused' in member && !asking.channelThere)
    return {
      mark: 'open',
      text: `whether ${teams} is in the team cannot be seen before TEAMS_CHANNEL_ID is right`,
    }
  if ('refused' in member && member.status === 404)
    return { mark: 'missing', text: `${teams} is not in the team. Add the person to it in Teams` }
  if (!('answer' in member)) return { mark: 'missing', text: whyNot(member) }
  const chat = await ask(() => api.openChat(teams, room))
  if ('refused' in chat && chat.status === 403 && asking.mayInstall)
    return {
      mark: 'open',
      text: `${teams} has not added the app; the bot adds it when they may be called next`,
    }
  if (!('answer' in chat))
    return { mark: 'missing', text: `no page reaches ${teams}: ${whyNot(chat)} docs/teams.md, step 3` }
  const found = called.name === undefined ? '' : `${called.name}, `
  if (called.name === undefined || called.name === name)
    return { mark: 'ok', text: `${teams} is ${found}in the team, and pages reach them` }
  return { mark: 'open', text: `${teams} is ${called.name}. Make sure that it is ${name}` }
}

/** What the person is called in Entra, where the bot may know. */
async function nameOf(
  { api, ask, mayReadUsers }: Asking,
  teams: string,
): Promise<{ readonly name?: string } | { readonly missing: string }> {
  if (!mayReadUsers) return {}
  const path = `users/${encodeURIComponent(teams)}?$select=displayName`
  const asked = await ask(() => api.graph('GET', path, undefined, room))
  if ('refused' in asked && asked.status === 404)
    return { missing: `this tenant has no user ${teams}. ${objectId}` }
  const read = User.safeParse('answer' in asked ? asked.answer : undefined)
  return read.success ? { name: read.data.displayName } : {}
}

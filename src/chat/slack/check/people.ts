// Looks whether the people and the user groups of the DR plan are in the workspace.
import { z } from 'zod'
import type { DrPlan, Person } from '../../../drplan/schema.ts'
import type { Ask, Asked, Finding } from './ask.ts'

const Member = z.object({
  user: z.object({
    id: z.string(),
    team_id: z.string().optional(),
    name: z.string().optional(),
    real_name: z.string().optional(),
    deleted: z.boolean().optional(),
    is_bot: z.boolean().optional(),
    is_email_confirmed: z.boolean().optional(),
    is_restricted: z.boolean().optional(),
    is_ultra_restricted: z.boolean().optional(),
    profile: z.object({ email: z.string().optional() }).optional(),
  }),
})
type Member = z.infer<typeof Member>['user']

const Members = z.object({ users: z.array(z.string()) })

/** Each person of the plan: there by member id, else found by e-mail. */
export async function checkPeople(
  ask: Ask,
  plan: DrPlan,
  team: string,
  tell: (finding: Finding) => void,
): Promise<void> {
  for (const [id, person] of Object.entries(plan.people)) {
    const found =
      person.slack === undefined
        ? await byEmail(ask, id, person, team)
        : await byMemberId(ask, person.slack, person, team)
    tell({ ...found, about: `people.${id}` })
  }
}

type Found = Omit<Finding, 'about'>

async function byMemberId(ask: Ask, member: string, person: Person, team: string): Promise<Found> {
  const asked = await ask('users.info', { user: member }, Member)
  if ('reason' in asked && ['user_not_found', 'user_not_visible'].includes(asked.reason))
    return missing(`this workspace has no member ${member}. ${copyId}${await offer(ask, person)}`)
  if (!('answer' in asked)) return unanswered(asked)
  const { user } = asked.answer
  const wrong = unfit(user, team)
  if (wrong !== undefined) return missing(`${member} ${wrong}`)
  const email = user.profile?.email?.toLowerCase()
  const other = person.email !== undefined && email !== undefined && email !== person.email.toLowerCase()
  if (!other) return { mark: 'ok', text: `${member} is ${nameOf(user)}` }
  const text = `${member} is ${nameOf(user)}, with another e-mail than in the plan. Make sure that it is ${person.name}`
  return { mark: 'open', text }
}

async function byEmail(ask: Ask, id: string, person: Person, team: string): Promise<Found> {
  const without = 'no pages by Slack, and no place in the channels of incidents'
  if (person.email === undefined)
    return open(`has neither a Slack member id nor an e-mail in the plan: ${without}. ${copyId}`)
  const asked = await ask('users.lookupByEmail', { email: person.email }, Member)
  if ('answer' in asked) {
    const { user } = asked.answer
    const wrong = unfit(user, team)
    if (wrong !== undefined) return missing(`${person.email} is ${user.id}, which ${wrong}`)
    const write = `Write "slack: ${user.id}" under people.${id} in the plan`
    if (user.is_email_confirmed === false)
      return open(
        `is perhaps ${nameOf(user)}, whose e-mail was never confirmed at Slack. ${write} if it is so`,
      )
    return open(`is ${nameOf(user)} by e-mail. ${write}: an id also holds when the e-mail changes`)
  }
  if ('reason' in asked && asked.reason === 'users_not_found')
    return open(
      `has no Slack member id, and nobody in the workspace has the e-mail of the plan: ${without}. ${copyId}`,
    )
  return unanswered(asked)
}

const copyId = 'In Slack: profile, three dots, "Copy member ID"'

/** Where the id is wrong, the e-mail may lead to the right one. */
async function offer(ask: Ask, person: Person): Promise<string> {
  if (person.email === undefined) return ''
  const asked = await ask('users.lookupByEmail', { email: person.email }, Member)
  return 'answer' in asked ? `; by e-mail it is ${asked.answer.user.id}` : ''
}

function unfit(user: Member, team: string): string | undefined {
  if (user.deleted) return 'is deactivated. Take the person out of the plan, or write another id'
  if (user.is_bot) return 'is a bot. Write the member id of the person'
  if (user.is_restricted || user.is_ultra_restricted)
    return 'is a guest, who cannot be brought into the channels of incidents. Make the person a full member'
  if (user.team_id !== undefined && user.team_id !== team)
    return 'belongs to another workspace. Write the member id of the person in this one'
  return undefined
}

function nameOf(user: Member): string {
  return user.real_name || user.name || user.id
}

/** A user group whose members the bot keeps. */
export interface KeptGroup {
  readonly about: string
  readonly id: string
  readonly users: readonly string[]
}

/** The user groups of groups and rotations; answers those of rotations, which the bot changes. */
export async function checkGroups(
  ask: Ask,
  plan: DrPlan,
  tell: (finding: Finding) => void,
): Promise<readonly KeptGroup[]> {
  const kept: KeptGroup[] = []
  for (const [name, { slack: id }] of Object.entries(plan.groups)) {
    if (id !== undefined) await checkGroup(ask, { about: `groups.${name}`, id }, tell)
  }
  for (const { name, slack: id } of plan.oncall.rotations) {
    if (id === undefined) continue
    const about = `rotation ${name}`
    const users = await checkGroup(ask, { about, id }, tell)
    if (users !== undefined) kept.push({ about, id, users })
  }
  return kept
}

async function checkGroup(
  ask: Ask,
  { about, id }: { readonly about: string; readonly id: string },
  tell: (finding: Finding) => void,
): Promise<readonly string[] | undefined> {
  const asked = await ask('usergroups.users.list', { usergroup: id }, Members)
  if ('answer' in asked) {
    const { users } = asked.answer
    tell({
      mark: 'ok',
      about,
      text: `the user group ${id} has ${users.length} member${users.length === 1 ? '' : 's'}`,
    })
    return users
  }
  if ('reason' in asked && ['no_such_subteam', 'subteam_disabled'].includes(asked.reason)) {
    const copy = 'In Slack: People, User groups, three dots, "Copy group ID"'
    tell({ mark: 'missing', about, text: `this workspace has no enabled user group ${id}. ${copy}` })
  } else {
    const text = `the user group ${id} cannot be read: ${unanswered(asked).text}`
    tell({ mark: 'missing', about, text })
  }
  return undefined
}

function missing(text: string): Found {
  return { mark: 'missing', text }
}

function open(text: string): Found {
  return { mark: 'open', text }
}

/** Slack refused or was silent where it should have answered. */
export function unanswered(asked: Exclude<Asked<never>, { readonly answer: never }>): Found {
  return missing('reason' in asked ? asked.text : asked.unreachable)
}

// A Teams tenant for tests: the simulator with the people of the example plan, a stranger and a guest of another tenant.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { startTeams, type SimTeams, type SimTeamsOptions } from '../../sim/teams.ts'

/** Somebody in the team whom the plan does not know. */
export const teamsStranger = {
  id: '5a5a5a5a-0000-4000-8000-000000000000',
  name: 'Zoe Zander',
  email: 'zoe@example.com',
}

/** Somebody of another tenant who is a guest of the team. */
export const teamsGuest = {
  id: '6b6b6b6b-0000-4000-8000-000000000000',
  name: 'Gus Guest',
  email: 'gus@example.net',
}

/** The channel of the team in which the bot lives. */
export const home = '19:incidents@thread.tacv2'

const Plan = z.object({
  people: z.record(
    z.string(),
    z.object({ name: z.string(), teams: z.string(), email: z.string().optional() }),
  ),
})
const example = Plan.parse(parse(readFileSync(new URL('../../dr-plan.example.yml', import.meta.url), 'utf8')))

/** The people of the example plan as Teams knows them: object id, name, e-mail. */
const teamsPeople = Object.values(example.people).map((person) => ({
  id: person.teams,
  name: person.name,
  ...(person.email !== undefined && { email: person.email }),
}))

/** The object id of a person of the example plan. */
export function teamsId(person: string): string {
  const id = example.people[person]?.teams
  if (id === undefined) throw new Error(`the plan has no ${person}`)
  return id
}

/** Starts a tenant with `people` (default: the example plan's), `teamsStranger` and `teamsGuest`. Stop it in the end. */
export function startTeamsFor(
  people: NonNullable<SimTeamsOptions['people']> = teamsPeople,
  options: Omit<SimTeamsOptions, 'people'> = {},
): Promise<SimTeams> {
  return startTeams({
    channels: [{ id: home, name: 'incidents' }],
    guests: [teamsGuest],
    ...options,
    people: [...people, teamsStranger],
  })
}

/** The environment of a bot in that tenant. */
export function teamsEnv(sim: SimTeams): Readonly<Record<string, string>> {
  return {
    MICROSOFT_APP_ID: sim.appId,
    MICROSOFT_APP_PASSWORD: sim.secret,
    MICROSOFT_APP_TENANT_ID: sim.tenantId,
    TEAMS_TEAM_ID: sim.teamId,
    TEAMS_CHANNEL_ID: home,
    TEAMS_SERVICE_URL: sim.serviceUrl.replace(/\/$/, ''),
    TEAMS_LOGIN_URL: sim.origin,
    GRAPH_URL: sim.origin,
  }
}

/** Gets a token as the bot does. */
export async function tokenFor(
  sim: SimTeams,
  audience: 'https://api.botframework.com' | 'https://graph.microsoft.com',
): Promise<string> {
  const form = {
    grant_type: 'client_credentials',
    client_id: sim.appId,
    client_secret: sim.secret,
    scope: `${audience}/.default`,
  }
  const response = await fetch(`${sim.origin}/${sim.tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  })
  return z.object({ access_token: z.string() }).parse(await response.json()).access_token
}

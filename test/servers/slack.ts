// A Slack workspace for tests: the simulator with the app of manifest.yml, the people of the example plan, and two more.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { startSlack, type SimSlack, type SimSlackOptions } from '../../sim/slack.ts'

/** Somebody in Slack whom the plan does not know. */
export const stranger = { id: 'U0STRANGER', name: 'zoe', realName: 'Zoe Zander', email: 'zoe@example.com' }

/** Somebody of another workspace who shares a channel. */
export const guest = {
  id: 'U0GUEST',
  name: 'guest',
  realName: 'Gus Guest',
  email: 'gus@example.net',
  team: 'T0OTHER',
}

const Plan = z.object({
  people: z.record(
    z.string(),
    z.object({ name: z.string(), slack: z.string(), email: z.string().optional() }),
  ),
  groups: z.record(z.string(), z.object({ people: z.array(z.string()), slack: z.string().optional() })),
})
const example = Plan.parse(read('dr-plan.example.yml'))

/** The people of the example plan as Slack knows them: id, name, e-mail. */
export const planPeople = Object.entries(example.people).map(([name, person]) => ({
  id: person.slack,
  name,
  realName: person.name,
  ...(person.email !== undefined && { email: person.email }),
}))

/** The user groups of the example plan, with their people, and one for who is on call. */
const planGroups = [
  ...Object.entries(example.groups).flatMap(([handle, group]) => {
    const users = group.people.flatMap((name) => example.people[name]?.slack ?? [])
    return group.slack === undefined ? [] : [{ id: group.slack, handle, users }]
  }),
  { id: 'S0ONCALL', handle: 'oncall', users: [] },
]

const Manifest = z.object({
  features: z.object({ slash_commands: z.tuple([z.object({ should_escape: z.boolean() })]) }),
  oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
  settings: z.object({ event_subscriptions: z.object({ bot_events: z.array(z.string()) }) }),
})
const manifest = Manifest.parse(read('manifest.yml'))

/** The app as manifest.yml installs it: with these scopes and events, and no more. */
const installed = {
  scopes: manifest.oauth_config.scopes.bot,
  events: manifest.settings.event_subscriptions.bot_events,
  shouldEscape: manifest.features.slash_commands[0].should_escape,
}

function read(file: string): unknown {
  return parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'))
}

/** Starts a workspace with `people` (default: the example plan's), `stranger` and `guest`. Stop it in the end. */
export function startSlackFor(
  people: NonNullable<SimSlackOptions['people']> = planPeople,
  options: Omit<SimSlackOptions, 'people'> = {},
): Promise<SimSlack> {
  return startSlack({
    ...installed,
    groups: planGroups,
    channels: [{ id: 'C0ALERTS', name: 'alerts', members: people.map(({ id }) => id) }],
    ...options,
    people: [...people, stranger, guest],
  })
}

/** The environment of a bot in that workspace: by Socket Mode, or by HTTP. */
export function slackEnv(
  sim: SimSlack,
  mode: 'socket' | 'http' = 'socket',
): Readonly<Record<string, string>> {
  const token = { SLACK_BOT_TOKEN: sim.botToken, SLACK_API_URL: sim.apiUrl.replace(/\/$/, '') }
  return mode === 'socket'
    ? { ...token, SLACK_APP_TOKEN: sim.appToken }
    : { ...token, SLACK_SIGNING_SECRET: sim.signingSecret }
}

/** Calls one method with arguments as JSON, without an SDK in between; gives the answer's body. */
export async function callSlack(
  sim: SimSlack,
  method: string,
  args: object = {},
  token = sim.botToken,
): Promise<Readonly<Record<string, unknown>>> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(sim.apiUrl + method, { method: 'POST', headers, body: JSON.stringify(args) })
  return (await response.json()) as Readonly<Record<string, unknown>>
}

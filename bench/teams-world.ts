// The bot and a Teams tenant for measurements: the simulator, the people of the example plan, and what arrives where.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'
import { startTeams } from '../sim/teams.ts'
import type { SimTeams } from '../sim/teams.ts'
import { startBot } from './bot.ts'
import { comeTrue } from './chat-pages.ts'
import type { ChatWorld } from './chat-pages.ts'
import { startMailReceiver } from './receivers.ts'

export interface TeamsWorld extends ChatWorld {
  readonly teams: SimTeams
  /** The object id of a person of the plan. */
  readonly idOf: (person: string) => string
}

const Plan = z.object({ people: z.record(z.string(), z.object({ name: z.string(), teams: z.string() })) })
const example = fileURLToPath(new URL('../dr-plan.example.yml', import.meta.url))
const home = '19:incidents@thread.tacv2'

/** Starts both and waits until the bot has met Teams. E-mail is the channel after the chat, and not due before 10 minutes. */
export async function startTeamsWorld(): Promise<TeamsWorld> {
  const { people } = Plan.parse(parse(await readFile(example, 'utf8')))
  const mail = await startMailReceiver()
  // Teams' limits would make of a measurement of the bot one of Teams: they are one of the faults here.
  const teams = await startTeams({
    limits: false,
    channels: [{ id: home, name: 'incidents' }],
    people: Object.values(people).map((person) => ({ id: person.teams, name: person.name })),
  })
  const bot = await startBot(mail.url, {
    env: environment(teams),
    change: (plan) => plan.replace(/ladder: \[.*\]/, 'ladder: [{ chat: 0s }, { email: 10m }]'),
  })
  teams.setBotUrl(`http://127.0.0.1:${bot.door.port}/api/messages`)
  await comeTrue(() => teams.calls.some((call) => call.name.startsWith('graph.') && call.outcome === 'ok'))
  const ids = Object.values(people).map((person) => person.teams)
  return {
    bot,
    teams,
    mail,
    hasPage: (incident) => ids.some((id) => isPaged(teams, id, incident)),
    hasCard: (incident) =>
      teams.messages(home).some(({ id }) => nameOf(teams.card(id)) === `${incident}/card`),
    idOf: (person) => {
      const id = people[person]?.teams
      if (id === undefined) throw new Error(`the plan has no ${person}`)
      return id
    },
    stop: async () => {
      await bot.stop()
      await teams.stop()
      await mail.stop()
    },
  }
}

function environment(teams: SimTeams): Readonly<Record<string, string>> {
  return {
    MICROSOFT_APP_ID: teams.appId,
    MICROSOFT_APP_PASSWORD: teams.secret,
    MICROSOFT_APP_TENANT_ID: teams.tenantId,
    TEAMS_TEAM_ID: teams.teamId,
    TEAMS_CHANNEL_ID: home,
    TEAMS_SERVICE_URL: teams.serviceUrl.replace(/\/$/, ''),
    TEAMS_LOGIN_URL: teams.origin,
    GRAPH_URL: teams.origin,
  }
}

/** What rings in the chat of that person says it. */
function isPaged(teams: SimTeams, user: string, incident: string): boolean {
  const newest = teams.direct(user).findLast(({ alert }) => alert)
  return newest !== undefined && teams.shown(newest.id).includes(`${incident} `)
}

/** The name that a card of the bot carries. */
function nameOf(card: unknown): unknown {
  const { body } = (card ?? {}) as { readonly body?: readonly { readonly id?: unknown }[] }
  return body?.[0]?.id
}

// The whole bot in a Teams tenant, with what people see in it as text.
import { vi } from 'vitest'
import type { Delivered, SimTeams, SimTeamsOptions } from '../../sim/teams.ts'
import { startBot } from './bot.ts'
import type { Bot, BotOptions } from './bot.ts'
import { home, startTeamsFor, teamsEnv } from './teams.ts'

/** A tenant as people see it. */
export interface TeamsSide {
  readonly teams: SimTeams
  /** The thread in the bot's channel, or the channel of its own, that is an incident's room. */
  readonly room: (id?: string) => Promise<string>
  /** What a conversation shows now, oldest first, a text for each message; as that person sees it when one is named. */
  readonly reads: (conversation: string, user?: string) => readonly string[]
  /** What the bot has written to somebody directly. */
  readonly direct: (user: string) => readonly string[]
  /** Presses the button of that label on the newest message of the conversation that has it. */
  readonly press: (
    user: string,
    conversation: string,
    label: string,
    inputs?: Readonly<Record<string, string>>,
  ) => Promise<Delivered>
}

export interface TeamsBot extends TeamsSide {
  readonly bot: Bot
  readonly stop: () => Promise<void>
}

export interface TeamsBotOptions extends BotOptions {
  readonly tenant?: Omit<SimTeamsOptions, 'people'>
  /** Done to Teams before the bot starts. */
  readonly before?: (teams: SimTeams) => Promise<void>
}

/** Teams takes its time on a busy machine; nothing here waits longer than it must. */
export const patience = { timeout: 15_000, interval: 20 }

/** Starts both; `change` edits the example plan. */
export async function startTeamsBot(
  change: (plan: string) => string = (plan) => plan,
  options: TeamsBotOptions = {},
): Promise<TeamsBot> {
  const { tenant, before, ...rest } = options
  const teams = await startTeamsFor(undefined, { limits: false, ...tenant })
  await before?.(teams)
  const bot = await startBot(change, { ...rest, env: { ...teamsEnv(teams), ...rest.env } })
  teams.setBotUrl(`${bot.app().url}/api/messages`)
  return {
    bot,
    ...teamsSide(teams),
    stop: async () => {
      await bot.stop()
      await teams.stop()
    },
  }
}

/** What people see and do in the tenant. */
export function teamsSide(teams: SimTeams): TeamsSide {
  return {
    teams,
    room: (id = 'INC-1') => vi.waitFor(() => roomOf(teams, id), patience),
    reads: (conversation, user) => teams.messages(conversation).map((each) => teams.shown(each.id, user)),
    direct: (user) => teams.direct(user).map((each) => teams.shown(each.id, user)),
    press: (user, conversation, label, inputs = {}) => {
      const message = teams.messages(conversation).findLast((each) => hasLabel(teams, each.id, user, label))
      if (!message) throw new Error(`no button ${label} in ${conversation}`)
      return teams.press(user, message.id, label, { inputs })
    },
  }
}

function roomOf(teams: SimTeams, id: string): string {
  const channel = teams.channels().find(({ name }) => name.toUpperCase().startsWith(id))
  const thread = teams
    .messages(home)
    .find(
      (each) =>
        each.from === 'bot' && teams.shown(each.id).includes(id) && each.conversation.endsWith(each.id),
    )
  const room = channel?.id ?? thread?.conversation
  if (room === undefined) throw new Error(`no room of ${id} yet`)
  return room
}

function hasLabel(teams: SimTeams, message: string, user: string, label: string): boolean {
  return teams.labels(message, user).includes(label)
}

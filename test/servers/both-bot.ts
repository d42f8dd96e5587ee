// The whole bot in a Slack workspace and in a Teams tenant at once, with what people see in each as text.
import { vi } from 'vitest'
import type { SimSlack } from '../../sim/slack.ts'
import type { SimTeams } from '../../sim/teams.ts'
import { startBot } from './bot.ts'
import type { Bot, BotOptions } from './bot.ts'
import { patience, slackSide } from './slack-bot.ts'
import type { SlackSide } from './slack-bot.ts'
import { slackEnv, startSlackFor } from './slack.ts'
import { teamsSide } from './teams-bot.ts'
import type { TeamsSide } from './teams-bot.ts'
import { startTeamsFor, teamsEnv } from './teams.ts'

export interface BothBot {
  readonly bot: Bot
  readonly inSlack: SlackSide
  readonly inTeams: TeamsSide
  readonly stop: () => Promise<void>
}

export interface BothOptions extends BotOptions {
  /** Done to the chats before the bot starts. */
  readonly before?: (slack: SimSlack, teams: SimTeams) => Promise<void>
}

/** Starts all three; `change` edits the example plan, in which everybody is in both chats. */
export async function startBothBot(
  change: (plan: string) => string = (plan) => plan,
  { before, ...options }: BothOptions = {},
): Promise<BothBot> {
  const [slack, teams] = await Promise.all([
    startSlackFor(undefined, { limits: false, ...(options.clock && { now: options.clock.now }) }),
    startTeamsFor(undefined, { limits: false }),
  ])
  await before?.(slack, teams)
  const env = { ...slackEnv(slack), ...teamsEnv(teams), ...options.env }
  const bot = await startBot(change, { ...options, env })
  teams.setBotUrl(`${bot.app().url}/api/messages`)
  if (!before) await vi.waitFor(() => slack.sockets() || Promise.reject(new Error('no socket')), patience)
  return {
    bot,
    inSlack: slackSide(slack),
    inTeams: teamsSide(teams),
    stop: async () => {
      await bot.stop()
      await Promise.all([slack.stop(), teams.stop()])
    },
  }
}

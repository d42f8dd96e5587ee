// The whole bot in a Slack workspace: by Socket Mode or over signed HTTP, with what people see in it as text.
import { vi } from 'vitest'
import type { SimSlack, SimSlackOptions } from '../../sim/slack.ts'
import type { Block, Input } from '../../src/chat/slack/render/blocks.ts'
import { shownBlocks } from '../contracts/slack-render-shown.ts'
import { startBot } from './bot.ts'
import type { Bot, BotOptions } from './bot.ts'
import { slackEnv, startSlackFor } from './slack.ts'

export type Mode = 'socket' | 'http'

/** A workspace as people see it. */
export interface SlackSide {
  readonly slack: SimSlack
  /** The incident's channel, once it is there and has the card. */
  readonly room: (id?: string) => Promise<string>
  /** What a channel shows now, oldest first, a text for each message. */
  readonly reads: (channel: string) => readonly string[]
  /** What the bot has written to somebody directly. */
  readonly direct: (user: string) => readonly string[]
  /** Presses the button of that label on the newest message of the channel that has it. */
  readonly press: (user: string, channel: string, label: string) => ReturnType<SimSlack['press']>
}

export interface SlackBot extends SlackSide {
  readonly bot: Bot
  readonly stop: () => Promise<void>
}

export interface SlackBotOptions extends BotOptions {
  readonly workspace?: Omit<SimSlackOptions, 'people'>
  readonly mode?: Mode
  /** Absent: it is waited for until commands can come in. */
  readonly wait?: boolean
  /** Done to Slack before the bot starts. */
  readonly before?: (slack: SimSlack) => Promise<void>
}

/** Slack takes its time on a busy machine; nothing here waits longer than it must. */
export const patience = { timeout: 15_000, interval: 20 }
const zone = 'Europe/Berlin'

/** Starts both; `change` edits the example plan. */
export async function startSlackBot(
  change: (plan: string) => string = (plan) => plan,
  options: SlackBotOptions = {},
): Promise<SlackBot> {
  const { workspace, mode = 'socket', wait = true, before, ...rest } = options
  const slack = await startSlackFor(undefined, { limits: false, ...workspace })
  await before?.(slack)
  const bot = await startBot(change, { ...rest, env: { ...slackEnv(slack, mode), ...rest.env } })
  if (mode === 'http') slack.setRequestUrl(`${bot.app().url}/slack/events`)
  else if (wait) await vi.waitFor(() => slack.sockets() || Promise.reject(new Error('no socket')), patience)
  return {
    bot,
    ...slackSide(slack),
    stop: async () => {
      await bot.stop()
      await slack.stop()
    },
  }
}

/** What people see and do in the workspace. */
export function slackSide(slack: SimSlack): SlackSide {
  const shown = ({ text, blocks }: { readonly text: string; readonly blocks?: readonly unknown[] }): string =>
    blocks === undefined ? text : shownBlocks(blocks as readonly (Block | Input)[], zone)
  return {
    slack,
    room: (id = 'inc-1') =>
      vi.waitFor(() => {
        const channel = slack.channels().find((each) => each.name.startsWith(`${id}-`))
        if (!channel || slack.messages(channel.id).length === 0) throw new Error(`no room of ${id} yet`)
        return channel.id
      }, patience),
    reads: (channel) => slack.messages(channel).map(shown),
    direct: (user) => slack.direct(user).map(shown),
    press: (user, channel, label) => {
      const message = slack.messages(channel).findLast((each) => slack.buttons(each).includes(label))
      if (!message) throw new Error(`no button ${label} in ${channel}`)
      return slack.press(user, { channel, ts: message.ts, label })
    },
  }
}

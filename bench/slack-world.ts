// The bot and a Slack workspace for measurements: the simulator, the people of the example plan, and what arrives where and when.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'
import { startSlack } from '../sim/slack.ts'
import type { SimSlack } from '../sim/slack.ts'
import { startBot } from './bot.ts'
import { comeTrue } from './chat-pages.ts'
import type { ChatWorld } from './chat-pages.ts'
import { startMailReceiver } from './receivers.ts'

export type Mode = 'socket' | 'http'

export interface SlackWorld extends ChatWorld {
  readonly slack: SimSlack
}

const Plan = z.object({ people: z.record(z.string(), z.object({ name: z.string(), slack: z.string() })) })
const example = fileURLToPath(new URL('../dr-plan.example.yml', import.meta.url))

/** Starts both and waits until commands come in. E-mail is the channel after the chat, and not due before 10 minutes. */
export async function startSlackWorld(mode: Mode): Promise<SlackWorld> {
  const { people } = Plan.parse(parse(await readFile(example, 'utf8')))
  const mail = await startMailReceiver()
  // Slack's limits would make of a measurement of the bot one of Slack: they are one of the faults here.
  const slack = await startSlack({
    limits: false,
    people: Object.entries(people).map(([name, person]) => ({
      id: person.slack,
      name,
      realName: person.name,
    })),
  })
  const tokens =
    mode === 'socket' ? { SLACK_APP_TOKEN: slack.appToken } : { SLACK_SIGNING_SECRET: slack.signingSecret }
  const bot = await startBot(mail.url, {
    env: { SLACK_BOT_TOKEN: slack.botToken, SLACK_API_URL: slack.apiUrl.replace(/\/$/, ''), ...tokens },
    change: (plan) => plan.replace(/ladder: \[.*\]/, 'ladder: [{ chat: 0s }, { email: 10m }]'),
  })
  if (mode === 'http') slack.setRequestUrl(`http://127.0.0.1:${bot.door.port}/slack/events`)
  await comeTrue(() => slack.calls.some((call) => call.method === 'auth.test' && call.outcome === 'ok'))
  if (mode === 'socket') await comeTrue(() => slack.sockets() === 2)
  return {
    bot,
    slack,
    mail,
    hasPage: (incident) => isThere(slack, `${incident}/page:`),
    hasCard: (incident) => isThere(slack, `${incident}/card`),
    stop: async () => {
      await bot.stop()
      await slack.stop()
      await mail.stop()
    },
  }
}

/** Whether a message whose name in its metadata begins so is in the workspace. */
function isThere(slack: SimSlack, name: string): boolean {
  return slack
    .channels()
    .some((channel) => channel.messages.some((each) => nameOf(each.metadata).startsWith(name)))
}

function nameOf(metadata: unknown): string {
  const { event_payload: payload } = (metadata ?? {}) as {
    readonly event_payload?: { readonly key?: unknown }
  }
  return typeof payload?.key === 'string' ? payload.key : ''
}

// What stories of trouble with Slack look at: readiness, how often each message is there, and how often it was asked for.
import { expect, vi } from 'vitest'
import type { LoggedCall, SimSlack } from '../../sim/slack.ts'
import type { Check, Readiness } from '../../src/ports.ts'
import type { Bot } from '../servers/bot.ts'
import { patience } from '../servers/slack-bot.ts'
import type { SlackBot } from '../servers/slack-bot.ts'

/** E-mail comes long after the chat, so that one that is there was brought forward by the chat's failure. */
export function emailLater(plan: string): string {
  return plan.replace(/ladder: \[.*\]/, 'ladder: [{ chat: 0s }, { email: 2m }]')
}

/** What /readyz answers: its status, and each part's word. */
export async function readyOf(
  bot: Pick<Bot, 'app'>,
): Promise<{ readonly status: number; readonly checks: Readonly<Record<string, Check>> }> {
  const response = await fetch(`${bot.app().url}/readyz`)
  const { checks } = (await response.json()) as Readiness
  return { status: response.status, checks }
}

/** How often each message of the bot is in the workspace, by the name it has in its metadata. */
export function copies(slack: SimSlack): Readonly<Record<string, number>> {
  const keys = slack
    .channels()
    .flatMap((channel) => channel.messages)
    .flatMap(({ metadata }) => keyOf(metadata))
  return Object.fromEntries(
    Object.entries(Object.groupBy(keys, (key) => key)).map(([key, all]) => [key, all?.length ?? 0]),
  )
}

function keyOf(metadata: unknown): readonly string[] {
  const { event_payload: payload } = (metadata ?? {}) as {
    readonly event_payload?: { readonly key?: unknown }
  }
  return typeof payload?.key === 'string' ? [payload.key] : []
}

/** Fails unless each message of the bot is there exactly once, by its name and by its words, and at least one is. */
export function expectNothingTwice(slack: SimSlack): void {
  const all = copies(slack)
  expect(Object.keys(all)).not.toEqual([])
  expect(Object.entries(all).filter(([, count]) => count > 1)).toEqual([])
  expect(saidTwice(slack)).toEqual([])
}

/** Texts that a channel has more than once from the bot, whatever their names. */
function saidTwice(slack: SimSlack): readonly string[] {
  return slack.channels().flatMap(({ name, messages }) => {
    const texts = messages.flatMap(({ bot, text }) => (bot === undefined ? [] : [text]))
    return texts.filter((text, at) => texts.indexOf(text) < at).map((text) => `${name}: ${text}`)
  })
}

/** Calls of a method that did what they were asked for. */
export function done(slack: SimSlack, method: string): readonly LoggedCall[] {
  return slack.calls.filter((call) => call.method === method && call.outcome === 'ok')
}

/** How many messages of the channel have this text. */
export function mentions(house: SlackBot, channel: string, text: string): number {
  return house.reads(channel).filter((each) => each.includes(text)).length
}

/** Lets the bot's time go by, `step` at a time, until the check holds. */
export async function whileTimePasses<T>(
  bots: readonly Bot[],
  check: () => T | Promise<T>,
  step = 1_000,
): Promise<T> {
  return vi.waitFor(async () => {
    try {
      return await check()
    } catch (thrown) {
      for (const bot of bots) await bot.pass(step)
      throw thrown
    }
  }, patience)
}

// What stories in any chat look at: what comes to stand in a conversation, who was written to, readiness; and time that goes by.
import { expect, vi } from 'vitest'
import type { Check, Readiness } from '../../src/ports.ts'
import { service } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'
import { patience } from '../servers/slack-bot.ts'

/** A chat as people see it. */
interface Seen {
  readonly reads: (conversation: string) => readonly string[]
}

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

/** How often each key is there. */
export function counted(keys: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(Object.groupBy(keys, (key) => key)).map(([key, all]) => [key, all?.length ?? 0]),
  )
}

/** What comes to be read there, once it has all these texts. */
export async function comes(read: () => readonly string[], ...texts: readonly string[]): Promise<string> {
  return vi.waitFor(() => {
    const all = read().join('\n\n')
    for (const text of texts) expect(all).toContain(text)
    return all
  }, patience)
}

/** The one message of the conversation whose first line has this text. */
export function titled(house: Seen, conversation: string, title: string): string {
  const found = house.reads(conversation).filter((each) => each.split('\n')[0]?.includes(title))
  expect(found, title).toHaveLength(1)
  return found[0] ?? ''
}

/** How many messages of the conversation have this text. */
export function mentions(house: Seen, conversation: string, text: string): number {
  return house.reads(conversation).filter((each) => each.includes(text)).length
}

/** Who got e-mails so far, in their order. */
export function mailed(bot: Pick<Bot, 'mailbox'>): readonly string[] {
  return bot.mailbox.received.flatMap(({ to }) => to)
}

/** The load balancer breaks; answers how long it took in real time until the e-mail was there, in milliseconds. */
export async function mailedAfter(bot: Bot): Promise<number> {
  bot.world.lb.set('failing')
  const begun = performance.now()
  expect(await bot.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
  await vi.waitFor(() => expect(bot.mailbox.received).toHaveLength(1), { timeout: 20_000, interval: 10 })
  return performance.now() - begun
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

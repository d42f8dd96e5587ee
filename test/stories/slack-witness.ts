// What stories of trouble with Slack look at: how often each message is there, and how often it was asked for.
import { expect } from 'vitest'
import type { LoggedCall, SimSlack } from '../../sim/slack.ts'
import { counted } from './chat-witness.ts'

/** How often each message of the bot is in the workspace, by the name it has in its metadata. */
export function copies(slack: SimSlack): Readonly<Record<string, number>> {
  const keys = slack
    .channels()
    .flatMap((channel) => channel.messages)
    .flatMap(({ metadata }) => keyOf(metadata))
  return counted(keys)
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

// What stories of trouble with Teams look at: how often each message is there, and how often it was asked for.
import { expect } from 'vitest'
import type { LoggedCall, SimTeams } from '../../sim/teams.ts'
import { counted } from './chat-witness.ts'

/** How often each message of the bot is in the team's channels, by the name that its card carries. */
export function copies(teams: SimTeams): Readonly<Record<string, number>> {
  const keys = teams
    .channels()
    .flatMap(({ id }) => teams.messages(id))
    .filter(({ from }) => from === 'bot')
    .flatMap(({ id }) => nameOf(teams.card(id)))
  return counted(keys)
}

function nameOf(card: unknown): readonly string[] {
  const { body } = (card ?? {}) as { readonly body?: readonly { readonly id?: unknown }[] }
  const id = body?.[0]?.id
  return typeof id === 'string' ? [id] : []
}

/** Fails unless each message of the bot is there exactly once, by its name and by its words, and at least one is. */
export function expectNothingTwice(teams: SimTeams): void {
  const all = copies(teams)
  expect(Object.keys(all)).not.toEqual([])
  expect(Object.entries(all).filter(([, count]) => count > 1)).toEqual([])
  expect(saidTwice(teams)).toEqual([])
}

/** Cards that a channel has more than once from the bot, whatever their names. */
function saidTwice(teams: SimTeams): readonly string[] {
  return teams.channels().flatMap(({ id }) => {
    const said = teams.messages(id).filter(({ from }) => from === 'bot')
    const texts = said.map((message) => withoutNames(teams.card(message.id)))
    return texts.filter((text, at) => texts.indexOf(text) < at)
  })
}

function withoutNames(card: unknown): string {
  return JSON.stringify(card, (key, value: unknown) => (key === 'id' ? undefined : value))
}

/** Calls of that name that did what they were asked for. */
export function done(teams: SimTeams, name: string): readonly LoggedCall[] {
  return teams.calls.filter((call) => call.name === name && call.outcome === 'ok')
}

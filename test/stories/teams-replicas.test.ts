// Two bots in one team, as replicas are run: each message is there once, what comes in is done once whichever gets it.
import { expect, test, vi } from 'vitest'
import type { SimTeams } from '../../sim/teams.ts'
import { allDone, replicasIn } from '../contracts/replicas.ts'
import { service } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'
import { home, startTeamsFor, teamsEnv, teamsId } from '../servers/teams.ts'
import { patience } from '../servers/teams-bot.ts'
import { copies, done, expectNothingTwice } from './teams-witness.ts'

const bob = teamsId('bob')
let teams: SimTeams

const { first, second } = replicasIn(async () => {
  teams = await startTeamsFor(undefined, { limits: false })
  return {
    env: teamsEnv(teams),
    joined: async (bot) => comesTo(bot),
    room,
    pages: () => teams.direct(bob),
    mostPages: 2,
    copies: () => copies(teams),
    expectOneRoom: () => expectNothingTwice(teams),
    loseAnswers: () => teams.fault({ kind: 'lose-answer', calls: ['connector.create'] }),
    heal: () => teams.fault(),
    lookUps: () => done(teams, 'graph.messages').length,
    stop: () => teams.stop(),
  }
})

/** From now on this bot gets what people say and press. */
function comesTo(bot: Bot): void {
  teams.setBotUrl(`${bot.app().url}/api/messages`)
}

/** The thread of the first incident, once its card is there. */
async function room(): Promise<string> {
  return vi.waitFor(() => {
    expect(Object.keys(copies(teams))).toContainEqual(expect.stringMatching(/^INC-\d+\/card$/))
    return teams.messages(home)[0]?.conversation ?? ''
  }, patience)
}

test('what one has done is not done by the other, to whom it comes once more', async () => {
  await first().notify(service('PROBLEM', 'CRITICAL'))
  const thread = await room()
  await vi.waitFor(() => expect(teams.direct(bob)).toHaveLength(1), patience)

  expect(await teams.say(bob, '@dr note line 1 was looked at', { in: thread })).toMatchObject({ ok: true })
  comesTo(second())
  await teams.replay()
  expect(await teams.press(bob, teams.direct(bob)[0]?.id ?? '', 'I have it')).toMatchObject({ ok: true })
  comesTo(first())
  await teams.replay()
  await allDone([first(), second()])

  const timeline = await first().app().store.timeline('INC-1')
  const of = (type: string): readonly string[] =>
    timeline.filter((event) => event.type === type).map(({ text }) => text)
  expect(of('note')).toEqual(['line 1 was looked at'])
  expect(of('acknowledged')).toHaveLength(1)
  expectNothingTwice(teams)
}, 60_000)

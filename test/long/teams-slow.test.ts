// A Teams that takes 10 seconds for each call, or never answers, in real time: pages go on at once, and the room comes about.
import { afterEach, expect, test, vi } from 'vitest'
import { startTeamsBot } from '../servers/teams-bot.ts'
import type { TeamsBot } from '../servers/teams-bot.ts'
import { teamsId } from '../servers/teams.ts'
import { emailLater, mailedAfter } from '../stories/chat-witness.ts'
import { copies, expectNothingTwice } from '../stories/teams-witness.ts'

const minute = 60_000
const bob = teamsId('bob')
/** The channel before has five seconds; a busy machine has as much for the rest. */
const nextChannel = 10_000
const slowly = { timeout: 5 * minute, interval: 100 }

let house: TeamsBot

afterEach(() => house.stop())

/** How long Teams waited at most until the bot had taken what somebody says, in milliseconds. */
async function taken(): Promise<number> {
  const took: number[] = []
  for (const text of ['status', 'note INC-1 looked at it', 'oncall', 'timeline INC-1']) {
    const delivered = await house.teams.say(bob, text)
    expect(delivered).toMatchObject({ ok: true })
    took.push(delivered.ms)
  }
  return Math.max(...took)
}

/** The room has the card as it is now. */
async function cardIsThere(): Promise<void> {
  await vi.waitFor(() => expect(copies(house.teams)).toHaveProperty('INC-1/card'), slowly)
  const room = await house.room()
  await vi.waitFor(() => expect(house.reads(room)[0]).toContain('diagnosing'), slowly)
}

/** Nothing is left to be done, and nothing stands twice. */
async function roomIsWhole(): Promise<void> {
  const { teams, bot } = house
  await cardIsThere()
  await vi.waitFor(async () => expect(await bot.app().store.pendingEffects()).toBe(0), slowly)
  expectNothingTwice(teams)
}

test('with each call taking 10 s the page goes on by e-mail, what is said is taken in time, and the room comes about', async () => {
  house = await startTeamsBot(emailLater)
  house.teams.fault({ kind: 'slow', ms: 10_000, calls: ['connector.*', 'graph.*'] })

  const mailed = await mailedAfter(house.bot)
  const longest = await taken()
  expect(await house.bot.say('bob', 'ack INC-1')).toMatchObject({ status: 'done' })
  await cardIsThere()
  // What Graph is asked for beside the card is given five seconds: that part is tried again until Graph has them.
  house.teams.fault()
  await roomIsWhole()

  expect(mailed).toBeLessThan(nextChannel)
  expect(longest).toBeLessThan(10_000)
})

test('with no call ever answered the page goes on by e-mail, what is said is done, and the room comes about when Teams is back', async () => {
  house = await startTeamsBot(emailLater)
  const { bot, teams } = house
  await teams.say(bob, 'status')
  teams.fault({ kind: 'hang', calls: ['connector.*', 'graph.*'] })

  const mailed = await mailedAfter(house.bot)
  const longest = await taken()
  expect((await bot.app().store.timeline('INC-1')).map(({ text }) => text)).toContain('looked at it')
  expect(await bot.say('bob', 'ack INC-1')).toMatchObject({ status: 'done' })
  await vi.waitFor(async () => {
    const { rooms } = await bot.incident()
    expect(rooms).toContainEqual(expect.objectContaining({ chat: 'teams', state: 'failed' }))
  }, slowly)
  teams.fault()
  await roomIsWhole()

  expect(mailed).toBeLessThan(nextChannel)
  expect(longest).toBeLessThan(10_000)
})

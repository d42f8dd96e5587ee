// A Slack that takes 10 seconds for each call, or never answers, in real time: pages go on at once, and the room comes about.
import { afterEach, expect, test, vi } from 'vitest'
import { startSlackBot } from '../servers/slack-bot.ts'
import type { SlackBot } from '../servers/slack-bot.ts'
import { emailLater, mailedAfter } from '../stories/chat-witness.ts'
import { done, expectNothingTwice } from '../stories/slack-witness.ts'

const minute = 60_000
const bob = 'U0BOB'
/** After this the channel before has no more time; a busy machine has a second for the rest. */
const nextChannel = 6_000
const slowly = { timeout: 5 * minute, interval: 100 }

let house: SlackBot

afterEach(() => house.stop())

/** How long the slowest of some commands took until Slack had the answer, in milliseconds. */
async function answered(): Promise<number> {
  const took: number[] = []
  for (const text of ['status', 'note INC-1 looked at it', 'oncall', 'timeline INC-1']) {
    const answer = await house.slack.command(bob, text)
    expect(answer).toMatchObject({ ok: true, body: { response_type: 'ephemeral' } })
    took.push(answer.ms)
  }
  return Math.max(...took)
}

/** The room with all that belongs into it. */
async function roomIsWhole(): Promise<void> {
  const { slack, bot } = house
  const room = await vi.waitFor(() => {
    const found = slack.channels().find(({ name }) => name.startsWith('inc-1-'))
    if (!found) throw new Error('no room yet')
    return found
  }, slowly)
  await vi.waitFor(() => {
    expect(house.reads(room.id).join()).toContain('Bob Brandt has it')
    expect(room.pins).toHaveLength(1)
    expect(room.topic).toContain('Bob Brandt has it')
    expect([...room.members]).toContain(bob)
    expect(slack.bookmarks(room.id)).toHaveLength(3)
  }, slowly)
  await vi.waitFor(async () => expect(await bot.app().store.pendingEffects()).toBe(0), slowly)
  expect(done(slack, 'conversations.create')).toHaveLength(1)
  expectNothingTwice(slack)
}

test('with each call taking 10 s the page goes on by e-mail, commands are answered at once, and the room comes about', async () => {
  house = await startSlackBot(emailLater)
  house.slack.fault({ kind: 'slow', ms: 10_000 })

  const mailed = await mailedAfter(house.bot)
  const answer = await answered()
  expect(await house.bot.say('bob', 'ack INC-1')).toMatchObject({ status: 'done' })
  await roomIsWhole()

  expect(mailed).toBeLessThan(nextChannel)
  expect(answer).toBeLessThan(1_500)
})

test('with no call ever answered the page goes on by e-mail, commands are answered at once, and the room comes about when Slack is back', async () => {
  house = await startSlackBot(emailLater)
  const { bot, slack } = house
  slack.fault({ kind: 'hang' })

  const mailed = await mailedAfter(house.bot)
  const answer = await answered()
  expect(await bot.say('bob', 'ack INC-1')).toMatchObject({ status: 'done' })
  await vi.waitFor(async () => {
    const { rooms } = await bot.incident()
    expect(rooms).toContainEqual(expect.objectContaining({ chat: 'slack', state: 'failed' }))
  }, slowly)
  slack.fault()
  await roomIsWhole()

  expect(mailed).toBeLessThan(nextChannel)
  expect(answer).toBeLessThan(1_500)
})

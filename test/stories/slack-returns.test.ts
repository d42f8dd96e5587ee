// Slack is the only way to page, and away when the alert comes: whoever is still wanted is paged when it is back, once.
import { afterEach, expect, test, vi } from 'vitest'
import { service } from '../servers/bot.ts'
import { patience, startSlackBot } from '../servers/slack-bot.ts'
import type { SlackBot } from '../servers/slack-bot.ts'
import { whileTimePasses } from './chat-witness.ts'
import { done, expectNothingTwice } from './slack-witness.ts'

const [bob, mia] = ['U0BOB', 'U0MIA'] as const

let house: SlackBot

afterEach(() => house.stop())

/** Nobody is called again for half an hour: who is paged in these stories is paged by the first call. */
function slackOnly(plan: string): string {
  return plan
    .replace(/ladder: \[.*\]/, 'ladder: [{ chat: 0s }]')
    .replace(/next_engineer_after: \S+/, 'next_engineer_after: 30m')
}

/** What became of the first page by chat. */
async function firstPage(): Promise<string | undefined> {
  return (await house.bot.incident()).pages[0]?.steps[0]?.outcome
}

/** An alert comes while Slack is away; answers once the engineer's page is known to have failed. */
async function brokenWithoutSlack(): Promise<void> {
  expect(await house.bot.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
  await vi.waitFor(async () => expect(await firstPage()).toBe('failed'), patience)
}

test('who could not be paged while Slack was away is paged within seconds of its return, once', async () => {
  house = await startSlackBot(slackOnly)
  const { bot, slack } = house
  await slack.down()
  await brokenWithoutSlack()
  const returned = bot.clock.now()

  await slack.up()
  await vi.waitFor(() => expect(house.direct(bob)).toHaveLength(1), patience)

  expect(bot.clock.now() - returned).toBeLessThan(15_000)
  await vi.waitFor(async () => expect(await firstPage()).toBe('sent'), patience)
  expect(house.direct(bob).join()).toContain('I have it')
  // The Web API may be back before a socket is: until then Slack tells whoever presses to try again.
  await vi.waitFor(() => expect(slack.sockets()).toBeGreaterThan(0), patience)
  await house.press(bob, slack.directChannel(bob) ?? '', 'I have it')
  await vi.waitFor(async () => expect(await bot.incident()).toMatchObject({ state: 'diagnosing' }), patience)
  await whileTimePasses([bot], async () => expect(await bot.app().store.pendingEffects()).toBe(0))
  expectNothingTwice(slack)
  const texts = (await bot.app().store.timeline('INC-1')).map(({ text }) => text)
  expect(texts).toContain('Page to Bob Brandt by chat is out, after it had failed')
}, 60_000)

test('nobody is paged when Slack is back for what somebody has taken meanwhile by another door', async () => {
  house = await startSlackBot(slackOnly)
  const { bot, slack } = house
  await slack.down()
  await brokenWithoutSlack()
  expect(await bot.say('bob', 'ack INC-1')).toMatchObject({ status: 'done' })

  await slack.up()
  await whileTimePasses([bot], async () => expect(await bot.app().store.pendingEffects()).toBe(0))

  expect(done(slack, 'conversations.create')).toHaveLength(1)
  expect([bob, mia, 'U0ANN', 'U0DAN'].flatMap((user) => house.direct(user))).toEqual([])
}, 60_000)

test('a restart of the bot while Slack is away loses no page', async () => {
  house = await startSlackBot(slackOnly)
  const { bot, slack } = house
  await slack.down()
  await brokenWithoutSlack()
  await bot.restart()

  await slack.up()
  await whileTimePasses([bot], () => expect(house.direct(bob)).toHaveLength(1))
  await whileTimePasses([bot], async () => expect(await firstPage()).toBe('sent'))

  expectNothingTwice(slack)
}, 60_000)

test('a page that Slack showed without saying so is not shown again when it is back', async () => {
  house = await startSlackBot(slackOnly)
  const { bot, slack } = house
  slack.fault(
    { kind: 'lose-answer', methods: ['chat.postMessage'] },
    { kind: 'status', status: 503, methods: ['conversations.*'] },
  )
  await brokenWithoutSlack()
  expect(house.direct(bob)).toHaveLength(1)

  slack.fault()
  await whileTimePasses([bot], async () => expect(await firstPage()).toBe('sent'))

  expectNothingTwice(slack)
}, 60_000)

test('a token that Slack refused pages whoever is still wanted once Slack takes it again', async () => {
  house = await startSlackBot(slackOnly)
  const { bot, slack } = house
  slack.refuseTokens('token_revoked')
  await brokenWithoutSlack()
  for (let n = 0; n < 5; n += 1) await bot.pass(60_000)

  slack.refuseTokens(undefined)
  await whileTimePasses([bot], () => expect(house.direct(bob)).toHaveLength(1))
  await whileTimePasses([bot], async () => expect(await firstPage()).toBe('sent'))

  expectNothingTwice(slack)
  const warned = bot.log.lines.filter(({ level, message }) => level === 'warn' && message === 'effect failed')
  const keys = warned.map(({ fields }) => (fields as { readonly key: string }).key)
  expect(keys.length).toBeGreaterThan(0)
  expect(new Set(keys).size).toBe(keys.length)
}, 60_000)

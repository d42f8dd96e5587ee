// Teams is the only way to page, and away when the alert comes: whoever is still wanted is paged when it is back.
import { afterEach, expect, test, vi } from 'vitest'
import { service } from '../servers/bot.ts'
import { patience, startTeamsBot } from '../servers/teams-bot.ts'
import type { TeamsBot } from '../servers/teams-bot.ts'
import { teamsId } from '../servers/teams.ts'
import { whileTimePasses } from './chat-witness.ts'
import { done, expectNothingTwice } from './teams-witness.ts'

const [bob, mia, ann, dan] = ['bob', 'mia', 'ann', 'dan'].map(teamsId) as [string, string, string, string]

let house: TeamsBot

afterEach(() => house.stop())

/** Nobody is called again for half an hour: who is paged in these stories is paged by the first call. */
function teamsOnly(plan: string): string {
  return plan
    .replace(/ladder: \[.*\]/, 'ladder: [{ chat: 0s }]')
    .replace(/next_engineer_after: \S+/, 'next_engineer_after: 30m')
}

/** What became of the first page by chat. */
async function firstPage(): Promise<string | undefined> {
  return (await house.bot.incident()).pages[0]?.steps[0]?.outcome
}

/** An alert comes while Teams is away; answers once the engineer's page is known to have failed. */
async function brokenWithoutTeams(): Promise<void> {
  expect(await house.bot.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
  await vi.waitFor(async () => expect(await firstPage()).toBe('failed'), patience)
}

test('who could not be paged while Teams was away is paged within seconds of its return, once', async () => {
  house = await startTeamsBot(teamsOnly)
  const { bot, teams } = house
  await teams.down()
  await brokenWithoutTeams()
  const returned = bot.clock.now()

  await teams.up()
  await vi.waitFor(() => expect(house.direct(bob)).toHaveLength(1), patience)

  expect(bot.clock.now() - returned).toBeLessThan(15_000)
  await vi.waitFor(async () => expect(await firstPage()).toBe('sent'), patience)
  await house.press(bob, teams.chat(bob), 'I have it')
  await vi.waitFor(async () => expect(await bot.incident()).toMatchObject({ state: 'diagnosing' }), patience)
  await whileTimePasses([bot], async () => expect(await bot.app().store.pendingEffects()).toBe(0))
  expect(house.direct(bob)).toHaveLength(1)
  expectNothingTwice(teams)
  const texts = (await bot.app().store.timeline('INC-1')).map(({ text }) => text)
  expect(texts).toContain('Page to Bob Brandt by chat is out, after it had failed')
}, 60_000)

test('nobody is paged when Teams is back for what somebody has taken meanwhile by another door', async () => {
  house = await startTeamsBot(teamsOnly)
  const { bot, teams } = house
  await teams.down()
  await brokenWithoutTeams()
  expect(await bot.say('bob', 'ack INC-1')).toMatchObject({ status: 'done' })

  await teams.up()
  await whileTimePasses([bot], async () => expect(await bot.app().store.pendingEffects()).toBe(0))

  expectNothingTwice(teams)
  expect([bob, mia, ann, dan].flatMap((user) => house.direct(user))).toEqual([])
}, 60_000)

test('a restart of the bot while Teams is away loses no page', async () => {
  house = await startTeamsBot(teamsOnly)
  const { bot, teams } = house
  await teams.down()
  await brokenWithoutTeams()
  await bot.restart()

  await teams.up()
  await whileTimePasses([bot], () => expect(house.direct(bob)).toHaveLength(1))
  await whileTimePasses([bot], async () => expect(await firstPage()).toBe('sent'))
  await whileTimePasses([bot], async () => expect(await bot.app().store.pendingEffects()).toBe(0))

  expect(house.direct(bob)).toHaveLength(1)
  expectNothingTwice(teams)
}, 60_000)

test('a page of which nobody knows whether Teams showed it goes out again: better twice than never', async () => {
  house = await startTeamsBot(teamsOnly)
  const { bot, teams } = house
  teams.fault({ kind: 'lose-answer', calls: ['connector.send'], times: 1 })
  expect(await bot.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
  await whileTimePasses([bot], async () => expect(await firstPage()).toBe('sent'))

  expect(house.direct(bob)).toHaveLength(2)
  await house.press(bob, teams.chat(bob), 'I have it')
  await whileTimePasses([bot], async () => expect(await bot.app().store.pendingEffects()).toBe(0))
  expect(house.direct(bob).at(-1)).toContain('Bob Brandt has it')
}, 60_000)

test('a secret that Entra refused pages whoever is still wanted once it is taken again', async () => {
  house = await startTeamsBot(teamsOnly)
  const { bot, teams } = house
  teams.setSecret('another one')
  teams.revokeTokens()
  await brokenWithoutTeams()
  for (let n = 0; n < 5; n += 1) await bot.pass(60_000)

  teams.setSecret(teams.secret)
  await whileTimePasses([bot], () => expect(house.direct(bob)).toHaveLength(1))
  await whileTimePasses([bot], async () => expect(await firstPage()).toBe('sent'))
  await whileTimePasses([bot], async () => expect(await bot.app().store.pendingEffects()).toBe(0))

  expect(house.direct(bob)).toHaveLength(1)
  expectNothingTwice(teams)
  const warned = bot.log.lines.filter(({ level, message }) => level === 'warn' && message === 'effect failed')
  const said = warned.map(({ fields }) => JSON.stringify({ ...fields, key: '', tried: 0 }))
  expect(said.length).toBeGreaterThan(0)
  expect(new Set(said).size).toBe(said.length)
}, 60_000)

test('who has not added the app is paged all the same, and else by what is next, with the step to take', async () => {
  house = await startTeamsBot(teamsOnly)
  const { bot, teams } = house
  await teams.uninstall({ person: bob })
  expect(await bot.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
  await vi.waitFor(async () => expect(await firstPage()).toBe('sent'), patience)

  expect(house.direct(bob)).toHaveLength(1)
  expect(done(teams, 'graph.app-install')).toHaveLength(1)
  await house.stop()

  house = await startTeamsBot(teamsOnly, {
    tenant: { permissions: ['ChannelMessage.Read.Group', 'TeamsAppInstallation.Read.Group'] },
  })
  await house.teams.uninstall({ person: bob })
  await brokenWithoutTeams()
  await vi.waitFor(async () => {
    const texts = (await house.bot.app().store.timeline('INC-1')).map(({ text }) => text).join('\n')
    expect(texts).toContain('they add it in Teams under Apps')
  }, patience)
}, 60_000)

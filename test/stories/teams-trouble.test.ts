// Teams in trouble while an outage is under way: people are paged by other ways at once, and Teams is told the rest when it is back.
import { afterEach, expect, test, vi } from 'vitest'
import { service, storm } from '../servers/bot.ts'
import { patience, startTeamsBot } from '../servers/teams-bot.ts'
import type { TeamsBot } from '../servers/teams-bot.ts'
import { teamsId } from '../servers/teams.ts'
import { emailLater, mailed, mentions, readyOf, whileTimePasses } from './chat-witness.ts'
import { copies, done, expectNothingTwice } from './teams-witness.ts'

const minute = 60_000
const [bob, mia, dan, eve] = ['bob', 'mia', 'dan', 'eve'].map(teamsId) as [string, string, string, string]
/** What puts something there for people to see. */
const messages = ['connector.create', 'connector.send', 'connector.update']
const others = ['mia@example.com', 'dan@example.com', 'eve@example.com']

let house: TeamsBot

afterEach(() => house.stop())

/** The load balancer is down and Bob has it; answers its room, with the card in it. */
async function broken(): Promise<string> {
  const { bot } = house
  bot.world.lb.set('failing')
  expect(await bot.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
  await whileTimePasses([bot], () => expect(house.direct(bob)).toHaveLength(1))
  expect(await bot.say('bob', 'ack INC-1')).toMatchObject({ status: 'done' })
  await whileTimePasses([bot], () => expect(copies(house.teams)).toHaveProperty('INC-1/card'))
  return house.room()
}

async function nothingPending(step = 1_000): Promise<void> {
  const { bot } = house
  await whileTimePasses([bot], async () => expect(await bot.app().store.pendingEffects()).toBe(0), step)
}

async function teamsReturns(): Promise<void> {
  const { bot, teams } = house
  await teams.up()
  await whileTimePasses([bot], async () =>
    expect((await readyOf(bot)).checks).toMatchObject({ teams: { ok: true }, 'teams-door': { ok: true } }),
  )
}

test('with Teams dead at the start the outage is paged, taken and escalated without it; Teams gets one room and one account of it', async () => {
  house = await startTeamsBot(emailLater, { before: (teams) => teams.down() })
  const { bot, teams } = house
  bot.world.lb.set('failing')

  expect(await bot.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
  await vi.waitFor(() => expect(mailed(house.bot)).toEqual(['bob@example.com']), patience)
  expect(await bot.say('bob', 'ack INC-1')).toMatchObject({ status: 'done' })
  expect(await bot.say('bob', 'note INC-1 the certificates are fine')).toMatchObject({ status: 'done' })
  await bot.pass(25 * minute)
  await bot.pass(5 * minute + 1_000)
  await vi.waitFor(() => expect(mailed(house.bot)).toEqual(expect.arrayContaining(others)), patience)
  const ready = await readyOf(bot)
  expect(ready).toMatchObject({ status: 200, checks: { teams: { ok: false } } })
  expect(ready.checks['teams']?.text).toContain('Teams has not answered')
  await vi.waitFor(
    async () =>
      expect((await bot.incident()).rooms).toContainEqual(
        expect.objectContaining({ chat: 'teams', state: 'failed' }),
      ),
    patience,
  )

  await teamsReturns()
  await whileTimePasses([bot], () => expect(copies(teams)).toHaveProperty('INC-1/card'))
  const room = await house.room()
  await whileTimePasses([bot], () => expect(mentions(house, room, 'Before this room was open')).toBe(1))
  await bot.pass(minute)

  expect(mentions(house, room, 'Before this room was open')).toBe(1)
  expect(mentions(house, room, 'the certificates are fine')).toBe(1)
  expectNothingTwice(teams)
  expect(house.direct(bob)).toEqual([])
  for (const user of [mia, dan, eve]) expect(house.direct(user)).toHaveLength(1)
  expect(await teams.say(bob, '@dr status', { in: room })).toMatchObject({ ok: true })
}, 60_000)

test('with Teams dead in the middle of an outage people are paged by e-mail at once, and the room is brought up to date once', async () => {
  house = await startTeamsBot(emailLater)
  const { bot, teams } = house
  const room = await broken()
  // What was said before is there, so that what is counted below was said afterwards.
  await nothingPending()
  await teams.down()

  expect(await bot.say('bob', 'escalate INC-1 cannot mend it')).toMatchObject({ status: 'done' })
  await vi.waitFor(() => expect(mailed(house.bot)).toEqual(expect.arrayContaining(others)), patience)
  for (const who of ['mia', 'dan']) expect(await bot.say(who, 'ack INC-1')).toMatchObject({ status: 'done' })
  await whileTimePasses([bot], async () =>
    expect((await bot.incident()).rooms).toContainEqual(
      expect.objectContaining({ chat: 'teams', missed: expect.anything() as object }),
    ),
  )
  expect(await bot.say('mia', 'note INC-1 the provider is called')).toMatchObject({ status: 'done' })
  const before = house.reads(room).length

  await teamsReturns()
  await whileTimePasses([bot], () => expect(mentions(house, room, 'While Teams was away')).toBe(1))
  await nothingPending()
  await bot.pass(minute)

  // All in one message; the first words in one of their own where they waited for their next try when it was written.
  const missed = house.reads(room).slice(before)
  expect([1, 2]).toContain(missed.length)
  expect(missed.join('\n').match(/the provider is called/g)).toHaveLength(1)
  expect(missed.join('\n').match(/Escalated to/g)).toHaveLength(1)
  expect(house.reads(room)[0]).toContain('escalated')
  expectNothingTwice(teams)
  expect([mia, dan, eve].flatMap((user) => house.direct(user))).toEqual([])
  expect(await teams.say(mia, '@dr status', { in: room })).toMatchObject({ ok: true })
}, 60_000)

test('with every other message refused for its rate everything comes about, and nothing twice', async () => {
  house = await startTeamsBot(emailLater)
  const { bot, teams } = house
  teams.fault({ kind: 'rate-limit', every: 2, retryAfter: 1, calls: messages })
  const room = await broken()

  await whileTimePasses([bot], () => expect(house.direct(bob).join()).toContain('Bob Brandt has it'))
  expect(await bot.say('bob', 'escalate INC-1 cannot mend it')).toMatchObject({ status: 'done' })
  await whileTimePasses([bot], () => expect(house.direct(mia).join()).toContain('Who has it\nBob Brandt'))
  for (const who of ['mia', 'dan']) await bot.say(who, 'ack INC-1')
  await whileTimePasses([bot], () => expect(mentions(house, room, 'Escalated to')).toBe(1), 5_000)
  await nothingPending(5_000)

  expect(teams.calls.filter(({ outcome }) => outcome === 'TooManyRequests').length).toBeGreaterThan(5)
  expectNothingTwice(teams)
  // Who was still to be paged when others had answered need not be.
  for (const user of [bob, mia]) expect(house.direct(user)).toHaveLength(1)
  for (const user of [dan, eve]) expect(house.direct(user).length).toBeLessThan(2)
}, 60_000)

test('a page is not held up by the limits of rooms', async () => {
  house = await startTeamsBot(emailLater)
  const { bot, teams } = house
  // A chat that is known is not asked for again: what makes threads can be limited alone.
  await teams.say(bob, 'status')
  teams.fault({
    kind: 'rate-limit',
    calls: ['connector.create', 'connector.update', 'graph.*'],
    retryAfter: 600,
  })
  const before = house.direct(bob).length

  await bot.notify(service('PROBLEM', 'CRITICAL'))
  await vi.waitFor(() => expect(house.direct(bob)).toHaveLength(before + 1), patience)

  await vi.waitFor(
    async () =>
      expect((await bot.incident()).rooms).toContainEqual(
        expect.objectContaining({ chat: 'teams', state: 'failed' }),
      ),
    patience,
  )
  expect(mailed(house.bot)).toEqual([])
}, 60_000)

test('tokens that are revoked are replaced at once, and nobody notices', async () => {
  house = await startTeamsBot(emailLater)
  const { bot, teams } = house
  const room = await broken()
  await nothingPending()
  teams.revokeTokens()

  expect(await teams.say(bob, '@dr escalate cannot mend it', { in: room })).toMatchObject({ ok: true })
  await whileTimePasses([bot], () => expect(mentions(house, room, 'Escalated to')).toBe(1))
  await whileTimePasses([bot], () => expect(house.direct(mia)).toHaveLength(1))
  await nothingPending()

  expectNothingTwice(teams)
}, 60_000)

test('a secret that has ended is said where people look, once, with what to do; a new one is taken', async () => {
  house = await startTeamsBot(emailLater)
  const { bot, teams } = house
  const room = await broken()
  await nothingPending()
  teams.setSecret('another one')
  teams.revokeTokens()

  expect(await bot.say('bob', 'escalate INC-1 cannot mend it')).toMatchObject({ status: 'done' })
  await vi.waitFor(() => expect(mailed(house.bot)).toEqual(expect.arrayContaining(others)), patience)
  await vi.waitFor(async () => {
    const { status, checks } = await readyOf(bot)
    expect(status).toBe(200)
    expect(checks['teams']).toMatchObject({
      ok: false,
      text: expect.stringContaining('MICROSOFT_APP_PASSWORD') as string,
    })
  }, patience)
  for (let n = 0; n < 10; n += 1) await bot.pass(minute)
  const errors = bot.log.lines.filter(({ level }) => level === 'error').map((line) => JSON.stringify(line))
  expect(errors.filter((line) => line.includes('MICROSOFT_APP_PASSWORD'))).toHaveLength(1)
  expect((await bot.say('ann', 'timeline INC-1')).text).toContain('MICROSOFT_APP_PASSWORD')

  teams.setSecret(teams.secret)
  await teamsReturns()
  await whileTimePasses([bot], () => expect(mentions(house, room, 'While Teams was away')).toBe(1))
  expectNothingTwice(teams)
}, 60_000)

test('an app that is taken out of the team is told of before anything breaks, and until it is back', async () => {
  house = await startTeamsBot()
  const { bot, teams } = house
  await teams.uninstall({ team: true })

  await whileTimePasses(
    [bot],
    async () =>
      expect((await readyOf(bot)).checks['teams']).toMatchObject({
        ok: false,
        text: expect.stringContaining('Add the app to the team') as string,
      }),
    10_000,
  )
  await teams.install({ team: true })
  await whileTimePasses(
    [bot],
    async () => expect((await readyOf(bot)).checks['teams']).toEqual({ ok: true }),
    10_000,
  )
}, 60_000)

test('an app that is taken out of the team in the middle still pages, and the room goes on when it is back', async () => {
  house = await startTeamsBot(emailLater)
  const { bot, teams } = house
  const room = await broken()
  await nothingPending()
  await teams.uninstall({ team: true })

  expect(await bot.say('bob', 'escalate INC-1 cannot mend it')).toMatchObject({ status: 'done' })
  await whileTimePasses([bot], () => expect(house.direct(mia)).toHaveLength(1))
  await whileTimePasses([bot], async () =>
    expect((await bot.incident()).rooms).toContainEqual(
      expect.objectContaining({ chat: 'teams', missed: expect.anything() as object }),
    ),
  )

  await teams.install({ team: true })
  await whileTimePasses([bot], () => expect(mentions(house, room, 'Escalated to')).toBe(1), 10_000)
  await nothingPending()
  expectNothingTwice(teams)
}, 60_000)

test("in a storm the bot keeps within Teams' own limits, and the card shows every alert in the end", async () => {
  house = await startTeamsBot(emailLater, { tenant: { limits: true } })
  const { bot, teams } = house
  const alerts = Array.from({ length: 100 }, (_, n) =>
    service('PROBLEM', 'CRITICAL', { HOSTNAME: `lb${n}`, SERVICEPROBLEMID: n + 1 }),
  )

  await storm([bot], alerts)
  await vi.waitFor(() => expect(house.direct(bob)).toHaveLength(1), patience)
  const room = await house.room()
  await whileTimePasses([bot], () =>
    expect(house.reads(room)[0]).toContain('100 problems now, 100 alerts in all'),
  )

  expect(teams.calls.filter(({ outcome }) => outcome !== 'ok')).toEqual([])
  expect(done(teams, 'connector.update').length).toBeLessThan(20)
  expectNothingTwice(teams)
}, 60_000)

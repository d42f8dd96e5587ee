// Slack in trouble while an outage is under way: people are paged by other ways at once, and Slack is told the rest when it is back.
import { afterEach, expect, test, vi } from 'vitest'
import type { Delivered } from '../../sim/slack.ts'
import { service } from '../servers/bot.ts'
import { patience, startSlackBot } from '../servers/slack-bot.ts'
import type { SlackBot } from '../servers/slack-bot.ts'
import { emailLater, mailed, mentions, readyOf, whileTimePasses } from './chat-witness.ts'
import { copies, done, expectNothingTwice } from './slack-witness.ts'

const minute = 60_000
const [bob, mia] = ['U0BOB', 'U0MIA'] as const

let house: SlackBot

afterEach(() => house.stop())

/** The load balancer is down and Bob has it; answers its room, with the card in it. */
async function broken(): Promise<string> {
  const { bot } = house
  bot.world.lb.set('failing')
  if ((await bot.app().store.incidents({ open: true, limit: 1 })).length === 0) {
    expect(await bot.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
    await vi.waitFor(() => expect(house.direct(bob)).toHaveLength(1), patience)
    expect(await bot.say('bob', 'ack INC-1')).toMatchObject({ status: 'done' })
  }
  return house.room()
}

function isCard(text: string): boolean {
  return text.startsWith('# ')
}

/** The incident's card as the room shows it now. */
function cardIn(room: string): string {
  const cards = house.reads(room).filter(isCard)
  expect(cards).toHaveLength(1)
  return cards.join()
}

/** What was said in the room beside its card, oldest first. */
function wordsIn(room: string): readonly string[] {
  return house.reads(room).filter((text) => !isCard(text))
}

async function slackReturns(): Promise<void> {
  const { bot, slack } = house
  await slack.up()
  // Sockets come back in real time. Were the bot's time moved on meanwhile, it would tell people that they do not.
  await vi.waitFor(() => expect(slack.sockets()).toBeGreaterThan(0), patience)
  await whileTimePasses([bot], async () => {
    expect((await readyOf(bot)).checks).toMatchObject({ slack: { ok: true }, 'slack-door': { ok: true } })
  })
}

test('with Slack dead at the start the outage is paged, taken and escalated without it; Slack gets one room and one account of it', async () => {
  house = await startSlackBot(emailLater, { wait: false, before: (slack) => slack.down() })
  const { bot, slack } = house
  await vi.waitFor(
    async () =>
      expect(await readyOf(bot)).toMatchObject({
        status: 200,
        checks: { slack: { ok: false }, 'slack-door': { ok: false } },
      }),
    patience,
  )
  bot.world.lb.set('failing')

  expect(await bot.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
  await vi.waitFor(() => expect(mailed(house.bot)).toEqual(['bob@example.com']), patience)
  expect(await bot.say('bob', 'ack INC-1')).toMatchObject({ status: 'done' })
  expect(await bot.say('bob', 'note INC-1 the certificates are fine')).toMatchObject({ status: 'done' })
  await bot.pass(25 * minute)
  await bot.pass(5 * minute + 1_000)
  await vi.waitFor(
    () =>
      expect(mailed(house.bot)).toEqual(
        expect.arrayContaining(['mia@example.com', 'dan@example.com', 'eve@example.com']),
      ),
    patience,
  )
  const ready = await readyOf(bot)
  expect(ready).toMatchObject({ status: 200, checks: { slack: { ok: false }, 'slack-door': { ok: false } } })
  expect(ready.checks['slack']?.text).toContain('Slack has not answered since')
  expect((await bot.incident()).rooms).toContainEqual(
    expect.objectContaining({ chat: 'slack', state: 'failed' }),
  )

  await slackReturns()
  await whileTimePasses([bot], () => expect(copies(slack)).toHaveProperty('INC-1/card'))
  const room = await house.room()
  await whileTimePasses([bot], () => expect(mentions(house, room, 'Before this room was open')).toBe(1))
  await bot.pass(minute)

  expect(slack.channels().filter(({ name }) => name.startsWith('inc-1-'))).toHaveLength(1)
  expect(done(slack, 'conversations.create')).toHaveLength(1)
  expect(mentions(house, room, 'Before this room was open')).toBe(1)
  expect(mentions(house, room, 'the certificates are fine')).toBe(1)
  expect([...slack.channel(room).members]).toEqual(expect.arrayContaining([bob, mia, 'U0DAN', 'U0EVE']))
  expectNothingTwice(slack)
  expect(house.direct(bob)).toEqual([])
  for (const user of [mia, 'U0DAN', 'U0EVE']) expect(house.direct(user)).toHaveLength(1)
  expect(await slack.command(bob, 'status', { channel: room })).toMatchObject({
    ok: true,
    body: { response_type: 'ephemeral' },
  })
}, 60_000)

test('with Slack dead in the middle of an outage people are paged by e-mail at once, and the room is brought up to date once', async () => {
  house = await startSlackBot(emailLater)
  const { bot, slack } = house
  const room = await broken()
  // What was said before is there, so that what is counted below was said afterwards.
  await whileTimePasses([bot], async () => expect(await bot.app().store.pendingEffects()).toBe(0))
  await slack.down()

  expect(await bot.say('bob', 'escalate INC-1 cannot mend it')).toMatchObject({ status: 'done' })
  await vi.waitFor(
    () =>
      expect(mailed(house.bot)).toEqual(
        expect.arrayContaining(['mia@example.com', 'dan@example.com', 'eve@example.com']),
      ),
    patience,
  )
  for (const who of ['mia', 'dan']) expect(await bot.say(who, 'ack INC-1')).toMatchObject({ status: 'done' })
  await whileTimePasses([bot], async () =>
    expect((await bot.incident()).rooms).toContainEqual(
      expect.objectContaining({ chat: 'slack', missed: expect.anything() as object }),
    ),
  )
  await vi.waitFor(
    async () => expect((await readyOf(bot)).checks).toMatchObject({ slack: { ok: false } }),
    patience,
  )
  expect(await bot.say('mia', 'note INC-1 the provider is called')).toMatchObject({ status: 'done' })
  const before = wordsIn(room)

  await slackReturns()
  await whileTimePasses([bot], () => expect(mentions(house, room, 'While Slack was away')).toBe(1))
  await whileTimePasses([bot], () => expect(cardIn(room)).toContain('escalated'))
  await bot.pass(minute)

  // All in one message; the first words in one of their own where they waited for their next try when it was written.
  const missed = wordsIn(room).slice(before.length)
  expect([1, 2]).toContain(missed.length)
  expect(missed.join('\n').match(/the provider is called/g)).toHaveLength(1)
  expect(missed.join('\n').match(/Escalated to/g)).toHaveLength(1)
  expectNothingTwice(slack)
  expect(done(slack, 'conversations.create')).toHaveLength(1)
  expect([mia, 'U0DAN', 'U0EVE'].flatMap((user) => house.direct(user))).toEqual([])
  expect(await slack.command(mia, 'status', { channel: room })).toMatchObject({ ok: true })
}, 60_000)

test('with every other call refused for its rate everything comes about, and nothing twice', async () => {
  house = await startSlackBot(emailLater)
  const { bot, slack } = house
  slack.fault({ kind: 'rate-limit', every: 2, retryAfter: 1 })
  const room = await broken()

  await vi.waitFor(() => expect(house.direct(bob).join()).toContain('Bob Brandt has it'), patience)
  expect(await bot.say('bob', 'escalate INC-1 cannot mend it')).toMatchObject({ status: 'done' })
  await vi.waitFor(() => expect(house.direct(mia).join()).toContain('Who has it: **Bob Brandt'), patience)
  for (const who of ['mia', 'dan']) await bot.say(who, 'ack INC-1')
  await whileTimePasses(
    [bot],
    () => {
      const { members, pins, topic } = slack.channel(room)
      expect([...members]).toEqual(expect.arrayContaining([bob, mia, 'U0DAN', 'U0EVE']))
      expect(pins).toHaveLength(1)
      expect(topic).toContain('Bob Brandt has it')
      expect(slack.bookmarks(room)).toHaveLength(3)
      expect(mentions(house, room, 'Escalated to')).toBe(1)
    },
    5_000,
  )
  await whileTimePasses([bot], async () => expect(await bot.app().store.pendingEffects()).toBe(0))

  expect(slack.calls.filter(({ outcome }) => outcome === 'ratelimited').length).toBeGreaterThan(5)
  expectNothingTwice(slack)
  expect(done(slack, 'conversations.create')).toHaveLength(1)
}, 60_000)

test('a page is not held up by the limits of rooms', async () => {
  house = await startSlackBot(emailLater)
  const { bot, slack } = house
  const rooms = ['conversations.*', 'pins.*', 'bookmarks.*', 'chat.update', 'files.*']
  slack.fault({ kind: 'rate-limit', methods: rooms, retryAfter: 600 })

  await bot.notify(service('PROBLEM', 'CRITICAL'))
  await vi.waitFor(() => expect(house.direct(bob)).toHaveLength(1), patience)

  await vi.waitFor(
    async () =>
      expect((await bot.incident()).rooms).toContainEqual(
        expect.objectContaining({ chat: 'slack', state: 'failed' }),
      ),
    patience,
  )
  expect(slack.calls.some(({ outcome }) => outcome === 'ratelimited')).toBe(true)

  await bot.say('bob', 'escalate INC-1 cannot mend it')

  await vi.waitFor(() => expect(house.direct(mia)).toHaveLength(1), patience)
  expect(mailed(house.bot)).toEqual([])
})

test.each([100, 700])(
  'with sockets cut %i ms after they open, again and again, every command and every press is answered and done once',
  async (ms) => {
    house = await startSlackBot(emailLater)
    const { bot, slack } = house
    await bot.notify(service('PROBLEM', 'CRITICAL'))
    await vi.waitFor(() => expect(house.direct(bob)).toHaveLength(1), patience)
    const room = await house.room()
    const page = { channel: slack.directChannel(bob) ?? '', ts: slack.direct(bob)[0]?.ts ?? '' }
    const opened = (): number => done(slack, 'socket').length
    const enough = opened() + 8
    const notes: string[] = []
    const answers: Delivered[] = []
    slack.fault({ kind: 'drop-sockets', ms })

    while (opened() < enough) {
      await vi.waitFor(() => slack.sockets() || Promise.reject(new Error('no socket')), patience)
      notes.push(`line ${notes.length} was looked at`)
      answers.push(await slack.command(bob, `note ${notes.at(-1)}`, { channel: room }))
      if (notes.length === 3) answers.push(await slack.press(bob, { ...page, label: 'I have it' }))
    }
    slack.fault()
    await vi.waitFor(
      async () => expect(await bot.incident()).toMatchObject({ state: 'diagnosing' }),
      patience,
    )
    const timeline = await bot.app().store.timeline('INC-1')
    const textsOf = (type: string): readonly string[] =>
      timeline.filter((event) => event.type === type).map(({ text }) => text)

    expect(answers.filter(({ ok }) => !ok)).toEqual([])
    expect(textsOf('note')).toEqual(notes)
    expect(textsOf('acknowledged')).toHaveLength(1)
  },
  60_000,
)

test('while no socket is there and Slack answers, the room says that nothing arrives from it, and that it does again', async () => {
  house = await startSlackBot(emailLater)
  const { bot, slack } = house
  const room = await broken()
  slack.fault({ kind: 'status', status: 503, methods: ['apps.connections.open'] })
  slack.dropSockets()

  await whileTimePasses([bot], () => expect(mentions(house, room, 'in Slack do not arrive')).toBe(1), 5_000)
  const status = (await bot.say('bob', 'status')).text
  slack.fault()
  await whileTimePasses([bot], () => expect(mentions(house, room, 'in Slack arrive again')).toBe(1), 5_000)
  await bot.pass(5 * minute)

  expect(status).toContain('Buttons and commands in Slack do not arrive')
  expect(mentions(house, room, 'in Slack do not arrive')).toBe(1)
  expect(await slack.command(bob, 'status', { channel: room })).toMatchObject({ ok: true })
}, 60_000)

test('a token that is revoked in the middle is said where people look, once, with what to do; a new one is taken', async () => {
  house = await startSlackBot(emailLater)
  const { bot, slack } = house
  const room = await broken()
  slack.refuseTokens('token_revoked')
  slack.dropSockets()

  expect(await bot.say('bob', 'escalate INC-1 cannot mend it')).toMatchObject({ status: 'done' })
  await vi.waitFor(
    () =>
      expect(mailed(house.bot)).toEqual(
        expect.arrayContaining(['mia@example.com', 'dan@example.com', 'eve@example.com']),
      ),
    patience,
  )
  await vi.waitFor(async () => {
    const { status, checks } = await readyOf(bot)
    expect(status).toBe(200)
    expect(checks['slack']).toMatchObject({
      ok: false,
      text: expect.stringContaining('SLACK_BOT_TOKEN') as string,
    })
    expect(checks['slack-door']).toMatchObject({
      ok: false,
      text: expect.stringContaining('SLACK_APP_TOKEN') as string,
    })
  }, patience)
  for (let n = 0; n < 10; n += 1) await bot.pass(minute)
  const errors = bot.log.lines.filter(({ level }) => level === 'error').map((line) => JSON.stringify(line))
  expect(errors.filter((line) => line.includes('SLACK_BOT_TOKEN'))).toHaveLength(1)
  expect(errors.filter((line) => line.includes('SLACK_APP_TOKEN'))).toHaveLength(1)

  expect((await bot.say('ann', 'timeline INC-1')).text).toContain('SLACK_BOT_TOKEN')

  slack.refuseTokens(undefined)
  await bot.restart()
  await slackReturns()
  await whileTimePasses([bot], () => expect(mentions(house, room, 'While Slack was away')).toBe(1))
  expectNothingTwice(slack)
}, 60_000)

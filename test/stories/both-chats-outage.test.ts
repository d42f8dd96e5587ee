// One of two chats dies, or both, while an outage goes on: who is in the other is paged and works there; the dead one is told once.
import { afterEach, expect, test, vi } from 'vitest'
import { service } from '../servers/bot.ts'
import { startBothBot } from '../servers/both-bot.ts'
import type { BothBot } from '../servers/both-bot.ts'
import { patience } from '../servers/slack-bot.ts'
import { teamsId } from '../servers/teams.ts'
import { emailLater, readyOf, whileTimePasses } from './chat-witness.ts'
import * as slackWitness from './slack-witness.ts'
import * as teamsWitness from './teams-witness.ts'

/** On call that Monday, and who is called next: in both chats. */
const bob = { slack: 'U0BOB', teams: teamsId('bob') }
const mia = { slack: 'U0MIA', teams: teamsId('mia') }
const names = ['slack', 'teams'] as const
type Name = (typeof names)[number]
const shown = { slack: 'Slack', teams: 'Teams' } as const
/** A chat that is slow takes its time for a room, in real time. */
const unhurried = { timeout: 60_000, interval: 50 }

let house: BothBot

afterEach(() => house.stop())

/** What a story does in a chat, whichever it is. */
interface Side {
  readonly down: () => Promise<void>
  readonly hang: () => void
  readonly limit: () => void
  /** Each call is answered, and done, that many milliseconds late. */
  readonly slow: (ms: number) => void
  readonly up: () => Promise<void>
  readonly pages: (who?: typeof bob) => readonly string[]
  readonly reads: () => Promise<readonly string[]>
  readonly pressPage: (label: string) => Promise<unknown>
  readonly type: (text: string) => Promise<unknown>
  readonly press: (label: string) => Promise<unknown>
  readonly expectNothingTwice: () => void
}

function sideOf(name: Name): Side {
  return name === 'slack' ? slackSide() : teamsSide()
}

function slackSide(): Side {
  const { slack, ...side } = house.inSlack
  return {
    down: slack.down,
    hang: () => slack.fault({ kind: 'hang' }),
    limit: () => slack.fault({ kind: 'rate-limit', retryAfter: 600 }),
    slow: (ms) => slack.fault({ kind: 'slow', ms }),
    up: slack.up,
    pages: (who = bob) => side.direct(who.slack),
    reads: async () => side.reads(await side.room()),
    pressPage: (label) => side.press(bob.slack, slack.directChannel(bob.slack) ?? '', label),
    type: async (text) => slack.command(bob.slack, text, { channel: await side.room() }),
    press: async (label) => {
      const room = await side.room()
      await vi.waitFor(() => expect(side.reads(room).join()).toContain(`[${label}]`), patience)
      return side.press(bob.slack, room, label)
    },
    expectNothingTwice: () => slackWitness.expectNothingTwice(slack),
  }
}

function teamsSide(): Side {
  const { teams, ...side } = house.inTeams
  return {
    down: teams.down,
    hang: () => teams.fault({ kind: 'hang' }),
    limit: () => teams.fault({ kind: 'rate-limit', retryAfter: 600 }),
    slow: (ms) => teams.fault({ kind: 'slow', ms }),
    up: teams.up,
    pages: (who = bob) => side.direct(who.teams),
    reads: async () => side.reads(await side.room()),
    pressPage: (label) => side.press(bob.teams, teams.chat(bob.teams), label),
    type: async (text) => teams.say(bob.teams, `@dr ${text}`, { in: await side.room() }),
    press: async (label) => {
      const room = await side.room()
      const found = await vi.waitFor(() => {
        const labels = teams.messages(room).flatMap(({ id }) => teams.labels(id, bob.teams))
        const one = labels.find((each) => each === label || each === `${label}…`)
        return one ?? Promise.reject(new Error(`no button ${label} yet`))
      }, patience)
      return side.press(bob.teams, room, found)
    },
    expectNothingTwice: () => teamsWitness.expectNothingTwice(teams),
  }
}

async function count(side: Side, text: string): Promise<number> {
  return (await side.reads()).filter((each) => each.includes(text)).length
}

function noEffectIsLeft(): Promise<void> {
  const { bot } = house
  return whileTimePasses([bot], async () => expect(await bot.app().store.pendingEffects()).toBe(0))
}

/** The load balancer is down; answers how long it took by the bot's clock until Bob had his page in that chat. */
async function paged(alive: Side): Promise<number> {
  const { bot } = house
  bot.world.lb.set('failing')
  const begun = bot.clock.now()
  expect(await bot.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
  await vi.waitFor(() => expect(alive.pages()).toHaveLength(1), patience)
  return bot.clock.now() - begun
}

/** From taking it to a failover that is done, by buttons and words in the chat that lives. */
async function endedIn(alive: Side, name: Name): Promise<void> {
  const { bot } = house
  await alive.pressPage('I have it')
  await vi.waitFor(
    async () => expect(await bot.incident()).toMatchObject({ state: 'diagnosing', engineer: 'bob' }),
    patience,
  )
  await alive.type('note the certificates are fine')
  await alive.press('Fail over to backup')
  await vi.waitFor(
    async () => expect(await count(alive, 'R-1 · failover lb to backup · waits')).toBe(1),
    patience,
  )
  await alive.press('Approve')
  await vi.waitFor(
    async () => expect(await bot.run('R-1')).toMatchObject({ state: 'done', door: name }),
    patience,
  )
  await vi.waitFor(async () => expect(await count(alive, 'works again, watching')).toBe(1), patience)
}

test.each([
  ['slack', 'teams'],
  ['teams', 'slack'],
] as const)(
  'with %s dead %s pages within a minute and its buttons work; the dead one is told once when it is back',
  async (deadName, aliveName) => {
    house = await startBothBot(emailLater)
    const { bot } = house
    const [dead, alive] = [sideOf(deadName), sideOf(aliveName)]
    await dead.down()

    expect(await paged(alive)).toBeLessThan(60_000)
    expect(dead.pages()).toEqual([])
    await endedIn(alive, aliveName)
    await whileTimePasses([bot], async () =>
      expect(await count(alive, `${shown[deadName]} has not answered since 10:0`)).toBe(1),
    )
    expect((await readyOf(bot)).checks[deadName]).toMatchObject({ ok: false })
    expect(await count(alive, `Pages go by ${shown[aliveName]} and e-mail meanwhile`)).toBe(1)

    await dead.up()
    await whileTimePasses([bot], async () =>
      expect(await count(alive, `${shown[deadName]} answers again`)).toBe(1),
    )
    await whileTimePasses([bot], async () => expect(await count(dead, 'Before this room was open')).toBe(1))
    await noEffectIsLeft()
    await bot.pass(60_000)

    expect(await count(dead, 'the certificates are fine')).toBe(1)
    expect(await count(dead, 'R-1 · failover lb to backup · done')).toBe(1)
    expect(await count(alive, 'has not answered since')).toBe(1)
    expect(await count(alive, 'answers again')).toBe(1)
    expect(dead.pages()).toEqual([])
    for (const side of [dead, alive]) side.expectNothingTwice()
  },
  90_000,
)

/** Bob gives it up in the chat that lives; answers how long it took by the bot's clock until Mia had her page there. */
async function escalatedIn(alive: Side): Promise<number> {
  const { bot } = house
  const begun = bot.clock.now()
  await alive.type('escalate cannot mend it')
  await vi.waitFor(() => expect(alive.pages(mia)).toHaveLength(1), patience)
  return bot.clock.now() - begun
}

test.each([
  ['slack', 'teams'],
  ['teams', 'slack'],
] as const)(
  'when %s dies in the middle of an outage %s goes on paging within a minute, its buttons work, and the dead one is told once what it missed',
  async (deadName, aliveName) => {
    house = await startBothBot(emailLater)
    const { bot } = house
    const [dead, alive] = [sideOf(deadName), sideOf(aliveName)]
    await paged(alive)
    await vi.waitFor(() => expect(dead.pages()).toHaveLength(1), patience)
    await noEffectIsLeft()
    await dead.down()

    expect(await escalatedIn(alive)).toBeLessThan(60_000)
    await endedIn(alive, aliveName)
    await whileTimePasses([bot], async () =>
      expect(await count(alive, `${shown[deadName]} has not answered since 10:0`)).toBe(1),
    )
    expect(dead.pages(mia)).toEqual([])
    expect(await count(dead, 'the certificates are fine')).toBe(0)

    await dead.up()
    await whileTimePasses([bot], async () =>
      expect(await count(alive, `${shown[deadName]} answers again`)).toBe(1),
    )
    await whileTimePasses([bot], async () =>
      expect(await count(dead, `While ${shown[deadName]} was away`)).toBe(1),
    )
    await noEffectIsLeft()
    await bot.pass(60_000)

    expect(await count(dead, `While ${shown[deadName]} was away`)).toBe(1)
    expect(await count(dead, 'the certificates are fine')).toBe(1)
    expect(await count(dead, 'R-1 · failover lb to backup · done')).toBe(1)
    expect(await count(alive, `While ${shown[deadName]} was away`)).toBe(0)
    expect(await count(alive, 'has not answered since')).toBe(1)
    expect(await count(alive, 'answers again')).toBe(1)
    expect(dead.pages().join()).toContain('Bob Brandt has it')
    for (const side of [dead, alive]) side.expectNothingTwice()
  },
  90_000,
)

test.each([
  ['slack', 'teams'],
  ['teams', 'slack'],
] as const)(
  'with each call to %s a second late %s pages at once and works, and the slow one has all of it once',
  async (slowName, aliveName) => {
    house = await startBothBot(emailLater)
    const { bot } = house
    const [slow, alive] = [sideOf(slowName), sideOf(aliveName)]
    slow.slow(1_000)

    expect(await paged(alive)).toBeLessThan(60_000)
    expect(slow.pages()).toEqual([])
    await endedIn(alive, aliveName)
    await vi.waitFor(() => expect(slow.pages().join()).toContain('Bob Brandt has it'), unhurried)
    await vi.waitFor(async () => expect(await count(slow, 'works again, watching')).toBe(1), unhurried)
    await vi.waitFor(async () => expect(await bot.app().store.pendingEffects()).toBe(0), unhurried)

    expect(await count(slow, 'the certificates are fine')).toBe(1)
    expect(await count(slow, 'R-1 · failover lb to backup · done')).toBe(1)
    for (const side of [slow, alive]) {
      expect(side.pages()).toHaveLength(1)
      // On a busy machine it may be slow enough to count as away for a while.
      for (const words of ['has not answered since', 'answers again', 'was away'])
        expect(await count(side, words)).toBeLessThan(2)
      side.expectNothingTwice()
    }
    expect(house.bot.mailbox.received).toEqual([])
  },
  120_000,
)

test.each([
  ['slack', 'hang', 'teams'],
  ['teams', 'hang', 'slack'],
  ['slack', 'limit', 'teams'],
  ['teams', 'limit', 'slack'],
] as const)(
  'while %s %ss every call %s pages at once, and works',
  async (badName, how, aliveName) => {
    house = await startBothBot(emailLater)
    const [bad, alive] = [sideOf(badName), sideOf(aliveName)]
    bad[how]()

    expect(await paged(alive)).toBeLessThan(60_000)
    await endedIn(alive, aliveName)

    expect(bad.pages()).toEqual([])
  },
  60_000,
)

test.each([
  ['slack', 'teams'],
  ['teams', 'slack'],
] as const)(
  'who is in both and has not answered is paged once in each, though %s was dead for a while',
  async (deadName, aliveName) => {
    house = await startBothBot((plan) =>
      emailLater(plan).replace(/next_engineer_after: \S+/, 'next_engineer_after: 30m'),
    )
    const { bot } = house
    const [dead, alive] = [sideOf(deadName), sideOf(aliveName)]
    await dead.down()
    await paged(alive)
    for (let n = 0; n < 40; n += 1) await bot.pass(1_000)

    await dead.up()
    await whileTimePasses([bot], () => expect(dead.pages()).toHaveLength(1))
    await noEffectIsLeft()

    expect([dead, alive].map((side) => side.pages().length)).toEqual([1, 1])
    await alive.pressPage('I have it')
    await vi.waitFor(() => expect(dead.pages().join()).toContain('Bob Brandt has it'), patience)
    expect(dead.pages().join()).not.toContain('Why you')
  },
  60_000,
)

test('with both dead the console and e-mail carry it, and each chat is told all of it once when it is back', async () => {
  house = await startBothBot(emailLater)
  const { bot } = house
  const sides = names.map(sideOf)
  await Promise.all(sides.map((side) => side.down()))
  bot.world.lb.set('failing')

  expect(await bot.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
  await vi.waitFor(
    () => expect(bot.mailbox.received.flatMap(({ to }) => to)).toEqual(['bob@example.com']),
    patience,
  )
  expect(await bot.say('bob', 'ack INC-1')).toMatchObject({ status: 'done' })
  expect(await bot.say('bob', 'note INC-1 the certificates are fine')).toMatchObject({ status: 'done' })
  await whileTimePasses([bot], async () => {
    const texts = (await bot.say('ann', 'timeline INC-1')).text
    for (const name of names) expect(texts).toContain(`${shown[name]} has not answered since`)
    expect(texts).toContain('Pages go by e-mail meanwhile')
  })
  expect((await bot.say('ann', 'status INC-1')).text).toContain('does not answer, since ')

  await Promise.all(sides.map((side) => side.up()))
  for (const side of sides)
    await whileTimePasses([bot], async () => expect(await count(side, 'Before this room was open')).toBe(1))
  await noEffectIsLeft()
  await bot.pass(60_000)

  for (const side of sides) {
    expect(await count(side, 'the certificates are fine')).toBe(1)
    expect(await count(side, 'INC-1 · lb · diagnosing')).toBe(1)
    side.expectNothingTwice()
    expect(side.pages()).toEqual([])
  }
}, 90_000)

// Two bots in one Slack workspace, as replicas are run: each message is there once, each command is answered once.
import { expect, test, vi } from 'vitest'
import type { SimSlack } from '../../sim/slack.ts'
import { replicasIn } from '../contracts/replicas.ts'
import { service, storm } from '../servers/bot.ts'
import { patience } from '../servers/slack-bot.ts'
import { slackEnv, startSlackFor } from '../servers/slack.ts'
import { copies, done, expectNothingTwice } from './slack-witness.ts'

const minute = 60_000
/** A storm on a machine that has other work: what fails for want of time is tried again after 15 s. */
const busy = { timeout: minute, interval: 50 }
const [bob, ann] = ['U0BOB', 'U0ANN'] as const
let slack: SimSlack

const { first, second } = replicasIn(async () => {
  slack = await startSlackFor(undefined, { limits: false })
  return {
    env: slackEnv(slack),
    joined: () =>
      vi.waitFor(
        () => (slack.sockets() === 4 ? undefined : Promise.reject(new Error('not all are connected'))),
        patience,
      ),
    room,
    pages: () => slack.direct(bob),
    mostPages: 1,
    copies: () => copies(slack),
    expectOneRoom,
    loseAnswers: () => slack.fault({ kind: 'lose-answer', methods: ['chat.postMessage'] }),
    heal: () => slack.fault(),
    lookUps: () => done(slack, 'conversations.history').length,
    stop: () => slack.stop(),
  }
})

function expectOneRoom(): void {
  expect(done(slack, 'conversations.create')).toHaveLength(1)
  expectNothingTwice(slack)
}

/** The incident's room, once it is furnished. Where both opened it at once a number is left out: the loser's. */
async function room(within = patience): Promise<string> {
  return vi.waitFor(() => {
    const found = slack.channels().find(({ name }) => /^inc-\d+-/.test(name))
    if (!found || found.pins.length === 0 || found.bookmarks.length < 3) throw new Error('no room yet')
    return found.id
  }, within)
}

async function allDone(within = patience): Promise<void> {
  await vi.waitFor(async () => {
    await Promise.all([first().settle(), second().settle()])
    expect(await first().app().store.pendingEffects()).toBe(0)
  }, within)
}

async function notes(): Promise<readonly string[]> {
  const timeline = await first().app().store.timeline('INC-1')
  return timeline.filter(({ type }) => type === 'note').map(({ text }) => text)
}

test('what failed while Slack was away pages once when it is back, whichever of the two finds that out', async () => {
  await slack.down()
  await first().notify(service('PROBLEM', 'CRITICAL'))
  await vi.waitFor(
    async () => expect((await first().incident()).pages[0]?.steps[0]).toMatchObject({ outcome: 'failed' }),
    patience,
  )

  await slack.up()
  await vi.waitFor(async () => {
    for (const bot of [first(), second()]) await bot.pass(1_000)
    expect((await first().incident()).pages[0]?.steps[0]).toMatchObject({ outcome: 'sent' })
  }, patience)
  await first().say('bob', 'ack INC-1')
  await vi.waitFor(async () => {
    for (const bot of [first(), second()]) await bot.pass(5_000)
    expect(await first().app().store.pendingEffects()).toBe(0)
  }, patience)

  expect(slack.direct(bob)).toHaveLength(1)
  expectNothingTwice(slack)
}, 60_000)

test('in a storm to both each message is there once, and the card shows every alert', async () => {
  const alerts = Array.from({ length: 200 }, (_, n) => ({
    ...service('PROBLEM', 'CRITICAL', { HOSTNAME: `lb${n}`, SERVICEPROBLEMID: n + 1 }),
    TIMET: Math.floor(first().clock.now() / 1_000),
  }))

  await storm([first(), second()], alerts)
  const channel = await room(busy)
  await allDone(busy)
  expect(slack.direct(bob)).toHaveLength(1)
  await vi.waitFor(async () => {
    for (const bot of [first(), second()]) await bot.pass(1_000)
    const card = slack
      .messages(channel)
      .find(({ metadata }) => /INC-\d+\/card/.test(JSON.stringify(metadata)))
    expect(JSON.stringify(card?.blocks)).toContain('200 problems now, 200 alerts in all')
  }, busy)

  expect(done(slack, 'conversations.create')).toHaveLength(1)
  expectNothingTwice(slack)
}, 240_000)

test.each([
  ['delivered once', []],
  ['delivered twice', [{ kind: 'twice' }]],
] as const)(
  'commands and presses that come to both are answered and done once (%s)',
  async (_how, faults) => {
    await first().notify(service('PROBLEM', 'CRITICAL'))
    const channel = await room()
    slack.fault(...faults)

    const texts = Array.from({ length: 20 }, (_, n) => `line ${n} was looked at`)
    const answers = await Promise.all(texts.map((text) => slack.command(bob, `note ${text}`, { channel })))
    const mentioned = await slack.mention(bob, channel, 'note seen in the room')
    const [page] = slack.direct(bob)
    const pressing = [bob, ann].map((user) =>
      user === bob
        ? slack.press(user, {
            channel: slack.directChannel(bob) ?? '',
            ts: page?.ts ?? '',
            label: 'I have it',
          })
        : slack.command(user, 'status', { channel }),
    )
    const pressed = await Promise.all(pressing)
    await vi.waitFor(async () => expect(await notes()).toHaveLength(21), patience)
    await allDone()

    for (const answer of [...answers, mentioned, ...pressed]) expect(answer).toMatchObject({ ok: true })
    expect((await notes()).toSorted()).toEqual([...texts, 'seen in the room'].toSorted())
    const acked = (await first().app().store.timeline('INC-1')).filter(({ type }) => type === 'acknowledged')
    expect(acked).toHaveLength(1)
    const replies = slack.messages(channel).filter(({ text }) => text.includes('seen in the room'))
    expect(replies.length).toBeLessThanOrEqual(2)
    expectNothingTwice(slack)
  },
  60_000,
)

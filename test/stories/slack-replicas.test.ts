// Two bots in one Slack workspace, as replicas are run: each message is there once, each command is answered once.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { SimSlack } from '../../sim/slack.ts'
import { freePort } from '../../sim/free-port.ts'
import { nagiosToken, service, startBot, storm } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'
import { startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'
import { patience } from '../servers/slack-bot.ts'
import { slackEnv, startSlackFor } from '../servers/slack.ts'
import { superviseBot } from '../servers/supervisor.ts'
import { copies, done, expectNothingTwice } from './slack-witness.ts'

const minute = 60_000
/** A storm on a machine that has other work: what fails for want of time is tried again after 15 s. */
const busy = { timeout: minute, interval: 50 }
const [bob, ann] = ['U0BOB', 'U0ANN'] as const
let redis: TestRedis
let slack: SimSlack
let env: Readonly<Record<string, string>>
let first: Bot
let second: Bot

beforeEach(async () => {
  const port = String(await freePort())
  redis = await startTestRedis({ port, hz: '50' })
  slack = await startSlackFor(undefined, { limits: false })
  env = { REDIS_URL: `redis://127.0.0.1:${port}`, ...slackEnv(slack) }
  first = await startBot((plan) => plan, { env })
  second = await startBot((plan) => plan, { env: { ...env, SMTP_URL: first.mailbox.url } })
  await vi.waitFor(
    () => slack.sockets() === 4 || Promise.reject(new Error('not all are connected')),
    patience,
  )
})
afterEach(async () => {
  await Promise.all([first.stop(), second.stop()])
  await slack.stop()
  await redis.stop()
})

/** The room of the first incident, once it is furnished. */
async function room(within = patience): Promise<string> {
  return vi.waitFor(() => {
    const found = slack.channels().find(({ name }) => name.startsWith('inc-1-'))
    if (!found || found.pins.length === 0 || found.bookmarks.length < 3) throw new Error('no room yet')
    return found.id
  }, within)
}

async function allDone(within = patience): Promise<void> {
  await vi.waitFor(async () => {
    await Promise.all([first.settle(), second.settle()])
    expect(await first.app().store.pendingEffects()).toBe(0)
  }, within)
}

async function notes(): Promise<readonly string[]> {
  const timeline = await first.app().store.timeline('INC-1')
  return timeline.filter(({ type }) => type === 'note').map(({ text }) => text)
}

test('an outage that both are told of has one room, and each message once', async () => {
  const fields = { ...service('PROBLEM', 'CRITICAL'), TIMET: Math.floor(first.clock.now() / 1_000) }

  await Promise.all([first, second, first, second].map((bot) => bot.notify(fields)))
  await room()
  await first.say('bob', 'ack INC-1')
  await second.say('bob', 'escalate INC-1 cannot mend it')
  await allDone()

  expect(done(slack, 'conversations.create')).toHaveLength(1)
  expect(slack.direct(bob)).toHaveLength(1)
  expectNothingTwice(slack)
}, 60_000)

test('what failed while Slack was away pages once when it is back, whichever of the two finds that out', async () => {
  await slack.down()
  await first.notify(service('PROBLEM', 'CRITICAL'))
  await vi.waitFor(
    async () => expect((await first.incident()).pages[0]?.steps[0]).toMatchObject({ outcome: 'failed' }),
    patience,
  )

  await slack.up()
  await vi.waitFor(async () => {
    for (const bot of [first, second]) await bot.pass(1_000)
    expect((await first.incident()).pages[0]?.steps[0]).toMatchObject({ outcome: 'sent' })
  }, patience)
  await first.say('bob', 'ack INC-1')
  await vi.waitFor(async () => {
    for (const bot of [first, second]) await bot.pass(5_000)
    expect(await first.app().store.pendingEffects()).toBe(0)
  }, patience)

  expect(slack.direct(bob)).toHaveLength(1)
  expectNothingTwice(slack)
}, 60_000)

test('in a storm to both each message is there once, and the card shows every alert', async () => {
  const alerts = Array.from({ length: 200 }, (_, n) => ({
    ...service('PROBLEM', 'CRITICAL', { HOSTNAME: `lb${n}`, SERVICEPROBLEMID: n + 1 }),
    TIMET: Math.floor(first.clock.now() / 1_000),
  }))

  await storm([first, second], alerts)
  const channel = await room(busy)
  await allDone(busy)
  expect(slack.direct(bob)).toHaveLength(1)
  await vi.waitFor(async () => {
    for (const bot of [first, second]) await bot.pass(1_000)
    const card = slack
      .messages(channel)
      .find(({ metadata }) => JSON.stringify(metadata).includes('INC-1/card'))
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
    await first.notify(service('PROBLEM', 'CRITICAL'))
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
    const acked = (await first.app().store.timeline('INC-1')).filter(({ type }) => type === 'acknowledged')
    expect(acked).toHaveLength(1)
    const replies = slack.messages(channel).filter(({ text }) => text.includes('seen in the room'))
    expect(replies.length).toBeLessThanOrEqual(2)
    expectNothingTwice(slack)
  },
  60_000,
)

test('a message that one bot posted before it was killed is found by the other, and not posted again', async () => {
  await Promise.all([first.app().close(), second.app().close()])
  const dir = await mkdtemp(join(tmpdir(), 'dr-victim-'))
  slack.fault({ kind: 'lose-answer', methods: ['chat.postMessage'] })
  const victim = superviseBot({
    env: {
      ...env,
      PORT: String(await freePort()),
      DR_PLAN: first.planFile,
      DATA_DIR: dir,
      NAGIOS_TOKEN: nagiosToken,
      CONSOLE_SECRET: first.config.CONSOLE_SECRET,
      SMTP_URL: first.mailbox.url,
    },
    args: ['--clock', String(first.clock.now())],
    rest: () => 10 * minute,
  })
  try {
    await vi.waitFor(() => expect(victim.url()).toBeDefined(), patience)
    await notifyAt(victim.url() ?? '')
    await vi.waitFor(() => expect(copies(slack)).toHaveProperty('INC-1/card'), { ...patience, interval: 1 })
    victim.kill9()
    slack.fault()

    await first.restart()
    await vi.waitFor(
      async () => {
        await first.pass(1_000)
        expect(await first.app().store.pendingEffects()).toBe(0)
      },
      { timeout: 30_000, interval: 50 },
    )

    expect(
      slack.calls.some(({ method, outcome }) => method === 'conversations.history' && outcome === 'ok'),
    ).toBe(true)
    expect(done(slack, 'conversations.create')).toHaveLength(1)
    expect(slack.direct(bob)).toHaveLength(1)
    expectNothingTwice(slack)
  } finally {
    await victim.stop()
    await rm(dir, { recursive: true, force: true })
  }
}, 90_000)

async function notifyAt(url: string): Promise<void> {
  const fields = { TIMET: Math.floor(first.clock.now() / 1_000), ...service('PROBLEM', 'CRITICAL') }
  const body = new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)]))
  const headers = { authorization: `Bearer ${nagiosToken}` }
  const response = await fetch(`${url}/webhooks/nagios`, { method: 'POST', headers, body })
  expect(response.status).toBe(202)
}

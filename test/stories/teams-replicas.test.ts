// Two bots in one team, as replicas are run: each message is there once, what comes in is done once whichever gets it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { SimTeams } from '../../sim/teams.ts'
import { freePort } from '../../sim/free-port.ts'
import { nagiosToken, service, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'
import { startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'
import { superviseBot } from '../servers/supervisor.ts'
import { home, startTeamsFor, teamsEnv, teamsId } from '../servers/teams.ts'
import { patience } from '../servers/teams-bot.ts'
import { copies, done, expectNothingTwice } from './teams-witness.ts'

const minute = 60_000
const bob = teamsId('bob')
let redis: TestRedis
let teams: SimTeams
let env: Readonly<Record<string, string>>
let first: Bot
let second: Bot

beforeEach(async () => {
  const port = String(await freePort())
  redis = await startTestRedis({ port, hz: '50' })
  teams = await startTeamsFor(undefined, { limits: false })
  env = { REDIS_URL: `redis://127.0.0.1:${port}`, ...teamsEnv(teams) }
  first = await startBot((plan) => plan, { env })
  second = await startBot((plan) => plan, { env: { ...env, SMTP_URL: first.mailbox.url } })
  comesTo(first)
})
afterEach(async () => {
  await Promise.all([first.stop(), second.stop()])
  await teams.stop()
  await redis.stop()
})

/** From now on this bot gets what people say and press. */
function comesTo(bot: Bot): void {
  teams.setBotUrl(`${bot.app().url}/api/messages`)
}

/** The thread of the first incident, once its card is there. */
async function room(): Promise<string> {
  return vi.waitFor(() => {
    expect(copies(teams)).toHaveProperty('INC-1/card')
    return teams.messages(home)[0]?.conversation ?? ''
  }, patience)
}

async function allDone(bots: readonly Bot[] = [first, second]): Promise<void> {
  await vi.waitFor(async () => {
    for (const bot of bots) await bot.pass(1_000)
    expect(await first.app().store.pendingEffects()).toBe(0)
  }, patience)
}

test('an outage that both are told of has one room, and each message once', async () => {
  const fields = { ...service('PROBLEM', 'CRITICAL'), TIMET: Math.floor(first.clock.now() / 1_000) }

  await Promise.all([first, second, first, second].map((bot) => bot.notify(fields)))
  await room()
  await first.say('bob', 'ack INC-1')
  await second.say('bob', 'escalate INC-1 cannot mend it')
  await allDone()

  expect(teams.direct(bob)).toHaveLength(1)
  expectNothingTwice(teams)
}, 60_000)

test('what one has done is not done by the other, to whom it comes once more', async () => {
  await first.notify(service('PROBLEM', 'CRITICAL'))
  const thread = await room()
  await vi.waitFor(() => expect(teams.direct(bob)).toHaveLength(1), patience)

  expect(await teams.say(bob, '@dr note line 1 was looked at', { in: thread })).toMatchObject({ ok: true })
  comesTo(second)
  await teams.replay()
  expect(await teams.press(bob, teams.direct(bob)[0]?.id ?? '', 'I have it')).toMatchObject({ ok: true })
  comesTo(first)
  await teams.replay()
  await allDone()

  const timeline = await first.app().store.timeline('INC-1')
  const of = (type: string): readonly string[] =>
    timeline.filter((event) => event.type === type).map(({ text }) => text)
  expect(of('note')).toEqual(['line 1 was looked at'])
  expect(of('acknowledged')).toHaveLength(1)
  expectNothingTwice(teams)
}, 60_000)

test('a thread that one bot began before it was killed is found by the other, and not begun again', async () => {
  await Promise.all([first.app().close(), second.app().close()])
  const dir = await mkdtemp(join(tmpdir(), 'dr-victim-'))
  teams.fault({ kind: 'lose-answer', calls: ['connector.create'] })
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
    await vi.waitFor(() => expect(copies(teams)).toHaveProperty('INC-1/card'), { ...patience, interval: 1 })
    victim.kill9()
    teams.fault()

    await first.restart()
    await allDone([first])

    expect(done(teams, 'graph.messages').length).toBeGreaterThan(0)
    expectNothingTwice(teams)
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

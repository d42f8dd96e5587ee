// Two bots on one Redis, as replicas are run: whatever one of them does the other knows, and neither does it again.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createSigner } from '../../src/web/session.ts'
import { freePort } from '../../sim/free-port.ts'
import { nagiosToken, service, startBot, storm } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'
import { startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'
import { superviseBot } from '../servers/supervisor.ts'

const minute = 60_000
const soon = { timeout: 10_000, interval: 20 }
let redis: TestRedis
let env: Readonly<Record<string, string>>
let first: Bot
let second: Bot

beforeEach(async () => {
  const port = String(await freePort())
  redis = await startTestRedis({ port, hz: '50' })
  env = { REDIS_URL: `redis://127.0.0.1:${port}` }
  first = await startBot((plan) => plan, { env })
  second = await startBot((plan) => plan, { env: { ...env, SMTP_URL: first.mailbox.url } })
})
afterEach(async () => {
  await Promise.all([first.stop(), second.stop()])
  await redis.stop()
})

/** Time goes on for both, and both do what is due. */
async function pass(duration: number): Promise<void> {
  for (const bot of [first, second]) bot.clock.skip(duration)
  await Promise.all([first.settle(), second.settle()])
}

it.each([
  ['the first', () => [first, second] as const],
  ['the second', () => [second, first] as const],
])(
  'an outage reported to %s is one incident and one e-mail, and is acknowledged at the other',
  async (_who, order) => {
    const [told, other] = order()

    expect(await told.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
    await vi.waitFor(() => expect(first.mailbox.received).toHaveLength(1), soon)
    await pass(30_000)
    const answer = await other.say('ann', 'ack INC-1')
    await pass(4 * minute)

    expect(answer.status).toBe('done')
    expect(await told.incident()).toMatchObject({ state: 'diagnosing', engineer: 'ann' })
    expect(await told.app().store.incidents({ open: false, limit: 10 })).toHaveLength(1)
    expect(first.mailbox.received).toHaveLength(1)
    await vi.waitFor(async () => expect(await told.app().store.pendingEffects()).toBe(0), soon)
  },
)

it('both are told of the same outage at the same time, and one e-mail goes out', async () => {
  const fields = { ...service('PROBLEM', 'CRITICAL'), TIMET: Math.floor(first.clock.now() / 1_000) }

  await Promise.all([first, second, first, second].map((bot) => bot.notify(fields)))
  await pass(30_000)

  const incidents = await first.app().store.incidents({ open: false, limit: 10 })
  expect(incidents.map((each) => each.problems.alerts)).toEqual([1])
  expect(first.mailbox.received).toHaveLength(1)
})

it('of a storm that comes to both each alert counts once, and one e-mail goes out', async () => {
  const alerts = Array.from({ length: 400 }, (_, n) => ({
    ...service('PROBLEM', 'CRITICAL', { HOSTNAME: `lb${n}`, SERVICEPROBLEMID: n + 1 }),
    TIMET: Math.floor(first.clock.now() / 1_000),
  }))

  // Every tenth comes to both, as from a Nagios that heard no answer.
  const twice = alerts.filter((_, n) => n % 10 === 0)
  await Promise.all([storm([first, second], alerts), storm([second], twice), storm([first], twice)])
  await vi.waitFor(async () => expect(await first.app().store.untriaged(1)).toEqual([]), soon)
  await pass(30_000)

  const incidents = await second.app().store.incidents({ open: false, limit: 10 })
  expect(incidents.map(({ problems }) => problems)).toEqual([
    expect.objectContaining({ open: 400, alerts: 400 }),
  ])
  expect(first.mailbox.received).toHaveLength(1)
  // A machine that has other work may be too slow for its Redis: Nagios was told so and has sent it again.
  const errors = [...first.log.lines, ...second.log.lines].filter(({ level }) => level === 'error')
  expect(errors.filter(({ fields }) => !JSON.stringify(fields).includes('Redis does not answer'))).toEqual([])
})

it('a page of the console that is open at one bot shows what was done at the other', async () => {
  await first.notify(service('PROBLEM', 'CRITICAL'))
  await vi.waitFor(() => expect(first.mailbox.received).toHaveLength(1), soon)
  const closed = new AbortController()
  const session = createSigner(second.config.CONSOLE_SECRET).session('mia', second.clock.now())
  const response = await fetch(`${second.app().url}/events?page=/incidents/INC-1`, {
    headers: { cookie: `dr-session=${session}` },
    signal: closed.signal,
  })
  expect(response.status).toBe(200)
  let shown = ''
  const reading = readAll(response, (text) => (shown += text))
  await vi.waitFor(() => expect(shown).toContain('INC-1'), soon)

  await first.say('ann', 'note INC-1 looked at the certificates')

  await vi.waitFor(() => expect(shown).toContain('looked at the certificates'), { timeout: 4_000 })
  closed.abort()
  await reading
})

it('a heartbeat of Nagios that reaches one bot is known to the other, which is ready as well', async () => {
  const headers = { authorization: `Bearer ${nagiosToken}` }
  const beat = (bot: Bot) => fetch(`${bot.app().url}/webhooks/nagios/heartbeat`, { method: 'POST', headers })
  const nagiosAt = async (bot: Bot) =>
    ((await (await fetch(`${bot.app().url}/readyz`)).json()) as { checks: { nagios: unknown } }).checks.nagios
  expect(await nagiosAt(second)).toMatchObject({ text: expect.stringContaining('no heartbeat') as string })
  await beat(second)
  await vi.waitFor(async () => expect(await nagiosAt(second)).toEqual({ ok: true }), soon)
  await pass(6 * minute)
  await vi.waitFor(async () => expect(await nagiosAt(second)).toMatchObject({ ok: false }), soon)

  await beat(first)

  await vi.waitFor(async () => expect(await nagiosAt(second)).toEqual({ ok: true }), soon)
})

it('what a killed bot had in hand is done by the other within ten seconds', async () => {
  await second.app().close()
  const dir = await mkdtemp(join(tmpdir(), 'dr-victim-'))
  const { server, url: silentMail, asked } = await startSilence()
  const victim = superviseBot({
    env: {
      ...env,
      PORT: String(await freePort()),
      DR_PLAN: first.planFile,
      DATA_DIR: dir,
      NAGIOS_TOKEN: nagiosToken,
      CONSOLE_SECRET: first.config.CONSOLE_SECRET,
      SMTP_URL: silentMail,
    },
    args: () => ['--clock', String(first.clock.now())],
    rest: () => 10 * minute,
  })
  try {
    await first.app().close()
    await vi.waitFor(() => expect(victim.url()).toBeDefined(), soon)
    await notifyAt(victim.url() ?? '', { ...service('PROBLEM', 'CRITICAL') })
    await asked
    await first.restart()

    const killedAt = Date.now()
    victim.kill9()

    await vi.waitFor(() => expect(first.mailbox.received).toHaveLength(1), { timeout: 10_000, interval: 20 })
    expect(Date.now() - killedAt).toBeGreaterThan(1_000)
    await vi.waitFor(async () => expect(await first.app().store.pendingEffects()).toBe(0), soon)
    expect((await first.incident()).marks.paged).toBeDefined()
    expect(first.mailbox.received).toHaveLength(1)
  } finally {
    await victim.stop()
    server.close()
    await rm(dir, { recursive: true, force: true })
  }
})

it('what a bot that is stopped in order had in hand is done by the other at once', async () => {
  const { server, url: silentMail, asked } = await startSilence()
  const leaving = await startBot((plan) => plan, { env: { ...env, SMTP_URL: silentMail } })
  await Promise.all([first.app().close(), second.app().close()])
  await leaving.notify(service('PROBLEM', 'CRITICAL'))
  await asked
  await first.restart()

  await leaving.app().close()
  const leftAt = Date.now()

  await vi.waitFor(() => expect(first.mailbox.received).toHaveLength(1), soon)
  expect(Date.now() - leftAt).toBeLessThan(4_000)
  await leaving.stop()
  server.close()
})

/** A mail server that takes connections and says nothing. */
async function startSilence(): Promise<{
  readonly server: Server
  readonly url: string
  readonly asked: Promise<unknown>
}> {
  const server = createServer((socket) => socket.on('error', () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    server,
    url: `smtp://127.0.0.1:${port}?from=dr-bot@example.com`,
    asked: once(server, 'connection'),
  }
}

async function notifyAt(url: string, fields: Readonly<Record<string, string | number>>): Promise<void> {
  const whole = { TIMET: Math.floor(first.clock.now() / 1_000), ...fields }
  const body = new URLSearchParams(Object.entries(whole).map(([name, value]) => [name, String(value)]))
  const headers = { authorization: `Bearer ${nagiosToken}` }
  const response = await fetch(`${url}/webhooks/nagios`, { method: 'POST', headers, body })
  expect(response.status).toBe(202)
}

async function readAll(response: Response, read: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  try {
    for await (const chunk of response.body ?? []) read(decoder.decode(chunk))
  } catch {
    // It was closed.
  }
}

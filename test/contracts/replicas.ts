// What holds of two bots in one chat, as replicas are run, whichever chat that is: each message is there once.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { freePort } from '../../sim/free-port.ts'
import { nagiosToken, service, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'
import { startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'
import { superviseBot } from '../servers/supervisor.ts'

/** A chat with nobody in it yet. Bob of the example plan is on call in it. */
export interface ReplicaChat {
  /** Settings with which a bot is in the chat. */
  readonly env: Readonly<Record<string, string>>
  /** Resolves when what people type and press comes to the bots. */
  readonly joined: (first: Bot) => Promise<void>
  /** Resolves once the room of the first incident is there. */
  readonly room: () => Promise<unknown>
  /** What Bob was sent. */
  readonly pages: () => readonly unknown[]
  /** So often Bob may get the page whose answer was lost: once where it can be looked up, else it is sent again. */
  readonly mostPages: number
  /** How often each message is there. */
  readonly copies: () => Readonly<Record<string, number>>
  /** Fails unless there is one room, with each message exactly once. */
  readonly expectOneRoom: () => void
  /** What is posted from now on is taken, and its answer lost; until `heal`. */
  readonly loseAnswers: () => void
  readonly heal: () => void
  /** How often it was looked whether a message is there already. */
  readonly lookUps: () => number
  readonly stop: () => Promise<void>
}

export interface Replicas {
  readonly first: () => Bot
  readonly second: () => Bot
}

const minute = 60_000
const patience = { timeout: 15_000, interval: 20 }
const long = { timeout: 30_000, interval: 50 }

/** Two bots on one store for each test of the file, and what holds of them in any chat. */
export function replicasIn(startChat: () => Promise<ReplicaChat>): Replicas {
  let redis: TestRedis
  let chat: ReplicaChat
  let env: Readonly<Record<string, string>>
  let first: Bot
  let second: Bot

  beforeEach(async () => {
    const port = String(await freePort())
    redis = await startTestRedis({ port, hz: '50' })
    chat = await startChat()
    env = { REDIS_URL: `redis://127.0.0.1:${port}`, ...chat.env }
    first = await startBot((plan) => plan, { env })
    second = await startBot((plan) => plan, { env: { ...env, SMTP_URL: first.mailbox.url } })
    await chat.joined(first)
  })
  afterEach(async () => {
    await Promise.all([first.stop(), second.stop()])
    await chat.stop()
    await redis.stop()
  })

  /** Another bot on the same store, in a process of its own. */
  async function startVictim(dir: string): Promise<ReturnType<typeof superviseBot>> {
    const port = String(await freePort())
    return superviseBot({
      env: {
        ...env,
        PORT: port,
        DR_PLAN: first.planFile,
        DATA_DIR: dir,
        NAGIOS_TOKEN: nagiosToken,
        CONSOLE_SECRET: first.config.CONSOLE_SECRET,
        SMTP_URL: first.mailbox.url,
      },
      args: () => ['--clock', String(first.clock.now())],
      rest: () => 10 * minute,
    })
  }

  test('an outage that both are told of has one room, and each message once', async () => {
    const fields = { ...service('PROBLEM', 'CRITICAL'), TIMET: seconds(first) }

    await Promise.all([first, second, first, second].map((bot) => bot.notify(fields)))
    await chat.room()
    // Each of the two takes a number before one of them wins.
    const [{ id } = { id: 'none' }] = await first.app().store.incidents({ open: true, limit: 2 })
    await first.say('bob', `ack ${id}`)
    await second.say('bob', `escalate ${id} cannot mend it`)
    await allDone([first, second])

    expect(chat.pages()).toHaveLength(1)
    chat.expectOneRoom()
  }, 60_000)

  test('what one bot posted before it was killed is found by the other, and not posted again', async () => {
    await Promise.all([first.app().close(), second.app().close()])
    const dir = await mkdtemp(join(tmpdir(), 'dr-victim-'))
    chat.loseAnswers()
    const victim = await startVictim(dir)
    try {
      await vi.waitFor(() => expect(victim.url()).toBeDefined(), patience)
      await notifyAt(victim.url() ?? '', seconds(first))
      await vi.waitFor(() => expect(chat.copies()).toHaveProperty('INC-1/card'), { ...patience, interval: 1 })
      victim.kill9()
      chat.heal()

      await first.restart()
      await allDone([first])

      expect(chat.lookUps()).toBeGreaterThan(0)
      expect(chat.pages().length).toBeGreaterThan(0)
      expect(chat.pages().length).toBeLessThanOrEqual(chat.mostPages)
      chat.expectOneRoom()
    } finally {
      await victim.stop()
      await rm(dir, { recursive: true, force: true })
    }
  }, 90_000)

  return { first: () => first, second: () => second }
}

/** Lets time pass until nothing is left to be done. */
export async function allDone(bots: readonly Bot[]): Promise<void> {
  await vi.waitFor(async () => {
    for (const bot of bots) await bot.pass(1_000)
    for (const bot of bots) expect(await bot.app().store.pendingEffects()).toBe(0)
  }, long)
}

/** The bot's time as Nagios writes it. */
function seconds({ clock }: Bot): number {
  return Math.floor(clock.now() / 1_000)
}

async function notifyAt(url: string, now: number): Promise<void> {
  const fields = { TIMET: now, ...service('PROBLEM', 'CRITICAL') }
  const body = new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)]))
  const headers = { authorization: `Bearer ${nagiosToken}` }
  const response = await fetch(`${url}/webhooks/nagios`, { method: 'POST', headers, body })
  expect(response.status).toBe(202)
}

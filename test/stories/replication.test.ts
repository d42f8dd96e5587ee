// How far a storage account's copy is behind is watched all the time: an alert of its own, once, that ends by itself.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import { startTestAzure } from '../servers/azure.ts'
import { startBot, type Bot } from '../servers/bot.ts'
import { freePort } from '../../sim/free-port.ts'
import { startTestRedis } from '../servers/redis.ts'

const minute = 60_000
const soon = { timeout: 10_000, interval: 20 }
let azure: AzureSim
let bots: Bot[]

beforeEach(async () => {
  bots = []
  azure = await startTestAzure({
    now: () => bots[0]?.clock.now() ?? Date.UTC(2026, 10, 23, 9),
    queues: [
      { account: 'examplewest', name: 'orders', messages: 1_240 },
      { account: 'examplewest', name: 'mails', messages: 0 },
      { account: 'examplenorth', name: 'orders', messages: 0 },
      { account: 'examplenorth', name: 'mails', messages: 0 },
    ],
    storage: { accounts: [{ group: 'dr-rg', name: 'examplewest', lag: 3 * minute }] },
  })
})
afterEach(async () => {
  await Promise.all(bots.map((bot) => bot.stop()))
  await azure.stop()
})

/** Keeping a zone's copy in step is work that these clocks would not wait for. */
function withoutStandby(plan: string): string {
  return plan.replace(/ {4}recoveries:\n(?: +#.*\n)* {6}- name: standby\n[^]*?(?=\n {2}cloudflare:)/, '')
}

async function start(env: Readonly<Record<string, string>> = {}): Promise<Bot> {
  const bot = await startBot(withoutStandby, {
    env: {
      ...azure.env,
      // Nobody else asks for the account then.
      RECOVERY_CHECK_MINUTES: '0',
      ...env,
    },
  })
  bots.push(bot)
  return bot
}

/** Time goes on for all bots until each has looked at the account once more; the next look is set after the last one. */
async function look(times = 1): Promise<void> {
  for (let left = times; left > 0; left -= 1) {
    const before = looks()
    await vi.waitFor(() => {
      for (const bot of bots) bot.clock.skip(5_000)
      expect(looks()).toBeGreaterThanOrEqual(before + bots.length)
    }, soon)
    for (const bot of bots) await bot.settle()
  }
}

function looks(): number {
  return azure.requests.filter(({ path, status }) => path.includes('geoReplicationStats') && status !== 0)
    .length
}

async function incidents(): Promise<readonly { readonly id: string; readonly state: string }[]> {
  return bots[0]?.app().store.incidents({ open: false, limit: 9 }) ?? []
}

test('more lag than the objective is one incident, told once, and ends by itself when the copy has caught up', async () => {
  const bot = await start()
  await look()
  const quiet = await incidents()
  azure.storage.accounts.lag('examplewest', 35 * minute)

  await look(5)
  const incident = await bot.incident()
  azure.storage.accounts.lag('examplewest', 16 * minute)
  await look()
  const still = await bot.incident()
  azure.storage.accounts.lag('examplewest', 2 * minute)
  await look(2)

  expect(quiet).toEqual([])
  expect(incident).toMatchObject({ system: 'storage', state: 'paging', problems: { open: 1, alerts: 1 } })
  expect(incident.title).toMatch(
    /examplewest Geo-replication lag is CRITICAL: the copy in northeurope is 35m(?:\d+s)? behind; the objective \(RPO\) is 20m: an outage of westeurope now would lose that much/,
  )
  expect(bot.clock.now() - incident.marks.outage).toBeGreaterThan(15 * minute)
  expect(still.problems.open).toBe(1)
  expect(await bot.incident()).toMatchObject({ state: 'watching', problems: { open: 0, alerts: 2 } })
})

test('is told again after an hour, as Nagios does, and still is the same incident', async () => {
  const bot = await start()
  azure.storage.accounts.lag('examplewest', 35 * minute)
  await look()

  bot.clock.skip(61 * minute)
  await look()

  await vi.waitFor(async () =>
    expect(await bot.incident()).toMatchObject({ problems: { open: 1, alerts: 2 } }),
  )
  expect(await incidents()).toHaveLength(1)
})

test('two bots that see the same lag make one alert of it', async () => {
  const port = String(await freePort())
  const redis = await startTestRedis({ port })
  const first = await start({ REDIS_URL: `redis://127.0.0.1:${port}` })
  await start({ REDIS_URL: `redis://127.0.0.1:${port}` })
  azure.storage.accounts.lag('examplewest', 35 * minute)

  await look(3)

  expect(await incidents()).toHaveLength(1)
  expect(await first.incident()).toMatchObject({ problems: { open: 1, alerts: 1 } })
  await Promise.all(bots.splice(0).map((bot) => bot.stop()))
  await redis.stop()
})

test('joins the outage of storage that is open already', async () => {
  const bot = await start()
  await bot.say('ann', 'open storage queues do not answer')
  azure.storage.accounts.lag('examplewest', 35 * minute)

  await look()

  await vi.waitFor(async () => expect(await bot.incident()).toMatchObject({ problems: { open: 1 } }), soon)
  expect(await incidents()).toHaveLength(1)
})

test('an account that cannot be looked at is neither behind nor in step, and is said once', async () => {
  const bot = await start()
  azure.storage.accounts.lag('examplewest', 35 * minute)
  await look()
  azure.fault({ kind: 'status', status: 503, on: 'read' })
  await look(3)
  azure.fault(undefined)
  azure.storage.accounts.lag('examplewest', undefined)
  await look(2)

  expect(await bot.incident()).toMatchObject({ state: 'paging', problems: { open: 1, alerts: 1 } })
  const said = bot.log.lines.filter(({ message }) => message.includes('replication'))
  expect(said.map(({ fields }) => JSON.stringify(fields))).toEqual([
    expect.stringMatching(/503 InternalServerError/),
    expect.stringMatching(/Azure says no last sync: its replication is Unavailable/),
  ])
})

test('without Azure in the settings nothing is watched, and nobody is bothered by it', async () => {
  const bot = await startBot()
  bots.push(bot)

  await bot.pass(minute)

  expect(await incidents()).toEqual([])
  expect(bot.log.lines.filter(({ message }) => message.includes('replication'))).toEqual([])
})

test('status storage shows lag and queues of both accounts, and what does not answer', async () => {
  const bot = await start()
  await look()

  const shown = await bot.say('ann', 'status storage')
  azure.storage.accounts.down(['westeurope'])
  const dead = await bot.say('ann', 'status storage')

  expect(shown.text).toMatch(/\b3m(?:\d+s)? behind in northeurope, objective \(RPO\) 20m/)
  expect(shown.text).toContain('orders 1,240, mails 0')
  expect(dead.text).toContain('["not known: Azure did not answer within 2.5s"]')
  expect(dead.text).toContain(
    'orders and mails not known: Azure could not look at the queues of examplewest: no answer within 2s',
  )
  expect(dead.text).toContain('orders 0, mails 0')
})

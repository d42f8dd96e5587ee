// Two bots on one Redis whose machines' clocks differ: neither takes the other's turn, and it is said.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createMovableClock } from '../../sim/clock.ts'
import { freePort } from '../../sim/free-port.ts'
import { createSigner } from '../../src/web/session.ts'
import { startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'
import { startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'

/** Longer than a turn lasts, in milliseconds. */
const skew = 14_000
const soon = { timeout: 10_000, interval: 20 }
let redis: TestRedis
let env: Readonly<Record<string, string>>
let bots: readonly Bot[]

beforeEach(async () => {
  const port = String(await freePort())
  redis = await startTestRedis({ port, hz: '50' })
  env = { REDIS_URL: `redis://127.0.0.1:${port}` }
  bots = []
})
afterEach(async () => {
  for (const bot of bots.toReversed()) await bot.stop()
  await redis.stop()
})

/** A machine that shows a time so far from the right one. */
function machine(ahead: number) {
  const clock = createMovableClock({ start: Date.now() + ahead })
  return { ...clock, shown: clock.now }
}

async function startTwo(): Promise<readonly [Bot, Bot]> {
  const right = await startBot((plan) => plan, { env, clock: machine(0) })
  const shared = { ...env, SMTP_URL: right.mailbox.url }
  const ahead = await startBot((plan) => plan, { env: shared, world: right.world, clock: machine(skew) })
  bots = [right, ahead]
  return [right, ahead]
}

async function ready(bot: Bot): Promise<unknown> {
  const answer = await fetch(`${bot.app().url}/readyz`)
  return answer.json()
}

it('a change that takes its time is sent once, although one bot believes that its time is over', async () => {
  const [right, ahead] = await startTwo()
  const { cloudflare } = right.world
  await right.say('ann', 'failover lb to backup')
  cloudflare.fault({ kind: 'slow', ms: 3_000, on: 'change' })

  await right.say('ann', 'approve R-1')
  await vi.waitFor(
    async () => expect((await ahead.run('R-1')).steps[1]).toMatchObject({ phase: 'intended' }),
    soon,
  )
  const turn = await ahead.run('R-1')
  await right.comesTo('R-1', 'done')

  expect(turn).toMatchObject({ state: 'running' })
  expect('checkAt' in turn && turn.checkAt).toBeLessThan(ahead.clock.now())
  expect(cloudflare.requests.filter(({ changes }) => changes)).toHaveLength(1)
  expect((await right.run('R-1')).steps[1]).toMatchObject({ phase: 'done', attempts: 1 })
})

it('a start that was not answered may still be on its way: nobody looks, and starts it again, before its pause is over', async () => {
  const [right] = await startTwo()
  const { cloudflare } = right.world
  const changes = (): number => cloudflare.requests.filter((request) => request.changes).length
  await right.say('ann', 'failover lb to backup')
  cloudflare.fault({ kind: 'reset', on: 'change', times: 1 })
  await right.say('ann', 'approve R-1')
  await vi.waitFor(() => expect(changes()).toBe(1), { timeout: 10_000, interval: 5 })
  const first = performance.now()

  await vi.waitFor(() => expect(changes()).toBe(2), { timeout: 20_000, interval: 5 })

  expect(performance.now() - first).toBeGreaterThan(4_800)
}, 40_000)

it('what the bot whose clock is ahead has given out is taken back at the other one, too', async () => {
  const [right, ahead] = await startTwo()
  const token = createSigner(right.config.CONSOLE_SECRET).token('ann', ahead.clock.now())
  const statusWith = async (bot: Bot): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` }
    return (await fetch(`${bot.app().url}/api/incidents`, { headers })).status
  }
  const before = [await statusWith(right), await statusWith(ahead)]

  await right.say('ann', 'logout')

  expect(before).toEqual([200, 200])
  expect([await statusWith(right), await statusWith(ahead)]).toEqual([401, 401])
})

it('the bot whose clock is wrong says so in /readyz and goes on with its work', async () => {
  const [right, ahead] = await startTwo()

  expect(await ready(right)).toMatchObject({ ready: true, checks: { skew: { ok: true } } })
  expect(await ready(ahead)).toMatchObject({
    ready: true,
    checks: {
      skew: {
        ok: false,
        text: expect.stringMatching(
          /^this machine's clock is 1[34]s ahead of the one of Redis' machine: .* Run NTP on both/,
        ) as unknown,
      },
    },
  })
})

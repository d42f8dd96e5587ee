// A newer version has written what this one does not know: it stands, and everything else goes on.
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { socketFor } from '../../src/store/socket.ts'
import type { Run } from '../../src/recovery/run.ts'
import { createSigner } from '../../src/web/session.ts'
import { service, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

let bot: Bot
let redis: Redis

beforeEach(async () => {
  bot = await startBot()
  redis = new Redis({ path: await socketFor(join(bot.config.DATA_DIR, 'redis')) })
})
afterEach(async () => {
  redis.disconnect()
  await bot.stop()
})

async function rewrite(key: string, change: (state: Record<string, unknown>) => object): Promise<void> {
  const text = (await redis.get(`{dr}:${key}`)) ?? ''
  const colon = text.indexOf(':')
  const state = JSON.parse(text.slice(colon + 1)) as Record<string, unknown>
  await redis.set(`{dr}:${key}`, `${text.slice(0, colon)}:${JSON.stringify(change(state))}`)
}

async function page(path: string): Promise<{ readonly status: number; readonly text: string }> {
  const token = createSigner(bot.config.CONSOLE_SECRET).token('ann', bot.clock.now())
  const response = await fetch(bot.app().url + path, { headers: { authorization: `Bearer ${token}` } })
  return { status: response.status, text: await response.text() }
}

/** INC-1 of the load balancer with its proposal R-1, INC-2 of the database. */
async function twoOutages(): Promise<void> {
  await bot.notify(service('PROBLEM', 'CRITICAL'))
  await bot.settle()
  await bot.say('ann', 'open db nothing answers')
  await bot.say('ann', 'failover lb backup')
  await bot.settle()
}

const database = { HOSTNAME: 'sql1', HOSTGROUPNAMES: 'databases', SERVICEDESC: 'SQL', SERVICEPROBLEMID: 9 }

test('an incident in a state of a newer version is named, and holds up nothing else', async () => {
  await twoOutages()
  await rewrite('incident:INC-2', (state) => ({ ...state, state: 'handed-over' }))
  const before = bot.log.lines.length

  for (let minute = 0; minute < 4; minute += 1) await bot.pass(60_000)

  expect(bot.log.lines.slice(before)).toEqual([
    {
      level: 'warn',
      message: expect.stringContaining('start it again') as string,
      fields: { id: 'INC-2', why: 'its state is handed-over' },
    },
  ])
  expect((await bot.say('ann', 'status')).text).toMatch(/INC-1.*INC-2 was written by a newer version/)
  expect((await bot.say('ann', 'ack INC-1')).status).toBe('done')
  expect((await bot.say('ann', 'ack INC-2')).text).toMatch(/by a newer version of the bot .*: start it again/)
  expect((await page('/')).status).toBe(200)
  expect((await page('/incidents/INC-1')).status).toBe(200)
  expect(JSON.parse((await page('/readyz')).text)).toMatchObject({ checks: { deadlines: { ok: true } } })
})

test('what breaks in its system meanwhile has an incident of its own, and somebody is paged', async () => {
  await twoOutages()
  await rewrite('incident:INC-2', (state) => ({ ...state, state: 'handed-over' }))

  await bot.notify(service('PROBLEM', 'CRITICAL', database))
  await bot.notify(service('RECOVERY', 'OK', { LASTSERVICEPROBLEMID: 1, SERVICEPROBLEMID: 0 }))
  await bot.settle()

  expect(await bot.incident('INC-3')).toMatchObject({ system: 'db', pages: [{ person: 'bob' }] })
  expect(await bot.incident('INC-1')).toMatchObject({ state: 'watching' })
  expect((await bot.say('ann', 'open db nothing answers')).text).toContain('INC-3')
})

test.each([
  ['its state is paused', (run: object) => ({ ...run, state: 'paused' })],
  ['its risk is costly', (run: Run) => ({ ...run, proposal: { ...run.proposal, risk: 'costly' } })],
  [
    'a step of it is route53',
    (run: Run) => ({
      ...run,
      steps: run.steps.map((step) => ({ ...step, action: { provider: 'route53' } })),
    }),
  ],
])('a run of a newer version is left to it, and holds up nothing else (%s)', async (why, change) => {
  await twoOutages()
  const before = bot.log.lines.length
  await rewrite('run:R-1', (state) => change(state as unknown as Run))

  for (let minute = 0; minute < 6; minute += 1) await bot.pass(60_000)

  expect(bot.log.lines.slice(before)).toEqual([expect.objectContaining({ fields: { id: 'R-1', why } })])
  expect((await bot.say('ann', 'approve R-1')).text).toMatch(/R-1 was written by a newer version/)
  for (const typed of ['status', 'status INC-1', 'runs', 'ack INC-1'])
    expect(await bot.say('ann', typed)).toMatchObject({ status: 'done' })
  expect((await page('/incidents/INC-1')).status).toBe(200)
  expect((await bot.say('ann', 'failover lb backup')).text).toContain('R-2')
})

test('what it knows of details is shown all the same: events, rooms, pages', async () => {
  await twoOutages()
  const [first = '{}'] = await redis.lrange('{dr}:timeline:INC-1', 0, 0)
  const merged = { ...(JSON.parse(first) as object), type: 'incident.merged' }
  await redis.lset('{dr}:timeline:INC-1', 0, JSON.stringify(merged))
  const step = { channel: 'fax', at: bot.clock.now(), outcome: 'bounced' }
  const since = { since: bot.clock.now(), startedAt: bot.clock.now(), nextAt: bot.clock.now() }
  await rewrite('incident:INC-1', (state) => ({
    ...state,
    rooms: [{ chat: 'console', state: 'moved' }, ...['matrix'].map((chat) => ({ chat, state: 'open' }))],
    pages: [{ id: 'p1', person: 'zoe', target: 'team:x', level: 0, why: '', steps: [step], ...since }],
    calls: [{ target: 'team:x', level: 0, round: 1, ...since }],
  }))

  const before = bot.log.lines.length

  await bot.pass(60_000)

  for (const typed of ['status', 'status INC-1', 'timeline INC-1', 'report INC-1', 'ack INC-1'])
    expect(await bot.say('ann', typed)).toMatchObject({ status: 'done' })
  expect((await page('/incidents/INC-1')).status).toBe(200)
  expect(bot.log.lines.slice(before)).toEqual([])
})

test('starts, with the shifts that it understands, and keeps the others for the newer one', async () => {
  await bot.say('ann', 'oncall override eve 2026-12-24T09:00 2026-12-26T09:00')
  const [known] = JSON.parse((await redis.hget('{dr}:settings', 'overrides')) ?? '') as object[]
  const newer = { ...known, because: 'a swap' }
  await redis.hset('{dr}:settings', 'overrides', JSON.stringify([newer, known]))

  await bot.restart()
  await bot.say('ann', 'oncall override dan 2026-12-27T09:00 2026-12-28T09:00')

  const kept = JSON.parse((await redis.hget('{dr}:settings', 'overrides')) ?? '') as object[]
  expect(kept).toEqual([newer, known, expect.objectContaining({ person: 'dan' })])
  const said = bot.log.lines.filter(({ message }) => message.includes('do not count here'))
  expect(said).toHaveLength(1)
})

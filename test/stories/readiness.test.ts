// Whether the recoveries could be carried out, looked at by the bot again and again: in status, on the console, in the log.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

const minutes = 60_000
let bot: Bot

beforeEach(async () => {
  bot = await startBot(onlySimulated, {
    env: { RECOVERY_CHECK_MINUTES: '30' },
  })
})
afterEach(() => bot.stop())

/** The plan without the systems that are not simulated here. */
function onlySimulated(plan: string): string {
  const from = plan.indexOf('\n  dns:')
  const to = plan.indexOf('\n  cloudflare:')
  const kept = `${plan.slice(0, from)}${plan.slice(to, plan.indexOf('\n  api:'))}`
  return kept.replace('depends_on: [dns]', 'depends_on: []')
}

async function standsIn(text: string | RegExp, command = 'status'): Promise<void> {
  await vi.waitFor(async () => expect((await bot.say('ann', command)).text).toMatch(text), 10_000)
}

function warnings(): readonly object[] {
  return bot.log.lines.filter(({ message }) => message.startsWith('a recovery could not'))
}

test('says before the first look that nobody has looked, then what is ready, without a word in the log', async () => {
  expect((await bot.say('ann', 'status')).text).toContain('Not looked at yet.')
  expect((await bot.say('ann', 'status lb')).text).toContain('Not looked at yet.')

  await bot.pass(minutes)
  await standsIn('Ready: lb')
  expect((await bot.say('ann', 'status')).card.title).toBe('All quiet')
  await standsIn('failover lb to backup', 'status lb')
  expect(warnings()).toEqual([])
  expect(bot.world.cloudflare.requests.filter((request) => request.changes)).toEqual([])
})

test('says once that a recovery is not ready, what is missing, and when it is ready again', async () => {
  await bot.pass(minutes)
  await standsIn('Ready: lb')
  bot.world.backup.set('failing')

  await bot.pass(29 * minutes)
  expect((await bot.say('ann', 'status')).text).toContain('Ready: lb')
  await bot.pass(2 * minutes)

  await standsIn('not backup')
  expect((await bot.say('ann', 'status')).card.title).toBe('No incident is open, but not all is well')
  await standsIn(/is not ready: target-healthy: 127\.0\.0\.12 answered 503\. Fix the target/, 'status lb')
  // One look may have met a bad moment: a second one must find it, too.
  expect(warnings()).toEqual([])
  await bot.pass(3 * minutes)
  await vi.waitFor(
    () => expect(warnings()).toMatchObject([{ level: 'warn', fields: { system: 'lb' } }]),
    10_000,
  )
  // An outage does not hide it: the card says why, and gives no time by which to order what cannot be carried out.
  await bot.say('ann', 'open lb nothing goes through')
  await bot.say('ann', 'ack INC-1')
  await standsIn(
    /"command":"failover lb to backup"\},": 127\.0\.0\.12 answered 503\. Fix the target/,
    'status INC-1',
  )
  // Who asks for the system is told of all its ways out, as while nothing is open, and of none twice.
  const asked = (await bot.say('ann', 'status lb')).text
  expect(asked).toMatch(/failover lb to backup"\}," is not ready: target-healthy: 127\.0\.0\.12 answered 503/)
  expect(asked).toMatch(/failover lb to api"\}," is ready"/)
  expect(asked).not.toContain('Not ready when last looked at')
  const { text } = await bot.say('ann', 'status lb')
  expect(text).toContain('; not ready: backup')
  expect(text).toMatch(/for api \(2m/)
  expect(text).not.toContain(' for backup')
  expect(text).toContain('Fail over to backup (not ready)')
  await bot.say('ann', 'resolve INC-1 a drill')
  bot.world.backup.set('ok')
  await bot.pass(31 * minutes)
  await standsIn('Ready: lb')
  expect(warnings()).toHaveLength(1)
})

test('keeps what it saw over a restart, and does not look again before it is due', async () => {
  await bot.pass(minutes)
  await standsIn('Ready: lb')
  const before = bot.world.cloudflare.requests.length

  await bot.restart()
  await bot.pass(5 * minutes)

  expect((await bot.say('ann', 'status')).text).toContain('Ready: lb')
  expect(bot.world.cloudflare.requests).toHaveLength(before)
})

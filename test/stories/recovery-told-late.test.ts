// An incident and the run that is its recovery find each other: when the run goes on after it failed, and when it was there first.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { service, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

let bot: Bot
const patience = { timeout: 15_000, interval: 50 }

beforeEach(async () => {
  bot = await startBot()
})
afterEach(() => bot.stop())

async function breaks(): Promise<void> {
  await bot.notify(service('PROBLEM', 'CRITICAL'))
  await bot.settle()
}

async function texts(): Promise<readonly string[]> {
  return (await bot.app().store.timeline('INC-1')).map(({ text }) => text)
}

test('a retried run is the recovery of its incident again', async () => {
  await breaks()
  await bot.say('ann', 'failover lb')
  await bot.comesTo('R-1', 'proposed')
  bot.world.cloudflare.fault({ kind: 'success-false', on: 'change' })
  await bot.say('ann', 'approve R-1')
  await vi.waitFor(async () => {
    await bot.pass(6_000)
    expect((await bot.incident()).state).toBe('diagnosing')
  }, patience)
  bot.world.cloudflare.fault(undefined)
  bot.world.dns.fault({ kind: 'servfail' })

  await bot.say('ann', 'retry R-1')

  await vi.waitFor(async () =>
    expect(await bot.incident()).toMatchObject({ state: 'recovering', run: 'R-1' }),
  )
  bot.world.dns.fault(undefined)
  await bot.comesTo('R-1', 'done')
  await vi.waitFor(async () => expect((await bot.incident()).state).toBe('watching'))
})

test('an incident that is opened while its recovery is under way takes it, and its end', async () => {
  bot.world.dns.fault({ kind: 'servfail' })
  await bot.say('ann', 'failover lb --yes')
  await vi.waitFor(async () => {
    expect((await bot.run('R-1')).steps[2]?.note).toMatch(/0 of 1 name servers/)
  }, patience)
  expect(await bot.run('R-1')).not.toHaveProperty('incident')

  await breaks()

  await vi.waitFor(async () => {
    await bot.pass(6_000)
    expect(await bot.incident()).toMatchObject({ state: 'recovering', run: 'R-1', engineer: 'ann' })
  }, patience)
  expect(await bot.run('R-1')).toMatchObject({ state: 'running', incident: 'INC-1' })
  expect(await texts()).toContain(
    'R-1 (failover lb to backup) was under way before INC-1 was opened, and is its recovery now',
  )
  bot.world.dns.fault(undefined)
  await vi.waitFor(async () => {
    await bot.pass(6_000)
    expect(await bot.run('R-1')).toMatchObject({ state: 'done' })
  }, patience)
  await vi.waitFor(async () => expect((await bot.incident()).state).toBe('watching'))
  expect(await bot.say('ann', 'timeline INC-1 --verify')).toMatchObject({ status: 'done' })
})

// The moment by which a recovery must be ordered, on the whole bot: shown, passed, said once, and measured the next time.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { service, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

let bot: Bot

beforeEach(async () => {
  bot = await startBot()
})
afterEach(() => bot.stop())

async function told(): Promise<readonly string[]> {
  return (await bot.app().store.timeline('INC-1')).map(({ text }) => text)
}

test('stands on the card, and when it has passed the rooms are told, once', async () => {
  await bot.notify(service('PROBLEM', 'CRITICAL'))
  await vi.waitFor(async () => expect(await bot.incident()).toMatchObject({ state: 'paging' }), 10_000)
  await bot.say('ann', 'ack INC-1')
  expect((await bot.say('ann', 'status INC-1')).text).toContain(' for backup (2m, and 30s to verify)')

  await bot.pass(7 * 60_000)
  expect((await told()).some((text) => text.startsWith('No way is left'))).toBe(false)
  await bot.pass(60_000)

  await vi.waitFor(async () => {
    expect((await told()).filter((text) => text.startsWith('No way is left'))).toHaveLength(1)
  }, 10_000)
  expect(await told()).toContain(
    'No way is left that meets the objective (RTO 10m) of INC-1: backup takes 2m (the DR plan). Order it all the same, or escalate: escalate INC-1',
  )
  const status = await bot.say('ann', 'status INC-1')
  expect(status.text).toContain('no way is left that meets the objective: backup takes 2m, api takes 2m')
  expect(status.text).toContain('"tone":"bad"')
  await bot.pass(3 * 60_000)
  expect((await told()).filter((text) => text.startsWith('No way is left'))).toHaveLength(1)
})

test('does not take one quick run for what the plan expects, and shows how long old answers live', async () => {
  await bot.say('ann', 'failover lb to backup')
  await bot.say('ann', 'approve R-1')
  await vi.waitFor(async () => expect(await bot.run('R-1')).toMatchObject({ state: 'done' }), 10_000)
  await bot.restart()
  // Already the first card after a start knows it.
  await bot.say('ann', 'open lb again')
  const { waysOut } = await bot.incident()
  expect(waysOut?.[0]).toMatchObject({
    recovery: 'backup',
    takes: 120_000,
    source: expect.stringMatching(/^the DR plan; measured so far: .+ in 1 run$/),
    follows: 300_000,
  })
})

// A recovery of a plan that names no probe: nobody has asked the service, so only Nagios can say that the outage is over.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { service, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

const minute = 60_000
let bot: Bot

beforeEach(async () => {
  bot = await startBot((plan) => plan.replace(/(to: 127\.0\.0\.12 \})\n +probe: .*\n/, '$1\n'))
  bot.world.lb.set('failing')
  await bot.notify(service('PROBLEM', 'CRITICAL'))
  await bot.settle()
})
afterEach(() => bot.stop())

/** Traffic is led to the backup, and the name servers have that. */
async function failedOver(): Promise<void> {
  const proposed = await bot.say('ann', 'failover lb')
  expect(proposed.text).toContain('The DR plan has no probe: the target was not asked')
  await bot.say('ann', 'approve R-1')
  await vi.waitFor(async () => expect((await bot.run('R-1')).state).toBe('done'), 10_000)
  await bot.settle()
}

async function told(): Promise<string> {
  return (await bot.app().store.timeline('INC-1')).map(({ type, text }) => `${type} ${text}`).join('\n')
}

test('does not end the outage while its target is dead and Nagios goes on reporting', async () => {
  bot.world.backup.set('failing')
  await failedOver()

  await bot.notify(service('PROBLEM', 'CRITICAL', { SERVICEOUTPUT: 'HTTP 503 still' }))
  await bot.settle()
  await bot.pass(10 * minute)
  await bot.settle()

  expect(await bot.incident()).toMatchObject({ state: 'diagnosing', run: 'R-1' })
  expect(await told()).toMatch(
    /run\.done R-1 \(failover lb to backup\) is carried out .*\. Nothing has asked the service from outside: whether it helped Nagios will say\./,
  )
  expect(await told()).not.toMatch(/verified|Seen working|incident\.resolved/)
  const { card } = await bot.say('ann', 'status INC-1')
  expect(card.title).toBe('INC-1 · lb · R-1 is carried out, Nagios has not said yet that it works')
})

test('ends it when Nagios says that the service works again', async () => {
  await failedOver()

  await bot.notify(service('RECOVERY', 'OK'))
  await bot.settle()
  const watched = await bot.incident()
  await bot.pass(3 * minute)
  await bot.settle()

  expect(watched).toMatchObject({ state: 'watching', because: 'nagios' })
  expect(await bot.incident()).toMatchObject({ state: 'resolved', by: 'nagios', problems: { open: 0 } })
})

// failover lb to api: records point directly at an API server, past the load balancers, and a resolver sees it.
import { Resolver } from 'node:dns/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

let bot: Bot

beforeEach(async () => {
  bot = await startBot()
})
afterEach(() => bot.stop())

async function resolved(): Promise<readonly string[]> {
  const resolver = new Resolver()
  resolver.setServers([bot.world.dns.address])
  return resolver.resolve4(bot.world.record)
}

test('leads a resolver from the load balancer to the API server, after its own probe, and back', async () => {
  const { lb, backup, api } = bot.world
  lb.set('failing')
  backup.set('failing')
  expect(await resolved()).toEqual([lb.host])

  await bot.say('ann', 'failover lb to api')
  await bot.comesTo('R-1', 'proposed')
  const { proposal } = await bot.run('R-1')
  await bot.say('ann', `approve R-1 ${proposal.typed}`)
  await bot.comesTo('R-1', 'done')

  expect(await resolved()).toEqual([api.host])
  expect(api.requests.length).toBeGreaterThan(1)
  lb.set('ok')
  await bot.say('ann', 'failback lb')
  await bot.comesTo('R-2', 'proposed')
  await bot.say('ann', 'approve R-2 lb')
  await bot.comesTo('R-2', 'done')
  expect(await resolved()).toEqual([lb.host])
})

test('is refused while the API server does not answer its probe, whatever the load balancers do', async () => {
  bot.world.api.set('failing')

  const refused = await bot.say('ann', 'failover lb to api')

  expect(refused.status).toBe('refused')
  expect(refused.text).toContain(`target-healthy: ${bot.world.api.host} answered 503`)
})

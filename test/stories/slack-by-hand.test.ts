// What a person must do outside is heard in the incident's room in Slack, and stands on its card for as long as it is true.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { patience, startSlackBot } from '../servers/slack-bot.ts'
import type { SlackBot } from '../servers/slack-bot.ts'
import { homeOf, startStandby, withParents } from '../servers/standby.ts'
import type { StandbyWorld } from '../servers/standby.ts'

let standby: StandbyWorld
let house: SlackBot

beforeEach(async () => {
  standby = await startStandby('example.com', ['localhost:1'])
  house = await startSlackBot((plan) => withParents(plan, standby, ''), { env: standby.azure.env })
  standby.registry.delegate(homeOf(house.bot.world))
})
afterEach(async () => {
  await house.stop()
  await standby.stop()
})

test('the room hears that a person must act at the registrar, and its card says so until it is over', async () => {
  const { bot } = house
  await bot.say('ann', 'open dns nobody can resolve example.com')
  const room = await house.room()
  const card = (): string => house.reads(room)[0] ?? ''
  await bot.say('ann', 'dns sync')

  await bot.say('ann', 'failover dns')
  await vi.waitFor(async () => expect(await bot.run('R-1')).toMatchObject({ state: 'proposed' }), patience)
  expect(card()).not.toContain('A person must act now')
  await bot.say('ann', 'approve R-1 standby')

  const servers = standby.nameServers.join(', ')
  await vi.waitFor(() => {
    expect(card()).toContain('A person must act now')
    expect(card()).toContain(`enter these name servers of example.com: ${servers}`)
    expect(house.reads(room).slice(1).join('\n')).toMatch(
      /Now a person must act: 1\. Open https:\/\/registrar/,
    )
  }, patience)

  await bot.say('ann', 'cancel R-1')
  await vi.waitFor(() => expect(card()).not.toContain('A person must act now'), patience)
}, 30_000)

// That a system cannot be recovered any more, or can be again, is heard in the channel of the announcements in Slack.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readCheckup } from '../../src/recovery/checkups.ts'
import { patience, startSlackBot } from '../servers/slack-bot.ts'
import type { SlackBot } from '../servers/slack-bot.ts'

const minutes = 60_000
const channel = 'C0OUTAGES'
let house: SlackBot

beforeEach(async () => {
  house = await startSlackBot(onlyLoadBalancer, {
    env: { RECOVERY_CHECK_MINUTES: '30' },
    workspace: { channels: [{ id: channel, name: 'outages' }] },
  })
})
afterEach(() => house.stop())

/** The plan without the systems that are not simulated here, and with a channel for announcements. */
function onlyLoadBalancer(plan: string): string {
  const before = plan.slice(0, plan.indexOf('\n  dns:'))
  const lb = plan.slice(plan.indexOf('\n  lb:'), plan.indexOf('\n  api:'))
  const announcing = before.replace('# announce: C0OUTAGES', `announce: ${channel}`)
  return `${announcing}${lb.replace('depends_on: [cloudflare]', 'depends_on: []')}`
}

/** Time passes, and the look that is due by then is over. */
async function looked(later: number): Promise<void> {
  const { store } = house.bot.app()
  const before = (await readCheckup(store))?.at
  await house.bot.pass(later)
  await vi.waitFor(async () => expect((await readCheckup(store))?.at ?? before).not.toBe(before), patience)
}

test('a server that cannot take over any more is told once, and once that it can again', async () => {
  const { bot } = house
  const heard = (): readonly string[] => house.reads(channel)
  await looked(minutes)
  bot.world.backup.set('failing')

  for (const later of [31, 3, 31]) await looked(later * minutes)
  await vi.waitFor(() => expect(heard()).toHaveLength(1), patience)
  expect(heard()[0]).toMatch(
    /lb: backup could not be carried out now, the other recoveries could\. backup: target-healthy: .* All that is missing: .*status lb/,
  )

  bot.world.backup.set('ok')
  for (const later of [31, 3]) await looked(later * minutes)
  await vi.waitFor(() => expect(heard()).toHaveLength(2), patience)
  expect(heard()[1]).toContain('lb: each recovery could be carried out again.')
}, 60_000)

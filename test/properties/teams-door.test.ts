// Whatever comes to the door from Teams with a right token: it is never answered with a failure of the bot.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTeamsDoorHouse } from '../edges/teams-door-house.ts'
import type { TeamsDoorHouse } from '../edges/teams-door-house.ts'
import { home } from '../servers/teams.ts'
import { oneRedis } from '../servers/one-redis.ts'

const redis = oneRedis()
let house: TeamsDoorHouse
beforeAll(async () => {
  house = await openTeamsDoorHouse(redis())
})
afterAll(() => house.stop())

const names =
  'type id name text value entities action membersAdded from recipient conversation channelData timestamp deliveryMode attachments replyToId expiration'
const types = fc.constantFrom(
  'message',
  'invoke',
  'conversationUpdate',
  'installationUpdate',
  'messageUpdate',
)
const invokes = fc.constantFrom('adaptiveCard/action', 'task/fetch', 'signin/verifyState')
const changes = fc.dictionary(fc.constantFrom(...names.split(' ')), fc.jsonValue(), { maxKeys: 4 })

test('an activity with any of its parts replaced by anything is answered, and the bot goes on', async () => {
  const { teams } = house
  await teams.say('Ann Onken', '@dr status', { in: home })
  const activity = teams.deliveries.at(-1)?.activity
  let seen = 0

  await fc.assert(
    fc.asyncProperty(types, invokes, changes, async (type, name, change) => {
      seen += 1
      const { status } = await teams.deliver({ ...activity, type, name, id: `p${seen}`, ...change })
      expect([200, 400, 401, 403, 501]).toContain(status)
    }),
    { numRuns: 120 },
  )

  expect((await teams.say('Ann Onken', '@dr runs', { in: home })).status).toBe(200)
  expect(house.said.at(-1)).toBe('ann: runs')
})

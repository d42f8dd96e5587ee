// Somebody who can write to Redis writes a whole record again, hashes and all: a hash that was noted outside tells.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { socketFor } from '../../src/store/socket.ts'
import { canonicalJson } from '../../src/timeline/canonical.ts'
import type { TimelineEvent } from '../../src/timeline/event.ts'
import { service, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

let bot: Bot

beforeEach(async () => {
  bot = await startBot()
})
afterEach(() => bot.stop())

/** The record as it would be if Bob had done what Ann did, with every hash and the head computed for it. */
async function rewrite(): Promise<void> {
  const redis = new Redis({ path: await socketFor(join(bot.config.DATA_DIR, 'redis')) })
  let previous = '0'.repeat(64)
  const forged = (await bot.app().store.timeline('INC-1')).map((event) => {
    const { hash: _, ...rest } = event
    const by = event.by.person === 'ann' ? { ...event.by, person: 'bob' } : event.by
    const content = { ...rest, by, text: event.text.replaceAll('Ann Onken', 'Bob Brandt'), previous }
    previous = createHash('sha256').update(canonicalJson(content)).digest('hex')
    return { ...content, hash: previous } satisfies TimelineEvent
  })
  await redis.del('{dr}:timeline:INC-1')
  await redis.rpush('{dr}:timeline:INC-1', ...forged.map((event) => JSON.stringify(event)))
  await redis.hset('{dr}:heads', 'INC-1', `${forged.length}:${previous}`)
  redis.disconnect()
}

it('a record that was written again is not the one whose hash was noted, and the true one is', async () => {
  await bot.notify(service('PROBLEM', 'CRITICAL'))
  await bot.settle()
  await bot.say('ann', 'ack INC-1')
  await bot.say('ann', 'resolve INC-1 "mended by hand"')
  await bot.settle()
  const [noted] = bot.log.notes.filter(({ message }) => message.includes('its record up to here'))
  if (!noted) throw new Error('the log has no hash of the record')
  const { hash, events } = noted.fields as { readonly hash: string; readonly events: number }
  const before = await bot.say('ann', `timeline INC-1 --head ${hash.slice(0, 12).toUpperCase()}`)

  await rewrite()

  expect(before).toMatchObject({ status: 'done', data: { verdict: { ok: true, notedAt: events } } })
  expect(before.text).toContain(`Event ${events} has the hash that was noted`)
  const alone = await bot.say('ann', 'timeline INC-1 --verify')
  expect(alone).toMatchObject({ status: 'done', data: { verdict: { ok: true } } })
  expect(alone.text).toContain('Whoever can write to Redis could compute all hashes again')
  const after = await bot.say('ann', `timeline INC-1 --head ${hash}`)
  expect(after).toMatchObject({ status: 'refused', data: { verdict: { ok: false } } })
  expect(after.text).toContain('no event has the hash')
})

it('a hash that is none is refused with what it should be', async () => {
  await bot.say('ann', 'open lb')

  for (const text of [
    'timeline INC-1 --head',
    'timeline INC-1 --head 12ab',
    'timeline INC-1 --head nonsense-hash',
  ])
    expect(await bot.say('ann', text)).toMatchObject({ status: 'usage' })
  expect((await bot.say('ann', 'timeline INC-1 --head 12ab')).text).toContain('12 digits at least')
})

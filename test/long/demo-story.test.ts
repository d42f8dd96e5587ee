// The story of `npm run demo -- --auto` as a newcomer reads it: what it shows must be what the bot is good for.
import { expect, test } from 'vitest'
import { startDemo } from '../../demo/start.ts'
import { playStory } from '../../demo/story.ts'

test('the story meets every objective but the one that it misses on purpose, and says so', async () => {
  const lines: string[] = []
  const demo = await startDemo({ mail: () => {}, slack: (text) => lines.push(text) })
  try {
    const story = await playStory(demo, (text) => lines.push(text))
    expect(story.failed).toBeUndefined()

    const met = story.incidents.map(({ system, met }) => [system, met]).toReversed()
    expect(met).toEqual([
      ['lb', false],
      ['lb', true],
      ['dns', true],
      ['cloudflare', true],
      ['api', true],
      ['db', true],
      ['storage', true],
      ['workers', true],
    ])
    const told = lines.join('\n')
    expect(told).toMatch(/^INC-6 +db +[56]m\d+s +10m +met +1\dm\d*s?, RPO 10m missed +R-9, restore +R-10$/m)
    expect(told).toContain('INC-1 missed its objective on purpose')
    expect(told).toContain('that one is orders again; what was written to the restored one')
    // A clock that jumps while something is under way looks like a chat that is silent, or a recovery that is missing.
    expect(told).not.toContain('was away')
    expect(told).not.toContain('(not ready)')
  } finally {
    await demo.stop()
  }
})

test('what a restore brings back is what Nagios and the check query find', async () => {
  const demo = await startDemo({ mail: () => {}, slack: () => {} })
  try {
    const { orders, azure } = demo.outside
    expect(orders.filled()).toBe(true)
    orders.empty()
    expect(orders.filled()).toBe(false)

    azure.sql.failOver('orders-fg')
    expect(azure.sql.group('orders-fg').primary).toBe('sql-north')
    expect(orders.filled()).toBe(false)
    orders.refill()
    expect(orders.filled()).toBe(true)
  } finally {
    await demo.stop()
  }
})

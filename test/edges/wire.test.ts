// Changes between two processes on a real Redis: heard by the other, not by oneself, and made up for after an outage.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createChanges } from '../../src/changes.ts'
import { createWire } from '../../src/store/wire.ts'
import type { Changes } from '../../src/ports.ts'
import { silent, startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'

const soon = { timeout: 10_000, interval: 10 }
let redis: TestRedis

beforeEach(async () => {
  redis = await startTestRedis()
})
afterEach(() => redis.stop())

interface Ears {
  readonly changes: Changes
  readonly heard: string[]
}

/** A process that hears; ready when its subscription is. */
async function start(process: string): Promise<Ears> {
  const changes = createChanges(createWire(await redis.connect(), { process, log: silent }))
  const heard: string[] = []
  changes.subscribe((id) => heard.push(id))
  await vi.waitFor(() => expect(heard).toEqual(['all']), soon)
  heard.splice(0)
  return { changes, heard }
}

test('what one process tells is heard once by itself and once by each other', async () => {
  const [a, b, c] = [await start('a'), await start('b'), await start('c')]

  a.changes.tell('INC-1')
  b.changes.tell('R-7')

  for (const { heard } of [a, b, c])
    await vi.waitFor(() => expect(heard.toSorted()).toEqual(['INC-1', 'R-7']), soon)
  c.changes.tell('INC-2')
  for (const { heard } of [a, b]) await vi.waitFor(() => expect(heard.at(-1)).toBe('INC-2'), soon)
  expect([a, b, c].map(({ heard }) => heard.length)).toEqual([3, 3, 3])
})

test('a storm of changes is carried in few messages', async () => {
  const [a, b] = [await start('a'), await start('b')]

  for (let n = 0; n < 1_000; n += 1) a.changes.tell(`INC-${(n % 10) + 1}`)

  await vi.waitFor(() => expect(new Set(b.heard).size).toBe(10), soon)
  expect(b.heard.length).toBeLessThan(50)
})

test('while Redis is away its own pages are told, and after it is back every page looks again', async () => {
  const [a, b] = [await start('a'), await start('b')]
  await redis.kill9()

  a.changes.tell('INC-1')
  expect(a.heard).toEqual(['INC-1'])
  await redis.restart()

  for (const { heard } of [a, b]) await vi.waitFor(() => expect(heard).toContain('all'), soon)
  await vi.waitFor(() => {
    a.changes.tell('INC-2')
    expect(b.heard).toContain('INC-2')
  }, soon)
})

test('what is no id is not heard', async () => {
  const a = await start('a')

  await redis.command('PUBLISH {dr}:changes "stranger all <b> INC-0 INC-5"')

  await vi.waitFor(() => expect(a.heard).toEqual(['INC-5']), soon)
})

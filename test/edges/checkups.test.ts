// Looking at the recoveries in several processes: one of them does it, and one that died is followed by another.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createSystems } from '../../src/providers.ts'
import { createCheckups, readCheckup } from '../../src/recovery/checkups.ts'
import { isReady } from '../../src/recovery/checkup.ts'
import { loadPlan } from '../../src/drplan/load.ts'
import { readFileSync } from 'node:fs'
import { readConfig } from '../../src/config.ts'
import { createStore } from '../../src/store/redis.ts'
import { startWorld } from '../../sim/world.ts'
import type { World } from '../../sim/world.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'
import type { Store } from '../../src/ports.ts'
import { silent, startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'

let redis: TestRedis
let world: World
let store: Store
let now = 0

beforeAll(async () => {
  redis = await startTestRedis()
  world = await startWorld()
  store = createStore({ redis: (await redis.connect()).redis })
})
afterAll(async () => {
  await world.stop()
  await redis.stop()
})
beforeEach(() => redis.flush())

function plan(): DrPlan {
  const loaded = loadPlan(readFileSync('dr-plan.example.yml', 'utf8'), 'dr-plan.example.yml')
  if ('errors' in loaded) throw new Error('the example plan is broken')
  const { lb } = loaded.plan.systems
  return { ...loaded.plan, systems: lb ? { lb } : {} }
}

function checkups(from: Store = store): () => Promise<void> {
  const clock = { now: () => now, after: () => () => {}, real: (duration: number) => duration }
  const config = readConfig({
    NAGIOS_TOKEN: 'n'.repeat(16),
    CONSOLE_SECRET: 'c'.repeat(32),
    CLOUDFLARE_API_TOKEN: world.token,
    CLOUDFLARE_BASE_URL: world.cloudflare.baseUrl,
  })
  return createCheckups({
    ...createSystems(config, { clock }),
    store: from,
    plan,
    clock,
    log: silent,
    every: 1_800_000,
  })
}

test('is done by one of several processes', async () => {
  const processes = [checkups(), checkups(), checkups()]
  now += 60_000
  const before = world.cloudflare.requests.length

  await Promise.all(processes.map((run) => run()))

  const asked = world.cloudflare.requests.length - before
  const found = await readCheckup(store)
  expect(found).toMatchObject({ at: now })
  expect(found?.recoveries.map(({ recovery }) => recovery)).toEqual(['backup', 'api'])
  expect(found?.recoveries.some(isReady)).toBe(false)
  expect(asked).toBe(6)
})

test('leaves alone what another has written meanwhile', async () => {
  const run = checkups({
    ...store,
    runs: async (query) => {
      await store.putSetting('recovery-checkup', undefined, JSON.stringify({ at: 7, recoveries: [] }))
      return store.runs(query)
    },
  })
  now += 60_000

  await run()

  expect(await readCheckup(store)).toEqual({ at: 7, recoveries: [] })
})

test('reads nothing out of what another version has written', async () => {
  await store.putSetting('recovery-checkup', undefined, JSON.stringify({ version: 9 }))

  expect(await readCheckup(store)).toBeUndefined()
})

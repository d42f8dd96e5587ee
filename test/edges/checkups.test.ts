// Looking at the recoveries in several processes: one of them does it, and one that died is followed by another.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createSystems } from '../../src/providers.ts'
import { createCheckups, readCheckup } from '../../src/recovery/checkups.ts'
import { isReady } from '../../src/recovery/checkup.ts'
import type { Checkup } from '../../src/recovery/checkup.ts'
import { loadPlan } from '../../src/drplan/load.ts'
import { readFileSync } from 'node:fs'
import { readConfig } from '../../src/config.ts'
import { createStore } from '../../src/store/redis.ts'
import { incident, run as sampleRun } from '../contracts/store-samples.ts'
import { startWorld } from '../../sim/world.ts'
import type { World } from '../../sim/world.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'
import type { Effect } from '../../src/effect.ts'
import type { Run } from '../../src/recovery/run.ts'
import type { Store } from '../../src/ports.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { silent } from '../servers/redis.ts'

const redis = oneRedis()
let world: World
let store: Store
let now = 0
let announced: Effect[] = []

beforeAll(async () => {
  world = await startWorld()
  store = createStore({ redis: (await redis().connect()).redis })
})
afterAll(() => world.stop())
beforeEach(() => {
  announced = []
  return redis().flush()
})

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
    chats: ['slack', 'teams'],
    kick: (effects) => announced.push(...effects),
    every: 1_800_000,
  })
}

async function looked(later: number): Promise<Checkup | undefined> {
  const run = checkups()
  now += later
  await run()
  return readCheckup(store)
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

test('tells each chat once that a system cannot be recovered, when two looks in a row have found it', async () => {
  const processes = [checkups(), checkups()]
  now += 60_000
  await Promise.all(processes.map((run) => run()))
  expect(announced).toEqual([])

  for (const later of [121_000, 121_000, 1_801_000]) {
    now += later
    await Promise.all(processes.map((run) => run()))
  }

  expect(announced.map(({ body }) => body)).toEqual(
    ['slack', 'teams'].map((chat) => ({
      kind: 'announce',
      chat,
      text: expect.stringMatching(/^⚠️ lb: no recovery could be carried out now\. .* status lb$/),
      at: expect.any(Number),
    })),
  )
  expect(await readCheckup(store)).toMatchObject({ at: now, told: { lb: 'not-ready' } })
})

test('is done again as soon as a run has ended that has changed something', async () => {
  const run = checkups()
  now += 60_000
  await run()
  await run()
  const first = await readCheckup(store)
  now += 10_000
  await run()
  expect((await readCheckup(store))?.at).toBe(first?.at)

  const step = { title: 'Look', phase: 'done', attempts: 1 } as const
  const action = { provider: 'dns-check', nameServers: [], want: [], within: 1 } as const
  const steps = [{ ...step, action, undo: action }]
  const next = { ...sampleRun('R-1'), steps, state: 'done', startedAt: now, endedAt: now } as Run
  const write = { kind: 'run', id: 'R-1', expected: 0, next, wakeAt: undefined } as const
  await store.commit({ write })
  now += 10_000
  await run()

  expect((await readCheckup(store))?.at).toBe(now)
  now += 10_000
  await run()
  expect((await readCheckup(store))?.at).toBe(now - 10_000)
})

test('is done again when an outage has begun since the last look', async () => {
  const run = checkups()
  now += 60_000
  await run()
  now += 10_000
  const next = { ...incident('INC-1'), openedAt: now }
  await store.commit({ write: { kind: 'incident', id: 'INC-1', expected: 0, next, wakeAt: undefined } })
  now += 10_000

  await run()

  expect((await readCheckup(store))?.at).toBe(now)
})

test('says nothing of what one look has found and the next one has not', async () => {
  const { recoveries = [], ...first } = (await looked(60_000)) ?? {}
  const ready = recoveries.map((one) => ({ ...one, checks: [] }))
  const text = JSON.stringify({ ...first, recoveries: ready, told: { lb: 'not-ready' } })
  await store.putSetting('recovery-checkup', await store.setting('recovery-checkup'), text)

  const last = await looked(1_801_000)

  expect(announced).toEqual([])
  expect(last).toMatchObject({ at: now, told: { lb: 'not-ready' } })
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

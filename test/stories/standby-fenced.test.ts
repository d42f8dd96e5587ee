// A standby zone is copied by one process at a time, also when a person asks for it, and no result of a turn is lost.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Clock, Providers, Store } from '../../src/ports.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import { createAzureSystems } from '../../src/providers/azure/systems.ts'
import { createCloudflareDns } from '../../src/providers/cloudflare/cloudflare.ts'
import { createHaproxy } from '../../src/providers/haproxy/haproxy.ts'
import { createOutside } from '../../src/providers/outside.ts'
import { readState, settingOf } from '../../src/recovery/standby/state.ts'
import type { StandbyState } from '../../src/recovery/standby/state.ts'
import { createStandbySync } from '../../src/recovery/standby/sync.ts'
import type { StandbySync } from '../../src/recovery/standby/sync.ts'
import { startWorld } from '../../sim/world.ts'
import type { World } from '../../sim/world.ts'
import { createStore } from '../../src/store/redis.ts'
import { noon } from '../contracts/store-samples.ts'
import { examplePlan } from './command-desk.ts'
import { accessTo } from '../servers/azure.ts'
import { noReaders } from '../servers/readers.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { silent } from '../servers/redis.ts'
import { startStandby } from '../servers/standby.ts'
import type { StandbyWorld } from '../servers/standby.ts'
import { unhurried } from '../servers/unhurried.ts'

const redis = oneRedis()
let world: World
let standby: StandbyWorld
let store: Store
let disconnect: () => Promise<void>

const name = settingOf('example.com')
const clock: Clock = { now: () => noon, real: (duration) => duration, after: () => () => {} }

beforeEach(async () => {
  await redis().flush()
  const connection = await redis().connect()
  disconnect = connection.close
  store = createStore({ redis: connection.redis })
  world = await startWorld()
  standby = await startStandby('example.com', ['localhost:1'])
})
afterEach(async () => {
  await disconnect()
  await Promise.all([world.stop(), standby.stop()])
})

/** One process of the bot, whose store is the shared one but for what the test changes. */
function process(own: Partial<Store> = {}): StandbySync {
  const cloudflare = createCloudflareDns({
    token: world.token,
    baseUrl: world.cloudflare.baseUrl,
    timeout: unhurried,
    clock,
  })
  const reach = createAzureSystems(createAzure(accessTo(standby.azure)), { clock })
  const providers: Providers = {
    'cloudflare-dns': cloudflare,
    ...createOutside({ clock, timeout: unhurried }),
    ...createHaproxy({ clock, user: 'dr-bot', password: 'not-to-be-shown' }),
    ...reach.providers,
  }
  const block = {
    zone: 'example.com',
    resource_group: 'dr-rg',
    registrar: 'https://registrar.example.com/domains/example.com',
    sync_every: 600_000,
    parents: standby.registry.servers,
  }
  const plan = examplePlan()
  const dns = {
    ...(plan.systems.dns ?? { rto: 600_000, alerts: [], depends_on: [] }),
    recoveries: [{ name: 'standby', standby_dns: block }],
  }
  return createStandbySync({
    store: { ...store, ...own },
    providers,
    readers: { ...noReaders, dns: cloudflare, ...reach.readers },
    plan: () => ({ ...plan, systems: { ...plan.systems, dns } }),
    clock,
    log: silent,
    enabled: true,
  })
}

async function kept(): Promise<StandbyState | undefined> {
  return readState(await store.setting(name))
}

/** A process that is held when it is about to write down how the zone stands. */
function held(): {
  readonly one: StandbySync
  readonly arrived: Promise<void>
  readonly release: () => void
} {
  const arrived = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const one = process({
    putSetting: async (...all) => {
      arrived.resolve()
      await released.promise
      return store.putSetting(...all)
    },
  })
  return { one, arrived: arrived.promise, release: released.resolve }
}

describe('dns sync', () => {
  test('while another process is at its turn is refused, and says what to type; that turn is kept', async () => {
    const { one, arrived, release } = held()
    const turn = one.due()
    await arrived
    const written = standby.changes().length

    await expect(process().now(false)).rejects.toThrow(
      /Another process of the bot is just at example\.com.*dns show.*dns sync$/,
    )
    expect(standby.changes()).toHaveLength(written)
    release()
    await turn

    expect(await kept()).toMatchObject({ inStepAt: noon, differences: [] })
  })

  test('keeps the next turn of another process away until it is written down', async () => {
    const { one, arrived, release } = held()
    const turn = one.now(false)
    await arrived
    const looked = world.cloudflare.requests.length

    await process().due()

    expect(world.cloudflare.requests).toHaveLength(looked)
    release()
    await turn
    expect(await kept()).toMatchObject({ inStepAt: noon })
  })

  test('can be said again and again, and each time the zone is looked at', async () => {
    const one = process()
    await one.now(false)
    const looked = world.cloudflare.requests.length

    await one.now(false)

    expect(world.cloudflare.requests.length).toBeGreaterThan(looked)
  })

  test('writes its result again when somebody else has written an earlier one meanwhile', async () => {
    const other: StandbyState = { triedAt: 1, differences: ['old'], left: [], exposed: [], nameServers: [] }
    let crossed = false
    const one = process({
      putSetting: async (setting, from, to) => {
        if (!crossed) await store.putSetting(setting, from, JSON.stringify(other))
        crossed = true
        return store.putSetting(setting, from, to)
      },
    })

    await one.now(false)

    expect(await kept()).toMatchObject({ triedAt: noon, inStepAt: noon, differences: [] })
  })

  test('leaves the result of a later turn as it is', async () => {
    const later = { triedAt: noon + 1, differences: ['newer'], left: [], exposed: [], nameServers: [] }
    let crossed = false
    const one = process({
      putSetting: async (setting, from, to) => {
        if (!crossed) await store.putSetting(setting, from, JSON.stringify(later))
        crossed = true
        return store.putSetting(setting, from, to)
      },
    })

    await one.now(false)

    expect(await kept()).toEqual(later)
  })
})

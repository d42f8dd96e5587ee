// Looking at the queues in several processes: one of them does it each minute, and what was seen is there after a restart.
import { readFileSync } from 'node:fs'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import { createChanges } from '../../src/changes.ts'
import { loadPlan } from '../../src/drplan/load.ts'
import type { DrPlan } from '../../src/drplan/schema.ts'
import { minute, second } from '../../src/ids.ts'
import type { Log, Store } from '../../src/ports.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import type { Azure } from '../../src/providers/azure/azure.ts'
import { createAzureSystems } from '../../src/providers/azure/systems.ts'
import { readDepths, settingOf } from '../../src/recovery/queues/depths.ts'
import { drainRate } from '../../src/recovery/queues/drain-rate.ts'
import type { Depth } from '../../src/recovery/queues/drain-rate.ts'
import { createQueueWatch } from '../../src/recovery/queues/watch.ts'
import { createStore } from '../../src/store/redis.ts'
import { accessTo, noAzure, startTestAzure } from '../servers/azure.ts'
import { startAzurite } from '../servers/azurite.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { silent } from '../servers/redis.ts'

const redis = oneRedis()
let store: Store
let azure: AzureSim
let plan: DrPlan
let now = Date.UTC(2026, 10, 23, 9)

beforeAll(async () => {
  store = createStore({ redis: (await redis().connect()).redis })
})
beforeEach(async () => {
  await redis().flush()
  azure = await startTestAzure({ now: () => now })
  const loaded = loadPlan(readFileSync('dr-plan.example.yml', 'utf8'), 'dr-plan.example.yml')
  if ('errors' in loaded) throw new Error('the example plan is broken')
  ;({ plan } = loaded)
})
afterEach(() => azure.stop())

/** The look of one process; the bot calls it again and again. */
function watch(at: Azure = createAzure(accessTo(azure)), log: Log = silent): () => Promise<void> {
  // In a test that is about failing, whoever has looked in vain is not waited for in real time.
  const clock = { now: () => now, after: () => () => {}, real: (time: number) => (log === silent ? time : 1) }
  return createQueueWatch({
    store,
    plan: () => plan,
    clock,
    log,
    chats: [],
    kick: () => {},
    changes: createChanges(),
    readers: createAzureSystems(at, { clock }).readers,
    bells: { set: async () => {}, onRing: () => {} },
  })
}

function pool() {
  const found = plan.systems.workers?.recoveries[0]?.scale_set
  if (!found) throw new Error('the example plan has no pool')
  return found
}

async function kept(): Promise<readonly Depth[]> {
  return readDepths(pool(), await store.setting(settingOf(pool())))
}

function asked(): number {
  return azure.requests.filter(({ path }) => path.includes('/queues/examplewest/orders?')).length
}

test('is done once a minute by one of several processes, and not in the first seconds of any', async () => {
  const processes = [watch(), watch(), watch()]
  const all = (): Promise<unknown> => Promise.all(processes.map((run) => run()))
  await all()
  expect(await kept()).toEqual([])

  now += 40 * second
  azure.queues.set('examplewest', 'orders', 700, now - 42 * minute)
  azure.queues.set('examplewest', 'mails', 34, now - 3 * minute)
  await all()
  await all()
  now += 59 * second
  await all()
  expect(await kept()).toEqual([
    { at: now - 59 * second, messages: 734, workers: 4, oldest: now - 59 * second - 42 * minute },
  ])
  expect(asked()).toBe(1)

  now += second
  await all()
  expect((await kept()).map(({ at }) => at)).toEqual([now - minute, now])
  expect(asked()).toBe(2)
})

test('keeps what another process goes on from: the measured rate is the same after a restart', async () => {
  let run = watch()
  for (const messages of [5_000, 4_840, 4_680, 4_520, 4_360, 4_200]) {
    if (messages === 4_520) run = watch()
    now += minute
    azure.queues.set('examplewest', 'orders', messages)
    await run()
  }

  expect(drainRate(await kept(), now)).toMatchObject({ perWorker: 40, from: { messages: 5_000 } })
})

test('forgets nothing in a quiet time, and begins again with other queues', async () => {
  const run = watch()
  async function minutes(count: number, messages: number): Promise<void> {
    for (let left = count; left > 0; left -= 1) {
      now += minute
      azure.queues.set('examplewest', 'orders', messages + left)
      if (messages < 0) azure.queues.set('examplewest', 'orders', 0)
      await run()
    }
  }
  await minutes(3, 100)
  await minutes(5, -1)
  await minutes(2, 100)
  expect((await kept()).map(({ messages }) => messages)).toEqual([103, 102, 101, 0, 0, 102, 101])
  expect((await kept())[4]?.at).toBe(now - 2 * minute)

  const block = pool()
  plan = {
    ...plan,
    systems: {
      ...plan.systems,
      workers: {
        rto: minute,
        depends_on: [],
        alerts: [],
        recoveries: [{ name: 'pool', scale_set: { ...block, queues: ['mails'] } }],
      },
    },
  }
  expect(await kept()).toEqual([])
  now += minute
  await run()
  expect(await kept()).toEqual([expect.objectContaining({ messages: 0 })])
})

test('says once that it cannot look, and once that it can again; without Azure it is nobody’s trouble', async () => {
  const lines: string[] = []
  const log: Log = {
    ...silent,
    warn: (message) => lines.push(message),
    info: (message) => lines.push(message),
  }
  const [run, without] = [watch(undefined, log), watch(noAzure, log)]
  now += minute
  await without()
  expect(lines).toEqual([])

  azure.withhold(['Microsoft.Compute/virtualMachineScaleSets/read'])
  for (let left = 3; left > 0; left -= 1) {
    now += minute
    await run()
  }
  expect(lines).toEqual(['how deep the queues of a pool are is not known'])
  expect(await kept()).toEqual([])

  azure.withhold([])
  now += minute
  await run()
  expect(lines.at(-1)).toBe('the queues of a pool can be looked at again')
  expect(await kept()).toHaveLength(1)
})

test('measures what an application really takes out of the queues of Azurite', async () => {
  const server = await startAzurite(['examplewest'])
  try {
    const service = server.application('examplewest')
    await Promise.all([service.createQueue('orders'), service.createQueue('mails')])
    const queue = service.getQueueClient('orders')
    await Promise.all(Array.from({ length: 60 }, () => queue.sendMessage('{"order":1}')))
    const run = watch(createAzure(accessTo(azure, { queueEndpoint: server.queueEndpoint, timeout: 8_000 })))

    for (let left = 5; left > 0; left -= 1) {
      now += minute
      await run()
      const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 8 })
      await Promise.all(
        receivedMessageItems.map(({ messageId, popReceipt }) => queue.deleteMessage(messageId, popReceipt)),
      )
    }

    expect((await kept()).map(({ messages }) => messages)).toEqual([60, 52, 44, 36, 28])
    expect((await kept())[0]?.oldest).toBeGreaterThan(Date.now() - minute)
    expect(drainRate(await kept(), now)).toMatchObject({ perWorker: 2, to: { workers: 4 } })
  } finally {
    await server.stop()
  }
})

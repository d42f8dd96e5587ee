// How full queues are is read alike from the simulated Azure and from Azurite, Microsoft's own emulator: what one shows, both do.
import type { TokenCredential } from '@azure/identity'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import { UserError } from '../../src/errors.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import type { Azure } from '../../src/providers/azure/azure.ts'
import { createStorage } from '../../src/providers/storage/storage.ts'
import type { QueueSeen } from '../../src/readers.ts'
import { accessTo, startTestAzure } from '../servers/azure.ts'
import { startAzurite } from '../servers/azurite.ts'
import { startBot } from '../servers/bot.ts'
import { expectNoSecret } from './provider.ts'

/** What an application does with a queue of the account examplewest; times in seconds. */
interface Application {
  readonly make: (queue: string) => Promise<unknown>
  readonly put: (queue: string, lives?: number) => Promise<unknown>
  /** Takes the first message out of sight for so long. */
  readonly take: (queue: string, hidden: number) => Promise<Taken>
}

interface Taken {
  readonly remove: () => Promise<unknown>
}

interface Bench {
  /** Gives the tokens, and is the rest of Azure. */
  readonly sim: AzureSim
  readonly queueEndpoint: string
  readonly application: Application
  readonly stop: () => Promise<unknown>
}

const account = 'examplewest'
const calm = new AbortController().signal
const second = 1_000

async function simulator(): Promise<Bench> {
  const sim = await startTestAzure({ queues: [] })
  const { queues } = sim
  return {
    sim,
    queueEndpoint: sim.queueEndpoint,
    application: {
      make: async (name) => queues.set(account, name, 0),
      put: async (name, lives) =>
        queues.put({ account, name }, lives === undefined ? undefined : lives * second),
      take: async (name, hidden) => {
        const id = queues.take({ account, name }, hidden * second) ?? 'none'
        return { remove: async () => queues.remove({ account, name }, id) }
      },
    },
    stop: sim.stop,
  }
}

async function azurite(): Promise<Bench> {
  const [sim, server] = await Promise.all([startTestAzure({ queues: [] }), startAzurite([account])])
  const service = server.application(account)
  return {
    sim,
    queueEndpoint: server.queueEndpoint,
    application: {
      make: (name) => service.createQueue(name),
      put: (name, lives) =>
        service
          .getQueueClient(name)
          .sendMessage('{"order":1}', lives === undefined ? {} : { messageTimeToLive: lives }),
      take: async (name, hidden) => {
        const queue = service.getQueueClient(name)
        const { receivedMessageItems } = await queue.receiveMessages({ visibilityTimeout: hidden })
        const [{ messageId, popReceipt } = { messageId: 'none', popReceipt: '' }] = receivedMessageItems
        return { remove: () => queue.deleteMessage(messageId, popReceipt) }
      },
    },
    stop: () => Promise.all([server.stop(), sim.stop()]),
  }
}

/** A token that says this of itself; its signature is nobody's. */
function selfMade(claims: object): string {
  const parts = [{ typ: 'JWT', alg: 'RS256' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  return [...parts, 'c2lnbmF0dXJl'].join('.')
}

describe.each([
  ['the simulated Azure', simulator],
  ['Azurite', azurite],
])('the queues of %s', (_name, open) => {
  let bench: Bench
  let azure: Azure

  beforeAll(async () => {
    bench = await open()
    azure = createAzure(accessTo(bench.sim, { queueEndpoint: bench.queueEndpoint, timeout: 8 * second }))
  })
  afterAll(() => bench.stop())

  function read(names: readonly string[], of = account, from = azure): Promise<readonly QueueSeen[]> {
    return createStorage(from, Date).reader.queues(of, names, calm)
  }

  async function failure(work: Promise<unknown>): Promise<UserError> {
    const thrown = await work.then(
      () => 'no failure',
      (reason: unknown) => reason,
    )
    if (!(thrown instanceof UserError)) throw new Error(`expected a UserError: ${String(thrown)}`)
    return thrown
  }

  test('have so many messages as were put in, and their age is that of the first one', async () => {
    const { make, put } = bench.application
    const begin = Date.now()
    await Promise.all([make('sums'), make('empty')])
    for (let left = 3; left > 0; left -= 1) await put('sums')

    const [sums, empty] = await read(['sums', 'empty'])

    expect(sums).toEqual({ name: 'sums', messages: 3, oldest: expect.any(Number) })
    // Azure tells times to the second.
    expect(sums?.oldest).toBeGreaterThanOrEqual(begin - second)
    expect(sums?.oldest).toBeLessThanOrEqual(Date.now())
    expect(empty).toEqual({ name: 'empty', messages: 0 })
  })

  test('still count a message that a worker has taken and not finished, whose age nobody sees', async () => {
    const { make, put, take } = bench.application
    await make('taken')
    await put('taken')
    await take('taken', 600)
    const whileTaken = await read(['taken'])
    await put('taken')

    expect(whileTaken).toEqual([{ name: 'taken', messages: 1 }])
    expect(await read(['taken'])).toEqual([{ name: 'taken', messages: 2, oldest: expect.any(Number) }])
  })

  test('show the age of a message again when the worker that took it has died', async () => {
    const { make, put, take } = bench.application
    await make('returning')
    await put('returning')
    const [before] = await read(['returning'])
    await take('returning', 1)

    await vi.waitFor(async () => expect(await read(['returning'])).toEqual([before]), 10 * second)
    expect(before).toMatchObject({ messages: 1, oldest: expect.any(Number) })
  })

  test('do not count what was taken and deleted', async () => {
    const { make, put, take } = bench.application
    await make('deleted')
    await put('deleted')
    await put('deleted')
    const first = await take('deleted', 600)
    await first.remove()
    const afterFirst = await read(['deleted'])
    const last = await take('deleted', 600)
    await last.remove()

    expect(afterFirst).toEqual([{ name: 'deleted', messages: 1, oldest: expect.any(Number) }])
    expect(await read(['deleted'])).toEqual([{ name: 'deleted', messages: 0 }])
  })

  test('do not count what nobody took before its time was over', async () => {
    const { make, put } = bench.application
    await make('expiring')
    await put('expiring', 1)
    await put('expiring', 600)

    await vi.waitFor(
      async () =>
        expect(await read(['expiring'])).toEqual([
          { name: 'expiring', messages: 1, oldest: expect.any(Number) },
        ]),
      10 * second,
    )
  })

  test('that do not exist are told apart from empty ones, with what to compare', async () => {
    await bench.application.make('there')

    const { code, message } = await failure(read(['there', 'nowhere']))

    expect(code).toBe('azure-not-found')
    expect(message).toBe(
      'Azure could not look at the queue nowhere of examplewest: 404 QueueNotFound: The specified queue does not exist. Nothing was changed. Compare "account" and "queues" of the recovery in the DR plan, and AZURE_SUBSCRIPTION_ID, with the Azure portal.',
    )
  })

  test('of an account that does not exist are not taken for those of another', async () => {
    const { code, message } = await failure(read(['orders'], 'nobody'))

    expect(code).toBe('azure-not-found')
    expect(message).toMatch(
      /^Azure could not look at the queue orders of nobody: 404 ResourceNotFound: The specified resource does not exist\. .*Compare "account"/,
    )
  })

  test('are not shown for a token that is no token, is for something else, or is over: that is said, without it', async () => {
    await bench.application.make('guarded')
    const credential = await azure.credential()
    const now = Math.floor(Date.now() / second)
    const issuer = { aud: 'https://storage.azure.com', iss: `https://sts.windows.net/${bench.sim.tenant}/` }
    const wrong: readonly TokenCredential['getToken'][] = [
      async () => ({ token: 'none', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
      () => credential.getToken('https://vault.azure.net/.default'),
      async () => ({
        token: selfMade({ ...issuer, iat: now - 7_200, nbf: now - 7_200, exp: now - 3_600 }),
        expiresOnTimestamp: Number.MAX_SAFE_INTEGER,
      }),
    ]

    for (const getToken of wrong) {
      const thrown = await failure(
        read(['guarded'], account, { ...azure, credential: async () => ({ getToken }) }),
      )
      expect(thrown.code).toBe('azure-credential')
      expect(thrown.message).toContain('Nothing was changed. Look at AZURE_TENANT_ID')
      const token = (await getToken('https://storage.azure.com/.default'))?.token ?? ''
      expectNoSecret(token === 'none' ? [] : [token], thrown)
    }
  })

  test('are what a step waits for that needs an account to answer', async () => {
    await bench.application.make('needed')
    await bench.application.put('needed')
    const provider = createStorage(azure, Date).providers['storage-queues']
    const action = {
      provider: 'storage-queues' as const,
      accounts: [
        { account, queues: ['needed'], needed: true },
        { account: 'nobody', queues: ['needed'], needed: false },
      ],
      within: 30_000,
    }
    const operation = await provider.start(action, 'R-1-s1', calm)

    expect(await provider.check(action, operation, Date.now(), calm)).toMatchObject({
      state: 'done',
      note: expect.stringMatching(/needed 1.*nobody.*404 ResourceNotFound/),
    })
  })

  test('are in what people read with `workers show` and `status storage`', async () => {
    const { make, put } = bench.application
    await Promise.all([make('orders'), make('mails')])
    await put('mails')
    const bot = await startBot((plan) => plan, {
      start: Date.now(),
      env: { ...bench.sim.env, AZURE_QUEUE_ENDPOINT: bench.queueEndpoint },
    })
    try {
      await vi.waitFor(async () => {
        const { text } = await bot.say('ann', 'workers show')
        expect(text).toMatch(/"Queue mails"\],\["1 message, the oldest for \d+s"/)
        expect(text).toMatch(/"Queue orders"\],\["0 messages"/)
      }, 10 * second)
      await vi.waitFor(
        async () => expect((await bot.say('ann', 'status storage')).text).toContain('"orders 0, mails 1"'),
        10 * second,
      )
    } finally {
      await bot.stop()
    }
  })
})

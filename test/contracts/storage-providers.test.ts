// The providers around Azure storage keep the promises that all providers make, over the wire against the simulated Azure.
import type { AzureSim, AzureOptions } from '../../sim/azure.ts'
import type { AzureFault, Reason } from '../../sim/azure/faults.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import { createStorage } from '../../src/providers/storage/storage.ts'
import { accessTo, startTestAzure } from '../servers/azure.ts'
import { providerContract, type BenchOptions, type Failure, type Retryable } from './provider.ts'

const westSecret = 'AccountKey=of-the-account-in-the-west'
const northSecret = 'AccountKey=of-the-account-in-the-north'
const calm = new AbortController().signal

function faults(on: Reason): Readonly<Record<Failure, AzureFault>> {
  return {
    hang: { kind: 'hang', on },
    reset: { kind: 'reset', on },
    error: { kind: 'status', status: 503, retryAfter: 20, on },
    limit: { kind: 'status', status: 429, code: 'TooManyRequests', retryAfter: 17, on },
  }
}

function retryable(doing: string): readonly Retryable[] {
  return [
    { failure: 'hang', says: new RegExp(`Azure could not ${doing}.*: no answer within 1s`) },
    { failure: 'reset', says: /the connection failed \(ECONNRESET\)/ },
    { failure: 'error', says: /: 503/, after: 20_000 },
    { failure: 'limit', says: /Next try in 17s/, after: 17_000 },
  ]
}

async function open({ timeout, clock }: BenchOptions, storage: NonNullable<AzureOptions['storage']>) {
  let now = clock.now()
  const sim = await startTestAzure({
    now: () => now,
    queues: [{ account: 'examplenorth', name: 'orders', messages: 3 }],
    storage,
  })
  const access = createAzure(accessTo(sim, { timeout }))
  const { providers, reader } = createStorage(access, clock)
  // The SDK is loaded and a token had before the clock of the test's own limit begins.
  await access.credential()
  return {
    sim,
    providers,
    reader,
    later: () => {
      now += 3_600_000
    },
    common: {
      changes: () => changesOf(sim),
      requests: () => sim.requests.length,
      secrets: [sim.secret, westSecret, northSecret],
      close: sim.stop,
    },
  }
}

/** Those that were let through: a vault answers the first one of a client with its challenge. */
function changesOf(sim: AzureSim): number {
  return sim.requests.filter(
    ({ method, reason, status }) => method !== 'GET' && reason !== 'token' && status < 400,
  ).length
}

providerContract({
  name: 'storage-failover',
  retryable: retryable('look at the storage account examplewest'),
  findings: [],
  open: async (options) => {
    const world = await open(options, { accounts: [{ group: 'dr-rg', name: 'examplewest' }] })
    const place = { resourceGroup: 'dr-rg', account: 'examplewest' }
    const { primary, secondary, sku } = await world.reader.account(place, calm)
    return {
      ...world.common,
      provider: world.providers['storage-failover'],
      action: {
        provider: 'storage-failover',
        ...place,
        type: 'unplanned',
        before: { primary, sku, ...(secondary === undefined ? {} : { secondary }) },
      },
      happens: world.later,
      fail: (failure) => world.sim.fault(faults('read')[failure]),
    }
  },
})

providerContract({
  name: 'app-configuration',
  retryable: retryable('look at the setting storage:account'),
  findings: [],
  open: async (options) => {
    const tags = { team: 'shop' }
    const world = await open(options, {
      settings: [{ store: 'example', key: 'storage:account', value: 'examplewest', tags }],
    })
    const store = `${world.sim.url}/appconfig/example`
    const { etag } = await world.reader.setting({ store, key: 'storage:account' }, calm)
    return {
      ...world.common,
      provider: world.providers['app-configuration'],
      action: {
        provider: 'app-configuration',
        store,
        key: 'storage:account',
        etag,
        before: { value: 'examplewest', tags },
        after: { value: 'examplenorth', tags },
      },
      happens: () => undefined,
      fail: (failure) => world.sim.fault(faults('setting')[failure]),
    }
  },
})

providerContract({
  name: 'key-vault-secret',
  retryable: retryable('read the secret storage-connection'),
  findings: [],
  open: async (options) => {
    const world = await open(options, {
      secrets: [
        { vault: 'example', name: 'storage-connection', value: westSecret },
        { vault: 'example', name: 'storage-connection-north', value: northSecret },
      ],
    })
    const vault = `${world.sim.url}/vaults/example`
    const current = await world.reader.secret({ vault, secret: 'storage-connection' }, calm)
    const from = await world.reader.secret({ vault, secret: 'storage-connection-north' }, calm)
    return {
      ...world.common,
      provider: world.providers['key-vault-secret'],
      action: {
        provider: 'key-vault-secret',
        vault,
        secret: 'storage-connection',
        current: current.version,
        from: { secret: 'storage-connection-north', version: from.version },
      },
      happens: () => undefined,
      fail: (failure) => world.sim.fault(faults('secret')[failure]),
    }
  },
})

providerContract({
  name: 'storage-queues',
  retryable: [],
  findings: [
    { failure: 'hang', says: /look at the queue orders of examplenorth: no answer within 1s/ },
    { failure: 'reset', says: /the connection failed \(ECONNRESET\)/ },
    { failure: 'error', says: /: 503/ },
    { failure: 'limit', says: /too many requests/ },
  ],
  open: async (options) => {
    const world = await open(options, {})
    world.sim.fault(faults('queue').error)
    return {
      ...world.common,
      provider: world.providers['storage-queues'],
      action: {
        provider: 'storage-queues',
        accounts: [{ account: 'examplenorth', queues: ['orders'], needed: true }],
        within: 30_000,
      },
      happens: () => world.sim.fault(undefined),
      fail: (failure) => world.sim.fault(faults('queue')[failure]),
    }
  },
})

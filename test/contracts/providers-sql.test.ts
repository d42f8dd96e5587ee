// What every provider promises, for those of Azure SQL: restores, checks, renames, groups, replication, failovers.
import type { AzureSim } from '../../sim/azure.ts'
import type { AzureFault } from '../../sim/azure/faults.ts'
import type { TdsFault } from '../../sim/azure/tds-session.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import { createAzureSystems } from '../../src/providers/azure/systems.ts'
import { accessTo, startTestAzure } from '../servers/azure.ts'
import { alone, twoRegions } from '../servers/databases.ts'
import { providerContract, type BenchOptions, type Failure, type Retryable } from './provider.ts'

const faults: Readonly<Record<Failure, AzureFault>> = {
  hang: { kind: 'hang', on: 'read' },
  reset: { kind: 'reset', on: 'read' },
  error: { kind: 'status', status: 503, retryAfter: 30, on: 'read' },
  limit: { kind: 'status', status: 429, code: 'TooManyRequests', retryAfter: 17, on: 'read' },
}

const retryable: readonly Retryable[] = [
  { failure: 'hang', says: /no answer within 1s/ },
  { failure: 'reset', says: /the connection failed \(ECONNRESET\)/ },
  { failure: 'error', says: /: 503 InternalServerError/, after: 30_000 },
  { failure: 'limit', says: /too many requests to this subscription\. Next try in 17s/, after: 17_000 },
]

const place = { resourceGroup: 'dr-rg', server: 'sql-west' }
const north = { resourceGroup: 'dr-rg', server: 'sql-north' }

/** The simulated Azure with the product's own providers, and a way to let time go on. */
async function open({ timeout, clock }: BenchOptions, sql = twoRegions) {
  let skipped = 0
  const sim = await startTestAzure({ sql, now: () => clock.now() + skipped })
  const { providers } = createAzureSystems(createAzure(accessTo(sim, { timeout })), { clock })
  const wait = (): void => {
    skipped += 600_000
  }
  return { sim, providers, wait }
}

/** What was changed on the way to the test's own beginning does not count. */
function common(sim: AzureSim) {
  const changes = (): number => sim.requests.filter(({ reason }) => reason === 'change').length
  const before = changes()
  return {
    changes: () => changes() - before,
    requests: () => sim.requests.filter(({ reason }) => reason !== 'token').length,
    fail: (failure: Failure) => sim.fault(faults[failure]),
    secrets: [sim.secret],
    close: sim.stop,
  }
}

providerContract({
  name: 'sql-restore',
  retryable,
  findings: [],
  open: async (options) => {
    const { sim, providers, wait } = await open(options)
    const sourceId = `/subscriptions/${sim.subscription}/resourceGroups/dr-rg/providers/Microsoft.Sql/servers/sql-west/databases/orders`
    const action = {
      provider: 'sql-restore' as const,
      mode: 'PointInTimeRestore' as const,
      source: { ...place, database: 'orders' },
      sourceId,
      at: options.clock.now() - 3_600_000,
      target: { ...place, database: 'orders-r-1', location: 'westeurope' },
      settings: { tags: {} },
    }
    return { provider: providers['sql-restore'], action, happens: wait, ...common(sim) }
  },
})

providerContract({
  name: 'sql-check',
  retryable,
  findings: [],
  open: async (options) => {
    const { sim, providers } = await open(options, alone)
    const action = { provider: 'sql-check' as const, place, database: 'orders-r-1' }
    const happens = (): void => sim.sql.rename('sql-west', 'orders', 'orders-r-1')
    return { provider: providers['sql-check'], action, happens, ...common(sim) }
  },
})

const query = 'SELECT COUNT(*) FROM orders'
const says = (number: number) => ({ number, message: 'Please retry.' })
const answers: Readonly<Record<Failure, TdsFault>> = {
  hang: { kind: 'hang', on: 'login' },
  reset: { kind: 'drop', on: 'login' },
  error: { kind: 'error', on: 'query', error: says(40_197) },
  limit: { kind: 'error', on: 'query', error: says(40_501) },
}

providerContract({
  name: 'sql-query',
  retryable: [
    { failure: 'hang', says: /gave no connection within 1s/ },
    { failure: 'reset', says: /closed the connection in the middle/ },
    { failure: 'error', says: /40197: Please retry/ },
    { failure: 'limit', says: /40501: Please retry/, after: 10_000 },
  ],
  findings: [],
  open: async (options) => {
    const { sim, providers } = await open(options, { ...alone, answers: { [query]: [0] } })
    const action = {
      provider: 'sql-query' as const,
      place,
      database: 'orders',
      query,
      expect: { op: '>=', than: 1 } as const,
      timeout: options.timeout,
      auth: 'entra' as const,
    }
    return {
      provider: providers['sql-query'],
      action,
      ...common(sim),
      happens: () => sim.tds.answers(query, [42]),
      changes: () => sim.tds.requests.filter(({ what }) => what === 'commit').length,
      requests: () => sim.tds.requests.length,
      fail: (failure) => sim.tds.fault(answers[failure]),
      secrets: [sim.secret, sim.tds.login.password],
    }
  },
})

providerContract({
  name: 'sql-rename',
  retryable,
  findings: [],
  open: async (options) => {
    const { sim, providers, wait } = await open(options, alone)
    const action = {
      provider: 'sql-rename' as const,
      place,
      from: 'orders',
      to: 'orders-before-r-1',
      own: 'to' as const,
    }
    return { provider: providers['sql-rename'], action, happens: wait, ...common(sim) }
  },
})

const leave = {
  provider: 'sql-group' as const,
  place,
  group: 'orders-fg',
  database: 'orders',
  member: false,
  aside: 'orders-before-r-1',
}

providerContract({
  name: 'sql-group',
  retryable,
  findings: [],
  open: async (options) => {
    const { sim, providers, wait } = await open(options)
    return { provider: providers['sql-group'], action: leave, happens: wait, ...common(sim) }
  },
})

providerContract({
  name: 'sql-link',
  retryable,
  findings: [],
  open: async (options) => {
    const { sim, providers, wait } = await open(options)
    // Only what is in no group can be parted from its copy.
    await providers['sql-group'].start(leave, 'before', new AbortController().signal)
    const action = {
      provider: 'sql-link' as const,
      place,
      database: 'orders',
      partner: 'sql-north',
      aside: 'orders-before-r-1',
    }
    return { provider: providers['sql-link'], action, happens: wait, ...common(sim) }
  },
})

providerContract({
  name: 'sql-failover',
  retryable,
  findings: [],
  open: async (options) => {
    const { sim, providers, wait } = await open(options)
    const action = {
      provider: 'sql-failover' as const,
      place: north,
      group: 'orders-fg',
      database: 'orders',
      forced: false,
    }
    return { provider: providers['sql-failover'], action, happens: wait, ...common(sim) }
  },
})

// The shared promises of the providers behind a standby zone: record sets at Azure DNS, and the delegation above them.
import { vi } from 'vitest'
import type { AzureFault } from '../../sim/azure/faults.ts'
import type { DnsFault } from '../../sim/dns.ts'
import { startRegistry } from '../../sim/registry.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import { createAzureDns } from '../../src/providers/standby-dns/azure-dns.ts'
import { createDelegation } from '../../src/providers/dns/delegation.ts'
import { accessTo } from '../servers/azure.ts'
import { startStandby } from '../servers/standby.ts'
import { providerContract, type Failure } from './provider.ts'

const zone = 'example.com'
const azureFaults: Readonly<Record<Failure, AzureFault>> = {
  hang: { kind: 'hang' },
  reset: { kind: 'reset' },
  error: { kind: 'status', status: 503, code: 'ServiceUnavailable', message: 'Busy.' },
  limit: { kind: 'status', status: 429, code: 'TooManyRequests', message: 'Slow down.', retryAfter: 17 },
}
const dnsFaults: Readonly<Record<Failure, DnsFault>> = {
  hang: { kind: 'drop' },
  reset: { kind: 'refuse' },
  error: { kind: 'servfail' },
  limit: { kind: 'drop' },
}

providerContract({
  name: 'standby-dns',
  retryable: [
    { failure: 'hang', says: /could not read the zone example\.com at Azure DNS: no answer within 1s/ },
    { failure: 'reset', says: /the connection failed/ },
    { failure: 'error', says: /: 503 ServiceUnavailable: Busy\./ },
    { failure: 'limit', says: /429 TooManyRequests.*Next try in 17s/, after: 17_000 },
  ],
  findings: [],
  open: async ({ timeout }) => {
    const standby = await startStandby(zone, ['localhost:1'])
    const provider = createAzureDns(createAzure(accessTo(standby.azure, { timeout })))
    // The token and the SDK are there before the failing begins.
    const calm = new AbortController().signal
    await vi.waitFor(() => provider.zone({ resourceGroup: 'dr-rg', zone }, calm), 10_000)
    return {
      provider,
      action: {
        provider: 'standby-dns',
        resourceGroup: 'dr-rg',
        zone,
        changes: [{ name: 'api', type: 'A', after: { ttl: 60, values: ['192.0.2.1'] } }],
      },
      happens: () => undefined,
      changes: () => standby.changes().length,
      requests: () => standby.azure.requests.length,
      fail: (failure) => standby.azure.fault(azureFaults[failure]),
      secrets: [standby.azure.secret],
      close: standby.stop,
    }
  },
})

providerContract({
  name: 'delegation',
  retryable: [],
  findings: [
    { failure: 'hang', says: /127\.0\.0\.1:\d+ does not answer within 1s/ },
    { failure: 'reset', says: /answers REFUSED/ },
    { failure: 'error', says: /answers SERVFAIL/ },
  ],
  open: async ({ timeout }) => {
    const before = ['a.ns.example.net', 'b.ns.example.net']
    const after = ['ns1.example.org', 'ns2.example.org']
    const registry = await startRegistry({ zone, nameServers: before })
    const registrar = 'https://registrar.example.com/'
    return {
      provider: createDelegation({ timeout }),
      action: { provider: 'delegation', zone, parents: registry.servers, before, after, registrar },
      happens: () => registry.delegate(after),
      changes: () => 0,
      requests: registry.questions,
      fail: (failure) => [0, 1].forEach((index) => registry.fault(index, dnsFaults[failure])),
      secrets: [],
      close: registry.stop,
    }
  },
})

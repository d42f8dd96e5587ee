// What every provider promises, for those of workers: a scale set's capacity, the wait for it, autoscale's limits.
import type { AzureSim } from '../../sim/azure.ts'
import type { AzureFault } from '../../sim/azure/faults.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import { createAzureSystems, type AzureSystems } from '../../src/providers/azure/systems.ts'
import { accessTo, startTestAzure } from '../servers/azure.ts'
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

const place = { resourceGroup: 'dr-rg', vmss: 'workers-vmss' }

/** The simulated Azure with the product's own providers, and a way to let time go on. */
async function open({ timeout, clock }: BenchOptions) {
  let skipped = 0
  const sim = await startTestAzure({ now: () => clock.now() + skipped })
  const { providers } = createAzureSystems(createAzure(accessTo(sim, { timeout })), { clock })
  const boot = (): void => {
    skipped += 100_000
  }
  return { sim, providers, boot }
}

function common(sim: AzureSim) {
  return {
    changes: () => sim.requests.filter(({ reason }) => reason === 'change').length,
    requests: () => sim.requests.filter(({ reason }) => reason !== 'token').length,
    fail: (failure: Failure) => sim.fault(faults[failure]),
    secrets: [sim.secret],
    close: sim.stop,
  }
}

providerContract({
  name: 'scale-set-capacity',
  retryable,
  findings: [],
  open: async (options) => {
    const { sim, providers, boot } = await open(options)
    const provider: AzureSystems['providers']['scale-set-capacity'] = providers['scale-set-capacity']
    const action = {
      provider: 'scale-set-capacity' as const,
      ...place,
      before: 4,
      after: 10,
      within: 900_000,
    }
    return { provider, action, happens: boot, ...common(sim) }
  },
})

providerContract({
  name: 'scale-set-wait',
  retryable,
  findings: [],
  open: async (options) => {
    const { sim, providers } = await open(options)
    const action = { provider: 'scale-set-wait' as const, ...place, before: 4, after: 10, within: 900_000 }
    const happens = (): void => sim.scaleSets.set('workers-vmss', 10)
    return { provider: providers['scale-set-wait'], action, happens, ...common(sim) }
  },
})

providerContract({
  name: 'autoscale-limits',
  retryable,
  findings: [],
  open: async (options) => {
    const { sim, providers } = await open(options)
    const setting = { group: 'dr-rg', name: 'by-load', target: 'workers-vmss', enabled: true }
    sim.autoscale.set([{ ...setting, minimum: 2, maximum: 6 }])
    const action = {
      provider: 'autoscale-limits' as const,
      resourceGroup: 'dr-rg',
      setting: 'by-load',
      before: [{ profile: 'by load', min: 2, max: 6, usual: 2 }],
      after: [{ profile: 'by load', min: 10, max: 10, usual: 10 }],
    }
    return { provider: providers['autoscale-limits'], action, happens: () => undefined, ...common(sim) }
  },
})

// Reads VM scale sets: how many instances they shall have, how many there are, and what else changes that by itself.
import type { ComputeManagementClient } from '@azure/arm-compute'
import type { MonitorClient } from '@azure/arm-monitor'
import { RetryableError } from '../../errors.ts'
import type { PoolPlace, PoolSeen, WorkersReader } from '../../readers.ts'
import type { Azure } from '../azure/azure.ts'
import { lineOf } from '../azure/errors.ts'
import { readAutoscale } from './autoscale.ts'
import { purposeOf } from './purpose.ts'
import { createQuotaReader } from './quota.ts'
import { readQueues } from '../storage/queues.ts'
import { lazily } from '../lazily.ts'
import { together } from '../../together.ts'

/** The clients, each made at its first use, when its SDK is loaded too. */
export interface ScaleSetClients {
  readonly compute: () => Promise<ComputeManagementClient>
  readonly monitor: () => Promise<MonitorClient>
}

export function scaleSetClients(azure: Azure): ScaleSetClients {
  return {
    compute: lazily(async () => {
      const { credential, subscription, options } = await azure.arm()
      const { ComputeManagementClient } = await import('@azure/arm-compute')
      return new ComputeManagementClient(credential, subscription, options)
    }),
    monitor: lazily(async () => {
      const { credential, subscription, options } = await azure.arm()
      const { MonitorClient } = await import('@azure/arm-monitor')
      return new MonitorClient(credential, subscription, options)
    }),
  }
}

/** The scale set and its instances. Throws UserError or RetryableError. */
export async function readPool(
  azure: Azure,
  client: ComputeManagementClient,
  place: PoolPlace,
  signal: AbortSignal,
): Promise<PoolSeen> {
  const { resourceGroup, vmss } = place
  const purpose = purposeOf(place, 'look at the scale set', false)
  const sets = client.virtualMachineScaleSets
  const [set, view] = await together([
    azure.call(purpose, signal, (abortSignal) => sets.get(resourceGroup, vmss, { abortSignal })),
    azure.call(purpose, signal, (abortSignal) => sets.getInstanceView(resourceGroup, vmss, { abortSignal })),
  ])
  const capacity = set.sku?.capacity
  // The SDK makes an empty scale set of whatever it was answered with; a capacity is what every real one has.
  if (capacity === undefined)
    throw new RetryableError(`Azure could not ${purpose.doing}: its answer says no capacity.`)
  const counts = view.virtualMachine?.statusesSummary ?? []
  const instances = counts.map(({ code = '', count = 0 }): [string, number] => [
    code.replace(/^ProvisioningState\//i, '').toLowerCase(),
    count,
  ])
  const problem = problemOf(view.statuses ?? [])
  return {
    capacity,
    updating: set.provisioningState === 'Updating',
    instances: Object.fromEntries(instances.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    ...(problem === undefined ? {} : { problem }),
  }
}

/** `AllocationFailed: ...` of a status `ProvisioningState/failed/AllocationFailed`. */
function problemOf(
  statuses: readonly { readonly code?: string; readonly message?: string }[],
): string | undefined {
  for (const { code = '', message } of statuses) {
    const found = /^ProvisioningState\/(failed)(?:\/(\w+))?/i.exec(code)
    if (!found) continue
    return [found[2] ?? found[1], ...(message ? [lineOf(message)] : [])].join(': ')
  }
  return undefined
}

/** What proposals and people see of workers. */
export function createWorkersReader(azure: Azure, { compute, monitor }: ScaleSetClients): WorkersReader {
  return {
    pool: async (place, signal) => readPool(azure, await compute(), place, signal),
    quota: createQuotaReader(azure, compute),
    autoscale: async (place, signal) => readAutoscale(azure, await monitor(), place, signal),
    queues: (account, names, signal) => readQueues(azure, account, names, signal),
  }
}

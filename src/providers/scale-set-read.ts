// Reads VM scale sets: how many instances they shall have, how many there are, and what else changes that by itself.
import type { ComputeManagementClient } from '@azure/arm-compute'
import type { MonitorClient } from '@azure/arm-monitor'
import { RetryableError } from '../errors.ts'
import type { AutoscaleSeen, PoolPlace, PoolSeen, WorkersReader } from '../readers.ts'
import type { Azure } from './azure.ts'
import type { AzurePurpose } from './azure-errors.ts'
import { readQueues } from './queues.ts'

/** The client, made at the first call, when the SDK is loaded too. */
export function computeOf(azure: Azure): () => Promise<ComputeManagementClient> {
  let made: Promise<ComputeManagementClient> | undefined
  const make = async (): Promise<ComputeManagementClient> => {
    const { credential, subscription, options } = await azure.arm()
    const { ComputeManagementClient } = await import('@azure/arm-compute')
    return new ComputeManagementClient(credential, subscription, options)
  }
  return () => {
    made ??= make().catch((thrown: unknown) => {
      made = undefined
      throw thrown
    })
    return made
  }
}

/** What a request about a scale set wants, for its errors. */
export function purposeOf({ vmss, resourceGroup }: PoolPlace, doing: string, changes: boolean): AzurePurpose {
  return {
    doing: `${doing} ${vmss}`,
    role: `Virtual Machine Contributor on ${resourceGroup}/${vmss}`,
    names: '"resource_group" and "vmss" of the recovery',
    changes,
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
  const [set, view] = await Promise.all([
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
  return {
    capacity,
    updating: set.provisioningState === 'Updating',
    instances: Object.fromEntries(instances.toSorted(([a], [b]) => (a < b ? -1 : 1))),
  }
}

/** What proposals and people see of workers. */
export function createWorkersReader(
  azure: Azure,
  compute: () => Promise<ComputeManagementClient>,
): WorkersReader {
  return {
    pool: async (place, signal) => readPool(azure, await compute(), place, signal),
    autoscale: (place, signal) => readAutoscale(azure, place, signal),
    queues: (account, names, signal) => readQueues(azure, account, names, signal),
  }
}

async function readAutoscale(
  azure: Azure,
  place: PoolPlace,
  signal: AbortSignal,
): Promise<readonly AutoscaleSeen[]> {
  const { credential, subscription, options } = await azure.arm()
  const { MonitorClient } = await import('@azure/arm-monitor')
  const client = new MonitorClient(credential, subscription, options)
  const purpose: AzurePurpose = {
    ...purposeOf(place, 'look at the autoscale settings of', false),
    role: `Monitoring Reader on ${place.resourceGroup}`,
  }
  return azure.call(purpose, signal, (abortSignal) => settingsFor(client, place, abortSignal))
}

async function settingsFor(
  client: MonitorClient,
  { resourceGroup, vmss }: PoolPlace,
  abortSignal: AbortSignal,
): Promise<readonly AutoscaleSeen[]> {
  const found: AutoscaleSeen[] = []
  const target = `/virtualmachinescalesets/${vmss.toLowerCase()}`
  for await (const setting of client.autoscaleSettings.listByResourceGroup(resourceGroup, { abortSignal })) {
    const { enabled, targetResourceUri, profiles } = setting
    if (enabled === false || targetResourceUri?.toLowerCase().endsWith(target) !== true) continue
    const min = Math.max(...profiles.map(({ capacity }) => Number(capacity.minimum)))
    const max = Math.min(...profiles.map(({ capacity }) => Number(capacity.maximum)))
    found.push({ name: setting.name ?? 'without a name', min, max })
  }
  return found
}

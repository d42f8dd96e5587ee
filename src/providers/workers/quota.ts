// Reads what a scale set's machines take of the subscription's quotas: usages of its region, and the cores of its VM size.
import type { ComputeManagementClient, ResourceSku, Usage, VirtualMachineScaleSet } from '@azure/arm-compute'
import { UserError } from '../../errors.ts'
import type { PoolPlace } from '../../readers.ts'
import type { CoreQuota, PoolQuota } from '../../recovery/pool-quota.ts'
import type { Azure } from '../azure/azure.ts'
import type { AzurePurpose } from '../azure/errors.ts'
import { allPages } from '../azure/pages.ts'
import { purposeOf } from './purpose.ts'
import { together } from '../../together.ts'

/** What never changes of a VM size. */
interface Size {
  readonly cores: number
  /** The name of its quota among the usages: `standardDSv5Family`. */
  readonly family: string
}

/** Of all sizes together, and of Spot machines, which count against no family. */
const regional = 'cores'
const spot = 'lowPriorityCores'

/** Keeps what it has read of sizes: Azure's list of them is long, and an outage is no time to read it again. */
export function createQuotaReader(
  azure: Azure,
  compute: () => Promise<ComputeManagementClient>,
): (place: PoolPlace, signal: AbortSignal) => Promise<PoolQuota> {
  const known = new Map<string, Size>()
  async function sizeOf(size: string, region: string, signal: AbortSignal): Promise<Size> {
    const key = `${region}/${size}`.toLowerCase()
    const found = known.get(key) ?? (await readSize(azure, await compute(), { size, region }, signal))
    known.set(key, found)
    return found
  }
  return async (place, signal) => {
    const client = await compute()
    const set = await azure.call(purposeOf(place, 'look at the scale set', false), signal, (abortSignal) =>
      client.virtualMachineScaleSets.get(place.resourceGroup, place.vmss, { abortSignal }),
    )
    const { capacity, size, region } = shapeOf(place, set)
    const [{ cores, family }, usages] = await together([
      sizeOf(size, region, signal),
      readUsages(azure, client, region, signal),
    ])
    const isSpot = ['Spot', 'Low'].includes(set.virtualMachineProfile?.priority ?? '')
    const names = isSpot ? [spot] : [family, regional]
    const quotas = names.map((name) => quotaOf(usages, name, region))
    return { capacity, size, coresEach: cores, region, quotas }
  }
}

/** What the sum needs of a scale set; one of mixed sizes has no size of its own. */
function shapeOf(
  { vmss }: PoolPlace,
  { sku, location }: VirtualMachineScaleSet,
): Pick<PoolQuota, 'capacity' | 'size' | 'region'> {
  const { capacity, name: size } = sku ?? {}
  if (capacity === undefined || size === undefined || !location)
    throw unsaid(`of which size the machines of ${vmss} are`)
  return { capacity, size, region: location }
}

async function readUsages(
  azure: Azure,
  client: ComputeManagementClient,
  region: string,
  signal: AbortSignal,
): Promise<readonly Usage[]> {
  const purpose = subscriptionPurpose(`look at the quotas of ${region}`)
  return azure.call(purpose, signal, (abortSignal) =>
    allPages((options) => client.usage.list(region, { ...options, abortSignal })),
  )
}

async function readSize(
  azure: Azure,
  client: ComputeManagementClient,
  { size, region }: { readonly size: string; readonly region: string },
  signal: AbortSignal,
): Promise<Size> {
  const purpose = subscriptionPurpose(`look at the VM sizes of ${region}`)
  const filter = `location eq '${region}'`
  const all = await azure.call(purpose, signal, (abortSignal) =>
    allPages((options) => client.resourceSkus.list({ ...options, filter, abortSignal })),
  )
  const sku = all.find(
    ({ resourceType, name }) =>
      resourceType === 'virtualMachines' && name?.toLowerCase() === size.toLowerCase(),
  )
  const cores = numberOf(sku, 'vCPUs')
  // Of a size with some of its cores switched off Azure does not say which number counts.
  const constrained = numberOf(sku, 'vCPUsAvailable') ?? cores
  if (cores === undefined || cores !== constrained || sku?.family === undefined)
    throw unsaid(`how many cores a machine of ${size} takes of which quota`)
  return { cores, family: sku.family }
}

function numberOf(sku: ResourceSku | undefined, capability: string): number | undefined {
  const value = Number(sku?.capabilities?.find(({ name }) => name === capability)?.value)
  return Number.isInteger(value) && value > 0 ? value : undefined
}

function quotaOf(usages: readonly Usage[], wanted: string, region: string): CoreQuota {
  const found = usages.find(({ name }) => name?.value?.toLowerCase() === wanted.toLowerCase())
  if (found?.limit === undefined || found.currentValue === undefined)
    throw unsaid(`how much is used of the quota ${wanted} in ${region}`)
  return { name: found.name?.localizedValue ?? wanted, used: found.currentValue, limit: found.limit }
}

function subscriptionPurpose(doing: string): AzurePurpose {
  return { doing, role: 'Reader on the subscription', names: "the scale set's region", changes: false }
}

function unsaid(what: string): UserError {
  return new UserError(
    'azure-quota-unknown',
    `Azure does not say ${what}. Compare the quotas in the Azure portal, under Quotas.`,
  )
}

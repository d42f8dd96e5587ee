// Quotas of cores of the simulated subscription, as Compute lists them: usages of a region, and what cores a VM size has.
import { ArmError, type ArmAnswer } from './envelope.ts'
import type { ArmContext, ArmRoute } from './routes.ts'

/** Machines that count: so many of a size of a family. */
interface Counted {
  readonly size: string
  readonly family: string
  readonly coresEach: number
  readonly capacity: number
}

export interface CoreQuota {
  readonly routes: readonly ArmRoute[]
  /** Cores that may be used in the region, of all families or of one. */
  readonly allow: (cores: number, family?: string) => void
  /** Refuses so many more machines like this one, before anything is begun. */
  readonly refuseOver: (one: Counted, more: number) => void
}

const namespace = 'Microsoft.Compute'
const location = 'westeurope'
/** What a subscription is given at first; nothing of a story comes near it. */
const usual = 1_000
const regional = { value: 'cores', localizedValue: 'Total Regional vCPUs' }
/** Beside the sizes that are used: whoever takes the first that comes is found out. */
const others = [
  { resourceType: 'disks', name: 'Standard_LRS', family: undefined, cores: undefined },
  { resourceType: 'virtualMachines', name: 'Standard_A1_v2', family: 'standardAv2Family', cores: 1 },
] as const

/** `counted`: what uses cores now. */
export function createCoreQuota(counted: () => readonly Counted[]): CoreQuota {
  const limits = new Map<string, number>()
  const used = (family?: string): number =>
    counted()
      .filter((one) => family === undefined || one.family === family)
      .reduce((sum, { capacity, coresEach }) => sum + capacity * coresEach, 0)
  const limitOf = (name: string): number => limits.get(name) ?? usual

  function refuse(name: string, words: string, more: number, family?: string): void {
    const [limit, usage] = [limitOf(name), used(family)]
    if (more <= 0 || usage + more <= limit) return
    throw new ArmError(
      409,
      'OperationNotAllowed',
      `Operation could not be completed as it results in exceeding approved ${words} Cores quota. Additional details - Deployment Model: Resource Manager, Location: ${location}, Current Limit: ${limit}, Current Usage: ${usage}, Additional Required: ${more}, (Minimum) New Limit Required: ${usage + more}. Setup Alerts when Quota reaches threshold. Submit a request for Quota increase by specifying parameters listed in the 'Details' section for deployment to succeed.`,
    )
  }

  function usages({ params }: ArmContext): ArmAnswer {
    if (params['location']?.toLowerCase() !== location) throw noSuchRegion(params['location'] ?? '')
    const families = [...new Set(counted().map(({ family }) => family))]
    const value = [
      usageOf({ value: 'availabilitySets', localizedValue: 'Availability Sets' }, 0, 2_500),
      usageOf(regional, used(), limitOf(regional.value)),
      usageOf({ value: 'lowPriorityCores', localizedValue: 'Total Regional Low-priority vCPUs' }, 0, 100),
      ...families.map((family) =>
        usageOf({ value: family, localizedValue: wordsOf(family) }, used(family), limitOf(family)),
      ),
    ]
    return { status: 200, body: { value } }
  }

  function skus({ query }: ArmContext): ArmAnswer {
    const asked = /^location eq '(\w+)'$/.exec(query.get('$filter') ?? '')?.[1]
    if (asked === undefined)
      throw new ArmError(400, 'InvalidParameter', 'The value of parameter $filter is invalid.')
    const own = counted().map(({ size, family, coresEach }) => ({
      resourceType: 'virtualMachines',
      name: size,
      family,
      cores: coresEach,
    }))
    const all = new Map([...others, ...own].map((one) => [one.name, one]))
    const value = asked.toLowerCase() === location ? [...all.values()].map(skuOf) : []
    return { status: 200, body: { value } }
  }

  return {
    routes: [
      {
        method: 'GET',
        level: 'subscription',
        path: `${namespace}/locations/{location}/usages`,
        action: `${namespace}/locations/usages/read`,
        apiVersions: ['2024-07-01', '2024-11-01', '2025-04-01', '2026-04-01'],
        answer: usages,
      },
      {
        method: 'GET',
        level: 'subscription',
        path: `${namespace}/skus`,
        action: `${namespace}/skus/read`,
        apiVersions: ['2019-04-01', '2021-07-01'],
        answer: skus,
      },
    ],
    allow: (cores, family = regional.value) => {
      limits.set(family, cores)
    },
    refuseOver: ({ family, coresEach }, more) => {
      refuse(family, family, more * coresEach, family)
      refuse(regional.value, 'Total Regional', more * coresEach)
    },
  }
}

function usageOf(name: object, currentValue: number, limit: number): object {
  return { limit, unit: 'Count', currentValue, name }
}

/** `standardDSv5Family` is shown as `Standard DSv5 Family vCPUs`. */
function wordsOf(family: string): string {
  return `${family.replace(/^standard(\w+)Family$/, 'Standard $1 Family')} vCPUs`
}

function skuOf(one: {
  readonly resourceType: string
  readonly name: string
  readonly family: string | undefined
  readonly cores: number | undefined
}): object {
  const { resourceType, name, family, cores } = one
  const vCPUs = String(cores)
  return {
    resourceType,
    name,
    tier: 'Standard',
    size: name.replace('Standard_', ''),
    ...(family === undefined ? {} : { family }),
    locations: [location],
    locationInfo: [{ location, zones: ['1', '2', '3'], zoneDetails: [] }],
    capabilities:
      cores === undefined
        ? []
        : [
            { name: 'vCPUs', value: vCPUs },
            { name: 'vCPUsAvailable', value: vCPUs },
            { name: 'vCPUsPerCore', value: '2' },
          ],
    restrictions: [],
  }
}

function noSuchRegion(name: string): ArmError {
  return new ArmError(
    400,
    'NoRegisteredProviderFound',
    `No registered resource provider found for location '${name}' and API version '2026-04-01' for type 'locations/usages'. The supported locations are '${location}'.`,
  )
}

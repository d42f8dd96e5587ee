// Whether the subscription's quotas of cores have room for a number of workers: Azure would refuse the whole change.
import { reasonOf } from '../../../errors.ts'
import type { Calls } from '../../calls.ts'
import { workersText } from '../../kinds/scale-set.ts'
import type { CoreQuota, PoolQuota } from '../../pool-quota.ts'
import type { Verdict } from '../../safety.ts'
import type { Part } from './look.ts'
import type { PoolPlan } from './size.ts'

const rule = 'core-quota'

/** Never rejects: what cannot be read of quotas keeps nobody from asking Azure for more workers. */
export async function lookAtQuota(
  { readers, limit }: Pick<Calls, 'readers' | 'limit'>,
  { resource_group: resourceGroup, vmss }: PoolPlan,
): Promise<Part<PoolQuota>> {
  try {
    return { seen: await readers.workers.quota({ resourceGroup, vmss }, limit()) }
  } catch (thrown) {
    return { problem: reasonOf(thrown), thrown }
  }
}

/** Holds what so many workers would need against each quota; not refused while nobody knows. */
export function coreQuota(quota: Part<PoolQuota>, wanted: number): Verdict {
  if ('problem' in quota) {
    const text = `Whether the quotas have room for ${workersText(wanted)} is not known: ${quota.problem.replace(/\.$/, '')}`
    return { rule, ok: true, unknown: true, text }
  }
  const { capacity, size, coresEach, region, quotas } = quota.seen
  if (wanted <= capacity)
    return { rule, ok: true, text: `${workersText(wanted)} need no more cores than there are` }
  const more = (wanted - capacity) * coresEach
  const need = `${workersText(wanted)} need ${more} more cores (${size}, ${coresEach} each)`
  const short = quotas.filter(({ used, limit }) => used + more > limit)
  if (short.length === 0) {
    const free = quotas.map(({ name, used, limit }) => `${limit - used} are free of ${name}`)
    return { rule, ok: true, text: `${need}; in ${region} ${free.join(', ')}` }
  }
  const full = short.map((one) => shortText(one, more)).join('; ')
  return { rule, ok: false, text: `${need}, and in ${region} ${full}. ${roomText(fitting(quota.seen))}` }
}

/** The most workers that the quotas have room for; undefined: not known. */
export function workersWithinQuota(quota: Part<PoolQuota>): number | undefined {
  return 'seen' in quota ? fitting(quota.seen) : undefined
}

function fitting({ capacity, coresEach, quotas }: PoolQuota): number {
  const free = Math.max(0, Math.min(...quotas.map(({ used, limit }) => limit - used)))
  return capacity + Math.floor(free / coresEach)
}

function shortText({ name, used, limit }: CoreQuota, more: number): string {
  return `${used} of ${limit} are used of the quota ${name}: ask for ${used + more} in the Azure portal, under Quotas`
}

function roomText(fits: number): string {
  return `There is room for ${workersText(fits)} in all`
}

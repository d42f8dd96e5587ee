// Scale sets of workers and their autoscale settings: what Azure says of them, and in what that differs from before.
import { z } from 'zod'
import type { Facts } from '../../ports.ts'
import type { AutoscaleSeen, PoolSeen } from '../../readers.ts'
import type {
  AutoscaleLimits,
  AutoscaleLimitsAction,
  ScaleSetCapacityAction,
  ScaleSetWaitAction,
} from '../action.ts'
import { onlyLooks } from './kind.ts'
import type { Kind } from './kind.ts'

const PoolFacts = z.object({
  capacity: z.number(),
  updating: z.boolean(),
  instances: z.record(z.string(), z.number()),
  problem: z.string().exactOptional(),
})

const AutoscaleFacts = z.object({
  name: z.string(),
  enabled: z.boolean(),
  predictive: z.boolean(),
  limits: z.array(z.object({ profile: z.string(), min: z.number(), max: z.number(), usual: z.number() })),
})

export const scaleSetCapacity: Kind<ScaleSetCapacityAction> = {
  undoText: ({ vmss, after }) => `${vmss} to ${workersText(after)}`,
  ground: ({ vmss, after }, facts) => {
    const { capacity, updating } = poolFacts(facts)
    return { vmss, wanted: after, capacity, updating }
  },
  differences: ({ vmss, before }, facts) => {
    const { capacity, updating } = poolFacts(facts)
    return [
      ...(capacity === before ? [] : [`${vmss} has ${workersText(capacity)} now, and had ${before}`]),
      ...(updating ? [`${vmss} is just being changed by somebody else`] : []),
    ]
  },
  partly: ({ before, after }, facts) => isBetween(poolFacts(facts).capacity, before, after),
}

/** Azure may make only a part of what was asked for, and then says that this is what shall be. */
export function isBetween(capacity: number, before: number, after: number): boolean {
  return capacity > Math.min(before, after) && capacity < Math.max(before, after)
}

export const scaleSetWait: Kind<ScaleSetWaitAction> = {
  undoText: () => onlyLooks,
  ground: (_action, facts) => facts,
  differences: () => [],
}

export const autoscaleLimits: Kind<AutoscaleLimitsAction> = {
  undoText: ({ setting, after }) => `${setting} to ${limitsText(after)}`,
  ground: (action, facts) => {
    const { enabled, limits } = autoscaleFacts(facts)
    return { setting: action.setting, wanted: action.after, enabled, limits }
  },
  differences: ({ setting, before }, facts) => limitDifferences(setting, before, autoscaleFacts(facts)),
}

/** What is there now instead of what was expected of an autoscale setting, a sentence part each. */
export function limitDifferences(
  setting: string,
  expected: readonly AutoscaleLimits[],
  { enabled, limits }: AutoscaleSeen,
): readonly string[] {
  return [
    ...(sameLimits(expected, limits)
      ? []
      : [`the autoscale setting ${setting} is ${limitsText(limits)}, and was ${limitsText(expected)}`]),
    ...(enabled ? [] : [`the autoscale setting ${setting} was switched off`]),
  ]
}

/** The scale set, out of what a provider observed. */
export function poolFacts(facts: Facts): PoolSeen {
  return PoolFacts.parse(facts)
}

/** The autoscale setting, out of what a provider observed. */
export function autoscaleFacts(facts: Facts): AutoscaleSeen {
  return AutoscaleFacts.parse(facts)
}

/** The same profiles with the same numbers; their order does not matter. */
export function sameLimits(one: readonly AutoscaleLimits[], other: readonly AutoscaleLimits[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ profile, min, max, usual }) =>
      other.some(
        (each) => each.profile === profile && each.min === min && each.max === max && each.usual === usual,
      ),
    )
  )
}

/** Instances that run. */
export function runningIn({ instances }: Pick<PoolSeen, 'instances'>): number {
  return instances['succeeded'] ?? 0
}

/** `4 workers`. */
export function workersText(count: number): string {
  return `${count} worker${count === 1 ? '' : 's'}`
}

/** `2 to 6`; with several profiles `2 to 6 (by load), 1 to 9 (holidays)`. */
export function limitsText(limits: readonly AutoscaleLimits[]): string {
  const several = limits.length > 1
  return limits.map(({ profile, min, max }) => `${min} to ${max}${several ? ` (${profile})` : ''}`).join(', ')
}

// What the bot remembers of a pool's queues: how deep they were, minute by minute, with how many workers.
import { z } from 'zod'
import type { DrPlan } from '../../drplan/schema.ts'
import type { PoolPlan } from '../ways/workers/size.ts'
import type { Depth } from './drain-rate.ts'

const Depths = z.object({
  /** Which queues these are: of others nothing is known. */
  of: z.string(),
  /** Oldest first. */
  looks: z.array(
    z.object({
      at: z.number(),
      messages: z.number(),
      workers: z.number(),
      oldest: z.number().exactOptional(),
    }),
  ),
})

/** Looks that are kept: four hours of work. */
const mostKept = 240

/** The name under which the store keeps them. */
export function settingOf({ resource_group: group, vmss }: PoolPlan): string {
  return `queue-depths:${group}/${vmss}`.toLowerCase()
}

/** Oldest first; none when nothing was kept yet, or of other queues, or by a version that wrote it otherwise. */
export function readDepths(plan: PoolPlan, text: string | undefined): readonly Depth[] {
  if (text === undefined) return []
  const parsed = Depths.safeParse(JSON.parse(text))
  return parsed.success && parsed.data.of === queuesOf(plan) ? parsed.data.looks : []
}

/** What is kept with one more look. While nothing waits, only the first and the last look are. */
export function withDepth(plan: PoolPlan, depths: readonly Depth[], next: Depth): string {
  const idle = [...depths.slice(-2), next].every(({ messages }) => messages === 0)
  const kept = idle && depths.length > 1 ? depths.slice(0, -1) : depths
  return JSON.stringify({ of: queuesOf(plan), looks: [...kept, next].slice(-mostKept) })
}

/** Names the queues. */
export function queuesOf({ account, queues }: PoolPlan): string {
  return `${account}/${queues.join(',')}`
}

/** All pools of the plan, each once. */
export function poolBlocks(plan: DrPlan): readonly PoolPlan[] {
  const all = (plan.systems.workers?.recoveries ?? []).flatMap(({ scale_set: block }) =>
    block ? [block] : [],
  )
  return [...new Map(all.map((block) => [settingOf(block), block])).values()]
}

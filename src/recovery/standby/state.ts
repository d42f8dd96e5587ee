// What the bot remembers of a standby zone: the last snapshot of Cloudflare's zone, and how the copy stands.
import { z } from 'zod'
import type { ZoneRecord } from '../../readers.ts'
import type { DrPlan, Recovery } from '../../drplan/schema.ts'

/** The plan's block of a standby zone. */
export type StandbyBlock = NonNullable<Recovery['standby_dns']>

const Snapshot = z.object({
  takenAt: z.number(),
  records: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      content: z.string(),
      ttl: z.number(),
      proxied: z.boolean(),
      priority: z.number().exactOptional(),
      data: z.record(z.string(), z.unknown()).exactOptional(),
    }),
  ),
})
/** The whole zone at Cloudflare, as it was. */
export interface Snapshot {
  readonly takenAt: number
  readonly records: readonly ZoneRecord[]
}

const StandbyState = z.object({
  triedAt: z.number(),
  snapshot: Snapshot.exactOptional(),
  /** When the standby was last seen to hold all that Cloudflare has. */
  inStepAt: z.number().exactOptional(),
  /** Why it is not in step now, or why nobody knows. */
  problem: z.string().exactOptional(),
  /** In what the standby differs from Cloudflare. */
  differences: z.array(z.string()),
  left: z.array(z.string()),
  exposed: z.array(z.string()),
  nameServers: z.array(z.string()),
})
export interface StandbyState {
  readonly triedAt: number
  readonly snapshot?: Snapshot
  readonly inStepAt?: number
  readonly problem?: string
  readonly differences: readonly string[]
  readonly left: readonly string[]
  readonly exposed: readonly string[]
  readonly nameServers: readonly string[]
}

/** Fewer records than this may well be taken away on purpose. */
const fewRecords = 4

/** The name under which the store keeps it. */
export function settingOf(zone: string): string {
  return `standby:${zone.toLowerCase()}`
}

/** Undefined when nothing was kept yet, or by a version that wrote it otherwise: it is made again by the next sync. */
export function readState(text: string | undefined): StandbyState | undefined {
  if (text === undefined) return undefined
  const parsed = StandbyState.safeParse(JSON.parse(text))
  return parsed.success ? parsed.data : undefined
}

/** A zone that suddenly has less than half of its records was rather broken than changed. */
export function lostMost(before: number, now: number): boolean {
  return before >= fewRecords && now * 2 < before
}

/** All standby zones of the plan, each once. */
export function standbyBlocks(plan: DrPlan): readonly StandbyBlock[] {
  const all = (plan.systems.dns?.recoveries ?? []).flatMap(({ standby_dns: block }) => (block ? [block] : []))
  return [...new Map(all.map((block) => [block.zone.toLowerCase(), block])).values()]
}

// The ways in which Cloudflare's API can fail, as data, so that a test or a drill can switch them on.
import { z } from 'zod'
import { faultList } from '../faults.ts'

/**
 * hang: never answers. reset: resets the connection. status: answers that 5xx or 4xx. rate-limit: 429 with
 * Retry-After in seconds. success-false: 200 with `success: false`, nothing changed. lose-answer: makes the
 * change, then closes the connection. slow: answers after `ms`. garbage: 200 with a page that is not JSON.
 * `on` limits it to requests that read or that change something; `times` to the next so many.
 */
const Fault = z.strictObject({
  kind: z.enum(['hang', 'reset', 'status', 'rate-limit', 'success-false', 'lose-answer', 'slow', 'garbage']),
  status: z.number().int().min(400).max(599).optional(),
  retryAfter: z.number().positive().optional(),
  ms: z.number().nonnegative().optional(),
  on: z.enum(['read', 'change']).optional(),
  times: z.number().int().positive().optional(),
})
export type CloudflareFault = Readonly<z.infer<typeof Fault>>

/** The fault that is on now, if any. */
export interface FaultSwitch {
  readonly set: (fault: CloudflareFault | undefined) => void
  /** Takes one use of the fault if it applies to such a request. */
  readonly take: (changes: boolean) => CloudflareFault | undefined
}

/** A switch with no fault on. */
export function faultSwitch(): FaultSwitch {
  const faults = faultList<CloudflareFault>()
  return {
    set: (next) => faults.set(next === undefined ? [] : [next]),
    take: (changes) => faults.take(({ on }) => on === undefined || (on === 'change') === changes),
  }
}

/** Reads a fault from the control endpoint's JSON; null clears it. */
export function readFault(value: unknown): CloudflareFault | undefined {
  return value === null ? undefined : Fault.parse(value)
}

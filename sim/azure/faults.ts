// The ways in which Azure can fail, as data, so that a test or a drill can switch them on.
import { z } from 'zod'
import { faultList } from '../faults.ts'

/**
 * What a request is for: a reading or changing one of Resource Manager, a look at an operation, a token, a queue; a
 * reading or changing one of an App Configuration or a Key Vault.
 */
const reasons = [
  'read',
  'change',
  'poll',
  'token',
  'queue',
  'setting',
  'setting-change',
  'secret',
  'secret-change',
] as const
export type Reason = (typeof reasons)[number]

/**
 * hang: never answers. reset: resets the connection. status: answers that 4xx or 5xx, with `code` and, if given,
 * Retry-After in seconds. lose-answer: does what was asked, then closes the connection. slow: answers after `ms`.
 * garbage: 200 with a page that is not JSON. lead-away: an answer that names the address `to` in the way of `by`, as a
 * proxy that was broken into would send it. `on` limits it to requests of one reason, `path` to those whose path holds
 * this text, `times` to the next so many.
 */
const Fault = z.strictObject({
  kind: z.enum(['hang', 'reset', 'status', 'lose-answer', 'slow', 'garbage', 'lead-away']),
  status: z.number().int().min(400).max(599).optional(),
  code: z.string().optional(),
  message: z.string().optional(),
  retryAfter: z.number().positive().optional(),
  ms: z.number().nonnegative().optional(),
  by: z.enum(['redirect', 'next-link', 'async-operation', 'location', 'token-endpoint']).optional(),
  to: z.string().optional(),
  on: z.enum(reasons).optional(),
  path: z.string().optional(),
  times: z.number().int().positive().optional(),
})
export type AzureFault = Readonly<z.infer<typeof Fault>>

/** The fault that is on now, if any. */
export interface FaultSwitch {
  readonly set: (fault: AzureFault | undefined) => void
  /** Takes one use of the fault if it applies to such a request. */
  readonly take: (reason: Reason, path: string) => AzureFault | undefined
}

/** A switch with no fault on. */
export function faultSwitch(): FaultSwitch {
  const faults = faultList<AzureFault>()
  return {
    set: (next) => faults.set(next === undefined ? [] : [next]),
    take: (reason, path) =>
      faults.take(
        (fault) =>
          (fault.on === undefined || fault.on === reason) &&
          path.toLowerCase().includes((fault.path ?? '').toLowerCase()),
      ),
  }
}

/** Reads a fault from the control endpoint's JSON; null clears it. */
export function readFault(value: unknown): AzureFault | undefined {
  return value === null ? undefined : Fault.parse(value)
}

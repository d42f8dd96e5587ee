// The ways in which Teams, Graph and the token issuer can fail, as data, so that a test or a drill can switch them on.
import { z } from 'zod'
import { faultList, isNamed } from '../faults.ts'

/**
 * Of calls. hang: never answers. reset: resets the connection. status: answers that 4xx or 5xx. rate-limit: 429, with
 * Retry-After in seconds where given. error: that status and error code, nothing changed. lose-answer: makes the
 * change, then closes the connection. slow: answers after `ms`. garbage: 200 with a page that is not JSON.
 * `calls` limits it to these (`connector.*` is a family; see server.ts for the names); `every` to each so-manieth of
 * them; `times` to the next so many.
 */
const CallFault = z.strictObject({
  kind: z.enum(['hang', 'reset', 'status', 'rate-limit', 'error', 'lose-answer', 'slow', 'garbage']),
  status: z.number().int().min(400).max(599).optional(),
  retryAfter: z.number().int().positive().optional(),
  code: z.string().optional(),
  ms: z.number().nonnegative().optional(),
  calls: z.array(z.string()).optional(),
  every: z.number().int().positive().optional(),
  times: z.number().int().positive().optional(),
})

/** Of what goes to the bot. twice: delivers it a second time. other-tenant: says that it comes from another tenant. */
const DeliveryFault = z.strictObject({
  kind: z.enum(['twice', 'other-tenant']),
  times: z.number().int().positive().optional(),
})

const Fault = z.discriminatedUnion('kind', [CallFault, DeliveryFault])
export type TeamsFault = Readonly<z.infer<typeof Fault>>
export type CallFault = Readonly<z.infer<typeof CallFault>>
type DeliveryFault = Readonly<z.infer<typeof DeliveryFault>>

/** The faults that are on now. */
export interface FaultSwitch {
  readonly set: (faults: readonly TeamsFault[]) => void
  /** Takes one use of the first fault that applies to such a call. */
  readonly takeCall: (call: string) => CallFault | undefined
  /** Takes one use of such a fault of deliveries; whether there was one. */
  readonly takeDelivery: (kind: DeliveryFault['kind']) => boolean
}

/** A switch with no fault on. */
export function faultSwitch(): FaultSwitch {
  const calls = faultList<CallFault>()
  const deliveries = faultList<DeliveryFault>()
  return {
    set: (faults) => {
      const read = faults.map((fault) => Fault.parse(fault))
      calls.set(read.filter(isCallFault))
      deliveries.set(read.filter(isDeliveryFault))
    },
    takeCall: (call) => calls.take((fault) => isNamed(fault.calls, call)),
    takeDelivery: (kind) => deliveries.take((fault) => fault.kind === kind) !== undefined,
  }
}

function isCallFault(fault: TeamsFault): fault is CallFault {
  return CallFault.shape.kind.safeParse(fault.kind).success
}

function isDeliveryFault(fault: TeamsFault): fault is DeliveryFault {
  return DeliveryFault.shape.kind.safeParse(fault.kind).success
}

// The ways in which Teams, Graph and the token issuer can fail, as data, so that a test or a drill can switch them on.
import { z } from 'zod'

/**
 * Of calls. hang: never answers. refuse: resets the connection. status: answers that 4xx or 5xx. rate-limit: 429, with
 * Retry-After in seconds where given. error: that status and error code, nothing changed. lose-answer: makes the
 * change, then closes the connection. slow: answers after `ms`. garbage: 200 with a page that is not JSON.
 * `calls` limits it to these (`connector.*` is a family; see server.ts for the names); `every` to each so-manieth of
 * them; `times` to the next so many.
 */
const CallFault = z.strictObject({
  kind: z.enum(['hang', 'refuse', 'status', 'rate-limit', 'error', 'lose-answer', 'slow', 'garbage']),
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

interface Armed<Kind> {
  readonly fault: Kind
  seen: number
  left: number
}

/** A switch with no fault on. */
export function faultSwitch(): FaultSwitch {
  let calls: readonly Armed<CallFault>[] = []
  let deliveries: readonly Armed<DeliveryFault>[] = []
  return {
    set: (faults) => {
      const read = faults.map((fault) => Fault.parse(fault))
      calls = read.filter(isCallFault).map(arm)
      deliveries = read.filter(isDeliveryFault).map(arm)
    },
    takeCall: (call) => {
      for (const armed of calls.filter(({ fault, left }) => left > 0 && applies(fault, call))) {
        armed.seen += 1
        if (armed.seen % (armed.fault.every ?? 1) === 0) {
          armed.left -= 1
          return armed.fault
        }
      }
      return undefined
    },
    takeDelivery: (kind) => {
      const armed = deliveries.find(({ fault, left }) => fault.kind === kind && left > 0)
      if (armed) armed.left -= 1
      return armed !== undefined
    },
  }
}

function arm<Kind extends { readonly times?: number | undefined }>(fault: Kind): Armed<Kind> {
  return { fault, seen: 0, left: fault.times ?? Infinity }
}

function isCallFault(fault: TeamsFault): fault is CallFault {
  return CallFault.shape.kind.safeParse(fault.kind).success
}

function isDeliveryFault(fault: TeamsFault): fault is DeliveryFault {
  return DeliveryFault.shape.kind.safeParse(fault.kind).success
}

function applies(fault: CallFault, call: string): boolean {
  if (fault.calls === undefined) return true
  return fault.calls.some((one) => (one.endsWith('*') ? call.startsWith(one.slice(0, -1)) : call === one))
}

// The ways in which Slack can fail, as data, so that a test or a drill can switch them on.
import { z } from 'zod'
import { faultList, isNamed } from '../faults.ts'

/**
 * Of calls. hang: never answers. reset: resets the connection. status: answers that 4xx or 5xx. rate-limit: 429 with
 * Retry-After in seconds. error: `ok: false` with that word, nothing changed. lose-answer: makes the change, then
 * closes the connection. slow: answers after `ms`. garbage: 200 with a page that is not JSON.
 * `methods` limits it to these (`chat.*` is a family; beside the Web API's there are `response_url`, `upload` and
 * `socket`, the opening of a connection); `every` to each so-manieth of them; `times` to the next so many.
 */
const CallFault = z.strictObject({
  kind: z.enum(['hang', 'reset', 'status', 'rate-limit', 'error', 'lose-answer', 'slow', 'garbage']),
  status: z.number().int().min(400).max(599).optional(),
  retryAfter: z.number().int().positive().optional(),
  error: z.string().optional(),
  ms: z.number().nonnegative().optional(),
  methods: z.array(z.string()).optional(),
  every: z.number().int().positive().optional(),
  times: z.number().int().positive().optional(),
})

/**
 * Of what goes to the app. twice: delivers it a second time. forge: signs with another secret. shift: the timestamp is
 * `ms` off (and signed so). other-team: says that it comes from another workspace. forge and shift only concern HTTP.
 */
const DeliveryFault = z.strictObject({
  kind: z.enum(['twice', 'forge', 'shift', 'other-team']),
  ms: z.number().optional(),
  times: z.number().int().positive().optional(),
})

/** Of Socket Mode. drop: closes every connection `ms` after it was opened. freeze: connections stay open and dead. */
const SocketFault = z.strictObject({
  kind: z.enum(['drop-sockets', 'freeze-sockets']),
  ms: z.number().positive().optional(),
})

const Fault = z.discriminatedUnion('kind', [CallFault, DeliveryFault, SocketFault])
export type SlackFault = Readonly<z.infer<typeof Fault>>
export type CallFault = Readonly<z.infer<typeof CallFault>>
type DeliveryFault = Readonly<z.infer<typeof DeliveryFault>>
type SocketFault = Readonly<z.infer<typeof SocketFault>>

/** What is to be done to one delivery. */
export interface DeliveryFaults {
  readonly twice: boolean
  readonly forge: boolean
  readonly otherTeam: boolean
  /** Ms that its timestamp is off. */
  readonly shift: number
}

/** The faults that are on now. */
export interface FaultSwitch {
  readonly set: (faults: readonly SlackFault[]) => void
  /** Takes one use of the first fault that applies to such a call. */
  readonly takeCall: (method: string) => CallFault | undefined
  readonly takeDelivery: () => DeliveryFaults
  readonly sockets: () => { readonly dropAfter: number | undefined; readonly frozen: boolean }
}

/** A switch with no fault on. */
export function faultSwitch(): FaultSwitch {
  const calls = faultList<CallFault>()
  const deliveries = faultList<DeliveryFault>()
  let sockets: readonly SocketFault[] = []

  function take(kind: DeliveryFault['kind']): DeliveryFault | undefined {
    return deliveries.take((fault) => fault.kind === kind)
  }

  return {
    set: (faults) => {
      const read = faults.map((fault) => Fault.parse(fault))
      calls.set(read.filter(isCallFault))
      deliveries.set(read.filter(isDeliveryFault))
      sockets = read.filter(isSocketFault)
    },
    takeCall: (method) => calls.take(({ methods }) => isNamed(methods, method)),
    takeDelivery: () => ({
      twice: take('twice') !== undefined,
      forge: take('forge') !== undefined,
      otherTeam: take('other-team') !== undefined,
      shift: take('shift')?.ms ?? 0,
    }),
    sockets: () => ({
      dropAfter: sockets.find((fault) => fault.kind === 'drop-sockets')?.ms,
      frozen: sockets.some((fault) => fault.kind === 'freeze-sockets'),
    }),
  }
}

function isCallFault(fault: SlackFault): fault is CallFault {
  return CallFault.shape.kind.safeParse(fault.kind).success
}

function isDeliveryFault(fault: SlackFault): fault is DeliveryFault {
  return DeliveryFault.shape.kind.safeParse(fault.kind).success
}

function isSocketFault(fault: SlackFault): fault is SocketFault {
  return SocketFault.shape.kind.safeParse(fault.kind).success
}

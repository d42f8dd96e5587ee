// What the faults of all simulated servers have in common: when one applies, and how a server fails on its connection.
import { setTimeout as delay } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import type { IncomingMessage } from 'node:http'

/**
 * hang: never answers. reset: resets the connection. lose-answer: does what was asked, then closes the connection.
 * slow: answers after `ms`.
 */
type OfConnection = 'hang' | 'reset' | 'lose-answer' | 'slow'

interface Failing {
  readonly kind: string
  readonly ms?: number | undefined
}

/** A fault that the server answers in its own words. */
export type Answered<Fault extends Failing> = Fault & { readonly kind: Exclude<Fault['kind'], OfConnection> }

/** How a server answers one request: as it should, or as one of its own faults has it. */
interface Answering<Fault extends Failing, Answer> {
  readonly fault: Fault | undefined
  readonly answer: () => Answer | Promise<Answer>
  readonly broken: (fault: Answered<Fault>) => Answer
}

/** The answer to a request with the fault that is on; `silence`: there is none, and nothing is to be sent. */
export async function withFault<Fault extends Failing, Answer>(
  request: IncomingMessage,
  { fault, answer, broken }: Answering<Fault, Answer>,
): Promise<Answer | 'silence'> {
  switch (fault?.kind) {
    case undefined:
      return answer()
    case 'hang':
      return 'silence'
    case 'reset':
      // Node resets plain connections only.
      if (request.socket instanceof TLSSocket) request.socket.destroy()
      else request.socket.resetAndDestroy()
      return 'silence'
    case 'lose-answer':
      await answer()
      request.socket.destroy()
      return 'silence'
    case 'slow':
      await delay(fault?.ms ?? 1_000, undefined, { ref: false })
      return answer()
    default:
      return broken(fault as Answered<Fault>)
  }
}

/** The faults that are on: each for the next so many requests (`times`), or for each so-manieth (`every`). */
export interface FaultList<Fault> {
  readonly set: (faults: readonly Fault[]) => void
  /** Takes one use of the first one that applies. */
  readonly take: (applies: (fault: Fault) => boolean) => Fault | undefined
}

/** No fault is on. */
export function faultList<
  Fault extends { readonly times?: number | undefined; readonly every?: number | undefined },
>(): FaultList<Fault> {
  let all: { readonly fault: Fault; seen: number; left: number }[] = []
  return {
    set: (faults) => {
      all = faults.map((fault) => ({ fault, seen: 0, left: fault.times ?? Infinity }))
    },
    take: (applies) => {
      for (const armed of all.filter(({ fault, left }) => left > 0 && applies(fault))) {
        armed.seen += 1
        if (armed.seen % (armed.fault.every ?? 1) === 0) {
          armed.left -= 1
          return armed.fault
        }
      }
      return undefined
    },
  }
}

/** Whether a fault that is limited to these calls applies to this one; `chat.*` is a family, and no list means all. */
export function isNamed(names: readonly string[] | undefined, call: string): boolean {
  if (names === undefined) return true
  return names.some((one) => (one.endsWith('*') ? call.startsWith(one.slice(0, -1)) : call === one))
}

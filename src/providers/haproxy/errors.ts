// What a load balancer that cannot be asked, or that refuses, means for a person: the words of all its errors.
import type { TooLong } from '../../bounded.ts'
import { RetryableError, UserError, reasonOf } from '../../errors.ts'
import { balancerName } from '../../recovery/kinds/haproxy.ts'

/** One server of one backend at one load balancer. */
export interface Place {
  readonly control: string
  readonly backend: string
  readonly server: string
}

const network: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refuses the connection (is HAProxy running, and listening for commands at this address?)',
  ENOENT: 'there is no such socket (is HAProxy running, with a "stats socket" at this path?)',
  ECONNRESET: 'it closed the connection without an answer',
  UND_ERR_SOCKET: 'it closed the connection without an answer',
  EPIPE: 'it closed the connection without an answer',
  EHOSTUNREACH: 'it cannot be reached (no route)',
  ENETUNREACH: 'it cannot be reached (no network)',
  ENOTFOUND: 'its name has no address in DNS',
  EAI_AGAIN: 'the resolver does not answer for its name',
}

/** What the network says. `code` of the innermost error counts: fetch wraps it. */
export function networkError(control: string, thrown: unknown): Error {
  if (thrown instanceof UserError || thrown instanceof RetryableError) return thrown
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const name = balancerName(control)
  if (code === 'EACCES' || code === 'EPERM') {
    return new UserError(
      'haproxy-socket-permission',
      `The bot may not open ${name}. Put its user into the group that owns the socket ("group" and "mode 660" on the "stats socket" line of haproxy.cfg), and start the bot again.`,
      { cause: thrown },
    )
  }
  if (/CERT|SSL|TLS|SELF_SIGNED/.test(code)) {
    return new UserError(
      'haproxy-certificate',
      `The bot does not trust the certificate of ${name} (${code}). Start it with NODE_EXTRA_CA_CERTS=FILE, where FILE holds the certificate of whoever signed it.`,
      { cause: thrown },
    )
  }
  const text = network[code] ?? `it ${reasonOf(cause)}`
  return new RetryableError(`The load balancer ${name} does not answer: ${text}.`, { cause: thrown })
}

/** Nothing came within the time. */
export function tooSlow(control: string, timeout: number): RetryableError {
  return new RetryableError(
    `The load balancer ${balancerName(control)} does not answer: no answer within ${timeout / 1_000}s.`,
  )
}

export function tooMuch(control: string, { message }: TooLong): RetryableError {
  return new RetryableError(
    `The load balancer ${balancerName(control)} answered with ${message}, which is not of its API's form: it may not be HAProxy at all.`,
  )
}

export function toldToStop(control: string): RetryableError {
  return new RetryableError(`The load balancer ${balancerName(control)} was not waited for: told to stop.`)
}

export function unreadable(control: string, asked: string): RetryableError {
  return new RetryableError(
    `The load balancer ${balancerName(control)} answers "${asked}" with something that cannot be read: it may not be HAProxy at all.`,
  )
}

export function noBackend({ control, backend }: Pick<Place, 'control' | 'backend'>): UserError {
  return new UserError(
    'haproxy-backend',
    `HAProxy at ${balancerName(control)} has no backend ${backend}. Compare "backend" of the recovery in the DR plan with haproxy.cfg there.`,
  )
}

/** `has`: the names of the servers that there are. */
export function noServer({ control, backend, server }: Place, has: readonly string[]): UserError {
  return new UserError(
    'haproxy-server',
    `HAProxy at ${balancerName(control)} has no server ${server} in the backend ${backend}${has.length > 0 ? `; it has: ${has.join(', ')}` : ''}. Compare "from" and "to" of the recovery in the DR plan with haproxy.cfg there.`,
  )
}

/** `level`: what `show cli level` answered. */
export function missingRight(control: string, level: string): UserError {
  const [first = ''] = level.split('\n')
  return new UserError(
    'haproxy-permission',
    `HAProxy at ${balancerName(control)} gives the bot too little right: its level is ${first.slice(0, 40)}. Write "level admin" on the "stats socket" line of haproxy.cfg, and reload HAProxy there.`,
  )
}

/** A refusal in HAProxy's own words: it has no codes, only texts. */
export function refused(place: Place, what: string, said: string): UserError {
  if (/permission denied/i.test(said)) return missingRight(place.control, 'not admin')
  if (/no such server/i.test(said)) return noServer(place, [])
  if (/no such backend/i.test(said)) return noBackend(place)
  const words = said.trim().split('\n')[0]?.slice(0, 200) ?? ''
  return new UserError(
    'haproxy-refused',
    `HAProxy at ${balancerName(place.control)} refused "${what}": ${words} Nothing was changed there. Try it by hand, then compare haproxy.cfg with the DR plan.`,
  )
}

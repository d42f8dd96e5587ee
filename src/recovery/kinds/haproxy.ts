// Servers at HAProxy: what a load balancer says of them, and in what that differs from what was seen before.
import { z } from 'zod'
import { BugError } from '../../errors.ts'
import type { Facts } from '../../ports.ts'
import type { HaproxyServerAction, HaproxyWaitAction, ServerState } from '../action.ts'
import { onlyLooks } from './kind.ts'
import type { Kind } from './kind.ts'

/** One server of a backend, as one load balancer has it. */
export const ServerFacts = z.object({
  name: z.string(),
  /** Where it is reached, `192.0.2.31:8080`. */
  address: z.string(),
  admin: z.enum(['ready', 'drain', 'maint']),
  /**
   * up: the newest check passed. unproven: no check since it was enabled, or some of the last ones failed; HAProxy
   * calls that UP too. unchecked: the configuration has no check. unasked: not checked, since it is in maintenance.
   */
  health: z.enum(['up', 'unproven', 'down', 'unchecked', 'unasked']),
  /** HAProxy's own words: `UP`, `UP 1/3`, `DOWN L4CON`. */
  status: z.string(),
  weight: z.number(),
  /** Sessions now, with those that wait for a free slot. */
  sessions: z.number(),
})
export type ServerFacts = Readonly<z.infer<typeof ServerFacts>>

/** All servers of a backend at one load balancer. */
export const BalancerFacts = z.object({ socket: z.string(), servers: z.array(ServerFacts) })
export interface BalancerFacts {
  readonly socket: string
  readonly servers: readonly ServerFacts[]
}

/** What a wait sees: each of its load balancers. */
export const BalancersFacts = z.object({ balancers: z.array(BalancerFacts) })

export const haproxyServer: Kind<HaproxyServerAction> = {
  undoText: ({ server, after, socket }) => `${server} ${stateText(after)} at ${balancerName(socket)}`,
  ground: (action, facts) => groundOf(BalancerFacts.parse(facts), action.server),
  differences: ({ server, before }, facts) => {
    const balancer = BalancerFacts.parse(facts)
    return stateDifference(balancer, server, before)
  },
}

export const haproxyWait: Kind<HaproxyWaitAction> = {
  undoText: () => onlyLooks,
  ground: ({ server }, facts) =>
    BalancersFacts.parse(facts).balancers.map((balancer) => groundOf(balancer, server)),
  differences: () => [],
}

/**
 * What decisions stand on: state, place, and whether it is known to be down. Sessions come and go, and a check that
 * fails once in a while says nothing new of a server that nobody points at yet.
 */
function groundOf({ socket, servers }: BalancerFacts, name: string): unknown {
  const { address, admin, health, weight } = serverIn({ socket, servers }, name)
  return { socket, server: name, address, admin, down: health === 'down', weight }
}

/** What is there now instead of the expected state, in a sentence part; empty when it is as expected. */
export function stateDifference(
  balancer: BalancerFacts,
  server: string,
  expected: ServerState,
): readonly string[] {
  const { admin, health, status } = serverIn(balancer, server)
  const where = balancerName(balancer.socket)
  if (admin !== expected)
    return [`${server} is ${stateText(admin)} at ${where}, and was ${stateText(expected)}`]
  return health === 'down' ? [`${server} is down at ${where} (${status})`] : []
}

/** The server of this name; the provider has made sure that it is there. */
export function serverIn({ servers, socket }: BalancerFacts, name: string): ServerFacts {
  const found = servers.find((server) => server.name === name)
  if (found) return found
  throw new BugError(`the facts of ${socket} have no server ${name}`)
}

/** The facts of one load balancer, out of what a provider observed. */
export function balancerFacts(facts: Facts): BalancerFacts {
  return BalancerFacts.parse(facts)
}

/** A load balancer as people know it: the address of its runtime API without the scheme. */
export function balancerName(socket: string): string {
  return socket.replace(/^tcp:\/\/|^unix:/, '')
}

/** A state in words that follow `is`. */
export function stateText(state: ServerState): string {
  return { ready: 'ready', drain: 'draining', maint: 'in maintenance' }[state]
}

// Servers at HAProxy: what a load balancer says of them, and in what that differs from what was seen before.
import { z } from 'zod'
import { BugError } from '../../errors.ts'
import type { Facts } from '../../ports.ts'
import type {
  FileState,
  HaproxyFileAction,
  HaproxyServerAction,
  HaproxyWaitAction,
  ServerState,
} from '../action.ts'
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
export const BalancerFacts = z.object({ control: z.string(), servers: z.array(ServerFacts) })
export interface BalancerFacts {
  readonly control: string
  readonly servers: readonly ServerFacts[]
}

/** What a wait sees: each of its load balancers. */
export const BalancersFacts = z.object({ balancers: z.array(BalancerFacts) })

/** What haproxy.cfg says of a server. */
export const FileFacts = z.object({ inFile: z.enum(['enabled', 'disabled']) })

export const haproxyServer: Kind<HaproxyServerAction> = {
  undoText: ({ server, after, control }) => `${server} ${stateText(after)} at ${balancerName(control)}`,
  ground: ({ server, after }, facts) => groundOf(BalancerFacts.parse(facts), server, after === 'ready'),
  differences: ({ server, before, after }, facts) => {
    const balancer = BalancerFacts.parse(facts)
    const moved = stateDifference(balancer, server, before)
    return moved.length === 0 && after === 'ready' ? downAt(balancer, server) : moved
  },
  holding: {
    parts: (action) => [`haproxy:${serverOf(action)}`],
    gone: ({ server, control, before, after }, facts) => {
      const { admin } = serverIn(BalancerFacts.parse(facts), server)
      // Draining is only on the way to somewhere: the next step says where it was left.
      if (after === 'drain' || serverSettled({ before, after }, admin) === 'done') return []
      return [
        `${server} is ${stateText(admin)} at ${balancerName(control)}, and was left ${stateText(after)}`,
      ]
    },
  },
}

export const haproxyFile: Kind<HaproxyFileAction> = {
  undoText: ({ server, after, control }) => `${server} ${after} in haproxy.cfg at ${balancerName(control)}`,
  ground: ({ control, server }, facts) => ({ control, server, ...FileFacts.parse(facts) }),
  differences: (action, facts) => fileDifference(action, FileFacts.parse(facts).inFile, action.before),
  holding: {
    parts: (action) => [`haproxy.cfg:${serverOf(action)}`],
    gone: (action, facts) => fileDifference(action, FileFacts.parse(facts).inFile, action.after),
  },
}

function serverOf({
  control,
  backend,
  server,
}: Pick<HaproxyServerAction, 'control' | 'backend' | 'server'>): string {
  return `${balancerName(control)}/${backend}/${server}`
}

/** In what haproxy.cfg is not as it was left, or seen before. */
export function fileDifference(
  { server, control }: HaproxyFileAction,
  found: FileState,
  expected: FileState,
): readonly string[] {
  if (found === expected) return []
  return [`${server} is ${found} in haproxy.cfg at ${balancerName(control)}, and was ${expected}`]
}

/**
 * Setting a state twice is harmless, and draining lies between ready and maintenance: whoever is further on the way
 * has been there. Only a state that is on no side of the way is unclear.
 */
export function serverSettled(
  { before, after }: Pick<HaproxyServerAction, 'before' | 'after'>,
  now: ServerState,
): 'done' | 'not-done' | 'unclear' {
  if (now === after) return 'done'
  if (now === before) return 'not-done'
  if (after === 'drain') return 'done'
  return now === 'drain' ? 'not-done' : 'unclear'
}

export const haproxyWait: Kind<HaproxyWaitAction> = {
  undoText: () => onlyLooks,
  ground: ({ server, until }, facts) =>
    BalancersFacts.parse(facts).balancers.map((balancer) => groundOf(balancer, server, until === 'checked')),
  differences: ({ server, until }, facts) =>
    until === 'checked'
      ? BalancersFacts.parse(facts).balancers.flatMap((balancer) => downAt(balancer, server))
      : [],
}

/**
 * What decisions stand on: state and place, and of a server that is to take traffic (`coming`) whether it is known to be
 * down. The one that the traffic leaves may come and go: that is why it is left. Sessions come and go too.
 */
function groundOf({ control, servers }: BalancerFacts, name: string, coming: boolean): unknown {
  const { address, admin, health, weight } = serverIn({ control, servers }, name)
  return { control, server: name, address, admin, weight, down: coming && health === 'down' }
}

/** What is there now instead of the expected state, in a sentence part; empty when it is as expected. */
function stateDifference(balancer: BalancerFacts, server: string, expected: ServerState): readonly string[] {
  const { admin } = serverIn(balancer, server)
  if (admin === expected) return []
  return [
    `${server} is ${stateText(admin)} at ${balancerName(balancer.control)}, and was ${stateText(expected)}`,
  ]
}

function downAt(balancer: BalancerFacts, server: string): readonly string[] {
  const { health, status } = serverIn(balancer, server)
  return health === 'down' ? [`${server} is down at ${balancerName(balancer.control)} (${status})`] : []
}

/** The server of this name; the provider has made sure that it is there. */
export function serverIn({ servers, control }: BalancerFacts, name: string): ServerFacts {
  const found = servers.find((server) => server.name === name)
  if (found) return found
  throw new BugError(`the facts of ${control} have no server ${name}`)
}

/** The facts of one load balancer, out of what a provider observed. */
export function balancerFacts(facts: Facts): BalancerFacts {
  return BalancerFacts.parse(facts)
}

/** A load balancer as people know it: the address of its API without the scheme. */
export function balancerName(control: string): string {
  return control.replace(/^(?:tcp|https?):\/\/|^unix:/, '').replace(/\/$/, '')
}

/** A state in words that follow `is`. */
export function stateText(state: ServerState): string {
  return { ready: 'ready', drain: 'draining', maint: 'in maintenance' }[state]
}

// The provider that sets the state of HAProxy's servers through the runtime API, and reads back what has become of it.
import { z } from 'zod'
import { RetryableError, UserError } from '../errors.ts'
import type { Duration } from '../ids.ts'
import { second } from '../ids.ts'
import type { Clock, Progress, Provider, Providers } from '../ports.ts'
import type { HaproxyServerAction, HaproxyWaitAction, ServerState } from '../recovery/action.ts'
import {
  BalancersFacts,
  balancerFacts,
  balancerName,
  serverIn,
  stateText,
} from '../recovery/kinds/haproxy.ts'
import type { BalancerFacts, ServerFacts } from '../recovery/kinds/haproxy.ts'
import { ask } from './haproxy-socket.ts'
import { readBackend } from './haproxy-state.ts'

export interface HaproxyOptions {
  readonly clock: Pick<Clock, 'now'>
  /** For one command to one load balancer. Default 3 s. */
  readonly timeout?: Duration
}

const Started = z.object({ startedAt: z.number() })
const checkAfter = second

/** Both kinds of action. `observe` only sends `show` commands; one connection carries one command. */
export function createHaproxy(options: HaproxyOptions): Pick<Providers, 'haproxy-server' | 'haproxy-wait'> {
  const timeout = options.timeout ?? 3 * second
  return { 'haproxy-server': serverProvider(timeout), 'haproxy-wait': waitProvider(timeout, options.clock) }
}

function serverProvider(timeout: Duration): Provider<'haproxy-server'> {
  return {
    observe: async (action, signal) => ({ ...(await look(action, timeout, signal)) }),
    start: async (action, key, signal) => {
      const { socket, backend, server, after } = action
      const command = `set server ${backend}/${server} state ${after}`
      const answer = await ask({ socket, command, timeout }, signal)
      if (answer !== '') throw refusal(action, command, answer)
      return { id: key }
    },
    check: async (action, _operation, _now, signal) => {
      const balancer = await look(action, timeout, signal)
      return setOrNot(action, serverIn(balancer, action.server))
    },
    settled: (action, facts) => settled(action, serverIn(balancerFacts(facts), action.server).admin),
  }
}

/**
 * Setting a state twice is harmless, and draining lies between ready and maintenance: whoever is further on the way
 * has been there. Only a state that is on no side of the way is unclear.
 */
function settled({ before, after }: HaproxyServerAction, now: ServerState): 'done' | 'not-done' | 'unclear' {
  if (now === after) return 'done'
  if (now === before) return 'not-done'
  if (after === 'drain') return 'done'
  return now === 'drain' ? 'not-done' : 'unclear'
}

function setOrNot(action: HaproxyServerAction, now: ServerFacts): Progress {
  const where = balancerName(action.socket)
  const is = `${action.server} is ${stateText(now.admin)} at ${where}`
  if (settled(action, now.admin) === 'done') return { state: 'done', note: `${is} (${now.status})` }
  return {
    state: 'failed',
    reason: `HAProxy took the command, but ${is} (${now.status}).`,
    advice: `Somebody else may have set it, or HAProxy was reloaded meanwhile: look at "show servers state ${action.backend}" there.`,
  }
}

function waitProvider(timeout: Duration, clock: Pick<Clock, 'now'>): Provider<'haproxy-wait'> {
  async function lookAtAll(action: HaproxyWaitAction, signal: AbortSignal): Promise<BalancerFacts[]> {
    const { sockets, backend, server } = action
    return Promise.all(sockets.map((socket) => look({ socket, backend, server }, timeout, signal)))
  }
  return {
    observe: async (action, signal) => ({ balancers: await lookAtAll(action, signal) }),
    start: async (_action, key, signal) => {
      stopIf(signal)
      return { id: key, data: { startedAt: clock.now() } }
    },
    check: async (action, operation, now, signal) => {
      const balancers = await lookAtAll(action, signal)
      const started = Started.safeParse(operation.data)
      const left = started.success ? started.data.startedAt + action.within - now : 0
      return action.until === 'checked'
        ? checkedOrNot(action, balancers, left)
        : idleOrNot(action, balancers, left)
    },
    settled: (action, facts) => {
      const { balancers } = BalancersFacts.parse(facts)
      return balancers.every((balancer) => isMet(action, balancer)) ? 'done' : 'not-done'
    },
  }
}

function isMet({ server, until }: HaproxyWaitAction, balancer: BalancerFacts): boolean {
  const { health, sessions } = serverIn(balancer, server)
  return until === 'idle' ? sessions === 0 : health === 'up' || health === 'unchecked'
}

/** `left`: milliseconds of the time that it may take. */
function checkedOrNot(
  action: HaproxyWaitAction,
  balancers: readonly BalancerFacts[],
  left: Duration,
): Progress {
  const missing = balancers.filter((balancer) => !isMet(action, balancer))
  const { server } = action
  if (missing.length === 0) {
    const unchecked = balancers.some((balancer) => serverIn(balancer, server).health === 'unchecked')
    const note = unchecked ? `${server} has no check in haproxy.cfg` : `${server} has passed HAProxy's check`
    return { state: 'done', note: `${note} at ${namesOf(balancers)}` }
  }
  const says = missing
    .map((balancer) => `${balancerName(balancer.socket)} says ${serverIn(balancer, server).status}`)
    .join('; ')
  if (left > 0) {
    return {
      state: 'running',
      note: `${server} has not passed HAProxy's check yet: ${says}`,
      percent: Math.round(((balancers.length - missing.length) / balancers.length) * 100),
      checkAfter,
    }
  }
  return {
    state: 'failed',
    reason: `${server} did not pass HAProxy's check within ${action.within / second} s: ${says}.`,
    advice: `No traffic was taken from the other servers. Look at ${server} itself and at its check in haproxy.cfg.`,
  }
}

/** Sessions that do not end, such as a WebSocket, must not hold up a recovery: it goes on, and says so. */
function idleOrNot(action: HaproxyWaitAction, balancers: readonly BalancerFacts[], left: Duration): Progress {
  const { server } = action
  const open = balancers.reduce((sum, balancer) => sum + serverIn(balancer, server).sessions, 0)
  const some = `${open} session${open === 1 ? '' : 's'} on ${server}`
  if (open === 0) return { state: 'done', note: `no sessions on ${server} any more` }
  if (left > 0) return { state: 'running', note: `${some} still open`, checkAfter }
  return {
    state: 'done',
    note: `${some} still open after ${action.within / second} s; not waited for any longer`,
  }
}

/** The server with all of its backend, at one load balancer. Throws UserError when the rights or the server are missing. */
async function look(
  at: Pick<HaproxyServerAction, 'socket' | 'backend' | 'server'>,
  timeout: Duration,
  signal: AbortSignal,
): Promise<BalancerFacts> {
  const { socket, backend, server } = at
  const show = (command: string): Promise<string> => ask({ socket, command, timeout }, signal)
  const [level, state, stat] = await Promise.all([
    show('show cli level'),
    show(`show servers state ${backend}`),
    show(`show stat ${backend} 4 -1`),
  ])
  if (level !== 'admin') throw missingRight(socket, level)
  const facts = readBackend({ socket, backend }, { state, stat })
  if (facts.servers.some((one) => one.name === server)) return facts
  throw noServer(at, facts.servers.map((one) => one.name).join(', '))
}

/** The one place where what HAProxy refuses becomes an error of this program: it has no codes, only texts. */
function refusal(action: HaproxyServerAction, command: string, answer: string): UserError {
  if (/permission denied/i.test(answer)) return missingRight(action.socket, 'not admin')
  if (/no such (?:server|backend)/i.test(answer)) return noServer(action, 'not that one')
  const [line = ''] = answer.split('\n')
  return new UserError(
    'haproxy-refused',
    `HAProxy at ${balancerName(action.socket)} refused "${command}": ${line.slice(0, 200)} Nothing was changed there. Try the command by hand, then compare haproxy.cfg with the DR plan.`,
  )
}

function missingRight(socket: string, level: string): UserError {
  return new UserError(
    'haproxy-permission',
    `HAProxy at ${balancerName(socket)} gives the bot too little right: its level is ${level.split('\n')[0]?.slice(0, 40)}. Write "level admin" on the "stats socket" line of haproxy.cfg, and reload HAProxy there.`,
  )
}

function noServer(
  { socket, backend, server }: Pick<HaproxyServerAction, 'socket' | 'backend' | 'server'>,
  has: string,
): UserError {
  return new UserError(
    'haproxy-server',
    `HAProxy at ${balancerName(socket)} has no server ${server} in the backend ${backend}; it has: ${has}. Compare "from" and "to" of the recovery in the DR plan with haproxy.cfg there.`,
  )
}

function namesOf(balancers: readonly BalancerFacts[]): string {
  return balancers.map(({ socket }) => balancerName(socket)).join(', ')
}

function stopIf(signal: AbortSignal): void {
  if (!signal.aborted) return
  throw new RetryableError('The wait for HAProxy was stopped before it began.')
}

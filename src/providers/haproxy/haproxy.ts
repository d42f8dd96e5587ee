// The providers that set the state of HAProxy's servers, write it into its file, and read back what has become of it.
import { printDuration } from '../../drplan/duration.ts'
import { BugError, RetryableError, UserError } from '../../errors.ts'
import type { Duration } from '../../ids.ts'
import { second } from '../../ids.ts'
import type { Clock, Progress, Provider, Providers } from '../../ports.ts'
import type {
  FileState,
  HaproxyFileAction,
  HaproxyServerAction,
  HaproxyWaitAction,
} from '../../recovery/action.ts'
import {
  BalancersFacts,
  FileFacts,
  balancerFacts,
  balancerName,
  serverIn,
  serverSettled,
  stateText,
} from '../../recovery/kinds/haproxy.ts'
import type { BalancerFacts, ServerFacts } from '../../recovery/kinds/haproxy.ts'
import type { Balancer, FileBalancer } from './balancer.ts'
import { createDataplane } from './dataplane.ts'
import { noServer } from './errors.ts'
import type { Place } from './errors.ts'
import { createRuntime } from './runtime.ts'
import { leftOf } from '../started.ts'
import { together } from '../../together.ts'

export interface HaproxyOptions {
  readonly clock: Pick<Clock, 'now'>
  /** For one exchange with one load balancer. Default 3 s. */
  readonly timeout?: Duration
  /** For load balancers that are told through the Data Plane API. */
  readonly user?: string | undefined
  readonly password?: string | undefined
}

const checkAfter = second

/** All kinds of action; the scheme of a load balancer's address says which way it is told. */
export function createHaproxy(
  options: HaproxyOptions,
): Pick<Providers, 'haproxy-server' | 'haproxy-file' | 'haproxy-wait'> {
  const { clock, user, password, timeout = 3 * second } = options
  function withFile(control: string): FileBalancer {
    if (isDataplane(control)) return createDataplane(control, { user, password, timeout })
    throw new BugError(`${control} is no address of a Data Plane API`)
  }
  function balancer(control: string): Balancer {
    return isDataplane(control) ? withFile(control) : createRuntime(control, timeout)
  }
  return {
    'haproxy-server': serverProvider(balancer),
    'haproxy-file': fileProvider(withFile),
    'haproxy-wait': waitProvider(balancer, clock),
  }
}

type Find = (control: string) => Balancer

function isDataplane(control: string): boolean {
  return /^https?:/.test(control)
}

function serverProvider(find: Find): Provider<'haproxy-server'> {
  return {
    observe: async (action, signal) => ({ ...(await look(find, action, signal)) }),
    start: async (action, key, signal) => {
      const balancer = find(action.control)
      const seen = await look(find, action, signal)
      if (action.after !== 'ready' && action.evenLast === undefined) refuseLast(action, seen)
      // Only what is in maintenance now is woken: one that is checked already keeps what HAProxy knows of it.
      const asleep = serverIn(seen, action.server).admin === 'maint'
      if (action.after === 'drain' && asleep) await balancer.wake(action, signal)
      else await balancer.set(action, action.after, signal)
      return { id: key }
    },
    check: async (action, _operation, _now, signal) =>
      setOrNot(action, serverIn(await look(find, action, signal), action.server)),
    settled: (action, facts) => serverSettled(action, serverIn(balancerFacts(facts), action.server).admin),
  }
}

/** A proposal may be minutes old: that another server takes the traffic is looked at once more, right before. */
function refuseLast({ server, control, backend }: HaproxyServerAction, { servers }: BalancerFacts): void {
  const own = servers.find(({ name }) => name === server)
  if (own?.admin !== 'ready') return
  const others = servers.filter(({ name }) => name !== server)
  const good = others.some(
    ({ admin, health, weight }) => admin === 'ready' && health !== 'down' && weight > 0,
  )
  if (good) return
  const are = others.map(({ name, admin, status }) => `${name} is ${stateText(admin)} (${status})`)
  throw new UserError(
    'haproxy-last-server',
    `${server} was not taken out at ${balancerName(control)}: ${backend} would have no server left there that takes traffic${are.length === 0 ? '' : `; ${are.join(', ')}`}. Nothing was changed there. Bring another server up first; or propose it again with --override last-healthy-server "reason".`,
  )
}

function setOrNot(action: HaproxyServerAction, now: ServerFacts): Progress {
  const where = balancerName(action.control)
  const is = `${action.server} is ${stateText(now.admin)} at ${where}`
  if (serverSettled(action, now.admin) === 'done') return { state: 'done', note: `${is} (${now.status})` }
  return {
    state: 'failed',
    reason: `HAProxy took the command, but ${is} (${now.status}).`,
    advice: `Somebody else may have set it, or HAProxy was reloaded meanwhile: look at "show servers state ${action.backend}" there.`,
  }
}

function fileProvider(find: (control: string) => FileBalancer): Provider<'haproxy-file'> {
  return {
    observe: async (action, signal) => ({ inFile: await find(action.control).inFile(action, signal) }),
    start: async (action, key, signal) => {
      await find(action.control).write(action, action.after, signal)
      return { id: key }
    },
    check: async (action, _operation, _now, signal) =>
      writtenOrNot(action, await find(action.control).inFile(action, signal)),
    settled: ({ after }, facts) => (FileFacts.parse(facts).inFile === after ? 'done' : 'not-done'),
  }
}

function writtenOrNot({ server, control, after }: HaproxyFileAction, inFile: FileState): Progress {
  const is = `${server} is ${inFile} in haproxy.cfg at ${balancerName(control)}`
  if (inFile === after) return { state: 'done', note: is }
  const advice = 'Somebody else may have written it at the same time: look at the file there.'
  return { state: 'failed', reason: `The Data Plane API took the change, but ${is}.`, advice }
}

function waitProvider(find: Find, clock: Pick<Clock, 'now'>): Provider<'haproxy-wait'> {
  async function lookAtAll(action: HaproxyWaitAction, signal: AbortSignal): Promise<BalancerFacts[]> {
    const { controls, backend, server } = action
    return together(controls.map((control) => look(find, { control, backend, server }, signal)))
  }
  return {
    observe: async (action, signal) => ({ balancers: await lookAtAll(action, signal) }),
    start: async (_action, key, signal) => {
      stopIf(signal)
      return { id: key, data: { startedAt: clock.now() } }
    },
    check: async (action, operation, now, signal) => {
      const balancers = await lookAtAll(action, signal)
      const left = leftOf(operation, action.within, now)
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
    .map((balancer) => `${balancerName(balancer.control)} says ${serverIn(balancer, server).status}`)
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
    reason: `${server} did not pass HAProxy's check within ${printDuration(action.within)}: ${says}.`,
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
    note: `${some} still open after ${printDuration(action.within)}; not waited for any longer`,
  }
}

/** The server with all of its backend, at one load balancer. Throws UserError when the rights or the server are missing. */
async function look(find: Find, place: Place, signal: AbortSignal): Promise<BalancerFacts> {
  const { control, backend, server } = place
  const facts = await find(control).look(backend, signal)
  if (facts.servers.some((one) => one.name === server)) return facts
  throw noServer(
    place,
    facts.servers.map((one) => one.name),
  )
}

function namesOf(balancers: readonly BalancerFacts[]): string {
  return balancers.map(({ control }) => balancerName(control)).join(', ')
}

function stopIf(signal: AbortSignal): void {
  if (!signal.aborted) return
  throw new RetryableError('The wait for HAProxy was stopped before it began.')
}

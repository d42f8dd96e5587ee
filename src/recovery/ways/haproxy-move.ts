// A backend's traffic moves from one server to another as steps: have it checked, enable, drain, wait, take out.
import type { Duration } from '../../ids.ts'
import { minute } from '../../ids.ts'
import type { Facts } from '../../ports.ts'
import type { HaproxyServerAction, HaproxyWaitAction, ServerState } from '../action.ts'
import { stepOf } from '../draft.ts'
import { balancerName, serverIn, stateText } from '../kinds/haproxy.ts'
import type { BalancerFacts } from '../kinds/haproxy.ts'
import type { Proposal, Step } from '../run.ts'
import { digestOf, groundOf } from '../world.ts'
import type { Seen } from '../world.ts'

/** How long HAProxy's own check of a server that was enabled may take to pass. */
const checkWithin: Duration = minute

/** One server at one load balancer, as it is and as it is to be. */
export interface Turn {
  readonly socket: string
  readonly server: string
  readonly before: ServerState
  readonly after: ServerState
}

export interface Move {
  readonly backend: string
  /** How long sessions may take to end. */
  readonly drain: Duration
  /** Those that are to take traffic; then those that are not to take any more. */
  readonly on: readonly Turn[]
  readonly off: readonly Turn[]
  /** False when somebody takes on himself a server that is down: its check is not waited for. */
  readonly askFirst: boolean
}

/**
 * All steps, in their order. A server in maintenance is drained first: HAProxy checks it then without sending it
 * traffic, while one that is set ready at once takes traffic until its first check has failed.
 */
export function moveSteps(move: Move): readonly Step[] {
  const { on, off, askFirst } = move
  const waking = on.filter(({ before }) => before === 'maint')
  const leaving = off.filter(({ before }) => before === 'ready')
  const resting = off.filter(({ before, after }) => after === 'maint' && before !== 'maint')
  return [
    ...(askFirst ? waking.map((turn) => wakeStep(move, turn)) : []),
    ...(askFirst ? waitSteps(move, on, 'checked') : []),
    ...on.map((turn) =>
      set(
        move,
        { ...turn, before: askFirst && turn.before === 'maint' ? 'drain' : turn.before },
        turn.before,
      ),
    ),
    ...leaving.map((turn) => set(move, { ...turn, after: 'drain' }, turn.before)),
    ...waitSteps(move, leaving, 'idle'),
    ...resting.map((turn) => set(move, turn, turn.before)),
  ]
}

function wakeStep(move: Move, turn: Turn): Step {
  const action = actionOf(move, { ...turn, after: 'drain' })
  const title = `Have ${turn.server} checked at ${balancerName(turn.socket)}, without traffic`
  return stepOf(title, action, undoOf(action))
}

/** `seen`: the state that was read when this was proposed; the undo puts back what the step itself finds. */
function set(move: Move, turn: Turn, seen: ServerState): Step {
  const action = actionOf(move, { ...turn, before: seen })
  const title = { ready: 'Enable', drain: 'Drain', maint: 'Take out' }[turn.after]
  return stepOf(
    `${title} ${turn.server} at ${balancerName(turn.socket)}`,
    action,
    undoOf({ ...action, before: turn.before }),
  )
}

function actionOf({ backend }: Move, turn: Turn): HaproxyServerAction {
  return { provider: 'haproxy-server', backend, ...turn }
}

function undoOf(action: HaproxyServerAction): HaproxyServerAction {
  return { ...action, before: action.after, after: action.before }
}

function waitSteps(move: Move, turns: readonly Turn[], until: HaproxyWaitAction['until']): readonly Step[] {
  return [...Map.groupBy(turns, ({ server }) => server)].map(([server, here]) => {
    const sockets = here.map(({ socket }) => socket)
    const { backend } = move
    const within = until === 'checked' ? checkWithin : move.drain
    const title =
      until === 'checked'
        ? `Wait until ${server} has passed HAProxy's check`
        : `Wait until the sessions on ${server} have ended`
    return stepOf(title, { provider: 'haproxy-wait', sockets, backend, server, until, within })
  })
}

/** What is locked while it runs. */
export function targetsOf({ backend, on, off }: Move): readonly string[] {
  return [
    ...new Set([...on, ...off].map(({ socket }) => `haproxy:${balancerName(socket)}/${backend}`)),
  ].sort()
}

/** Before and after, a row for each server at each load balancer. */
export function rowsOf({ on, off }: Move, balancers: readonly BalancerFacts[]): Proposal['changes'] {
  return balancers.flatMap((balancer) =>
    [...on, ...off]
      .filter(({ socket }) => socket === balancer.socket)
      .map(({ server, after }) => {
        const { admin, status, sessions } = serverIn(balancer, server)
        const count = `${sessions} session${sessions === 1 ? '' : 's'}`
        return {
          what: `${server} at ${balancerName(balancer.socket)}`,
          before: `${stateText(admin)} (${status}), ${count} now`,
          after: stateText(after),
        }
      }),
  )
}

/** The digest of what was seen, in the order in which the engine looks at it again. */
export function digestOfSteps(
  steps: readonly Step[],
  balancers: readonly BalancerFacts[],
  others: readonly Seen[],
): string {
  const seen = groundOf(steps).map(({ action }): Seen => ({
    action,
    facts: factsFor(action, balancers, others),
  }))
  return digestOf(seen)
}

function factsFor(
  action: Seen['action'],
  balancers: readonly BalancerFacts[],
  others: readonly Seen[],
): Facts {
  if (action.provider === 'haproxy-server')
    return { ...balancers.find(({ socket }) => socket === action.socket) }
  if (action.provider === 'haproxy-wait')
    return { balancers: balancers.filter(({ socket }) => action.sockets.includes(socket)) }
  return others.find((one) => one.action === action)?.facts ?? {}
}

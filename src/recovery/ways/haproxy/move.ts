// A backend's traffic moves from one server to another as steps: have it checked, enable, drain, wait, take out.
import type { Duration } from '../../../ids.ts'
import { minute } from '../../../ids.ts'
import type { Facts } from '../../../ports.ts'
import type {
  FileState,
  HaproxyFileAction,
  HaproxyServerAction,
  HaproxyWaitAction,
  ServerState,
} from '../../action.ts'
import { stepOf } from '../../draft.ts'
import { balancerName, serverIn, stateText } from '../../kinds/haproxy.ts'
import type { BalancerFacts } from '../../kinds/haproxy.ts'
import type { Proposal, Step } from '../../run.ts'
import { digestOf, groundOf } from '../../world.ts'
import type { Seen } from '../../world.ts'
import type { Looked } from './look.ts'

/** How long HAProxy's own check of a server that was enabled may take to pass. */
const checkWithin: Duration = minute

/** One server at one load balancer, as it is and as it is to be. */
export interface Turn {
  readonly control: string
  readonly server: string
  readonly before: ServerState
  readonly after: ServerState
}

/** What the file of one load balancer says of a server, and is to say. */
export interface FileTurn {
  readonly control: string
  readonly server: string
  readonly before: FileState
  readonly after: FileState
}

export interface Move {
  readonly backend: string
  /** How long sessions may take to end. */
  readonly drain: Duration
  /** Those that are to take traffic; then those that are not to take any more. */
  readonly on: readonly Turn[]
  readonly off: readonly Turn[]
  /** Lines of haproxy.cfg, so that a reload changes nothing; only where the Data Plane API can write it. */
  readonly files: readonly FileTurn[]
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
    ...on.filter(({ before }) => before !== 'ready').map((turn) => setStep(move, turn)),
    ...leaving.map((turn) => setStep(move, { ...turn, after: 'drain' })),
    ...waitSteps(move, leaving, 'idle'),
    ...resting.map((turn) => setStep(move, turn)),
    ...move.files.map((turn) => writeStep(move, turn)),
  ]
}

/** For servers that are as they are to be already: looks at each, and sets it should that have changed meanwhile. */
export function keepSteps(move: Move, turns: readonly Turn[]): readonly Step[] {
  return turns.map((turn) => setStep(move, turn))
}

function writeStep({ backend }: Move, turn: FileTurn): Step {
  const action: HaproxyFileAction = { provider: 'haproxy-file', backend, ...turn }
  const title = `Write ${turn.server} as ${turn.after} into haproxy.cfg at ${balancerName(turn.control)}`
  return stepOf(title, action, { ...action, before: turn.after, after: turn.before })
}

function wakeStep(move: Move, turn: Turn): Step {
  const action = actionOf(move, { ...turn, after: 'drain' })
  const title = `Have ${turn.server} checked at ${balancerName(turn.control)}, without traffic`
  return stepOf(title, action, undoOf(action))
}

function setStep(move: Move, turn: Turn): Step {
  const action = actionOf(move, turn)
  const title = { ready: 'Enable', drain: 'Drain', maint: 'Take out' }[turn.after]
  return stepOf(`${title} ${turn.server} at ${balancerName(turn.control)}`, action, undoOf(action))
}

function actionOf({ backend, askFirst }: Move, turn: Turn): HaproxyServerAction {
  const last = askFirst || turn.after === 'ready' ? {} : { evenLast: true as const }
  return { provider: 'haproxy-server', backend, ...turn, ...last }
}

function undoOf(action: HaproxyServerAction): HaproxyServerAction {
  return { ...action, before: action.after, after: action.before }
}

function waitSteps(move: Move, turns: readonly Turn[], until: HaproxyWaitAction['until']): readonly Step[] {
  return [...Map.groupBy(turns, ({ server }) => server)].map(([server, here]) => {
    const controls = here.map(({ control }) => control)
    const { backend } = move
    const within = until === 'checked' ? checkWithin : move.drain
    const title =
      until === 'checked'
        ? `Wait until ${server} has passed HAProxy's check`
        : `Wait until the sessions on ${server} have ended`
    return stepOf(title, { provider: 'haproxy-wait', controls, backend, server, until, within })
  })
}

/** Nothing is documented of how long it takes, but how long it waits is known. */
export function longestWait(drain: Duration): Proposal['expected'] {
  const source = "never measured: the longest that HAProxy's check and open sessions are waited for"
  return { duration: checkWithin + drain, source }
}

/** What is locked while it runs. */
export function targetsOf({ backend, on, off }: Move): readonly string[] {
  return [
    ...new Set([...on, ...off].map(({ control }) => `haproxy:${balancerName(control)}/${backend}`)),
  ].sort()
}

/** Before and after, a row for each server at each load balancer, and for each line of a file. */
export function rowsOf({ on, off, files }: Move, balancers: readonly BalancerFacts[]): Proposal['changes'] {
  const servers = balancers.flatMap((balancer) =>
    [...on, ...off]
      .filter(({ control }) => control === balancer.control)
      .map(({ server, after }) => {
        const { admin, status, sessions } = serverIn(balancer, server)
        const count = `${sessions} session${sessions === 1 ? '' : 's'}`
        return {
          what: `${server} at ${balancerName(balancer.control)}`,
          before: `${stateText(admin)} (${status}), ${count} now`,
          after: stateText(after),
        }
      }),
  )
  const lines = files.map(({ control, server, before, after }) => {
    return { what: `${server} in haproxy.cfg at ${balancerName(control)}`, before, after }
  })
  return [...servers, ...lines]
}

/** The digest of what was seen, in the order in which the engine looks at it again. */
export function digestOfSteps(steps: readonly Step[], looked: Looked, others: readonly Seen[]): string {
  const seen = groundOf(steps).map(({ action }): Seen => ({
    action,
    facts: factsFor(action, looked, others),
  }))
  return digestOf(seen)
}

function factsFor(action: Seen['action'], { balancers, files }: Looked, others: readonly Seen[]): Facts {
  if (action.provider === 'haproxy-server')
    return { ...balancers.find(({ control }) => control === action.control) }
  if (action.provider === 'haproxy-wait')
    return { balancers: balancers.filter(({ control }) => action.controls.includes(control)) }
  if (action.provider === 'haproxy-file') {
    const found = files.find(({ control, server }) => control === action.control && server === action.server)
    return { inFile: found?.inFile }
  }
  return others.find((one) => one.action === action)?.facts ?? {}
}

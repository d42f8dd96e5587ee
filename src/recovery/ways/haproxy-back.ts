// The way back of a move between servers at HAProxy: each server into the very state that it had before the run.
import { minute, second } from '../../ids.ts'
import type { Duration } from '../../ids.ts'
import { BugError } from '../../errors.ts'
import type { HaproxyServerAction } from '../action.ts'
import { expectedDuration } from '../draft.ts'
import type { Context, Draft } from '../draft.ts'
import { balancerName, serverIn, stateText } from '../kinds/haproxy.ts'
import type { BalancerFacts } from '../kinds/haproxy.ts'
import type { Proposal, Run } from '../run.ts'
import { findings, isOverridden, refuseUnsafe } from '../safety.ts'
import { lookAtBalancers } from './haproxy-look.ts'
import { digestOfSteps, moveSteps, rowsOf, targetsOf } from './haproxy-move.ts'
import type { Move, Turn } from './haproxy-move.ts'
import { allBalancersAnswer, lastHealthyServer, serversAsLeft } from './haproxy-safety.ts'

/** One server at one load balancer: before the run, and as the run left it. */
interface Changed {
  readonly socket: string
  readonly server: string
  readonly was: HaproxyServerAction['before']
  readonly left: HaproxyServerAction['after']
}

/** For a run of which no step waited for sessions. */
const usualDrain: Duration = minute / 2

/** Looks at every load balancer that the run has changed, and says how each server gets its state back. */
export async function draftHaproxyBack(context: Context, run: Run): Promise<Draft> {
  const { ask } = context
  const changed = changesOf(run)
  const backend = backendOf(run)
  const servers = [...new Set(changed.map(({ server }) => server))]
  const sockets = [...new Set(changed.map(({ socket }) => socket))]
  const looked = await lookAtBalancers(context, { backend, sockets, servers })
  const { balancers } = looked
  const planned = moveOf(run, changed, balancers)
  const verdicts = [
    allBalancersAnswer(looked),
    serversAsLeft(run.id, differencesOf(changed, balancers)),
    lastHealthyServer(planned, balancers),
  ]
  const list = findings(verdicts, ask.overrides)
  refuseUnsafe(list, `failback ${ask.system}`, [])

  const move = { ...planned, askFirst: !isOverridden(list, 'last-healthy-server') }
  const steps = moveSteps(move)
  const kind = { system: ask.system, direction: 'failback', recovery: run.recovery } as const
  const recovery = context.plan.systems[ask.system]?.recoveries.find((one) => one.name === run.recovery)
  const expected = expectedDuration(context.history, kind, recovery)
  const states = [...new Set(changed.map(({ server, was }) => `${server} ${stateText(was)}`))].join(', ')
  return {
    recovery: run.recovery,
    undoes: run.id,
    steps,
    proposal: {
      targets: targetsOf(move),
      typed: ask.system,
      risk: run.proposal.risk,
      summary: `The servers of ${backend} will be as before ${run.id} again: ${states}`,
      changes: rowsOf(move, balancers),
      findings: list,
      expected,
      cost: costOf(move),
      debts: looked.silent.map(({ socket }) => ({
        id: `left-out:${balancerName(socket)}`,
        text: `${balancerName(socket)} did not answer and was left out: it may still be as ${run.id} left it`,
        remedy: 'Look at "show servers state" there, and set the states by hand',
      })),
      digest: digestOfSteps(steps, balancers, []),
      warnings: [],
      ...(context.objectiveAt === undefined ? {} : { objectiveAt: context.objectiveAt }),
    },
  }
}

/** What the run's steps that are done have changed, by server and load balancer. */
function changesOf(run: Run): readonly Changed[] {
  const done = run.steps.flatMap(({ action, phase }) =>
    phase === 'done' && action.provider === 'haproxy-server' ? [action] : [],
  )
  const groups = Map.groupBy(done, ({ socket, server }) => `${socket} ${server}`)
  return [...groups.values()].flatMap((actions) => {
    const first = actions[0]
    const last = actions.at(-1)
    return first && last
      ? [{ socket: first.socket, server: first.server, was: first.before, left: last.after }]
      : []
  })
}

function backendOf(run: Run): string {
  for (const { action } of run.steps) if (action.provider === 'haproxy-server') return action.backend
  throw new BugError(`${run.id} has changed no server at HAProxy`)
}

function moveOf(run: Run, changed: readonly Changed[], balancers: readonly BalancerFacts[]): Move {
  const turns = balancers.flatMap((balancer) =>
    changed
      .filter(({ socket }) => socket === balancer.socket)
      .map(({ socket, server, was }): Turn => {
        return { socket, server, before: serverIn(balancer, server).admin, after: was }
      }),
  )
  const [waited] = run.steps.flatMap(({ action }) =>
    action.provider === 'haproxy-wait' && action.until === 'idle' ? [action.within] : [],
  )
  return {
    backend: backendOf(run),
    drain: waited ?? usualDrain,
    on: turns.filter(({ before, after }) => after === 'ready' && before !== 'ready'),
    off: turns.filter(({ after }) => after !== 'ready'),
    askFirst: true,
  }
}

function differencesOf(changed: readonly Changed[], balancers: readonly BalancerFacts[]): readonly string[] {
  return balancers.flatMap((balancer) =>
    changed
      .filter(
        ({ socket, server, left }) => socket === balancer.socket && serverIn(balancer, server).admin !== left,
      )
      .map(({ socket, server, left }) => {
        const now = stateText(serverIn(balancer, server).admin)
        return `${server} is ${now} at ${balancerName(socket)}, and was left ${stateText(left)}`
      }),
  )
}

function costOf({ drain }: Move): Proposal['cost'] {
  return { text: `No data is lost; open sessions have up to ${drain / second} s to end.` }
}

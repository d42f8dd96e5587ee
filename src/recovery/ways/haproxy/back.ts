// The way back of a move between servers at HAProxy: each server into the very state that it had before the run.
import { printDuration } from '../../../drplan/duration.ts'
import { minute } from '../../../ids.ts'
import type { Duration } from '../../../ids.ts'
import { BugError } from '../../../errors.ts'
import type { FileState, HaproxyFileAction, HaproxyServerAction } from '../../action.ts'
import { begunBy } from '../../failback.ts'
import { expectedDuration, inTime } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import { balancerName, fileDifference, serverIn, stateText } from '../../kinds/haproxy.ts'
import type { BalancerFacts } from '../../kinds/haproxy.ts'
import type { Proposal, Run } from '../../run.ts'
import { findings, isOverridden, refuseUnsafe } from '../../safety.ts'
import { lookAtBalancers } from './look.ts'
import type { Looked } from './look.ts'
import { digestOfSteps, keepSteps, longestWait, moveSteps, rowsOf, targetsOf } from './move.ts'
import type { FileTurn, Move, Turn } from './move.ts'
import { allBalancersAnswer, lastHealthyServer, serversAsLeft } from './safety.ts'

/** One server at one load balancer: before the run, and as the run left it. */
interface Changed {
  readonly control: string
  readonly server: string
  readonly was: HaproxyServerAction['before']
  readonly left: HaproxyServerAction['after']
  /** Other states that it may have, since nobody saw how an earlier way back's change of it ended. */
  readonly orElse: readonly HaproxyServerAction['after'][]
}

/** For a run of which no step waited for sessions. */
const usualDrain: Duration = minute / 2

/** Looks at every load balancer that the run has changed, and says how each server gets its state back. */
export async function draftHaproxyBack(context: Context, run: Run, earlier: readonly Run[]): Promise<Draft> {
  const { ask } = context
  const changed = changesOf(run, earlier)
  const backend = backendOf(run)
  const servers = [...new Set(changed.map(({ server }) => server))]
  const controls = [...new Set(changed.map(({ control }) => control))]
  const looked = await lookAtBalancers(context, { backend, controls, servers })
  const { balancers } = looked
  const planned = moveOf(run, changed, looked)
  const verdicts = [
    allBalancersAnswer(looked),
    serversAsLeft(earlier.at(-1)?.id ?? run.id, [
      ...differencesOf(changed, balancers),
      ...fileDifferences([run, ...earlier], begunBy(earlier), looked),
    ]),
    lastHealthyServer(planned, balancers),
  ]
  const list = findings(verdicts, ask.overrides)
  refuseUnsafe(list, `failback ${ask.system}`, [])

  const move = { ...planned, askFirst: !isOverridden(list, 'last-healthy-server') }
  const left = moveSteps(move)
  const steps = left.length === 0 ? keepSteps(move, turnsOf(changed, looked)) : left
  const kind = { system: ask.system, direction: 'failback', recovery: run.recovery } as const
  const recovery = context.plan.systems[ask.system]?.recoveries.find((one) => one.name === run.recovery)
  const expected = expectedDuration(context.history, kind, recovery, longestWait(move.drain))
  const states = [...new Set(changed.map(({ server, was }) => `${server} ${stateText(was)}`))].join(', ')
  return {
    recovery: run.recovery,
    undoes: run.id,
    ...(left.length === 0 ? { nothingLeft: true } : {}),
    steps,
    proposal: {
      targets: [...new Set([...targetsOf(move), ...run.proposal.targets])],
      typed: ask.system,
      risk: run.proposal.risk,
      ...inTime(
        (is) => `The servers of ${backend} ${is('will be', 'were put')} as before ${run.id} again: ${states}`,
      ),
      changes: rowsOf(move, balancers),
      findings: list,
      expected,
      cost: costOf(move),
      debts: looked.silent.map(({ control }) => ({
        id: `left-out:${balancerName(control)}`,
        text: `${balancerName(control)} did not answer and was left out: it may still be as ${run.id} left it`,
        remedy: 'Look at "show servers state" there, and set the states by hand',
      })),
      digest: digestOfSteps(steps, looked, []),
      warnings: [],
      ...(context.objectiveAt === undefined ? {} : { objectiveAt: context.objectiveAt }),
    },
  }
}

/**
 * What is put back. Where the run found the traffic moved already and only wrote the file, that too: the Data Plane API
 * sets what it writes at once, and a server is not to take traffic before it was checked.
 */
function changesOf(run: Run, earlier: readonly Run[]): readonly Changed[] {
  const set = statesSet(run)
  const written = filesOf(run).map(({ control, server, before, after }): Changed => {
    return { control, server, was: startsAs(before), left: startsAs(after), orElse: [] }
  })
  const rest = written.filter(
    (one) => !set.some(({ control, server }) => control === one.control && server === one.server),
  )
  const since = earlier.flatMap(statesSet)
  const unsure = begunBy(earlier).flatMap(({ action, phase }) =>
    action.provider === 'haproxy-server' && phase !== 'done' ? [action] : [],
  )
  return [...set, ...rest].map((one) => {
    const same = ({ control, server }: { readonly control: string; readonly server: string }): boolean =>
      control === one.control && server === one.server
    const left = since.findLast(same)?.left ?? one.left
    return { ...one, left, orElse: unsure.filter(same).map(({ after }) => after) }
  })
}

function startsAs(state: FileState): Changed['was'] {
  return state === 'enabled' ? 'ready' : 'maint'
}

/** What the run's steps that are done have set, by server and load balancer. */
function statesSet(run: Run): readonly Changed[] {
  const done = run.steps.flatMap(({ action, phase }) =>
    phase === 'done' && action.provider === 'haproxy-server' ? [action] : [],
  )
  const groups = Map.groupBy(done, ({ control, server }) => `${control} ${server}`)
  return [...groups.values()].flatMap((actions) => {
    const first = actions[0]
    const last = actions.at(-1)
    return first && last
      ? [{ control: first.control, server: first.server, was: first.before, left: last.after, orElse: [] }]
      : []
  })
}

function backendOf(run: Run): string {
  for (const { action } of run.steps) {
    if (action.provider === 'haproxy-server' || action.provider === 'haproxy-file') return action.backend
  }
  throw new BugError(`${run.id} has changed no server at HAProxy`)
}

/** Each server that is put back, at each load balancer that answers, from what it is now. */
function turnsOf(changed: readonly Changed[], { balancers }: Looked): readonly Turn[] {
  return balancers.flatMap((balancer) =>
    changed
      .filter(({ control }) => control === balancer.control)
      .map(({ control, server, was }): Turn => {
        return { control, server, before: serverIn(balancer, server).admin, after: was }
      }),
  )
}

function moveOf(run: Run, changed: readonly Changed[], looked: Looked): Move {
  const turns = turnsOf(changed, looked)
  const [waited] = run.steps.flatMap(({ action }) =>
    action.provider === 'haproxy-wait' && action.until === 'idle' ? [action.within] : [],
  )
  return {
    backend: backendOf(run),
    drain: waited ?? usualDrain,
    on: turns.filter(({ before, after }) => after === 'ready' && before !== 'ready'),
    off: turns.filter(({ after }) => after !== 'ready'),
    files: filesOf(run).flatMap(({ control, server, before: was }): readonly FileTurn[] => {
      const now = looked.files.find((one) => one.control === control && one.server === server)?.inFile
      return now === undefined || now === was ? [] : [{ control, server, before: now, after: was }]
    }),
    askFirst: true,
  }
}

/** The lines of haproxy.cfg that the run has written. */
function filesOf(run: Run): readonly HaproxyFileAction[] {
  return run.steps.flatMap(({ action, phase }) =>
    phase === 'done' && action.provider === 'haproxy-file' ? [action] : [],
  )
}

/** Of each line the last that was written counts, or what an earlier way back has begun to write. `runs`: oldest first. */
function fileDifferences(
  runs: readonly Run[],
  begun: ReturnType<typeof begunBy>,
  { files }: Looked,
): readonly string[] {
  const written = runs.flatMap(filesOf)
  const last = new Map(written.map((action) => [`${action.control} ${action.server}`, action]))
  return [...last.values()].flatMap((action) => {
    const found = files.find(({ control, server }) => control === action.control && server === action.server)
    const wanted = begun.some(
      ({ action: one }) =>
        one.provider === 'haproxy-file' &&
        one.control === action.control &&
        one.server === action.server &&
        one.after === found?.inFile,
    )
    return found && !wanted ? fileDifference(action, found.inFile, action.after) : []
  })
}

function differencesOf(changed: readonly Changed[], balancers: readonly BalancerFacts[]): readonly string[] {
  return balancers.flatMap((balancer) =>
    changed.flatMap(({ control, server, left, orElse }) => {
      if (control !== balancer.control) return []
      const { admin } = serverIn(balancer, server)
      if (admin === left || orElse.includes(admin)) return []
      return [`${server} is ${stateText(admin)} at ${balancerName(control)}, and was left ${stateText(left)}`]
    }),
  )
}

function costOf({ drain }: Move): Proposal['cost'] {
  return { text: `No data is lost; open sessions have up to ${printDuration(drain)} to end.` }
}

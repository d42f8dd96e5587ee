// The block `haproxy`: the traffic of a backend moves to another server, at every load balancer.
import { printDuration } from '../../../drplan/duration.ts'
import type { ProbeAction } from '../../action.ts'
import { expectedDuration, inTime, stepOf } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import { balancerName, serverIn } from '../../kinds/haproxy.ts'
import type { BalancerFacts } from '../../kinds/haproxy.ts'
import { probeFacts, whereOf } from '../../kinds/probe.ts'
import type { Debt, Proposal } from '../../run.ts'
import { findings, isOverridden, refuseUnsafe, targetHealthy } from '../../safety.ts'
import type { Seen } from '../../world.ts'
import { checkAtBalancers } from './check.ts'
import { draftHaproxyBack } from './back.ts'
import { lookAtBalancers, writesFile } from './look.ts'
import type { Looked } from './look.ts'
import { digestOfSteps, longestWait, moveSteps, rowsOf, targetsOf } from './move.ts'
import type { FileTurn, Move } from './move.ts'
import { allBalancersAnswer, lastHealthyServer, notAlreadyMoved, sameServers } from './safety.ts'
import { wayOf } from '../way.ts'
import type { With } from '../way.ts'
import { together } from '../../../together.ts'

type HaproxyRecovery = With<'haproxy'>

export const haproxy = wayOf('haproxy', {
  draft: draftFailover,
  check: (context, recovery) =>
    checkAtBalancers(context, recovery.haproxy.sockets ?? [], (same) => draftFailover(same, recovery)),
  failback: draftHaproxyBack,
  changes: ['haproxy-server', 'haproxy-file'],
})

/** Looks at every load balancer and, with the plan's probe, at the target itself; then says what would be done. */
async function draftFailover(context: Context, recovery: HaproxyRecovery): Promise<Draft> {
  const { ask } = context
  const { backend, from, to } = recovery.haproxy
  const [looked, probed] = await together([
    lookAtBalancers(context, { backend, controls: controlsOf(recovery.haproxy), servers: [from, to] }),
    probeTarget(context, recovery),
  ])
  const { balancers } = looked
  const planned = moveOf(recovery.haproxy, looked)
  const target = probed && { where: whereOf(probed.action), ...probeFacts(probed.facts) }
  const verdicts = [
    allBalancersAnswer(looked),
    sameServers(balancers, to),
    targetHealthy(target && [target]),
    lastHealthyServer(planned, balancers),
    notAlreadyMoved(planned),
  ]
  const list = findings(verdicts, ask.overrides)
  refuseUnsafe(list, `failover ${ask.system} to ${recovery.name}`, [])

  const move = { ...planned, askFirst: !isOverridden(list, 'last-healthy-server') }
  const first = probed && !isOverridden(list, 'target-healthy') ? [probeStep(probed.action, '')] : []
  const last = probed ? [probeStep(probed.action, ', after the change')] : []
  const steps = [...first, ...moveSteps(move), ...last]
  const kind = { system: ask.system, direction: 'failover', recovery: recovery.name } as const
  const expected = expectedDuration(context.history, kind, recovery, longestWait(move.drain))
  return {
    recovery: recovery.name,
    steps,
    proposal: {
      targets: targetsOf(move),
      typed: recovery.name,
      risk: recovery.risk ?? 'reversible',
      ...inTime(
        (is) =>
          `The traffic of ${backend} ${is('will go', 'was led')} to ${to} instead of ${from}, at ${namesOf(balancers)}`,
      ),
      changes: rowsOf(move, balancers),
      findings: list,
      expected,
      cost: costOf(from, move, balancers),
      debts: debtsOf(recovery, looked, ask.system),
      digest: digestOfSteps(steps, looked, probed ? [probed] : []),
      warnings: [
        ...uncheckedWarnings(to, balancers),
        ...(probed
          ? []
          : ['The DR plan has no probe for this recovery: only HAProxy itself asks the target']),
      ],
      ...(context.objectiveAt === undefined ? {} : { objectiveAt: context.objectiveAt }),
    },
  }
}

/** The load balancers of the plan, each once. */
function controlsOf({ sockets = [], dataplane = [] }: HaproxyRecovery['haproxy']): readonly string[] {
  return [...new Set([...sockets, ...dataplane.map(({ url }) => url)])]
}

async function probeTarget({ calls }: Context, { probe }: HaproxyRecovery) {
  if (probe === undefined) return undefined
  const action: ProbeAction = { provider: 'probe', ...probe }
  return { action, facts: await calls.observe(action) } satisfies Seen
}

function probeStep(action: ProbeAction, when: string): ReturnType<typeof stepOf> {
  const url = URL.parse(action.url)
  const what = url ? `${url.host}${url.pathname}` : 'its health'
  return stepOf(`Ask ${whereOf(action)} for ${what}${when}`, action)
}

function moveOf(
  { backend, from, to, drain }: HaproxyRecovery['haproxy'],
  { balancers, files: inFiles }: Looked,
): Move {
  const turns = (server: string, after: 'ready' | 'maint') =>
    balancers.map((balancer) => {
      const { admin } = serverIn(balancer, server)
      return { control: balancer.control, server, before: admin, after }
    })
  const files = inFiles
    .map(({ control, server, inFile }): FileTurn => {
      return { control, server, before: inFile, after: server === to ? 'enabled' : 'disabled' }
    })
    .filter(({ before, after }) => before !== after)
  return { backend, drain, on: turns(to, 'ready'), off: turns(from, 'maint'), files, askFirst: true }
}

/** What the move costs those who are connected. */
function costOf(server: string, { drain }: Move, balancers: readonly BalancerFacts[]): Proposal['cost'] {
  const open = balancers.reduce((sum, balancer) => sum + serverIn(balancer, server).sessions, 0)
  const count = `${open} session${open === 1 ? '' : 's'}`
  return {
    text: `No data is lost at HAProxy, and new requests go elsewhere at once. ${server} has ${count} now, with up to ${printDuration(drain)} to end; what is open after that stays so, unless haproxy.cfg says "on-marked-down shutdown-sessions".`,
  }
}

function uncheckedWarnings(server: string, balancers: readonly BalancerFacts[]): readonly string[] {
  const without = balancers.filter((balancer) => serverIn(balancer, server).health === 'unchecked')
  if (without.length === 0) return []
  return [`HAProxy does not check ${server} at ${namesOf(without)}: add "check" to its line in haproxy.cfg`]
}

function debtsOf(
  { haproxy: { backend, from, to } }: HaproxyRecovery,
  { balancers, silent }: Looked,
  system: string,
): readonly Debt[] {
  const forgetful = balancers.filter(({ control }) => !writesFile(control))
  const moved = {
    id: `on-server:${backend}`,
    text: `The traffic of ${backend} goes to ${to}`,
    remedy: `When ${from} works again: failback ${system}`,
  }
  const runtimeOnly = {
    id: `runtime-only:${backend}`,
    text: `A reload or restart of HAProxy at ${namesOf(forgetful)} undoes this, for its file does not know it`,
    remedy: `Until the failback, write "disabled" on the line "server ${from}" in the backend ${backend} of haproxy.cfg, and take it off "server ${to}". To keep such states for good: "server-state-file /var/lib/haproxy/state" under "global", "load-server-state-from-file global" under "defaults", and before each reload: echo "show servers state" | socat stdio SOCKET > /var/lib/haproxy/state. The bot looks whether it still holds, and says so when it does not`,
  }
  const leftOut = silent.map(({ control }) => ({
    id: `left-out:${balancerName(control)}`,
    text: `${balancerName(control)} did not answer and was left out: it may still send traffic to ${from}`,
    remedy: `Look at it; when it answers again: failover ${system}`,
  }))
  return [moved, ...(forgetful.length > 0 ? [runtimeOnly] : []), ...leftOut]
}

function namesOf(balancers: readonly BalancerFacts[]): string {
  return balancers.map(({ control }) => balancerName(control)).join(', ')
}

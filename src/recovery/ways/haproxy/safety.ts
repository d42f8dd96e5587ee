// Safety rules of a move between servers at HAProxy: pure verdicts.
import { balancerName, serverIn, stateText } from '../../kinds/haproxy.ts'
import type { BalancerFacts } from '../../kinds/haproxy.ts'
import type { Verdict } from '../../safety.ts'
import type { Looked } from './look.ts'
import type { Move } from './move.ts'

const noneAnswers = 'No load balancer answers, so nothing is known of it'

/** A load balancer that is left out goes on sending traffic where it did. */
export function allBalancersAnswer({ balancers, silent }: Looked): Verdict {
  const rule = 'all-balancers-answer'
  if (silent.length === 0)
    return { rule, ok: true, text: `${namesOf(balancers)} answer${balancers.length === 1 ? 's' : ''}` }
  return { rule, ok: false, text: silent.map(({ reason }) => reason.replace(/\.$/, '')).join('; ') }
}

/** A name that means another machine at each load balancer would send the traffic to different places. */
export function sameServers(balancers: readonly BalancerFacts[], server: string): Verdict {
  const rule = 'same-servers'
  if (balancers.length === 0) return { rule, ok: true, unknown: true, text: noneAnswers }
  const names = new Set(
    balancers.map(({ servers }) =>
      servers
        .map(({ name }) => name)
        .toSorted()
        .join(', '),
    ),
  )
  const places = new Set(balancers.map((balancer) => serverIn(balancer, server).address))
  if (names.size < 2 && places.size < 2) {
    return { rule, ok: true, text: `${server} is ${[...places].join(', ')} everywhere` }
  }
  const text = balancers
    .map((balancer) => {
      const all = balancer.servers.map(({ name }) => name).join(', ')
      return `${balancerName(balancer.control)} has ${all}, with ${server} at ${serverIn(balancer, server).address}`
    })
    .join('; ')
  return { rule, ok: false, text }
}

/** Never take out the last server that works: at each load balancer one must be left, and no new one may be down. */
export function lastHealthyServer(move: Move, balancers: readonly BalancerFacts[]): Verdict {
  const rule = 'last-healthy-server'
  if (balancers.length === 0) return { rule, ok: true, unknown: true, text: noneAnswers }
  const dead = balancers.flatMap((balancer) => deadAt(move, balancer))
  if (dead.length > 0) return { rule, ok: false, text: dead.join('; ') }
  const unasked = move.on.some(({ before }) => before === 'maint')
  const servers = [...new Set(move.on.map(({ server }) => server))].join(', ')
  const text =
    servers === ''
      ? 'Other servers take the traffic'
      : unasked
        ? `${servers} must pass HAProxy's check before any server is drained`
        : `${servers} is not known to be down`
  return { rule, ok: true, text }
}

function deadAt({ on, off }: Move, balancer: BalancerFacts): readonly string[] {
  const { control, servers } = balancer
  const where = balancerName(control)
  const coming = on.filter((turn) => turn.control === control).map(({ server }) => serverIn(balancer, server))
  const leaving = off.filter((turn) => turn.control === control).map(({ server }) => server)
  const bad = coming.filter(({ health, weight }) => health === 'down' || weight === 0)
  if (bad.length > 0) {
    return bad.map(({ name, status, weight }) =>
      weight === 0 ? `${name} has the weight 0 at ${where}` : `${name} is down at ${where} (${status})`,
    )
  }
  if (coming.length > 0 || leaving.length === 0) return []
  const left = servers.some(
    ({ name, admin, health, weight }) =>
      !leaving.includes(name) && admin === 'ready' && health !== 'down' && weight > 0,
  )
  return left ? [] : [`${where} would have no server left that works`]
}

/** A recovery to where the traffic goes already would change nothing that helps. */
export function notAlreadyMoved(move: Move): Verdict {
  const turns = [...move.on, ...move.off]
  if (turns.length === 0) return { rule: 'not-already-there', ok: false, unknown: true, text: noneAnswers }
  const ok = move.files.length > 0 || turns.some(({ before, after }) => before !== after)
  const text = ok
    ? 'The traffic, or what haproxy.cfg says, does not go there yet'
    : turns
        .map(({ server, before, control }) => `${server} is ${stateText(before)} at ${balancerName(control)}`)
        .join(', ')
  return { rule: 'not-already-there', ok, text: ok ? text : `${text} already` }
}

/** The way back starts from what the run left behind; a reload of HAProxy takes runtime changes away. */
export function serversAsLeft(run: string, differences: readonly string[]): Verdict {
  const rule = 'world-as-left'
  if (differences.length === 0) return { rule, ok: true, text: `The servers are as ${run} left them` }
  const why = 'somebody set it, or a reload or restart of HAProxy has undone the change'
  return { rule, ok: false, text: `${differences.join('; ')}: ${why}` }
}

function namesOf(balancers: readonly BalancerFacts[]): string {
  return balancers.map(({ control }) => balancerName(control)).join(', ')
}

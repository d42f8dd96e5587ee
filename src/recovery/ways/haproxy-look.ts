// Looks at a backend at every load balancer at once; one that is silent is named, and does not hide the others.
import { RetryableError, reasonOf } from '../../errors.ts'
import type { HaproxyWaitAction } from '../action.ts'
import type { Context } from '../draft.ts'
import { BalancersFacts } from '../kinds/haproxy.ts'
import type { BalancerFacts } from '../kinds/haproxy.ts'

export interface Looked {
  readonly balancers: readonly BalancerFacts[]
  /** Load balancers that do not answer, each with the reason. */
  readonly silent: readonly { readonly socket: string; readonly reason: string }[]
}

/** Throws UserError for what a person must mend: a right, a backend or one of the servers that is not there. */
export async function lookAtBalancers(
  { calls }: Pick<Context, 'calls'>,
  at: { readonly backend: string; readonly sockets: readonly string[]; readonly servers: readonly string[] },
): Promise<Looked> {
  const { backend, sockets, servers } = at
  const balancers: BalancerFacts[] = []
  const silent: { readonly socket: string; readonly reason: string }[] = []
  async function look(socket: string): Promise<BalancerFacts | undefined> {
    const actions = servers.map((server): HaproxyWaitAction => {
      return { provider: 'haproxy-wait', sockets: [socket], backend, server, until: 'checked', within: 0 }
    })
    try {
      const [facts] = await Promise.all(actions.map((action) => calls.observe(action)))
      return BalancersFacts.parse(facts).balancers[0]
    } catch (thrown) {
      if (!(thrown instanceof RetryableError)) throw thrown
      silent.push({ socket, reason: reasonOf(thrown) })
      return undefined
    }
  }
  for (const found of await Promise.all(sockets.map(look))) if (found) balancers.push(found)
  return { balancers, silent }
}

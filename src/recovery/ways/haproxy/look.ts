// Looks at a backend at every load balancer at once; one that is silent is named, and does not hide the others.
import { RetryableError, reasonOf } from '../../../errors.ts'
import type { FileState, HaproxyFileAction, HaproxyWaitAction } from '../../action.ts'
import type { Context } from '../../draft.ts'
import { BalancersFacts, FileFacts } from '../../kinds/haproxy.ts'
import type { BalancerFacts } from '../../kinds/haproxy.ts'
import { together } from '../../../together.ts'

/** What haproxy.cfg says of a server, at a load balancer whose file the bot can write. */
export interface InFile {
  readonly control: string
  readonly server: string
  readonly inFile: FileState
}

export interface Looked {
  readonly balancers: readonly BalancerFacts[]
  /** Of those that are told through the Data Plane API. */
  readonly files: readonly InFile[]
  /** Load balancers that do not answer, each with the reason. */
  readonly silent: readonly { readonly control: string; readonly reason: string }[]
}

/** Throws UserError for what a person must mend: a right, a backend or one of the servers that is not there. */
export async function lookAtBalancers(
  { calls }: Pick<Context, 'calls'>,
  at: { readonly backend: string; readonly controls: readonly string[]; readonly servers: readonly string[] },
): Promise<Looked> {
  const { backend, controls, servers } = at
  const balancers: BalancerFacts[] = []
  const silent: { readonly control: string; readonly reason: string }[] = []
  async function look(control: string): Promise<BalancerFacts | undefined> {
    const actions = servers.map((server): HaproxyWaitAction => {
      return { provider: 'haproxy-wait', controls: [control], backend, server, until: 'checked', within: 0 }
    })
    try {
      const [facts] = await together(actions.map((action) => calls.observe(action)))
      return BalancersFacts.parse(facts).balancers[0]
    } catch (thrown) {
      if (!(thrown instanceof RetryableError)) throw thrown
      silent.push({ control, reason: reasonOf(thrown) })
      return undefined
    }
  }
  for (const found of await together(controls.map(look))) if (found) balancers.push(found)
  const answering = balancers.map(({ control }) => control).filter(writesFile)
  const files = await together(
    answering.flatMap((control) => servers.map((server) => lookAtFile(calls, { control, backend, server }))),
  )
  return { balancers, files, silent }
}

/** Whether what is set at this load balancer can be written into its file too. */
export function writesFile(control: string): boolean {
  return /^https?:/.test(control)
}

async function lookAtFile(
  calls: Context['calls'],
  at: { readonly control: string; readonly backend: string; readonly server: string },
): Promise<InFile> {
  const action: HaproxyFileAction = { provider: 'haproxy-file', ...at, before: 'enabled', after: 'enabled' }
  const { inFile } = FileFacts.parse(await calls.observe(action))
  return { control: at.control, server: at.server, inFile }
}

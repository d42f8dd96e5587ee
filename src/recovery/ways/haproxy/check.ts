// Whether a move at HAProxy could be carried out now: the rights at each socket, and what its proposal finds.
import { RetryableError } from '../../../errors.ts'
import type { Context, Draft } from '../../draft.ts'
import { balancerName } from '../../kinds/haproxy.ts'
import { checkByDraft } from '../draft-check.ts'
import type { Checked } from '../way.ts'
import { together } from '../../../together.ts'

/** Asks each socket of a runtime API for its level, then drafts. One that is silent is found by the draft. */
export async function checkAtBalancers(
  context: Context,
  sockets: readonly string[],
  draft: (context: Context) => Promise<Draft>,
): Promise<readonly Checked[]> {
  const levels = await together([...new Set(sockets)].map((socket) => levelOf(context, socket)))
  return [...levels.flat(), ...(await checkByDraft(context, draft))]
}

async function levelOf({ calls }: Context, socket: string): Promise<readonly Checked[]> {
  const name = balancerName(socket)
  const what = `socket of ${name}`
  try {
    const level = await calls.readers.haproxy.level(socket, calls.limit())
    if (level === 'admin') return [{ what, ok: true, text: 'has the level admin' }]
    return [
      {
        what,
        ok: false,
        text: `has the level ${level}, which may not set the state of a server. Write "level admin" on its "stats socket" line in haproxy.cfg, and reload HAProxy.`,
      },
    ]
  } catch (thrown) {
    if (thrown instanceof RetryableError) return []
    throw thrown
  }
}

// Other runs that would change something of the same: each open run knows them while they are open, too.
import { unlessNewer } from '../errors.ts'
import type { RunId } from '../ids.ts'
import type { Store } from '../ports.ts'
import { apply, load } from './commit.ts'
import type { LoopDeps } from './commit.ts'
import { runName } from './news.ts'
import { isOpen } from './run.ts'
import type { Rival, Run } from './run.ts'

/** How many open runs are looked through. */
const lookedThrough = 200

/** Other wishes, waiting for a word or under way, that would change something of the same. */
export async function rivalsOf(
  store: Pick<Store, 'runs'>,
  { key, targets }: { readonly key: string; readonly targets: readonly string[] },
): Promise<readonly Rival[]> {
  const open = await store.runs({ open: true, limit: lookedThrough })
  return open
    .filter((run) => run.key !== key && run.proposal.targets.some((target) => targets.includes(target)))
    .map(rivalOf)
}

/** A run as its rivals name it. */
export function rivalOf(run: Run): Rival {
  return { id: run.id, name: runName(run) }
}

/** Takes those that have ended meanwhile off a proposal. */
export async function forgetEnded(deps: LoopDeps, run: Run): Promise<void> {
  const ended: RunId[] = []
  for (const { id } of run.rivals ?? []) {
    const read = await unlessNewer(load(deps.store, id))
    if (read && !isOpen(read.state)) ended.push(id)
  }
  if (ended.length > 0) await apply(deps, run.id, { kind: 'rivals-ended', ended })
}

// What was measured of recoveries, at hand for decisions that must not wait: how long runs took, how long old DNS answers live.
import type { Duration, SystemId } from '../ids.ts'
import type { Store } from '../ports.ts'
import type { Checkup } from './checkup.ts'
import { readCheckup } from './checkups.ts'
import type { Run } from './run.ts'
import { proposalCheck } from './ways/draft-check.ts'

/** How far back runs are read. */
const historyLimit = 200

export interface Measured {
  /** Newest first; those of the last `refresh`, none before it. */
  readonly history: () => readonly Run[]
  /** How long clients would keep the old DNS answer, as last seen; undefined where they keep none, or nobody looked. */
  readonly follows: (system: SystemId, recovery: string) => Duration | undefined
  readonly refresh: () => Promise<void>
}

export function createMeasured({ store }: { readonly store: Pick<Store, 'runs' | 'setting'> }): Measured {
  let known: readonly Run[] = []
  let checkup: Checkup | undefined
  return {
    history: () => known,
    follows: (system, recovery) => followsIn(checkup, known, { system, recovery }),
    refresh: async () => {
      known = await store.runs({ open: false, limit: historyLimit })
      checkup = await readCheckup(store)
    },
  }
}

/** As the last look at all recoveries has found it, else as it was at the last run. */
function followsIn(
  checkup: Checkup | undefined,
  history: readonly Run[],
  { system, recovery }: Pick<Run, 'system' | 'recovery'>,
): Duration | undefined {
  const looked = checkup?.recoveries.find((one) => one.system === system && one.recovery === recovery)
  const seen = looked?.checks.find(({ what }) => what === proposalCheck)
  if (seen) return seen.follows
  const last = history.find(
    (run) => run.system === system && run.recovery === recovery && run.direction === 'failover',
  )
  return last?.proposal.effectWithin
}

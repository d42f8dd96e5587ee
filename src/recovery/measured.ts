// What was measured of recoveries, at hand for decisions that must not wait: how long runs took, how long old DNS answers live.
import type { Duration, SystemId } from '../ids.ts'
import type { Store } from '../ports.ts'
import { missingOf } from './checkup.ts'
import type { Checkup } from './checkup.ts'
import { readCheckup } from './checkups.ts'
import type { Run } from './run.ts'
import { proposalCheck } from './ways/draft-check.ts'

/** How far back runs are read. */
const historyLimit = 200
/** More reasons than these of one recovery say no more. */
const mostReasons = 3

/** What is known of recoveries, as of the last `refresh`. */
export interface Known {
  /** Newest first. */
  readonly history: () => readonly Run[]
  /** How long clients would keep the old DNS answer, as last seen; undefined where they keep none, or nobody looked. */
  readonly follows: (system: SystemId, recovery: string) => Duration | undefined
  /** What it lacked when it was last looked at, in sentences; undefined when that was nothing, or nobody looked. */
  readonly lacks: (system: SystemId, recovery: string) => readonly string[] | undefined
}

export interface Measured {
  /** Nothing before the first `refresh`. */
  readonly known: () => Known | undefined
  readonly refresh: () => Promise<void>
}

export function createMeasured({ store }: { readonly store: Pick<Store, 'runs' | 'setting'> }): Measured {
  let known: Known | undefined
  return {
    known: () => known,
    refresh: async () => {
      const history = await store.runs({ open: false, limit: historyLimit })
      const checkup = await readCheckup(store)
      known = {
        history: () => history,
        follows: (system, recovery) => followsIn(checkup, history, { system, recovery }),
        lacks: (system, recovery) => lacksIn(checkup, { system, recovery }),
      }
    },
  }
}

function lacksIn(
  checkup: Checkup | undefined,
  { system, recovery }: Pick<Run, 'system' | 'recovery'>,
): readonly string[] | undefined {
  const looked = checkup?.recoveries.find((one) => one.system === system && one.recovery === recovery)
  const missing = looked ? missingOf(looked) : []
  return missing.length === 0 ? undefined : missing.slice(0, mostReasons).map(({ text }) => text)
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

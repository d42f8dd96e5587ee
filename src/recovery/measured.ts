// Earlier runs at hand, so that a decision that must not wait can use how long recoveries really took.
import type { Store } from '../ports.ts'
import type { Run } from './run.ts'

/** How far back runs are read. */
const historyLimit = 200

export interface Measured {
  /** Newest first; those of the last `refresh`, none before it. */
  readonly history: () => readonly Run[]
  readonly refresh: () => Promise<void>
}

export function createMeasured({ store }: { readonly store: Pick<Store, 'runs'> }): Measured {
  let known: readonly Run[] = []
  return {
    history: () => known,
    refresh: async () => {
      known = await store.runs({ open: false, limit: historyLimit })
    },
  }
}

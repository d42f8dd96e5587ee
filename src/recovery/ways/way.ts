// One way to recover: how a provider block of the plan becomes a proposal, and how what it did is undone.
import type { Recovery } from '../../drplan/schema.ts'
import type { ProviderName } from '../action.ts'
import type { Context, Draft } from '../draft.ts'
import type { Run } from '../run.ts'

export interface Way {
  /** What drafts this recovery of the plan; undefined when it goes another way. */
  readonly failover: (recovery: Recovery) => ((context: Context) => Promise<Draft>) | undefined
  /** Drafts the undo of a run of this way. */
  readonly failback: (context: Context, run: Run) => Promise<Draft>
  /** A run is of this way when its first change is an action of one of these providers. */
  readonly changes: readonly ProviderName[]
}

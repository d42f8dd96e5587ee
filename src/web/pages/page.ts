// What pages read. Nothing here changes anything: that is what commands are for.
import type { Card } from '../../message.ts'
import type { Readiness, Store } from '../../ports.ts'
import type { Run } from '../../recovery/run.ts'

export interface Sources {
  readonly store: Store
  readonly runCard: (run: Run) => Card
  /** Which part of the bot cannot do its work. */
  readonly ready: () => Promise<Readiness>
}

// What pages read. Nothing here changes anything: that is what commands are for.
import type { Card } from '../../message.ts'
import type { Store } from '../../ports.ts'
import type { Run } from '../../recovery/run.ts'

export interface Sources {
  readonly store: Store
  readonly runCard: (run: Run) => Card
}

// What recoveries need again and again beside their runs: looks at what still stands, and at what could be carried out.
import type { Duration } from '../ids.ts'
import { second } from '../ids.ts'
import { createCheckups } from './checkups.ts'
import type { CheckupsDeps } from './checkups.ts'
import { createQueueWatch } from './queues/watch.ts'
import { createStandingLook } from './standing.ts'
import type { StandingDeps } from './standing.ts'

/** Something that is done again, `every` (real) milliseconds after it ended. */
export interface PeriodicTask {
  readonly name: string
  readonly every: Duration
  readonly run: () => Promise<unknown>
}

/** `checkEvery`: from one look at what could be carried out to the next; 0: never. */
export function recoveryTasks(
  deps: StandingDeps & Omit<CheckupsDeps, 'every'>,
  checkEvery: Duration,
): readonly PeriodicTask[] {
  return [
    { name: 'standing', every: 30 * second, run: createStandingLook(deps) },
    // Most times it finds that nothing is due.
    { name: 'recovery checks', every: 10 * second, run: createCheckups({ ...deps, every: checkEvery }) },
    // It finds that nothing is due, but for once a minute.
    { name: 'queues', every: 10 * second, run: createQueueWatch(deps) },
  ]
}

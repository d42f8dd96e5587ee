// A bell rings, a sweep finds bells that were lost, an auditor says so when both failed.
import { RetryableError, reasonOf } from '../errors.ts'
import type { Duration, IncidentId, Instant, RunId } from '../ids.ts'
import { second } from '../ids.ts'
import type { Bells, Clock, Log, Store } from '../ports.ts'

const sweepLimit = 500
/** A deadline that is this late means that bell and sweep have both failed; DESIGN: met within a second while up. */
const alarmAfter: Duration = 5 * second

export interface DeadlineDeps {
  readonly store: Pick<Store, 'due'>
  readonly bells: Bells
  readonly clock: Clock
  readonly log: Log
  /** Looks at an incident or a run and does what is due; harmless when nothing is. */
  readonly look: (id: IncidentId | RunId) => Promise<void>
  readonly met: (late: Duration) => void
}

export interface Deadlines {
  readonly sweep: () => Promise<void>
  /** How late the latest deadline that was not met is; 0 when all are on time. */
  readonly audit: () => Promise<Duration>
}

/** Joins bells and sweep; each id is looked at once at a time. */
export function createDeadlines(deps: DeadlineDeps): Deadlines {
  const looking = new Map<string, Promise<void>>()

  function look(id: IncidentId | RunId, at: Instant): Promise<void> {
    const already = looking.get(id)
    if (already) return already
    const work = deps
      .look(id)
      .then(() => deps.met(Math.max(0, deps.clock.now() - at)))
      .finally(() => looking.delete(id))
    looking.set(id, work)
    return work
  }

  deps.bells.onRing(look)

  return {
    sweep: async () => {
      const due = await deps.store.due(deps.clock.now(), sweepLimit)
      await Promise.all(
        due.map(({ id, wakeAt }) =>
          look(id, wakeAt).catch((thrown: unknown) => {
            deps.log.error('a deadline could not be looked at; the next sweep tries again', {
              id,
              reason: reasonOf(thrown),
            })
          }),
        ),
      )
    },
    audit: async () => {
      const now = deps.clock.now()
      const [latest] = await deps.store.due(now, 1)
      const late = latest ? now - latest.wakeAt : 0
      if (late > alarmAfter)
        deps.log.error('a deadline was missed by bell and sweep', { id: latest?.id, late })
      return late
    },
  }
}

/** Runs a task again and again, `every` after it ended; what it throws is logged, and it goes on. Stops when told. */
export function repeat(
  task: { readonly name: string; readonly every: Duration; readonly run: () => Promise<unknown> },
  deps: { readonly clock: Clock; readonly log: Log },
): () => void {
  let stopped = false
  let cancel = (): void => {}
  async function turn(): Promise<void> {
    try {
      await task.run()
    } catch (thrown) {
      const fields = { task: task.name, reason: reasonOf(thrown) }
      if (thrown instanceof RetryableError) deps.log.warn('a periodic task will be tried again', fields)
      else deps.log.error('a periodic task failed', fields)
    }
    // Real seconds, whatever the speed of the clock: a sweep is about this machine.
    if (!stopped) cancel = deps.clock.after(task.every / deps.clock.real(1), () => void turn())
  }
  void turn()
  return () => {
    stopped = true
    cancel()
  }
}

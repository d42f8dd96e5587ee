// A bell rings, a sweep finds bells that were lost, an auditor says so when both failed.
import { RetryableError, isOfNewer, reasonOf } from '../errors.ts'
import type { Duration, IncidentId, Instant, RunId } from '../ids.ts'
import { minute, second } from '../ids.ts'
import type { Bells, Clock, Log, Store } from '../ports.ts'

const sweepLimit = 500
/** How many of those that still wait are looked at in one go; there are as many as open incidents and runs. */
const surveyLimit = 5_000
/** A deadline that is this late means that bell and sweep have both failed; DESIGN: met within a second while up. */
const alarmAfter: Duration = 5 * second
/** A look that lasts longer has come to nothing. */
const longLook: Duration = 2 * minute

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
  /** Begins a look at whatever is due and is not being looked at; waits for none of them. */
  readonly sweep: () => Promise<void>
  /**
   * Begins a look at all that waits, due or not: what was written by a clock that was ahead is brought back to now by
   * that.
   */
  readonly survey: () => Promise<void>
  /** Resolves when nothing is being looked at any more. */
  readonly idle: () => Promise<void>
  /** How late the latest deadline that was not met is; 0 when all are on time, or looked at. */
  readonly late: () => Promise<Duration>
  /** Says in the log when bell and sweep have both failed. */
  readonly audit: () => Promise<void>
}

/** Joins bells and sweep; each id is looked at once at a time. */
export function createDeadlines(deps: DeadlineDeps): Deadlines {
  /** What only a newer version of the bot understands: its deadlines are not met here. */
  const strange = new Set<string>()
  const looking = new Map<string, { readonly work: Promise<void>; readonly since: Instant }>()

  function look(id: IncidentId | RunId, at: Instant): Promise<void> {
    const already = looking.get(id)
    if (already) return already.work
    const work = deps
      .look(id)
      .then(() => met(at))
      .then(
        () => void strange.delete(id),
        (thrown: unknown) => {
          if (isOfNewer(thrown)) strange.add(id)
          throw thrown
        },
      )
      .finally(() => looking.delete(id))
    looking.set(id, { work, since: deps.clock.now() })
    return work
  }

  /** What was looked at before its time, by a survey, was no deadline. */
  function met(at: Instant): void {
    const late = deps.clock.now() - at
    if (late >= 0) deps.met(late)
  }

  /** It was begun in time: a provider that is slow to answer is no bell that was lost. */
  function isMet(id: string, now: Instant): boolean {
    const under = looking.get(id)
    return under !== undefined && now - under.since < longLook
  }

  async function latest(): Promise<{ readonly id?: string; readonly late: Duration }> {
    const now = deps.clock.now()
    const due = await deps.store.due(now, sweepLimit)
    const found = due.find(({ id }) => !strange.has(id) && !isMet(id, now))
    return found ? { id: found.id, late: now - found.wakeAt } : { late: 0 }
  }

  deps.bells.onRing(look)

  /** Nobody waits for it. */
  function begin(id: IncidentId | RunId, at: Instant): void {
    if (looking.has(id)) return
    look(id, at).catch((thrown: unknown) => {
      // The store has told of it.
      if (isOfNewer(thrown)) return
      deps.log.error('a deadline could not be looked at; the next sweep tries again', {
        id,
        reason: reasonOf(thrown),
      })
    })
  }

  return {
    sweep: async () => {
      const due = await deps.store.due(deps.clock.now(), sweepLimit)
      // A look at a run lasts as long as its provider takes to answer: nobody else's deadline waits for that.
      for (const { id, wakeAt } of due) begin(id, wakeAt)
    },
    survey: async () => {
      const waiting = await deps.store.due(Number.MAX_SAFE_INTEGER, surveyLimit)
      for (const { id, wakeAt } of waiting) begin(id, wakeAt)
    },
    idle: async () => {
      while (looking.size > 0) await Promise.allSettled([...looking.values()].map(({ work }) => work))
    },
    late: async () => (await latest()).late,
    audit: async () => {
      const { id, late } = await latest()
      if (late > alarmAfter) deps.log.error('a deadline was missed by bell and sweep', { id, late })
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

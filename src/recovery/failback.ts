// The way back: which run is to be undone.
import { UserError } from '../errors.ts'
import { changedSomething } from './change.ts'
import type { Context } from './draft.ts'
import type { Run } from './run.ts'

/** The newest run of the system whose changes stand. Throws UserError when there is none, or one is still under way. */
export function runToUndo(context: Pick<Context, 'ask' | 'history'>): Run {
  const { system, recovery } = context.ask
  const runs = context.history.filter(
    (run) =>
      run.system === system &&
      run.direction === 'failover' &&
      (recovery === undefined || run.recovery === recovery),
  )
  const open = runs.find((run) => run.state === 'running' || run.state === 'unknown')
  if (open) {
    throw new UserError(
      'run-under-way',
      `${open.id} (failover ${system} to ${open.recovery}) is ${open.state}. Wait for its end, or stop it: cancel ${open.id}`,
    )
  }
  const found = runs.find((run) => changedSomething(run) && run.undoneBy === undefined)
  if (found) return found
  throw new UserError(
    'nothing-to-undo',
    `Nothing of ${system} is to be undone: no failover of this bot stands. To see what ran: runs`,
  )
}

/** The ways back of a run that were begun and cut short, the oldest first: what they have done is known, too. */
export function cutShort(history: readonly Run[], run: Pick<Run, 'id'>): readonly Run[] {
  return history
    .filter(
      (one) =>
        one.undoes === run.id &&
        (one.state === 'cancelled' || one.state === 'failed') &&
        changedSomething(one),
    )
    .toReversed()
}

/** That a way back goes on from where earlier ones were cut short; nothing when there are none. */
export function goesOnText(earlier: readonly Run[]): readonly string[] {
  return earlier.map(
    ({ id, state }) =>
      `${id}, an earlier way back, ${state === 'failed' ? 'failed' : 'was cancelled'} half-way: this goes on from there`,
  )
}

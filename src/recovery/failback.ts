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

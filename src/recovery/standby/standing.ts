// Which run has the standby zone in its hands, so that it is left as it is: always as the runs are now.
import type { Store } from '../../ports.ts'
import { changedSomething } from '../run.ts'
import type { Run } from '../run.ts'

const lookedThrough = 200

/** The failover that stands, or a run that is under way: the standby may answer the world, and is not touched. */
export async function standingRun(store: Pick<Store, 'runs'>, zone: string): Promise<Run | undefined> {
  return standingIn(await store.runs({ open: false, limit: lookedThrough, lasting: true }), zone)
}

/** The same among these runs, newest first. */
export function standingIn(runs: readonly Run[], zone: string): Run | undefined {
  return runs.find((run) => {
    if (!isAbout(run, zone)) return false
    if (run.state === 'running' || run.state === 'unknown') return true
    return run.direction === 'failover' && changedSomething(run) && run.undoneBy === undefined
  })
}

function isAbout({ steps }: Run, zone: string): boolean {
  return steps.some(
    ({ action }) =>
      (action.provider === 'standby-dns' || action.provider === 'delegation') && action.zone === zone,
  )
}

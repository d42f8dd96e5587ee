// What later runs have taken over from earlier ones: part by part, since a lock that they share says nothing of each part.
import { changedSomething } from './run.ts'
import type { Run, Step } from './run.ts'
import { isGroupTarget } from './sql-action.ts'
import { partsOf } from './world.ts'

/** Without those that were undone since, and without what has undone them: of both together nothing is left. */
export function inForce(runs: readonly Run[]): readonly Run[] {
  const undone = new Set(runs.flatMap(({ id, undoneBy }) => (undoneBy === undefined ? [] : [id])))
  return runs.filter(({ id, undoes }) => !undone.has(id) && (undoes === undefined || !undone.has(undoes)))
}

/** Whether these runs were carried out on all that it was at work on. */
export function isCoveredBy({ proposal }: Pick<Run, 'proposal'>, later: readonly Run[]): boolean {
  const own = proposal.targets.filter((target) => !isGroupTarget(target))
  const targets = later.filter(({ state }) => state === 'done').flatMap((run) => run.proposal.targets)
  return own.length > 0 && own.every((target) => targets.includes(target))
}

/** A failover that is done and not undone, and the parts of what it has set that are still its own matter. */
export interface Standing {
  readonly run: Run
  readonly parts: ReadonlySet<string>
}

/** All that stand, and that somebody could undo unseen. `runs`: newest first. */
export function standing(runs: readonly Run[]): readonly Standing[] {
  return runs.flatMap((run, index) => {
    if (!isStanding(run)) return []
    const taken = new Set(inForce(runs.slice(0, index)).flatMap(partsAtWork))
    const parts = new Set(partsIn(run.steps.filter(({ phase }) => phase === 'done'))).difference(taken)
    return parts.size === 0 ? [] : [{ run, parts }]
  })
}

export function isStanding({ state, direction, undoneBy }: Run): boolean {
  return state === 'done' && direction === 'failover' && undoneBy === undefined
}

/** What is under way counts with all that it will change. */
function partsAtWork(run: Run): readonly string[] {
  if (run.state === 'running' || run.state === 'unknown') return partsIn(run.steps)
  return changedSomething(run) ? partsIn(run.steps.filter(({ phase }) => phase === 'done')) : []
}

function partsIn(steps: readonly Step[]): readonly string[] {
  return steps.flatMap(({ action, undo }) => (undo === undefined ? [] : partsOf(action)))
}

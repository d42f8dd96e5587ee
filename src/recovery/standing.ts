// Looks whether what failovers have set still holds: a reload, or somebody at a provider's own console, may have undone it.
import { reasonOf } from '../errors.ts'
import type { Providers } from '../ports.ts'
import type { Readers } from '../readers.ts'
import { createCalls } from './calls.ts'
import type { Calls } from './calls.ts'
import { changedSomething } from './change.ts'
import { apply } from './commit.ts'
import type { LoopDeps } from './commit.ts'
import type { Run } from './run.ts'
import { goneOf } from './world.ts'

export interface StandingDeps extends LoopDeps {
  readonly providers: Providers
  readonly readers: Readers
}

/** How far back failovers are looked for that still stand. */
const lookedThrough = 200

/**
 * One look at everything that failovers of this bot have left behind. What does not hold any more becomes an event, and
 * words in the incident's room; so does what holds again. A provider that is silent says nothing about it.
 */
export function createStandingLook(deps: StandingDeps): () => Promise<void> {
  const calls = createCalls(deps.providers, deps.readers)
  return async () => {
    const runs = await standingRuns(deps)
    await Promise.all(runs.map((run) => lookAt(deps, calls, run)))
  }
}

async function standingRuns({ store }: StandingDeps): Promise<readonly Run[]> {
  return standing(await store.runs({ open: false, limit: lookedThrough }))
}

/**
 * Failovers that are done and not undone, but for those on whose targets a later run has been at work: then it is that
 * one which counts. `runs`: newest first.
 */
function standing(runs: readonly Run[]): readonly Run[] {
  return runs.filter((run, index) => {
    if (run.state !== 'done' || run.direction !== 'failover' || run.undoneBy !== undefined) return false
    const later = runs.slice(0, index).filter(isAtWork)
    return !later.some(({ proposal }) =>
      proposal.targets.some((target) => run.proposal.targets.includes(target)),
    )
  })
}

function isAtWork(run: Run): boolean {
  return run.state === 'running' || run.state === 'unknown' || changedSomething(run)
}

async function lookAt(deps: StandingDeps, calls: Calls, run: Run): Promise<void> {
  const { gone, silent } = await goneIn(deps, calls, run)
  if (gone.length === 0 && run.gone === undefined) return
  // What was gone may be where nobody answers now: that is no news.
  if (silent && (gone.length === 0 || run.gone !== undefined)) return
  // What is just being undone, or done anew, has changed while it was looked at.
  const still = await standingRuns(deps)
  if (!still.some(({ id }) => id === run.id)) return
  await apply(deps, run.id, gone.length === 0 ? { kind: 'holds' } : { kind: 'gone', text: gone.join('; ') })
}

/** In what the world is not as the run left it, each once; `silent`: a part of it could not be seen. */
async function goneIn(
  { log }: StandingDeps,
  calls: Calls,
  run: Run,
): Promise<{ readonly gone: readonly string[]; readonly silent: boolean }> {
  let silent = false
  const found = await Promise.all(
    run.steps.map(async ({ action, phase, undo }): Promise<readonly string[]> => {
      const words = phase === 'done' && undo !== undefined ? goneOf(action) : undefined
      if (!words) return []
      try {
        return words(await calls.observe(action))
      } catch (thrown) {
        silent = true
        log.debug('whether a failover still holds could not be seen', {
          run: run.id,
          reason: reasonOf(thrown),
        })
        return []
      }
    }),
  )
  return { gone: [...new Set(found.flat())], silent }
}

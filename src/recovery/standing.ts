// Looks whether what failovers have set still holds: a reload, or somebody at a provider's own console, may have undone it.
import { reasonOf } from '../errors.ts'
import type { Providers } from '../ports.ts'
import type { Readers } from '../readers.ts'
import { createCalls } from './calls.ts'
import type { Calls } from './calls.ts'
import { apply } from './commit.ts'
import type { LoopDeps } from './commit.ts'
import { standing } from './taken-over.ts'
import type { Standing } from './taken-over.ts'
import { goneOf, partsOf } from './world.ts'

export interface StandingDeps extends LoopDeps {
  readonly providers: Providers
  readonly readers: Readers
}

/** How far back runs are looked through beside those that still matter. */
const lookedThrough = 200

/**
 * One look at everything that failovers of this bot have left behind. What does not hold any more becomes an event, and
 * words in the incident's room; so does what holds again. A provider that is silent says nothing about it.
 */
export function createStandingLook(deps: StandingDeps): () => Promise<void> {
  const calls = createCalls(deps.providers, deps.readers)
  return async () => {
    const all = await readStanding(deps)
    await Promise.all(all.map((one) => lookAt(deps, calls, one)))
  }
}

async function readStanding({ store }: StandingDeps): Promise<readonly Standing[]> {
  return standing(await store.runs({ open: false, limit: lookedThrough, lasting: true }))
}

async function lookAt(deps: StandingDeps, calls: Calls, { run, parts }: Standing): Promise<void> {
  const { gone, silent } = await goneIn(deps, calls, { run, parts })
  if (gone.length === 0 && run.gone === undefined) return
  // What was gone may be where nobody answers now: that is no news.
  if (silent && (gone.length === 0 || run.gone !== undefined)) return
  // What is just being undone, or done again, has changed while it was looked at.
  const still = (await readStanding(deps)).find((one) => one.run.id === run.id)
  if (!still || still.parts.symmetricDifference(parts).size > 0) return
  await apply(deps, run.id, gone.length === 0 ? { kind: 'holds' } : { kind: 'gone', text: gone.join('; ') })
}

/** In what the world is not as the run left it, each once; `silent`: a part of it could not be seen. */
async function goneIn(
  { log }: StandingDeps,
  calls: Calls,
  { run, parts }: Standing,
): Promise<{ readonly gone: readonly string[]; readonly silent: boolean }> {
  let silent = false
  const found = await Promise.all(
    run.steps.map(async ({ action, phase, undo }): Promise<readonly string[]> => {
      const own = new Set(partsOf(action)).intersection(parts)
      if (phase !== 'done' || undo === undefined || own.size === 0) return []
      try {
        return goneOf(action, await calls.observe(action), own)
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

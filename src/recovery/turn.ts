// Whose turn it is: who has written an intent acts alone for a while, whatever the clocks of the others show.
import type { Duration, Instant } from '../ids.ts'
import { second } from '../ids.ts'
import type { Clock, Store } from '../ports.ts'
import { callLimit } from './calls.ts'
import { pause } from './hurry.ts'
import type { Step } from './run.ts'

interface TurnDeps {
  readonly store: Pick<Store, 'time'>
  readonly clock: Clock
}

/** Whoever wrote an intent has given up this long before somebody else may look, in real milliseconds. */
export const margin: Duration = 3 * second

/** How long a call about this step's action keeps others away, in this clock's time. */
export function lease({ clock }: Pick<TurnDeps, 'clock'>, step: Pick<Step, 'action'>): Duration {
  return Math.ceil((callLimit(step.action) + margin) / clock.real(1))
}

/** Until when this process may act alone, from now: by its own clock, and by the store's, which the others go by. */
export async function turnAt(
  deps: TurnDeps,
  step: Step,
): Promise<{ readonly until: Instant; readonly aloneUntil: Instant }> {
  const length = lease(deps, step)
  // Its own comes first: however long the store takes to answer, it gives up before others begin.
  const until = deps.clock.now() + length
  return { until, aloneUntil: (await deps.store.time()) + length }
}

/**
 * Until when nobody looks at a step whose start was not answered, by the store's clock: the request may still be on its
 * way, and whoever looks before it has arrived starts it again.
 */
export async function waitsUntil(deps: TurnDeps, step: Step): Promise<Instant> {
  return (await deps.store.time()) + Math.min(pause * Math.max(1, step.attempts), lease(deps, step))
}

/** Whether whoever wrote the intent may be acting now. What is further away than any turn lasts is of a clock that was set back. */
export async function isAnothersTurn(deps: TurnDeps, step: Step): Promise<boolean> {
  if (step.aloneUntil === undefined) return false
  const left = step.aloneUntil - (await deps.store.time())
  return left > 0 && left <= lease(deps, step)
}

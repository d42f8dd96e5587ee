// Doing what was decided: at once in this process, again through the queue when it fails, found by a sweep when it was lost.
import { RetryableError, reasonOf } from '../errors.ts'
import type { Duration, Instant } from '../ids.ts'
import { second } from '../ids.ts'
import type { Effect } from '../effect.ts'
import type { EffectQueue, Store } from '../ports.ts'
import { createTries, specOf, sweptAfter } from './tries.ts'
import type { Failure, Performers, TryDeps } from './tries.ts'
import { createTurns } from './turns.ts'

export interface OutboxDeps extends TryDeps {
  readonly store: TryDeps['store'] & Pick<Store, 'lend'>
  readonly queue: EffectQueue
}

export interface Outbox {
  /** Starts effects that this process has just committed. */
  readonly start: (effects: readonly Effect[]) => void
  /** Tries at once what has failed here and waits to be tried again without end: what it failed by may be over. */
  readonly hurry: () => void
  /** Takes what nobody is at: after a crash here or elsewhere, or when the answer to a commit was lost. */
  readonly sweep: () => Promise<number>
  /** Resolves when nothing is under way any more; what only waits for its interval is not under way. */
  readonly idle: () => Promise<void>
  /** Begins nothing more, and waits a little for what is under way. */
  readonly close: () => Promise<void>
}

const sweepLimit = 200
/** GoAlert's figure for sending again: 15 s between tries (its engine/message). The first tries are quicker. */
const pauses: readonly Duration[] = [1 * second, 3 * second, 15 * second]
/** How long `close` waits, in real milliseconds. */
const closeTimeout: Duration = 2 * second

/** `performers` is asked late, since the composition root joins them after the outbox exists. */
export function createOutbox(deps: OutboxDeps, performers: () => Performers): Outbox {
  /** Until when a key that coalesces is left alone. */
  const rests = new Map<string, Instant>()
  const turns = createTurns<Failure | undefined>()
  const waiting = new Map<string, Effect>()
  const attempt = createTries(deps, performers, {
    begun: (effect) => {
      const every = everyOf(effect)
      if (every === undefined) return
      const now = deps.clock.now()
      for (const [key, until] of rests) if (until <= now) rests.delete(key)
      rests.set(effect.key, now + every)
    },
    again: (effect) => turns.again(effect.key, () => begin(effect)),
  })
  let closed = false

  function everyOf(effect: Effect): Duration | undefined {
    return specOf(performers(), effect)?.every
  }

  /** Nobody waits for it, and nothing that it meets may end this process: the store still has the effect. */
  function begin(effect: Effect, own = false): void {
    startOne(effect, own).catch((thrown: unknown) => {
      deps.log.error('effect left to the sweep', { key: effect.key, reason: reasonOf(thrown) })
    })
  }

  /** What fails here is tried again through the queue, which outlives this process. `own`: fresh from a commit of ours. */
  async function startOne(effect: Effect, own: boolean): Promise<void> {
    if (closed) return
    const failure = await run(effect, own)
    if (!failure) return
    try {
      const pause = failure.error.after ?? pauseAfter(failure.tried)
      await deps.queue.put(effect, deps.clock.now() + pause)
    } catch (thrown) {
      // The store itself is down: the effect is still in it, and the sweep finds it when it is back.
      deps.log.error('effect left to the sweep', { key: effect.key, reason: reasonOf(thrown) })
    }
  }

  function run(effect: Effect, own: boolean): Promise<Failure | undefined> {
    return turns.take(effect.key, {
      pause: interval(effect),
      run: () => noted(effect, attempt(effect, own)),
      onceMore: () => begin(effect),
    })
  }

  async function noted(effect: Effect, trying: Promise<Failure | undefined>): Promise<Failure | undefined> {
    const failure = await trying
    if (failure?.endless) waiting.set(effect.key, effect)
    else waiting.delete(effect.key)
    return failure
  }

  /** The rest of the interval of an effect that coalesces; undefined when there is none to wait for. */
  function interval(effect: Effect): Promise<void> | undefined {
    const left = (rests.get(effect.key) ?? 0) - deps.clock.now()
    if (left <= 0) return undefined
    return new Promise((resolve) => {
      deps.clock.after(left, resolve)
    })
  }

  async function sweep(): Promise<number> {
    const found = await deps.store.lend(deps.clock.now(), sweepLimit)
    // What this process is at comes too when that takes long.
    const idle = found.filter((effect) => !turns.has(effect.key))
    for (const effect of idle) begin(effect)
    return idle.length
  }

  deps.queue.onEffect(async (effect) => {
    if (closed) throw new RetryableError('this process is being stopped')
    const failure = await run(effect, false)
    if (failure) throw failure.error
  })
  return {
    start: (effects) => {
      for (const effect of effects) begin(effect, true)
    },
    // Another process may have done it meanwhile: then there is nothing to take.
    hurry: () => {
      for (const effect of waiting.values()) begin(effect)
    },
    sweep,
    idle: turns.idle,
    close: async () => {
      closed = true
      let cancel = (): void => {}
      const late = new Promise<void>((resolve) => {
        cancel = deps.clock.after(closeTimeout / deps.clock.real(1), resolve)
      })
      await Promise.race([turns.idle(), late])
      cancel()
    },
  }
}

function pauseAfter(tried: number): Duration {
  return pauses[Math.min(tried, pauses.length) - 1] ?? sweptAfter
}

// Doing what was decided: at once in this process, again through the queue when it fails, found by a sweep when it was lost.
import { RetryableError, reasonOf } from '../errors.ts'
import type { Duration } from '../ids.ts'
import { second } from '../ids.ts'
import type { Clock, Effect, EffectBody, EffectQueue, Log, Store } from '../ports.ts'

type Kind = EffectBody['kind']

/** How each kind of effect is done. A thrown RetryableError means try again; `lost` is told when that has no end. */
export type Performers = {
  readonly [K in Kind]: {
    readonly perform: (
      body: Extract<EffectBody, { readonly kind: K }>,
      key: string,
      signal: AbortSignal,
    ) => Promise<void>
    /** After this many tries it is given up and `giveUp` decides what follows; absent: tried until it succeeds. */
    readonly tries?: number
    readonly giveUp?: (body: Extract<EffectBody, { readonly kind: K }>, reason: string) => Promise<void>
    /** The same key is done at most this often. */
    readonly every?: Duration
  }
}

export interface OutboxDeps {
  readonly store: Pick<Store, 'effectDone' | 'effectLater' | 'lend'>
  readonly queue: EffectQueue
  readonly clock: Clock
  readonly log: Log
  /** How long one try may take in real milliseconds. */
  readonly timeout: Duration
}

export interface Outbox {
  /** Starts effects that this process has just committed. */
  readonly start: (effects: readonly Effect[]) => void
  /** Takes what nobody else does: after a restart, after a crash elsewhere. */
  readonly sweep: () => Promise<number>
  /** Resolves when nothing is under way any more. */
  readonly idle: () => Promise<void>
}

const lentFor: Duration = 30 * second
const sweepLimit = 200
/** GoAlert's figure for sending again: 15 s between tries (its engine/message). The first tries are quicker. */
const pauses: readonly Duration[] = [1 * second, 3 * second, 15 * second]

/** `perform` is filled in by the composition root, which alone knows all edges. */
export function createOutbox(deps: OutboxDeps, performers: () => Performers): Outbox {
  const running = new Map<string, { again: boolean; done: Promise<void> }>()
  const attempts = new Map<string, number>()
  const lastDone = new Map<string, number>()

  function start(effects: readonly Effect[]): void {
    for (const effect of effects) launch(effect)
  }

  function launch(effect: Effect): void {
    const already = running.get(effect.key)
    if (already) {
      already.again = true
      return
    }
    const entry = { again: false, done: Promise.resolve() }
    running.set(effect.key, entry)
    entry.done = pause(effect)
      .then(() => attempt(effect))
      .finally(() => {
        running.delete(effect.key)
        if (entry.again) launch(effect)
      })
  }

  /** Waits out the rest of the interval of an effect that coalesces. */
  function pause(effect: Effect): Promise<void> {
    const every = performers()[effect.body.kind].every
    const last = lastDone.get(effect.key)
    if (every === undefined || last === undefined) return Promise.resolve()
    const left = last + every - deps.clock.now()
    if (left <= 0) return Promise.resolve()
    return new Promise((resolve) => {
      deps.clock.after(left, resolve)
    })
  }

  async function attempt(effect: Effect): Promise<void> {
    const { every } = performers()[effect.body.kind]
    if (every !== undefined) lastDone.set(effect.key, deps.clock.now())
    try {
      await perform(effect)
      attempts.delete(effect.key)
      await deps.store.effectDone(effect.key)
    } catch (thrown) {
      await failed(effect, thrown)
    }
  }

  async function perform(effect: Effect): Promise<void> {
    const signal = AbortSignal.timeout(deps.timeout)
    const { perform: run } = performers()[effect.body.kind] as Performers[Kind] & {
      perform: (body: EffectBody, key: string, signal: AbortSignal) => Promise<void>
    }
    await Promise.race([run(effect.body, effect.key, signal), aborted(signal)])
  }

  async function failed(effect: Effect, thrown: unknown): Promise<void> {
    const tried = (attempts.get(effect.key) ?? 0) + 1
    attempts.set(effect.key, tried)
    const reason = reasonOf(thrown)
    const spec = performers()[effect.body.kind] as Performers[Kind] & {
      giveUp?: (body: EffectBody, reason: string) => Promise<void>
    }
    const hopeless = !(thrown instanceof RetryableError)
    deps.log.warn('effect failed', { key: effect.key, kind: effect.body.kind, tried, reason })
    try {
      if (spec.giveUp && (hopeless || tried >= (spec.tries ?? Infinity))) {
        await spec.giveUp(effect.body, reason)
        attempts.delete(effect.key)
        await deps.store.effectDone(effect.key)
        return
      }
      await later(effect, tried, thrown)
    } catch (again) {
      // The store itself is down: the effect is still in it, and the sweep finds it when it is back.
      deps.log.error('effect left to the sweep', { key: effect.key, reason: reasonOf(again) })
    }
  }

  async function later(effect: Effect, tried: number, thrown: unknown): Promise<void> {
    const asked = thrown instanceof RetryableError ? thrown.after : undefined
    const wait = asked ?? pauses[Math.min(tried, pauses.length) - 1] ?? lentFor
    const at = deps.clock.now() + wait
    // The sweep is the safety net behind the queue: it may have the effect a little after the queue had its turn.
    await deps.store.effectLater(effect.key, at + lentFor)
    await deps.queue.put(effect, at)
  }

  async function sweep(): Promise<number> {
    const now = deps.clock.now()
    const found = await deps.store.lend(now, now + lentFor, sweepLimit)
    start(found)
    return found.length
  }

  async function idle(): Promise<void> {
    while (running.size > 0) await Promise.all([...running.values()].map((each) => each.done))
  }

  deps.queue.onEffect(async (effect) => {
    launch(effect)
    await running.get(effect.key)?.done
  })
  return { start, sweep, idle }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new RetryableError('no answer in time')), { once: true })
  })
}

// Doing what was decided: at once in this process, again through the queue when it fails, found by a sweep when it was lost.
import { RetryableError, reasonOf } from '../errors.ts'
import type { Duration } from '../ids.ts'
import { second } from '../ids.ts'
import { createTurns } from './turns.ts'
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
    /** How long one try may take, in real milliseconds; absent: as long as `OutboxDeps.timeout` says. */
    readonly timeout?: Duration
  }
}

export interface OutboxDeps {
  readonly store: Pick<Store, 'effectDone' | 'effectLater' | 'lend'>
  readonly queue: EffectQueue
  readonly clock: Clock
  readonly log: Log
  /** How long one try may take in real milliseconds, where its performer does not say. */
  readonly timeout: Duration
}

export interface Outbox {
  /** Starts effects that this process has just committed. */
  readonly start: (effects: readonly Effect[]) => void
  /** Takes what nobody else does: after a restart, after a crash elsewhere. */
  readonly sweep: () => Promise<number>
  /** The next sweep takes what is lent too: who committed it may be dead, or never have heard that it was committed. */
  readonly takeOver: () => void
  /** Resolves when nothing is under way any more; what only waits for its interval is not under way. */
  readonly idle: () => Promise<void>
}

const lentFor: Duration = 30 * second
const sweepLimit = 200
/** GoAlert's figure for sending again: 15 s between tries (its engine/message). The first tries are quicker. */
const pauses: readonly Duration[] = [1 * second, 3 * second, 15 * second]

/** `performers` is asked late, since the composition root joins them after the outbox exists. */
export function createOutbox(deps: OutboxDeps, performers: () => Performers): Outbox {
  const attempts = new Map<string, number>()
  const lastDone = new Map<string, number>()
  const latest = new Map<string, Effect>()
  // A start may follow a crash: what was ordered just before it shall not wait until its loan has run out.
  let takingOver = true
  const turns = createTurns<RetryableError | undefined>((key) => {
    const effect = latest.get(key)
    if (effect && coalesces(effect)) void startOne(effect)
  })

  /** Only such an effect is worth doing once more: it shows what is newer by now. */
  function coalesces(effect: Effect): boolean {
    return performers()[effect.body.kind].every !== undefined
  }

  /** What fails here is tried again through the queue, which outlives this process. */
  async function startOne(effect: Effect): Promise<void> {
    const failure = await run(effect)
    if (!failure) return
    try {
      const pause = failure.after ?? pauseAfter(attempts.get(effect.key) ?? 1)
      await deps.queue.put(effect, deps.clock.now() + pause)
    } catch (thrown) {
      // The store itself is down: the effect is still in it, and the sweep finds it when it is back.
      deps.log.error('effect left to the sweep', { key: effect.key, reason: reasonOf(thrown) })
    }
  }

  function run(effect: Effect): Promise<RetryableError | undefined> {
    latest.set(effect.key, effect)
    return turns.take(effect.key, interval(effect), () => attempt(effect))
  }

  /** The rest of the interval of an effect that coalesces; undefined when there is none to wait for. */
  function interval(effect: Effect): Promise<void> | undefined {
    const { every } = performers()[effect.body.kind]
    const last = lastDone.get(effect.key)
    const left = every === undefined || last === undefined ? 0 : last + every - deps.clock.now()
    if (left <= 0) return undefined
    return new Promise((resolve) => {
      deps.clock.after(left, resolve)
    })
  }

  async function attempt(effect: Effect): Promise<RetryableError | undefined> {
    if (coalesces(effect)) lastDone.set(effect.key, deps.clock.now())
    try {
      await perform(effect)
      return await finish(effect)
    } catch (thrown) {
      return failed(effect, thrown)
    }
  }

  async function finish(effect: Effect): Promise<undefined> {
    attempts.delete(effect.key)
    // A newer commit has put the same card again meanwhile: what it wants shown is still to be done.
    if (coalesces(effect) && turns.askedAgain(effect.key)) return
    latest.delete(effect.key)
    await deps.store.effectDone(effect.key)
  }

  async function perform(effect: Effect): Promise<void> {
    const { perform: run, timeout = deps.timeout } = specOf(effect)
    const signal = AbortSignal.timeout(timeout)
    await Promise.race([run(effect.body, effect.key, signal), aborted(signal)])
  }

  async function failed(effect: Effect, thrown: unknown): Promise<RetryableError | undefined> {
    const tried = (attempts.get(effect.key) ?? 0) + 1
    attempts.set(effect.key, tried)
    const reason = reasonOf(thrown)
    const spec = specOf(effect)
    const hopeless = !(thrown instanceof RetryableError)
    deps.log.warn('effect failed', { key: effect.key, kind: effect.body.kind, tried, reason })
    try {
      if (spec.giveUp && (hopeless || tried >= (spec.tries ?? Infinity))) {
        await spec.giveUp(effect.body, reason)
        return await finish(effect)
      }
      await deps.store.effectLater(effect.key, deps.clock.now() + lentFor)
    } catch (again) {
      deps.log.error('effect could not be recorded as failed', { key: effect.key, reason: reasonOf(again) })
    }
    return thrown instanceof RetryableError ? thrown : new RetryableError(reason, { cause: thrown })
  }

  function specOf(effect: Effect): AnyPerformer {
    return performers()[effect.body.kind] as AnyPerformer
  }

  async function sweep(): Promise<number> {
    const now = deps.clock.now()
    const found = await deps.store.lend(takingOver ? now + lentFor : now, now + lentFor, sweepLimit)
    takingOver = takingOver && found.length === sweepLimit
    for (const effect of found) void startOne(effect)
    return found.length
  }

  deps.queue.onEffect(async (effect) => {
    const failure = await run(effect)
    if (failure) throw failure
  })
  return {
    start: (effects) => {
      for (const effect of effects) void startOne(effect)
    },
    sweep,
    takeOver: () => {
      takingOver = true
    },
    idle: turns.idle,
  }
}

/** A performer for whatever body its table entry belongs to. */
interface AnyPerformer {
  readonly perform: (body: EffectBody, key: string, signal: AbortSignal) => Promise<void>
  readonly tries?: number
  readonly timeout?: Duration
  readonly giveUp?: (body: EffectBody, reason: string) => Promise<void>
}

function pauseAfter(tried: number): Duration {
  return pauses[Math.min(tried, pauses.length) - 1] ?? lentFor
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new RetryableError('no answer in time')), { once: true })
  })
}

// One try of one effect: it is taken, done, and its store told what became of it.
import { RetryableError, isOfNewer, reasonOf } from '../errors.ts'
import type { Duration, Instant } from '../ids.ts'
import { minute, second } from '../ids.ts'
import type { Taken } from '../commit.ts'
import type { Effect, EffectBody } from '../effect.ts'
import type { Clock, Log, Store } from '../ports.ts'

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
    /** Whether it is tried on all the same after it was given up, until it is done or not wanted any more; absent: no. */
    readonly keeps?: (body: Extract<EffectBody, { readonly kind: K }>, thrown: unknown) => boolean
    /** The same key is done at most this often by this process. */
    readonly every?: Duration
    /** How long one try may take, in real milliseconds; absent: as long as `TryDeps.timeout` says. */
    readonly timeout?: Duration | ((body: Extract<EffectBody, { readonly kind: K }>) => Duration)
  }
}

export interface TryDeps {
  readonly store: Pick<Store, 'commit' | 'effectDone' | 'effectLater' | 'take'>
  readonly clock: Clock
  readonly log: Log
  /** How long one try may take in real milliseconds, where its performer does not say. */
  readonly timeout: Duration
}

/** An effect that was not done, and how often it has been tried. */
export interface Failure {
  readonly error: RetryableError
  readonly tried: number
  /** It is tried until it is done: a try too many costs nothing. */
  readonly endless: boolean
}

/** When the sweep may take what failed, if the queue has not brought it before. */
export const sweptAfter: Duration = 30 * second
/** A warning about the same reason comes once in so long; between them it is for those who look for it. */
const saidAgainAfter: Duration = 10 * minute
/** A key with a version is put by one commit only; any other one is put again by whoever wants it done once more. */
const ofOneCommit = /-v\d+-\d+$/

/** What the outbox hears of a try. */
interface Listener {
  /** It is really being done now. */
  readonly begun: (effect: Effect) => void
  /** It is to be done once more after this. */
  readonly again: (effect: Effect) => void
}

/** Makes the function that tries an effect once; `own`: fresh from a commit of this process. Answers why it was not done. */
export function createTries(
  deps: TryDeps,
  performers: () => Performers,
  tell: Listener,
): (effect: Effect, own: boolean) => Promise<Failure | undefined> {
  /** What was done while the store could not be told. */
  const untold = new Set<string>()
  const fresh = createOnceAWhile(deps.clock)

  async function attempt(effect: Effect, own: boolean): Promise<Failure | undefined> {
    let taken: Taken | undefined
    try {
      // A fresh page is this process's already, and nobody else can have put it: it goes out without another question.
      taken = own && ofOneCommit.test(effect.key) ? { effect, tried: 0 } : await deps.store.take(effect.key)
    } catch (thrown) {
      return { error: retryable(thrown), tried: 1, endless: false }
    }
    if (!taken) {
      untold.delete(effect.key)
      return undefined
    }
    const spec = specOf(performers(), taken.effect)
    if (!spec) {
      await leave(taken.effect)
      return undefined
    }
    try {
      tell.begun(effect)
      if (!untold.has(effect.key)) await perform(spec, taken.effect)
    } catch (thrown) {
      if (!isOfNewer(thrown)) return failed(spec, taken, thrown)
      await leave(taken.effect)
      return undefined
    }
    await finish(taken.effect)
    return undefined
  }

  /** Ordered by a newer version, which another process may be, or this one after an upgrade: the sweep finds it for them. */
  async function leave({ key, body }: Effect): Promise<void> {
    const fields = { key, kind: body.kind }
    if (fresh(`unknown kind: ${body.kind}`))
      deps.log.warn('an effect is left to the newer version of the bot that ordered it', fields)
    try {
      await deps.store.effectLater(key, deps.clock.now() + sweptAfter, { untried: true })
    } catch (thrown) {
      deps.log.warn('effect could not be left for later', { ...fields, reason: reasonOf(thrown) })
    }
  }

  async function finish(effect: Effect): Promise<void> {
    const { key } = effect
    try {
      const outcome = await deps.store.effectDone(key)
      untold.delete(key)
      if (outcome === 'again' || (outcome === 'lost' && (await putAgain(effect)))) tell.again(effect)
    } catch (thrown) {
      // It stays with this process, and comes back with a sweep: what is done then is only to tell the store.
      if (ofOneCommit.test(key)) untold.add(key)
      deps.log.warn('effect done, but not recorded yet', { key, reason: reasonOf(thrown) })
    }
  }

  /**
   * This process was taken for dead while it was at it, and what it has shown last may be older than what another one
   * has shown meanwhile: somebody must look once more.
   */
  async function putAgain(effect: Effect): Promise<boolean> {
    if (ofOneCommit.test(effect.key)) return false
    await deps.store.commit({ write: undefined, effects: [effect] })
    return true
  }

  async function perform(spec: AnyPerformer, effect: Effect): Promise<void> {
    const { perform: run, timeout = deps.timeout } = spec
    const signal = AbortSignal.timeout(typeof timeout === 'number' ? timeout : timeout(effect.body))
    await Promise.race([run(effect.body, effect.key, signal), aborted(signal)])
  }

  async function failed(
    spec: AnyPerformer,
    { effect, tried: before }: Taken,
    thrown: unknown,
  ): Promise<Failure | undefined> {
    const { key, body } = effect
    const tried = before + 1
    const reason = reasonOf(thrown)
    const hopeless = !(thrown instanceof RetryableError)
    const over = spec.giveUp !== undefined && (hopeless || tried >= (spec.tries ?? Infinity))
    const level = fresh(`${body.kind}: ${reason}`) ? 'warn' : 'debug'
    deps.log[level]('effect failed', { key, kind: body.kind, tried, reason })
    try {
      if (over) await spec.giveUp?.(body, reason)
      if (over && !spec.keeps?.(body, thrown)) {
        await finish(effect)
        return undefined
      }
      await deps.store.effectLater(key, deps.clock.now() + sweptAfter)
    } catch (again) {
      deps.log.error('effect could not be recorded as failed', { key, reason: reasonOf(again) })
    }
    return { error: retryable(thrown), tried, endless: over || !spec.giveUp }
  }

  return attempt
}

/** How an effect is done; undefined for one whose kind only another version knows. */
export function specOf(performers: Performers, { body }: Effect): AnyPerformer | undefined {
  return Object.hasOwn(performers, body.kind) ? (performers[body.kind] as AnyPerformer) : undefined
}

/** A performer for whatever body its table entry belongs to. */
interface AnyPerformer {
  readonly perform: (body: EffectBody, key: string, signal: AbortSignal) => Promise<void>
  readonly tries?: number
  readonly every?: Duration
  readonly timeout?: Duration | ((body: EffectBody) => Duration)
  readonly giveUp?: (body: EffectBody, reason: string) => Promise<void>
  readonly keeps?: (body: EffectBody, thrown: unknown) => boolean
}

function retryable(thrown: unknown): RetryableError {
  return thrown instanceof RetryableError ? thrown : new RetryableError(reasonOf(thrown), { cause: thrown })
}

/** True for a text that was not asked about for a while: one trouble fails many effects, each again and again. */
function createOnceAWhile(clock: Pick<Clock, 'now'>): (text: string) => boolean {
  const asked = new Map<string, Instant>()
  return (text) => {
    const now = clock.now()
    for (const [each, at] of asked) if (now - at >= saidAgainAfter) asked.delete(each)
    if (asked.has(text)) return false
    asked.set(text, now)
    return true
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new RetryableError('no answer in time')), { once: true })
  })
}

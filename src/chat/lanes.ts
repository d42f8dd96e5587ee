// Order and patience towards a chat: one call at a time where order matters, and none while it has asked to wait.
import { RetryableError } from '../errors.ts'
import type { Duration, Instant } from '../ids.ts'
import type { Clock } from '../ports.ts'

/** Pages wait for nothing; answers are for somebody who is looking; rooms have time. */
export type Lane = 'page' | 'answer' | 'room'

export interface CallOptions {
  readonly lane: Lane
  /** When it aborts the call rejects at once. */
  readonly signal?: AbortSignal
}

/** The bot waits of its own accord, so as not to be limited: the chat was asked for nothing, and nothing is amiss. */
export class OwnWait extends RetryableError {}

/** Real milliseconds as a duration of the bot's clock, which may run faster (a demo's, a test's). */
export function botTime(clock: Clock, real: Duration): Duration {
  return real / clock.real(1)
}

/** Rejects as soon as the signal aborts, at once if it has; the work goes on, and what becomes of it is nobody's concern. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  let stop = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(outOfTime())
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** The answer, or undefined when it takes longer than `ms` real milliseconds. */
export function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), ms)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

function outOfTime(): RetryableError {
  return new RetryableError('no answer in time')
}

export interface Lanes {
  /** Does the work after what was asked for with this key before; without a key at once. Not at all when the signal aborts before. */
  readonly inTurn: <T>(
    key: string | undefined,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ) => Promise<T>
}

/** Lines of work by key. Who waits and runs out of time leaves the line. */
export function createLanes(): Lanes {
  const ends = new Map<string, Promise<unknown>>()

  async function leave(key: string, end: Promise<void>): Promise<void> {
    ends.set(key, end)
    await end
    if (ends.get(key) === end) ends.delete(key)
  }

  async function inTurn<T>(
    key: string | undefined,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const before = (key === undefined ? undefined : ends.get(key)) ?? Promise.resolve()
    const own = afterwards(before, signal, work)
    // Who leaves the line early lets nobody pass whom it was waiting for.
    if (key !== undefined) void leave(key, settled(before, own))
    return own
  }
  return { inTurn }
}

async function afterwards<T>(
  before: Promise<unknown>,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  await unlessAborted(before, signal)
  if (signal?.aborted) throw outOfTime()
  return work()
}

async function settled(...works: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(works)
}

export interface Waits {
  /** Throws RetryableError with the rest of the wait while the key is closed. */
  readonly check: (key: string, what: string) => void
  readonly close: (key: string, wait: Duration) => void
}

/** What the service, such as Slack, has asked to leave alone for a while, by key. */
export function createWaits(service: string, clock: Clock): Waits {
  const until = new Map<string, Instant>()
  return {
    check: (key, what) => {
      const left = (until.get(key) ?? 0) - clock.now()
      if (left > 0)
        throw new RetryableError(`${service} limits ${what}: waiting as it asked.`, { after: left })
    },
    close: (key, wait) => {
      const now = clock.now()
      for (const [each, end] of until) if (end <= now) until.delete(each)
      until.set(key, now + wait)
    },
  }
}

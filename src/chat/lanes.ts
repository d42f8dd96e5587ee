// Order and patience towards a chat: one call at a time where order matters, and none while it has asked to wait.
import { RetryableError } from '../errors.ts'
import { printDuration } from '../drplan/duration.ts'
import { minute, type Duration, type Instant } from '../ids.ts'
import type { Check, Clock } from '../ports.ts'

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
  /**
   * Does the work after what was asked for with this key before; without a key at once. Not at all when the signal
   * aborts before.
   */
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

/**
 * The longest that anything waits because a chat has asked for it, in real milliseconds. Slack counts by the minute
 * (docs.slack.dev, rate limits) and Teams by the second up to the hour (learn.microsoft.com, Teams, "Optimize your bot
 * with rate limiting"): who asks for longer is asked again all the same, which is one call, and pages have no more time.
 */
export const longestWait: Readonly<Record<Lane, Duration>> = {
  page: minute,
  answer: minute,
  room: 5 * minute,
}
/** No longer wait is shown: whatever stands in a header, it can be printed. */
const longestShown: Duration = 30 * 24 * 60 * minute

/** What a chat has asked for: to be left alone so long, in the bot's time, with these calls. */
export interface AskedWait {
  readonly lane: Lane
  readonly what: string
  readonly wait: Duration
}

export interface Waits {
  /** Throws RetryableError with the rest of the wait while the key is closed. */
  readonly check: (key: string, what: string) => void
  /** Answers for how long: as it has asked, but never longer than its lane waits; then with the words for that. */
  readonly close: (key: string, asked: AskedWait) => { readonly wait: Duration; readonly tooLong?: string }
  /** Not ok while it asks for more than that. */
  readonly health: () => Check
}

/** What the service, such as Slack, has asked to leave alone for a while, by key. */
export function createWaits(service: string, clock: Clock): Waits {
  const until = new Map<string, Instant>()
  let last: { readonly text: string; readonly over: Instant } | undefined
  return {
    check: (key, what) => {
      const left = (until.get(key) ?? 0) - clock.now()
      if (left > 0)
        throw new RetryableError(`${service} limits ${what}: waiting as it asked.`, { after: left })
    },
    close: (key, asked) => {
      const now = clock.now()
      for (const [each, end] of until) if (end <= now) until.delete(each)
      const most = longestWait[asked.lane]
      const wait = Math.min(asked.wait, botTime(clock, most))
      until.set(key, now + wait)
      if (wait === asked.wait) return { wait }
      const long = printDuration(Math.min(clock.real(asked.wait), longestShown))
      const tooLong = `${service} asks to be left alone for ${long} with ${asked.what}; it is asked again after ${printDuration(most)}`
      // What is still limited has said so again by then; what nobody asks for any more is forgotten.
      last = { text: tooLong, over: now + 2 * wait }
      return { wait, tooLong }
    },
    health: () => {
      if (last === undefined || last.over <= clock.now()) return { ok: true }
      return {
        ok: false,
        text: `${last.text}. Look at what stands between the bot and ${service}, such as a proxy`,
      }
    },
  }
}

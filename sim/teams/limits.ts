// How often a bot may do what in Teams: per thread and per tenant, as its guide to rate limiting says.
import { Refused } from './answer.ts'

/** Sent to one thread: operations in so many ms (learn.microsoft.com, Teams, "Optimize your bot with rate limiting"). */
const perThread = [
  [7, 1_000],
  [8, 2_000],
  [60, 30_000],
  [1_800, 3_600_000],
] as const
/** Reads of one thread's members. */
const perThreadReads = [
  [14, 1_000],
  [16, 2_000],
  [120, 30_000],
  [3_600, 3_600_000],
] as const
/** All calls of one app in one tenant. */
const perTenant = [[50, 1_000]] as const

export interface Limits {
  /** Counts a call; throws 429 when it is one too many. A refused call counts as well. */
  readonly count: (kind: 'send' | 'read', thread: string) => void
}

export function createLimits(now: () => number): Limits {
  const calls = new Map<string, number[]>()

  function take(key: string, windows: readonly (readonly [number, number])[]): void {
    const at = now()
    const longest = Math.max(...windows.map(([, span]) => span))
    const recent = (calls.get(key) ?? []).filter((each) => each > at - longest)
    recent.push(at)
    calls.set(key, recent)
    for (const [most, span] of windows) {
      if (recent.filter((each) => each > at - span).length > most)
        throw new Refused(429, 'TooManyRequests', 'Too many requests for this thread or tenant.')
    }
  }
  return {
    count: (kind, thread) => {
      take('tenant', perTenant)
      take(`${kind} ${thread}`, kind === 'send' ? perThread : perThreadReads)
    },
  }
}

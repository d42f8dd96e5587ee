// What the bot allows itself towards Teams, so that it is not limited: per thread and per tenant, with room left for pages.
import { second } from '../../ids.ts'
import type { Duration } from '../../ids.ts'
import type { Clock } from '../../ports.ts'
import { botTime, OwnWait } from '../lanes.ts'

type Windows = readonly (readonly [most: number, span: Duration])[]

/**
 * Messages and changes in one thread. Teams takes 7 in a second, 8 in two, 60 in thirty and 1,800 in an hour
 * (learn.microsoft.com, Teams, "Optimize your bot with rate limiting"); rooms leave some of it to answers.
 */
const perThread: Readonly<Record<'room' | 'others', Windows>> = {
  room: [
    [5, second],
    [6, 2 * second],
    [45, 30 * second],
    [1_500, 3_600 * second],
  ],
  others: [
    [7, second],
    [8, 2 * second],
    [60, 30 * second],
    [1_800, 3_600 * second],
  ],
}
/** Calls of the app in the tenant: Teams takes 50 in a second. */
const perTenant: Readonly<Record<'page' | 'answer' | 'room', Windows>> = {
  page: [[50, second]],
  answer: [[40, second]],
  room: [[25, second]],
}
const longest = 3_600 * second
/** Threads that are remembered; who was silent longest is forgotten first. */
const mostThreads = 2_000

export interface Budget {
  /** Takes one call out of the budget. Throws OwnWait with the time until there is one; then nothing is taken. */
  readonly take: (lane: 'page' | 'answer' | 'room', thread: string) => void
}

/** Counts in real time, since Teams does: `elapsed` answers real milliseconds. */
export function createBudget(clock: Clock, elapsed: () => number = () => performance.now()): Budget {
  const threads = new Map<string, number[]>()
  let tenant: number[] = []

  return {
    take: (lane, thread) => {
      const now = elapsed()
      const own = threads.get(thread) ?? []
      const wait = Math.max(
        waitFor(own, perThread[lane === 'room' ? 'room' : 'others'], now),
        waitFor(tenant, perTenant[lane], now),
      )
      if (wait > 0) {
        const text = `Teams takes no more calls for ${thread} just now: waiting so as not to be limited.`
        throw new OwnWait(text, { after: botTime(clock, wait) })
      }
      tenant = [...tenant.filter((each) => each > now - second), now]
      threads.delete(thread)
      threads.set(thread, [...own.filter((each) => each > now - longest), now])
      for (const oldest of threads.keys()) {
        if (threads.size <= mostThreads) break
        threads.delete(oldest)
      }
    },
  }
}

/** Real milliseconds until one more call fits into every window. */
function waitFor(calls: readonly number[], windows: Windows, now: number): Duration {
  const waits = windows.map(([most, span]) => {
    const first = calls[calls.length - most]
    return first === undefined ? 0 : first + span - now
  })
  return Math.max(0, ...waits)
}

// What a clock wrote that was ahead: how much of it is not to be believed, and how it is brought back to now.
import type { Duration, Instant } from './ids.ts'
import { minute } from './ids.ts'

/** Clocks of several machines differ by less; what happened later than that from now was written by a wrong clock. */
export const clockSkew: Duration = minute
/** Instants are larger than this, durations are never: it is September 2001, or thirty years. */
const smallestInstant = 1_000_000_000_000

/**
 * How far ahead the clock was that wrote this: `happened` are moments that were over when they were written; `next` is
 * when it is to be looked at again, which is never more than `longest` away. 0 when all can be believed.
 */
export function aheadBy(
  written: { readonly happened: readonly Instant[]; readonly next: Instant | undefined },
  longest: Duration,
  now: Instant,
): Duration {
  const newest = Math.max(now, ...written.happened) - now
  if (newest > clockSkew) return newest
  return written.next !== undefined && written.next > now + longest ? written.next - now : 0
}

/**
 * The same state with each instant after `now` moved back by `ahead`: what had happened has happened by now, and what
 * waits has at most as long to wait as when it was written. Fields named in `left` stay as they are.
 */
export function broughtBack<S extends object>(
  state: S,
  by: { readonly ahead: Duration; readonly now: Instant; readonly left?: ReadonlySet<string> },
): S {
  const { ahead, now, left } = by
  function back(value: unknown): unknown {
    if (typeof value === 'number') return value > now && value > smallestInstant ? value - ahead : value
    if (Array.isArray(value)) return value.map(back)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [name, left?.has(name) ? field : back(field)]),
    )
  }
  return back(state) as S
}

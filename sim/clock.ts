// A clock that runs like the machine's and can be moved on: minutes of waiting pass at once, in the demo and in tests.
import type { Duration, Instant } from '../src/ids.ts'
import type { Clock } from '../src/ports.ts'

export interface MovableClock extends Clock {
  /** Moves time on; every timer that falls due meanwhile fires, earliest first. */
  readonly skip: (duration: Duration) => void
}

interface Timer {
  readonly at: Instant
  readonly run: () => void
  handle: NodeJS.Timeout
}

/** Starts at `start` (default: now) and runs `speed` times as fast as the machine's (default: as fast). */
export function createMovableClock(
  from: { readonly start?: Instant; readonly speed?: number } = {},
): MovableClock {
  const speed = from.speed ?? 1
  const begun = Date.now()
  let base = from.start ?? begun
  const timers = new Set<Timer>()
  const now = (): Instant => base + Math.round((Date.now() - begun) * speed)

  function arm(timer: Timer): void {
    timer.handle = setTimeout(() => fire(timer), Math.max(0, (timer.at - now()) / speed))
  }
  function fire(timer: Timer): void {
    if (timers.delete(timer)) timer.run()
  }

  return {
    now,
    real: (duration) => duration / speed,
    after: (duration, run) => {
      const timer: Timer = { at: now() + duration, run, handle: setTimeout(() => {}, 0) }
      clearTimeout(timer.handle)
      timers.add(timer)
      arm(timer)
      return () => {
        clearTimeout(timer.handle)
        timers.delete(timer)
      }
    },
    skip: (duration) => {
      base += duration
      for (const timer of [...timers].toSorted((a, b) => a.at - b.at)) {
        clearTimeout(timer.handle)
        if (timer.at <= now()) fire(timer)
        else arm(timer)
      }
    },
  }
}

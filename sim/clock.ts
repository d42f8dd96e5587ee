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

/** Starts at `start`, or now. */
export function createMovableClock(start: Instant = Date.now()): MovableClock {
  let offset = start - Date.now()
  const timers = new Set<Timer>()
  const now = (): Instant => Date.now() + offset

  function arm(timer: Timer): void {
    timer.handle = setTimeout(() => fire(timer), Math.max(0, timer.at - now()))
  }
  function fire(timer: Timer): void {
    if (timers.delete(timer)) timer.run()
  }

  return {
    now,
    real: (duration) => duration,
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
      offset += duration
      for (const timer of [...timers].toSorted((a, b) => a.at - b.at)) {
        clearTimeout(timer.handle)
        if (timer.at <= now()) fire(timer)
        else arm(timer)
      }
    },
  }
}

// The machine's clock and timers as the Clock port.
import type { Clock } from './ports.ts'

/** setTimeout's longest delay; longer ones would fire at once (Node's documentation of timers). */
const longestTimer = 2 ** 31 - 1

export function createClock(): Clock {
  return {
    now: () => Date.now(),
    real: (duration) => duration,
    after: (duration, run) => {
      const timer = setTimeout(run, Math.min(Math.max(0, duration), longestTimer))
      return () => clearTimeout(timer)
    },
  }
}

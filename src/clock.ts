// The machine's clock and timers as the Clock port; at another speed for demonstrations.
import type { Clock } from './ports.ts'

/** setTimeout's longest delay; longer ones fire at once (Node's documentation of timers). */
const longestTimer = 2 ** 31 - 1

/** A clock that runs `speed` times as fast as the machine's, from now on. 1 is the machine's own. */
export function createClock(speed = 1): Clock {
  const begun = Date.now()
  return {
    now: () => (speed === 1 ? Date.now() : begun + Math.round((Date.now() - begun) * speed)),
    real: (duration) => duration / speed,
    after: (duration, run) => {
      const timer = setTimeout(run, Math.min(Math.max(0, duration / speed), longestTimer))
      return () => clearTimeout(timer)
    },
  }
}

// The machine's clock and timers as the Clock port.
import type { Duration, Instant } from './ids.ts'
import type { Clock } from './ports.ts'

/** setTimeout's longest delay; longer ones would fire at once (Node's documentation of timers). */
const longestTimer = 2 ** 31 - 1
/** Clocks are corrected by less than this all the time; more is a step. */
const step: Duration = 1_000

/** What a clock reads: the machine's wall clock, and how long the machine has been running, in milliseconds. */
export interface Readings {
  readonly wall: () => number
  readonly running: () => number
}

export const machine: Readings = { wall: () => Date.now(), running: () => performance.now() }

/** The machine's clock, which knows how far it runs ahead of what the machine shows; 0 as long as that is true. */
export interface MachineClock extends Clock {
  readonly ahead: () => Duration
}

/**
 * A clock that never steps back: deadlines would else be late by as much. After a step of the machine's clock it goes
 * on from where it was, until the machine's has come after it; `steppedBack` is told by how much, once for each step.
 */
export function createClock(
  steppedBack: (by: Duration) => void = () => {},
  { wall, running }: Readings = machine,
): MachineClock {
  let last = { now: wall(), running: running() }
  let ahead = false
  function now(): Instant {
    const at = running()
    const expected = last.now + (at - last.running)
    const shown = wall()
    const back = expected - shown > step
    if (back && !ahead) steppedBack(expected - shown)
    ahead = back
    last = { now: back ? expected : shown, running: at }
    return Math.round(last.now)
  }

  return {
    now,
    ahead: () => Math.max(0, now() - Math.round(wall())),
    shown: () => Math.round(wall()),
    real: (duration) => duration,
    after: (duration, run) => {
      const timer = setTimeout(run, Math.min(Math.max(0, duration), longestTimer))
      return () => clearTimeout(timer)
    },
  }
}

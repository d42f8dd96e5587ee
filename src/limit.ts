// How long a call may take, kept to even by a process that was stopped in the middle of it and goes on much later.
import { machine, type Readings } from './clock.ts'
import type { Duration } from './ids.ts'

/** Each ends its limit if that is over. */
const running = new Set<() => void>()

/** Aborts after so many milliseconds of real time, as AbortSignal.timeout does, or sooner: see `throwIfOver`. */
export function timeLimit(duration: Duration, readings: Readings = machine): AbortSignal {
  const controller = new AbortController()
  const begun = { wall: readings.wall(), running: readings.running() }
  function end(): void {
    clearTimeout(timer)
    running.delete(endIfOver)
    controller.abort(timeIsOver())
  }
  function endIfOver(): void {
    // What runs on while a process is stopped may stand still while its machine sleeps; then the wall clock tells.
    const passed = Math.max(readings.wall() - begun.wall, readings.running() - begun.running)
    if (passed >= duration) end()
  }
  const timer = setTimeout(end, duration).unref()
  running.add(endIfOver)
  return controller.signal
}

/**
 * To be called right before a request that changes something is sent. A process that was stopped (SIGSTOP, a machine
 * that is moved) reads the answers that came meanwhile before its timers fire: it would send a change for which others
 * have long waited, which they have made themselves, and perhaps taken back. So all limits that are over end here, and
 * with them the signals that were made of theirs, as AbortSignal.any and SDKs do.
 * @throws DOMException `TimeoutError` when the signal is aborted by now
 */
export function throwIfOver(signal: Pick<AbortSignal, 'aborted'> | null | undefined): void {
  for (const endIfOver of running) endIfOver()
  if (signal?.aborted) throw timeIsOver()
}

function timeIsOver(): DOMException {
  return new DOMException('The time for it is over', 'TimeoutError')
}

// Trying what time mends again for some seconds: a Redis that dies in the middle of the start is soon back.
import { RetryableError } from '../errors.ts'
import type { Clock } from '../ports.ts'

/** How often something is tried, and the pause between tries in real milliseconds. */
const [tries, pause] = [40, 250]

/** Does the work; after a RetryableError once more, until it has been tried for ten seconds. */
export async function patiently<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  for (let left = tries; ; left -= 1) {
    try {
      return await work()
    } catch (thrown) {
      if (!(thrown instanceof RetryableError) || left <= 1) throw thrown
    }
    await new Promise<void>((resolve) => void clock.after(pause / clock.real(1), resolve))
  }
}

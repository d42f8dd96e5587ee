// How long a provider asks to be left alone, as its header Retry-After says in seconds.
import type { Duration } from '../ids.ts'
import { second } from '../ids.ts'

/** Undefined where the header says nothing: it is not there, empty, a date, or asks for no wait at all. */
export function retryAfter(header: string | null | undefined): Duration | undefined {
  const seconds = Number(header ?? Number.NaN)
  return Number.isFinite(seconds) && seconds > 0 ? seconds * second : undefined
}

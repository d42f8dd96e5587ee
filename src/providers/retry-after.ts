// How long a provider asks to be left alone, as its header Retry-After says in seconds.
import type { Duration } from '../ids.ts'
import { second } from '../ids.ts'

/** Of a fetch's answer, and of the SDKs' own. */
interface Headers {
  readonly get: (name: string) => string | null | undefined
}

/** Undefined where the header says nothing: it is not there, empty, a date, or asks for no wait at all. */
export function retryAfter(headers: Headers | undefined): Duration | undefined {
  const seconds = Number(headers?.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds > 0 ? seconds * second : undefined
}

// What anybody can cause is said sparingly: a line of the log at most once a minute, an answer once in ten.
import { minute } from '../ids.ts'
import type { Duration, Instant } from '../ids.ts'
import type { Clock, Log } from '../ports.ts'

/** Warns at most once a minute: anybody may knock. `refused` in the line counts those since the line before. */
export function createWarning(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  message: string,
): (fields: object) => void {
  let last: Instant | undefined
  let refused = 0
  return (fields) => {
    refused += 1
    const now = clock.now()
    if (last !== undefined && now - last < minute) return
    log.warn(message, { ...fields, refused })
    last = now
    refused = 0
  }
}

/** Whether something is to be said now; true once in ten minutes for each key. */
export type Sparing = (key: string) => boolean

const saidEach: Duration = 10 * minute
/** What was said longest ago is forgotten first. */
const mostKept = 1_000

/** Remembers what was said to whom, in this process. */
export function createSparing(clock: Clock): Sparing {
  const said = new Map<string, Instant>()
  return (key) => {
    const now = clock.now()
    const before = said.get(key)
    if (before !== undefined && now - before < saidEach) return false
    said.delete(key)
    said.set(key, now)
    for (const oldest of said.keys()) {
      if (said.size <= mostKept) break
      said.delete(oldest)
    }
    return true
  }
}

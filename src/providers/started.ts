// When an operation was begun, as its data says: what waits goes on from there, over any restart of the bot.
import type { Duration, Instant } from '../ids.ts'
import type { Operation } from '../recovery/run.ts'

/** How long an operation has been going on; undefined when its data does not say, for its start's answer was lost. */
export function age({ data }: Operation, now: Instant): Duration | undefined {
  const startedAt = data?.['startedAt']
  return typeof startedAt === 'number' ? now - startedAt : undefined
}

/** What is left of the time in which it may end; nothing when nobody knows when it was begun. */
export function leftOf(operation: Operation, within: Duration, now: Instant): Duration {
  return within - (age(operation, now) ?? within)
}

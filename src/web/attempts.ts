// Counts failed sign-ins by address, so that guessing is slow. A good link is let in whatever was tried before it.
import type { Duration, Instant } from '../ids.ts'
import { minute } from '../ids.ts'

const window: Duration = 5 * minute
const most = 10
/** Addresses remembered at once; the oldest give way. */
const addresses = 10_000

export interface Attempts {
  /** Records a failure. True when this address has failed too often lately. */
  readonly failed: (address: string, now: Instant) => boolean
}

export function createAttempts(): Attempts {
  const counts = new Map<string, { readonly until: Instant; readonly count: number }>()
  return {
    failed: (address, now) => {
      const known = counts.get(address)
      const current = known && known.until > now ? known : { until: now + window, count: 0 }
      counts.delete(address)
      counts.set(address, { until: current.until, count: current.count + 1 })
      const [oldest] = counts.keys()
      if (counts.size > addresses && oldest !== undefined) counts.delete(oldest)
      return current.count + 1 > most
    },
  }
}

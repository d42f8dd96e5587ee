// Calls to providers: whatever the action, through its provider, and never longer than a bounded time.
import type { Duration, Instant } from '../ids.ts'
import { second } from '../ids.ts'
import type { Facts, Progress, Providers, Settled } from '../ports.ts'
import type { Readers } from '../readers.ts'
import { timeLimit } from '../limit.ts'
import type { Action } from './action.ts'
import type { Operation } from './run.ts'

/** Providers and readers, each call with its own time limit; late ones throw a RetryableError. */
export interface Calls {
  readonly observe: (action: Action) => Promise<Facts>
  /** `within`: what is left of the time in which nobody else takes over, in real milliseconds. No change is sent after it. */
  readonly start: (action: Action, key: string, within: Duration) => Promise<Operation>
  readonly check: (action: Action, operation: Operation, now: Instant) => Promise<Progress>
  readonly settled: (action: Action, facts: Facts) => Settled
  /**
   * What is read before there is an action; give each call a `limit()` of its own. `least`: time that it must have,
   * in milliseconds.
   */
  readonly readers: Readers
  readonly limit: (least?: Duration) => AbortSignal
}

/** A provider that takes whatever action it was found by. */
interface AnyProvider {
  readonly observe: (action: Action, signal: AbortSignal) => Promise<Facts>
  readonly start: (action: Action, key: string, signal: AbortSignal) => Promise<Operation>
  readonly check: (
    action: Action,
    operation: Operation,
    now: Instant,
    signal: AbortSignal,
  ) => Promise<Progress>
  readonly settled: (action: Action, facts: Facts) => Settled
}

const usual: Duration = 9 * second

/** How long one call about this action may take, in real milliseconds: what asks from outside may be given its own time. */
export function callLimit(action: Action): Duration {
  return action.provider === 'probe' || action.provider === 'certificate' || action.provider === 'sql-query'
    ? Math.max(usual, action.timeout + 2 * second)
    : usual
}

export function createCalls(providers: Providers, readers: Readers): Calls {
  function of(action: Action): AnyProvider {
    return providers[action.provider] as unknown as AnyProvider
  }
  return {
    observe: (action) => of(action).observe(action, timeLimit(callLimit(action))),
    start: (action, key, within) =>
      of(action).start(action, key, timeLimit(Math.min(callLimit(action), within))),
    check: (action, operation, now) => of(action).check(action, operation, now, timeLimit(callLimit(action))),
    settled: (action, facts) => of(action).settled(action, facts),
    readers,
    limit: (least = 0) => timeLimit(Math.max(usual, least)),
  }
}

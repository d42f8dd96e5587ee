// Patience with Graph, which is not what carries messages: while it hangs, rooms go on without it.
import { RetryableError } from '../../errors.ts'
import { second } from '../../ids.ts'
import type { Duration } from '../../ids.ts'
import type { CallOptions } from '../lanes.ts'
import { TeamsSilence } from './api.ts'

/** Real milliseconds for all that is asked of Graph at once, waiting in line included. */
const patience: Duration = 5 * second

/** Does work that asks Graph; throws TeamsSilence when it takes too long while the caller would have had more time. */
export async function briefly<T>(
  options: CallOptions,
  work: (options: CallOptions) => Promise<T>,
): Promise<T> {
  const brief = AbortSignal.timeout(patience)
  const signal = options.signal ? AbortSignal.any([options.signal, brief]) : brief
  try {
    return await work({ ...options, signal })
  } catch (thrown) {
    const late = thrown instanceof RetryableError && brief.aborted && options.signal?.aborted !== true
    throw late ? new TeamsSilence('Microsoft Graph does not answer.', 'later') : thrown
  }
}

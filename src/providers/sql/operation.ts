// Long-running operations of the Azure SQL SDK: begun once, asked once per look, followed after any restart.
import type { Progress } from '../../ports.ts'
import { minute, second } from '../../ids.ts'
import type { Duration, Instant } from '../../ids.ts'
import type { SqlPlace } from '../../recovery/sql-action.ts'
import type { Operation } from '../../recovery/run.ts'
import type { AzurePurpose } from '../azure/errors.ts'
import { sqlPurpose, type SqlAccess } from './read.ts'
import { age } from '../started.ts'

/** The part of the SDK's poller that is used; it is not a promise, unlike those of the newer SDKs. */
interface Poller {
  readonly toString: () => string
  readonly getOperationState: () => { readonly status: string; readonly error?: Error }
}

export interface BeginOptions {
  readonly abortSignal: AbortSignal
  /** The poller as it was kept: nothing is begun then, the operation is asked once how it goes. */
  readonly resumeFrom?: string
  readonly onResponse?: (raw: {
    readonly status: number
    readonly request: { readonly method: string }
  }) => void
}

export type Begin = (options: BeginOptions) => Promise<Poller>

/** How long until the next look at something that takes minutes. */
const lookAgain: Duration = 15 * second

/**
 * Sends what begins an operation, once. The SDK asks the new operation at once how it goes: when only that fails, it
 * has begun all the same, and is followed by looking at what it makes.
 */
export async function begin(
  { azure }: SqlAccess,
  purpose: AzurePurpose,
  at: { readonly key: string; readonly now: Instant; readonly signal: AbortSignal },
  send: Begin,
): Promise<Operation> {
  const startedAt = at.now
  let taken = false
  const onResponse: BeginOptions['onResponse'] = ({ status, request }) => {
    taken ||= request.method !== 'GET' && status < 300
  }
  return azure.call(purpose, at.signal, async (abortSignal) => {
    try {
      const poller = await send({ abortSignal, onResponse })
      return { id: at.key, data: { startedAt, poller: poller.toString() } }
    } catch (thrown) {
      if (taken) return { id: at.key, data: { startedAt } }
      throw thrown
    }
  })
}

/**
 * How an operation has ended, or that it goes on; undefined when it cannot be asked: the start's answer was lost, or
 * it is long over.
 */
export async function outcome(
  { azure }: SqlAccess,
  place: SqlPlace,
  { operation, signal }: { readonly operation: Operation; readonly signal: AbortSignal },
  send: Begin,
): Promise<'running' | 'succeeded' | { readonly failed: string } | undefined> {
  const kept = operation.data?.['poller']
  if (typeof kept !== 'string') return undefined
  const purpose = sqlPurpose(place, 'say how its operation goes', false)
  return azure.call(purpose, signal, async (abortSignal) => {
    let ended: string | undefined
    const poller = await send({ abortSignal, resumeFrom: kept }).catch((thrown: unknown) => {
      ended = endOf(thrown)
      if (ended === undefined) throw thrown
      return undefined
    })
    if (ended === gone) return undefined
    if (!poller) return { failed: ended ?? '' }
    return poller.getOperationState().status === 'succeeded' ? 'succeeded' : 'running'
  })
}

const gone = 'gone'

/** The SDK throws plain errors for operations that have ended badly; those with a status are of the request itself. */
function endOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined
  const status = 'statusCode' in thrown ? thrown.statusCode : undefined
  if (status === 404) return gone
  if (thrown.name !== 'Error') return undefined
  if (thrown.message === 'Operation was canceled') return 'It was cancelled at Azure'
  const failed = /^The long-running operation has failed(?:\. (.*))?$/s.exec(thrown.message)
  return failed ? (failed[1] ?? 'It failed, and Azure gave no reason') : undefined
}

/** What was just taken may not be seen yet. */
export function isFresh(operation: Operation, now: Instant): boolean {
  return (age(operation, now) ?? Infinity) < 2 * minute
}

export function running(note: string, checkAfter = lookAgain): Progress {
  return { state: 'running', note, checkAfter }
}

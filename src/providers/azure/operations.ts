// Long-running operations of Azure's newer SDKs: submitted without waiting for their end, looked at once, restored.
import { UserError } from '../../errors.ts'
import type { Azure } from './azure.ts'
import { lineOf, type AzurePurpose } from './errors.ts'

/**
 * How far an operation is. `unseen`: it cannot be looked at, for lack of a right or because Azure has forgotten it, so
 * that only its resource says what has become of it.
 */
export type OperationSeen =
  | { readonly state: 'running' | 'succeeded' }
  | { readonly state: 'failed' | 'unseen'; readonly reason: string }

/** What is used of the pollers of all newer SDKs. */
interface Poller {
  readonly submitted: () => Promise<void>
  readonly serialize: () => Promise<string>
  readonly poll: (options: { readonly abortSignal: AbortSignal }) => Promise<unknown>
  readonly isDone: boolean
  readonly operationState: { readonly status: string } | undefined
}

/**
 * Sends the request that begins an operation, and answers the poller's state for a later look; undefined when the
 * answer to the request was the end of it already: there is nothing to look at, and such a state cannot be restored.
 * `begin` is no async function: a poller is a thenable, and whatever awaits one waits for the whole operation.
 */
export function submit(
  azure: Azure,
  purpose: AzurePurpose,
  signal: AbortSignal,
  begin: (signal: AbortSignal) => Poller,
): Promise<string | undefined> {
  return azure.call(purpose, signal, async (limit) => {
    const poller = begin(limit)
    await poller.submitted()
    return poller.isDone ? undefined : poller.serialize()
  })
}

/** Looks once. Throws RetryableError when Azure does not answer. */
export async function lookAtOperation(
  azure: Azure,
  purpose: AzurePurpose,
  signal: AbortSignal,
  restore: (signal: AbortSignal) => Poller,
): Promise<OperationSeen> {
  try {
    return await azure.call(purpose, signal, (limit) => pollOnce(restore(limit), limit))
  } catch (thrown) {
    if (!(thrown instanceof UserError) || thrown.code === 'azure-credential') throw thrown
    return { state: 'unseen', reason: thrown.message }
  }
}

/** The SDK throws for an operation that has failed, as it does for a request that has: only the name tells them apart. */
async function pollOnce(poller: Poller, abortSignal: AbortSignal): Promise<OperationSeen> {
  try {
    await poller.poll({ abortSignal })
  } catch (thrown) {
    const ended = ['failed', 'canceled'].includes(poller.operationState?.status ?? '')
    if (!(thrown instanceof Error) || thrown.name !== 'Error' || !ended) throw thrown
    return { state: 'failed', reason: operationError(thrown.message) }
  }
  return { state: poller.isDone ? 'succeeded' : 'running' }
}

/** `AllocationFailed: ...`, without the words that the SDK puts in front. */
function operationError(message: string): string {
  const [, code, text] = /^The long-running operation has failed\. (\w+)\. (.*)$/s.exec(message) ?? []
  if (code === undefined)
    return 'OperationPreempted: the operation was canceled at Azure, or a newer one took its place'
  return `${code}: ${lineOf(text ?? '')}`
}

// Looks that only show something: whoever asked waits for none of them longer than a chat does.
import { reasonOf } from '../errors.ts'
import { second, type Duration } from '../ids.ts'

/** How long any service is waited for, in real milliseconds: chats wait for three seconds. */
const patience: Duration = 2.5 * second

/** A part that was read in time, or why it was not. */
export type Part<T> = { readonly seen: T } | { readonly problem: string }

/** Looks that are begun now, each for as long as all together may take. */
export interface Looking {
  /** `service`: whom it waits for, as people know it. Never rejects. */
  readonly at: <T>(service: string, look: (signal: AbortSignal) => Promise<T>) => Promise<Part<T>>
}

/** What does not answer in time is named, and hides nothing of what does. */
export function looking(): Looking {
  const signal = AbortSignal.timeout(patience)
  // Not every part of an SDK heeds its signal: loading one, or asking for a token, may take longer.
  const late = Promise.withResolvers<never>()
  late.promise.catch(() => {})
  signal.addEventListener('abort', () => late.reject(signal.reason), { once: true })
  return {
    at: async (service, look) => {
      try {
        return { seen: await Promise.race([look(signal), late.promise]) }
      } catch (thrown) {
        if (signal.aborted) return { problem: `${service} did not answer within ${patience / second}s` }
        return { problem: reasonOf(thrown) }
      }
    },
  }
}

/** Queues of one account, each looked at by itself: what is wrong with one says nothing of another. */
export interface SeenQueues<T> {
  readonly seen: readonly T[]
  /** Those that are silent for the same reason are named together. */
  readonly silent: readonly { readonly names: readonly string[]; readonly problem: string }[]
}

/** Looks at them all at once; their order stays. Never rejects. */
export async function queuesInTime<T>(
  { at }: Looking,
  names: readonly string[],
  look: (name: string, signal: AbortSignal) => Promise<readonly T[]>,
): Promise<SeenQueues<T>> {
  const parts = await Promise.all(names.map((name) => at('Azure', (signal) => look(name, signal))))
  const silent = new Map<string, { readonly names: string[]; readonly problem: string }>()
  for (const [index, name] of names.entries()) {
    const part = parts[index]
    if (part === undefined || 'seen' in part) continue
    const problem = part.problem.replace(/\.$/, '')
    const reason = problem.replace(` the queue ${name} `, ' the queues ')
    const known = silent.get(reason)
    silent.set(
      reason,
      known ? { names: [...known.names, name], problem: reason } : { names: [name], problem },
    )
  }
  return { seen: parts.flatMap((part) => ('seen' in part ? part.seen : [])), silent: [...silent.values()] }
}

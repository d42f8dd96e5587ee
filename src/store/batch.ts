// Puts what comes at the same time into few writes: while one is under way the next ones gather, and share its fsync.

interface Waiting<T, R> {
  readonly item: T
  readonly resolve: (result: R) => void
  readonly reject: (reason: unknown) => void
}

/**
 * Makes an `add` that hands items to `write` together, `size` at most, in the order they came; `write` gives one
 * result for each. One write is under way at a time; when it fails, all that wait for the next fail with it, so
 * that nobody waits for a second time-out.
 */
export function createBatch<T, R>(
  size: number,
  write: (items: readonly T[]) => Promise<readonly R[]>,
): (item: T) => Promise<R> {
  let waiting: Waiting<T, R>[] = []
  let busy = false

  async function drain(): Promise<void> {
    let batch: readonly Waiting<T, R>[] = []
    try {
      while (waiting.length > 0) {
        batch = waiting.splice(0, size)
        settle(batch, await write(batch.map(({ item }) => item)))
      }
    } catch (error) {
      const failed = [...batch, ...waiting]
      waiting = []
      for (const one of failed) one.reject(error)
    } finally {
      busy = false
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (busy) return
      busy = true
      setImmediate(() => void drain())
    })
}

function settle<T, R>(batch: readonly Waiting<T, R>[], results: readonly R[]): void {
  for (const [index, result] of results.entries()) batch[index]?.resolve(result)
}

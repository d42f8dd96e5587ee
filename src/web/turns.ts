// Lets so many pieces of work run at a time; the others wait for their turn.

/** Work begins in the order in which it was given. What it resolves or rejects with is passed on. */
export function createTurns(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (work) => {
    if (running < most) running += 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      // Who waits longest takes over the turn; it is given back only when nobody does.
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}

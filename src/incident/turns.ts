// One piece of work at a time for each key; asked for again meanwhile, it is done once more afterwards.

interface Turn<T> {
  /** Begins the next turn; undefined when nobody has asked for one. */
  again: (() => void) | undefined
  /** It waits for its time; nothing is under way yet. */
  waiting: boolean
  done: Promise<T>
}

/** Work on one thing. */
interface Work<T> {
  /** What it waits for before it begins; undefined: it begins at once. */
  readonly pause: Promise<void> | undefined
  readonly run: () => Promise<T>
  /** Called after its turn, when it was asked for again meanwhile. */
  readonly onceMore: () => void
}

export interface Turns<T> {
  /** Does the work, after its pause. While it goes on the same promise is given, and it counts as asked for again. */
  readonly take: (key: string, work: Work<T>) => Promise<T>
  /** Asks for it again while it goes on. */
  readonly again: (key: string, onceMore: () => void) => void
  /** Whether it goes on, or waits for its time. */
  readonly has: (key: string) => boolean
  /** Resolves when no work is under way; what only waits for its time is not. */
  readonly idle: () => Promise<void>
}

export function createTurns<T>(): Turns<T> {
  const turns = new Map<string, Turn<T>>()

  async function go(key: string, { pause, run }: Work<T>): Promise<T> {
    // Nothing begins before the turn is known under its key.
    await (pause ?? Promise.resolve())
    const turn = turns.get(key)
    if (turn) turn.waiting = false
    try {
      return await run()
    } finally {
      turns.delete(key)
      turn?.again?.()
    }
  }

  return {
    take: (key, work) => {
      const already = turns.get(key)
      if (already) {
        already.again = work.onceMore
        return already.done
      }
      const done = go(key, work)
      turns.set(key, { again: undefined, waiting: work.pause !== undefined, done })
      return done
    },
    again: (key, onceMore) => {
      const turn = turns.get(key)
      if (turn) turn.again = onceMore
    },
    has: (key) => turns.has(key),
    idle: async () => {
      const working = () => [...turns.values()].filter((turn) => !turn.waiting).map((turn) => turn.done)
      for (let busy = working(); busy.length > 0; busy = working()) await Promise.allSettled(busy)
    },
  }
}

// One piece of work at a time for each key; asked for again meanwhile, it is done once more afterwards.

interface Turn<T> {
  again: boolean
  /** It waits for its time; nothing is under way yet. */
  waiting: boolean
  done: Promise<T>
}

export interface Turns<T> {
  /** Does the work, after the pause if there is one. While it goes on the same promise is given, and it counts as asked for again. */
  readonly take: (key: string, pause: Promise<void> | undefined, work: () => Promise<T>) => Promise<T>
  /** Whether it was asked for again since its turn began. */
  readonly askedAgain: (key: string) => boolean
  /** Resolves when no work is under way; what only waits for its time is not. */
  readonly idle: () => Promise<void>
}

/** `onceMore` is told of a key that was asked for again, when its turn is over. */
export function createTurns<T>(onceMore: (key: string) => void): Turns<T> {
  const turns = new Map<string, Turn<T>>()

  function begin(key: string, pause: Promise<void> | undefined, work: () => Promise<T>): Promise<T> {
    const done = go(key, pause, work)
    turns.set(key, { again: false, waiting: pause !== undefined, done })
    return done
  }

  async function go(key: string, pause: Promise<void> | undefined, work: () => Promise<T>): Promise<T> {
    // Nothing begins before the turn is known under its key.
    await (pause ?? Promise.resolve())
    const turn = turns.get(key)
    if (turn) turn.waiting = false
    try {
      return await work()
    } finally {
      turns.delete(key)
      if (turn?.again) onceMore(key)
    }
  }

  return {
    take: (key, pause, work) => {
      const already = turns.get(key)
      if (!already) return begin(key, pause, work)
      already.again = true
      return already.done
    },
    askedAgain: (key) => turns.get(key)?.again ?? false,
    idle: async () => {
      const working = () => [...turns.values()].filter((turn) => !turn.waiting).map((turn) => turn.done)
      for (let busy = working(); busy.length > 0; busy = working()) await Promise.allSettled(busy)
    },
  }
}

// Work that stands in line: one after the other for each key, in the order of asking.

/** Does the work when all that was asked for before it under this key has ended, well or not. */
export type InLine = <T>(key: string, work: () => Promise<T>) => Promise<T>

export function createLines(): InLine {
  const ends = new Map<string, Promise<unknown>>()
  return async (key, work) => {
    const before = ends.get(key)
    // How the one before went is the matter of whoever asked for it.
    const mine = before ? before.then(work, work) : work()
    ends.set(key, mine)
    try {
      return await mine
    } finally {
      if (ends.get(key) === mine) ends.delete(key)
    }
  }
}

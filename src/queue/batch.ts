// Gathers what is added in the same tick, so that many small writes become one.

/** Makes an `add` that hands everything added in one tick to `write` together; all share its outcome. */
export function createBatch<T>(write: (items: readonly T[]) => Promise<void>): (item: T) => Promise<void> {
  let gathering: { readonly items: T[]; readonly written: Promise<void> } | undefined

  async function flush(items: readonly T[]): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    gathering = undefined
    await write(items)
  }
  return (item) => {
    if (gathering === undefined) {
      const items: T[] = []
      gathering = { items, written: flush(items) }
    }
    gathering.items.push(item)
    return gathering.written
  }
}

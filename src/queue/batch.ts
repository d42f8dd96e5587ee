// Gathers what is added in the same tick, so that many small writes become a few larger ones.

/** Items in one write at most: a larger one would keep others waiting. */
const writeSize = 500

/** Makes an `add` that hands what is added in one tick to `write` together; those in one write share its outcome. */
export function createBatch<T>(write: (items: readonly T[]) => Promise<void>): (item: T) => Promise<void> {
  let gathering: { readonly items: T[]; readonly written: Promise<void> } | undefined

  async function flush(items: readonly T[]): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    if (gathering?.items === items) gathering = undefined
    await write(items)
  }
  return (item) => {
    if (gathering === undefined || gathering.items.length >= writeSize) {
      const items: T[] = []
      gathering = { items, written: flush(items) }
    }
    gathering.items.push(item)
    return gathering.written
  }
}

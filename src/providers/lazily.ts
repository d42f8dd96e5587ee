// What is made at its first use, such as a client whose SDK is loaded only then.

/** Makes it once, at the first call; what failed to be made is made again at the next one. */
export function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make().catch((thrown: unknown) => {
      made = undefined
      throw thrown
    })
    return made
  }
}

// Several looks at once, whose failure is always told in the same words.

/**
 * Like `Promise.all`, but it waits for all of them, and of several that fail the first of the list is thrown, whichever
 * was answered first: a run's card does not change its words from look to look, and nothing goes on behind a failure.
 */
export async function together<const T extends readonly unknown[]>(
  looks: T,
): Promise<{ -readonly [Place in keyof T]: Awaited<T[Place]> }> {
  await Promise.allSettled(looks)
  return Promise.all(looks)
}

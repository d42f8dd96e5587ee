// One answer for all who ask within a second: whoever asks a lot makes no work, however many they are.

/** How long an answer is given to all who ask, in milliseconds of real time. */
const age = 1_000

/** The newest answer of `ask` while it is young enough; what fails is not kept. */
export function remembered<T>(ask: () => Promise<T>): () => Promise<T> {
  let kept: { readonly answer: Promise<T>; readonly until: number } | undefined
  return () => {
    if (kept && performance.now() < kept.until) return kept.answer
    const answer = ask()
    const mine = { answer, until: performance.now() + age }
    kept = mine
    answer.catch(() => {
      if (kept === mine) kept = undefined
    })
    return answer
  }
}

// An answer of at most so many megabytes: whatever answers in a service's place must not fill the memory.

/**
 * The longest answers to what the bot asks, lists of a hundred messages or of the records of a zone, are far below
 * this. Bytes, unpacked.
 */
export const mostBytes = 8 * 1024 * 1024

/** Read further than that, the body of an answer fails with this; its message follows "it answered with". */
export class TooLong extends Error {
  override readonly name = 'TooLong'

  constructor(most = mostBytes) {
    super(`more than ${most / 1024 / 1024} MB`)
  }
}

/** The same answer, whose body ends in an error where it becomes longer than any that is asked for. */
export function bounded(answer: Response, most = mostBytes): Response {
  if (answer.body === null) return answer
  let left = most
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      left -= chunk.byteLength
      if (left < 0) controller.error(new TooLong(most))
      else controller.enqueue(chunk)
    },
  })
  const { status, statusText, headers } = answer
  return new Response(answer.body.pipeThrough(counting), { status, statusText, headers })
}

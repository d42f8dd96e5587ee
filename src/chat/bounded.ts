// An answer of at most a few megabytes: whatever answers in a chat's place must not fill the memory.

/** The longest answers to what the bot asks are lists of a hundred messages: far below this. Bytes, unpacked. */
const mostBytes = 8 * 1024 * 1024

/** Read further than that, the body of an answer fails with this. */
export class TooLong extends Error {
  override readonly name = 'TooLong'
}

/** The same answer, whose body ends in an error where it becomes too long to be the chat's. */
export function bounded(answer: Response): Response {
  if (answer.body === null) return answer
  let left = mostBytes
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      left -= chunk.byteLength
      if (left < 0) controller.error(new TooLong('the answer is too long'))
      else controller.enqueue(chunk)
    },
  })
  const { status, statusText, headers } = answer
  return new Response(answer.body.pipeThrough(counting), { status, statusText, headers })
}

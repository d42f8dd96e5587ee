// The form of the Web API's answers: HTTP 200 and `ok`, with an error word when it is false; 429 when it was too much.

/** What goes out. A string body is sent as it is, everything else as JSON. */
export interface SlackAnswer {
  readonly status: number
  readonly body: object | string
  readonly headers?: Readonly<Record<string, string>>
}

/** Thrown by whatever refuses a call: `word` is Slack's error word, `more` what else its answer holds. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly word: string
  readonly more: Readonly<Record<string, unknown>>

  constructor(word: string, more: Readonly<Record<string, unknown>> = {}) {
    super(word)
    this.word = word
    this.more = more
  }
}

/** Thrown when a rate limit is used up; `retryAfter` in whole seconds. */
export class TooMany extends Error {
  override readonly name = 'TooMany'
  readonly retryAfter: number

  constructor(retryAfter: number) {
    super('ratelimited')
    this.retryAfter = retryAfter
  }
}

/** The refusal of arguments, with one line for each that is wrong, as `response_metadata.messages` has them. */
export function invalidArguments(...messages: readonly string[]): Refusal {
  return new Refusal('invalid_arguments', {
    response_metadata: { messages: messages.map((message) => `[ERROR] ${message}`) },
  })
}

export function success(body: object): SlackAnswer {
  return { status: 200, body: { ok: true, ...body } }
}

export function failure(refusal: Refusal): SlackAnswer {
  return { status: 200, body: { ok: false, error: refusal.word, ...refusal.more } }
}

export function rateLimited(retryAfter: number): SlackAnswer {
  return {
    status: 429,
    body: { ok: false, error: 'ratelimited' },
    headers: { 'retry-after': String(retryAfter) },
  }
}

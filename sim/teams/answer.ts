// What the simulator answers over HTTP, and the two shapes in which Microsoft words an error.

export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** An error as connector and Graph write it: `{error: {code, message}}`; Graph may add a code of its own. */
export function refusal(status: number, code: string, message: string, inner?: string): Answer {
  const innerError = inner === undefined ? {} : { innerError: { code: inner } }
  return { status, body: { error: { code, message, ...innerError } } }
}

/** Thrown where a request turns out to be wrong. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly answer: Answer

  constructor(status: number, code: string, message: string, inner?: string) {
    super(message)
    this.answer = refusal(status, code, message, inner)
  }
}

export type Json = Readonly<Record<string, unknown>>

/** A JSON value as an object; an empty one when it is something else. */
export function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

// The few kinds of error there are: what a person can mend, what time mends, what somebody else did first, and bugs.

/** Something a person can mend. The message is shown as it is and ends with the next step to take. */
export class UserError extends Error {
  override readonly name = 'UserError'
  /** A short machine-readable reason, such as `unknown-person` or `frozen`. */
  readonly code: string
  /** Nothing is won by trying again at once, but what refuses now may do the same later: a chat that is away. */
  readonly passing: boolean

  constructor(
    code: string,
    message: string,
    options?: ErrorOptions & { readonly passing?: boolean | undefined },
  ) {
    super(message, options)
    this.code = code
    this.passing = options?.passing ?? false
  }
}

/** Something that trying again may mend: a time-out, a 5xx, a rate limit. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError'
  /** How long to wait before the next try, in milliseconds; undefined when the other side did not say. */
  readonly after: number | undefined
  /** The other side refuses everything until then, and longer when it is asked before. */
  readonly blocked: boolean

  constructor(
    message: string,
    options?: ErrorOptions & { readonly after?: number; readonly blocked?: boolean },
  ) {
    super(message, options)
    this.after = options?.after
    this.blocked = options?.blocked ?? false
  }
}

/** Somebody else changed the same thing first; load it again and decide again. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
}

/** A state this program promises never to reach. */
export class BugError extends Error {
  override readonly name = 'BugError'
}

/** Whether time can mend it: what refuses for good is asked no more. */
export function isPassing(thrown: unknown): boolean {
  return thrown instanceof RetryableError || (thrown instanceof UserError && thrown.passing)
}

/** Whether it met a record that only a newer version of the bot understands: there is nothing to be done about it here. */
export function isOfNewer(thrown: unknown): boolean {
  return thrown instanceof UserError && thrown.code === 'newer-version'
}

/** What was read; undefined where it is of a newer version of the bot. */
export async function unlessNewer<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (thrown) {
    if (isOfNewer(thrown)) return undefined
    throw thrown
  }
}

/** The end of a switch that covers everything: the compiler refuses the call while a case is missing. */
export function never(value: never): never {
  throw new BugError(`no case for ${JSON.stringify(value)}`)
}

/** The message of anything thrown, on one line, without a stack. */
export function reasonOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown)
  return text.replaceAll(/\s+/g, ' ').trim()
}

// One question of `dr teams check` to Teams, with an answer for every way it can end.
import { RetryableError, UserError, reasonOf } from '../../../errors.ts'
import { minute } from '../../../ids.ts'
import type { Duration } from '../../../ids.ts'
import type { Clock } from '../../../ports.ts'
import { TeamsRefusal } from '../api.ts'

/** One thing that was looked at. `missing` must be mended; `open` is good to know, or cannot be known from here. */
export interface Finding {
  readonly mark: 'ok' | 'missing' | 'open'
  /** What was looked at, such as `team` or `people.ann`. */
  readonly about: string
  /** What was found and, unless it is well, what to do. */
  readonly text: string
}

export type Tell = (finding: Finding) => void

/** `refused` says what to do; `status` is that of the answer. */
export type Asked<T> =
  | { readonly answer: T }
  | { readonly refused: string; readonly status: number }
  | { readonly unreachable: string }

export type Ask = <T>(call: () => Promise<T>) => Promise<Asked<T>>

/** Calls in a row without an answer; after that nobody wants to wait for the time limit of each. */
const patience = 2
/** Teams' limits are per second and half minute: whoever waits longer than this waits for something else. */
const longestWait: Duration = minute
const tries = 4

/** Who asks. Nothing else is going on in a check, so it may wait out a limit. */
export function createAsk(clock: Clock): Ask {
  let silent = 0
  return async (call) => {
    if (silent >= patience) return { unreachable: 'Teams no longer answers.' }
    const asked = await patiently(call, clock)
    silent = 'unreachable' in asked ? silent + 1 : 0
    return asked
  }
}

async function patiently<T>(call: () => Promise<T>, clock: Clock): Promise<Asked<T>> {
  for (let left = tries; ; left -= 1) {
    try {
      return { answer: await call() }
    } catch (thrown) {
      const wait = thrown instanceof RetryableError ? thrown.after : undefined
      if (left <= 1 || wait === undefined || wait > longestWait) return ended(thrown)
      await new Promise<void>((resolve) => void clock.after(wait, resolve))
    }
  }
}

function ended(thrown: unknown): Exclude<Asked<never>, { readonly answer: never }> {
  if (thrown instanceof TeamsRefusal)
    return { refused: withoutCheck(reasonOf(thrown)), status: thrown.status }
  if (thrown instanceof RetryableError || thrown instanceof UserError)
    return { unreachable: reasonOf(thrown) }
  throw thrown
}

/** Who reads this runs the check already. */
function withoutCheck(text: string): string {
  return text.replaceAll(/ ?`npx dr teams check` [^.]*\./g, '').trim()
}

/** The words for what was not answered as it should be. */
export function whyNot(asked: Exclude<Asked<never>, { readonly answer: never }>): string {
  return 'refused' in asked ? asked.refused : asked.unreachable
}

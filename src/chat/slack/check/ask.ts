// One question of `dr slack check` to Slack, with an answer for every way it can end.
import { RetryableError, UserError, reasonOf } from '../../../errors.ts'
import { minute } from '../../../ids.ts'
import { SlackRefusal } from '../api.ts'
import type { z } from 'zod'
import type { Duration } from '../../../ids.ts'
import type { Clock } from '../../../ports.ts'
import type { SlackApi } from '../api.ts'
import type { Method } from '../methods.ts'

/** One thing that was looked at. `missing` must be mended; `open` is good to know, or cannot be known from here. */
export interface Finding {
  readonly mark: 'ok' | 'missing' | 'open'
  /** What was looked at, such as `scopes` or `people.ann`. */
  readonly about: string
  /** What was found and, unless it is well, what to do. */
  readonly text: string
}

/** `reason` is Slack's word for its no; `text` the same for people, with what to do. */
export type Asked<T> =
  | { readonly answer: T }
  | { readonly reason: string; readonly text: string }
  | { readonly unreachable: string }

/** Asks with one token, and waits where Slack says that it has to. */
export type Ask = <T>(
  method: Method,
  args: Readonly<Record<string, unknown>>,
  shape: z.ZodType<T>,
) => Promise<Asked<T>>

/** Slack's limits are per minute: whoever waits longer than this waits for something else. */
const longestWait: Duration = 1.5 * minute
const tries = 4

/** Calls in a row without an answer; after that nobody wants to wait for the time limit of each. */
const patience = 2

/** Who asks. Nothing else is going on in a check, so it may wait out a rate limit. */
export function createAsk(api: Pick<SlackApi, 'call'>, clock: Clock): Ask {
  let silent = 0
  return async (method, args, shape) => {
    if (silent >= patience) return { unreachable: 'Slack no longer answers.' }
    const asked = await patiently(() => api.call(method, args, { lane: 'room' }), clock)
    silent = 'unreachable' in asked ? silent + 1 : 0
    if (!('answer' in asked)) return asked
    const read = shape.safeParse(asked.answer)
    return read.success ? { answer: read.data } : { unreachable: `what answers to ${method} is not Slack.` }
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

function ended(thrown: unknown): { reason: string; text: string } | { unreachable: string } {
  if (thrown instanceof SlackRefusal) return { reason: thrown.reason, text: reasonOf(thrown) }
  if (thrown instanceof RetryableError || thrown instanceof UserError)
    return { unreachable: reasonOf(thrown) }
  throw thrown
}

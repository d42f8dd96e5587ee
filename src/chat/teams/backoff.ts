// How long to leave alone what Teams has limited: as it asks, else longer each time, never the same for two bots.
import { second } from '../../ids.ts'
import type { Duration, Instant } from '../../ids.ts'
import type { Clock } from '../../ports.ts'
import { botTime } from '../lanes.ts'

export interface Backoff {
  /** The wait after one more refusal of this key, in the bot's time; `asked`: real ms that Teams asked for. */
  readonly next: (key: string, asked: Duration | undefined) => Duration
  /** It went well: the next refusal is the first again. */
  readonly forget: (key: string) => void
}

/** Real milliseconds. */
const first: Duration = second
const longest: Duration = 30 * second

/** Exponential with jitter, as Teams' guide to rate limiting wants it; `chance` is in [0, 1). What nobody asks for any more is forgotten. */
export function createBackoff(clock: Clock, chance: () => number = Math.random): Backoff {
  const refused = new Map<string, { readonly times: number; readonly over: Instant }>()
  return {
    next: (key, asked) => {
      const now = clock.now()
      for (const [each, { over }] of refused) if (over <= now) refused.delete(each)
      const before = refused.get(key)?.times ?? 0
      const grown = Math.min(longest, first * 2 ** Math.min(before, 10))
      const wait = botTime(clock, (asked ?? grown) + grown * 0.5 * chance())
      refused.set(key, { times: before + 1, over: now + wait + botTime(clock, 2 * longest) })
      return wait
    },
    forget: (key) => refused.delete(key),
  }
}

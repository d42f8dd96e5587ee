// How long to leave alone what Teams has limited: as it asks, else longer each time, never the same for two bots.
import { second } from '../../ids.ts'
import type { Duration } from '../../ids.ts'
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

/** Exponential with jitter, as Teams' guide to rate limiting wants it. */
export function createBackoff(clock: Clock): Backoff {
  const times = new Map<string, number>()
  return {
    next: (key, asked) => {
      const before = times.get(key) ?? 0
      times.set(key, before + 1)
      const grown = Math.min(longest, first * 2 ** Math.min(before, 10))
      const wait = (asked ?? grown) + grown * 0.5 * Math.random()
      return botTime(clock, wait)
    },
    forget: (key) => times.delete(key),
  }
}

// How fast workers empty their queues, out of how deep the queues were before; pure.
import type { Duration, Instant } from '../../ids.ts'
import { minute } from '../../ids.ts'

/** One look at a pool and its queues. `messages`: of all its queues together, as Azure says: approximate. */
export interface Depth {
  readonly at: Instant
  readonly messages: number
  /** How many workers ran. */
  readonly workers: number
  /** When the message at the head of the oldest queue was put in. */
  readonly oldest?: Instant
}

/** What was measured between two looks, of which each in between was of the same number of workers. */
export interface DrainRate {
  /** Messages by which the queues got shorter, for each worker and minute: net, what came in meanwhile is taken off. */
  readonly perWorker: number
  readonly from: Depth
  readonly to: Depth
}

/** How much was left at a look, and how it went in the minutes before; `before`: absent while too little was seen. */
export interface Remaining {
  readonly at: Instant
  readonly left: number
  readonly before?: { readonly at: Instant; readonly messages: number }
}

/** Looks are a minute apart; whatever happened in a longer gap, nobody saw. */
const longestGap: Duration = 2.5 * minute
/** The fewest looks of a measurement: over at least four minutes. */
const fewestLooks = 5
const longestWindow: Duration = 60 * minute
/** What was measured before is another day's work, and perhaps another program's. */
const oldestEnd: Duration = 24 * 60 * minute
/** Fewer messages than this for each worker say more about chance than about workers. */
const fewestEach = 5
/** So much of the time the queues must have become shorter. */
const fallingPart = 0.75
/** More than this of the fall in one minute is somebody who has emptied a queue. */
const mostAtOnce = 0.5
/** An estimate is about what goes on now. */
const recent: Duration = 10 * minute
const fewestRecent = 3

/**
 * The newest sound measurement, over as long a time as it is sound; undefined when there is none. Sound: the same
 * number of workers throughout, no gap, always enough left for all of them, and a steady fall. `depths`: oldest first.
 */
export function drainRate(depths: readonly Depth[], now: Instant): DrainRate | undefined {
  for (let last = depths.length - 1; last >= fewestLooks - 1; last -= 1) {
    const end = depths[last]
    if (end === undefined || now - end.at > oldestEnd) return undefined
    for (let first = stretchBegin(depths, last, longestWindow); last - first + 1 >= fewestLooks; first += 1) {
      const rate = measured(depths.slice(first, last + 1))
      if (rate) return rate
    }
  }
  return undefined
}

/**
 * How much is left by the newest look, beside the first one of the last minutes with as many workers as now; undefined
 * when that look is not of now.
 */
export function remaining(depths: readonly Depth[], now: Instant): Remaining | undefined {
  const last = depths.at(-1)
  if (!last || now - last.at > longestGap) return undefined
  const seen = { at: last.at, left: last.messages }
  const begin = stretchBegin(depths, depths.length - 1, recent)
  const first = depths[begin]
  if (first === undefined || depths.length - begin < fewestRecent) return seen
  return { ...seen, before: { at: first.at, messages: first.messages } }
}

/** Messages by which the queues got shorter in a minute; undefined while they do not, or nobody knows. */
export function perMinute({ at, left, before }: Remaining): number | undefined {
  const rate = before === undefined ? 0 : ((before.messages - left) * minute) / (at - before.at)
  return rate > 0 ? rate : undefined
}

/** When nothing will be left, if it goes on like that; undefined when nobody can say. */
export function emptyAt(seen: Remaining): Instant | undefined {
  const rate = perMinute(seen)
  if (seen.left === 0) return seen.at
  return rate === undefined ? undefined : seen.at + (seen.left / rate) * minute
}

/** The first look from which on, until the one at `last`, there is no gap and no other number of workers. */
function stretchBegin(depths: readonly Depth[], last: number, longest: Duration): number {
  const end = depths[last]
  for (let first = last; first > 0; first -= 1) {
    const [before, after] = [depths[first - 1], depths[first]]
    if (!end || !before || !after) return first
    const joined = after.at - before.at <= longestGap && before.workers === end.workers
    if (!joined || end.at - before.at > longest) return first
  }
  return 0
}

/** The rate over this window; undefined when it says little about workers. */
function measured(window: readonly Depth[]): DrainRate | undefined {
  const [from, to] = [window[0], window.at(-1)]
  if (from === undefined || to === undefined || to.workers === 0) return undefined
  const fall = from.messages - to.messages
  if (fall < fewestEach * to.workers) return undefined
  const steps = window.slice(1).map((depth, index) => (window[index]?.messages ?? 0) - depth.messages)
  const falls = steps.filter((step) => step > 0)
  if (falls.length < fallingPart * steps.length) return undefined
  if (Math.max(...falls) > mostAtOnce * falls.reduce((sum, step) => sum + step, 0)) return undefined
  // Workers that find nothing to do for a part of the minute look slower than they are.
  const lowest = Math.min(...window.map(({ messages }) => messages))
  if (lowest < fall / steps.length) return undefined
  return { perWorker: threeDigits((fall * minute) / (to.at - from.at) / to.workers), from, to }
}

/** As it is shown, so that whoever checks the sum finds the same. */
function threeDigits(value: number): number {
  return Number(value.toPrecision(3))
}

// What people read of how fast queues get empty: each number with where it comes from.
import { printDuration } from '../../drplan/duration.ts'
import type { Instant } from '../../ids.ts'
import { minute, second } from '../../ids.ts'
import { workersText } from '../kinds/scale-set.ts'
import { messagesText } from '../ways/workers/size.ts'
import { emptyAt, perMinute } from './drain-rate.ts'
import type { Depth, DrainRate, Remaining } from './drain-rate.ts'

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })
const whole = new Intl.NumberFormat('en')

/** `45 a minute, net of what came in: 12,000 to 8,400 messages in 20m with 4 workers, until 2m ago`. */
export function drainText({ perWorker, from, to }: DrainRate, now: Instant): string {
  const took = printDuration(to.at - from.at)
  const fell = `${whole.format(from.messages)} to ${messagesText(to.messages)} in ${took} with ${workersText(to.workers)}`
  return `${number.format(perWorker)} a minute, net of what came in: ${fell}, until ${agoText(now - to.at)}${waitedText(from, to)}`
}

/** Whether those that wait for longest got nearer to their turn. */
function waitedText(from: Depth, to: Depth): string {
  if (from.oldest === undefined || to.oldest === undefined) return ''
  const [before, after] = [from.at - from.oldest, to.at - to.oldest].map((age) => printDuration(floored(age)))
  return `; the oldest waited ${before}, then ${after}`
}

/** `3,000 messages left, at 250/min: 12m`; what nobody can say is said so. */
export function remainingText(seen: Remaining): string {
  const { at, left, before } = seen
  if (left === 0) return 'the queues are empty'
  const some = `${messagesText(left)} left`
  const [rate, end] = [perMinute(seen), emptyAt(seen)]
  if (rate !== undefined && end !== undefined)
    return `${some}, at ${number.format(rate)}/min: ${durationText(end - at)}`
  if (before === undefined) return `${some}; how fast they go is not known yet`
  const more = left - before.messages
  const than = `${printDuration(at - before.at)} before`
  if (more === 0) return `${some}, as many as ${than}: they do not get fewer`
  return `${some}, ${whole.format(more)} more than ${than}: they do not get fewer`
}

/** To the minute, and never less than one. */
function durationText(duration: number): string {
  return printDuration(Math.max(minute, Math.ceil(duration / minute) * minute))
}

/** `just now`, `40s ago`, `3m ago`. */
export function agoText(ago: number): string {
  if (ago < 10 * second) return 'just now'
  return `${printDuration(floored(ago))} ago`
}

/** To the second below a minute, to the minute above. */
function floored(duration: number): number {
  const unit = duration < minute ? second : minute
  return Math.floor(Math.max(0, duration) / unit) * unit
}

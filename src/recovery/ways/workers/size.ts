// How many workers the queues need, with the sum that a person can check; pure.
import { printDuration } from '../../../drplan/duration.ts'
import type { Recovery } from '../../../drplan/schema.ts'
import type { Duration } from '../../../ids.ts'
import { minute } from '../../../ids.ts'
import { workersText } from '../../kinds/scale-set.ts'

/** The block of the plan. */
export type PoolPlan = NonNullable<Recovery['scale_set']>

export interface Size {
  readonly wanted: number
  /** `12,400 messages / (40 per worker and minute x 20 min) = 16 workers; has 4`. */
  readonly sum: string
}

export interface Need {
  readonly messages: number
  readonly has: number
  /** Messages that one worker does in a minute. */
  readonly perWorker: number
  /** It was measured, net of what came in; absent: the plan says so. */
  readonly measured?: true
  /** What is left of the objective, or all of it when no outage is going on. */
  readonly left: Duration
  /** Until new workers run. */
  readonly boot: Duration
}

const number = new Intl.NumberFormat('en')

/** What the queues need, within the plan's limits. Workers that run already are not counted as faster than new ones. */
export function sizeByQueues(need: Need, { min, max }: Pick<PoolPlan, 'min' | 'max'>): Size {
  const { messages, perWorker, left, boot, has } = need
  const rate = `${number.format(perWorker)} ${need.measured ? 'measured ' : ''}per worker and minute`
  const minutes = Math.floor((left - boot) / minute)
  const wait = `${number.format(messages)} message${messages === 1 ? '' : 's'}`
  const had = `has ${has}`
  if (messages > 0 && minutes < 1) {
    const none =
      left <= 0
        ? 'the objective (RTO) is missed already'
        : `the objective (RTO) leaves ${printDuration(left)}, and new workers need ${printDuration(boot)}`
    return { wanted: max, sum: `${wait}, and ${none}: the plan's max of ${workersText(max)}; ${had}` }
  }
  const time = Math.max(1, minutes)
  const needed = Math.ceil(messages / (perWorker * time))
  const sum = `${wait} / (${rate} x ${time} min) = ${workersText(needed)}`
  if (needed > max)
    return { wanted: max, sum: `${sum}, more than the plan's max: ${workersText(max)}; ${had}` }
  if (needed < min)
    return { wanted: min, sum: `${sum}, fewer than the plan's min: ${workersText(min)}; ${had}` }
  return { wanted: needed, sum: `${sum}; ${had}` }
}

/** Where the minutes of the sum come from. */
export function timeText(
  { left, boot, measured }: Pick<Need, 'left' | 'boot' | 'measured'>,
  outage: boolean,
): string {
  const incoming = measured
    ? 'What comes in meanwhile is in the sum as it was when the rate was measured'
    : 'What comes in meanwhile is not in the sum'
  const all = outage ? 'left of the objective (RTO)' : 'of the objective (RTO)'
  return `${printDuration(Math.max(0, left))} ${all}, less ${printDuration(boot)} until new workers run. ${incoming}`
}

/** A number of messages as people write it. */
export function messagesText(messages: number): string {
  return `${number.format(messages)} message${messages === 1 ? '' : 's'}`
}

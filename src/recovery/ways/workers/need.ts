// How many workers are wanted and why: as somebody says, or by the queues at the rate that was measured or the plan has.
import { UserError } from '../../../errors.ts'
import type { Duration, Instant } from '../../../ids.ts'
import type { QueueSeen } from '../../../readers.ts'
import type { Context } from '../../draft.ts'
import { workersText } from '../../kinds/scale-set.ts'
import { readDepths, settingOf } from '../../queues/depths.ts'
import { drainRate } from '../../queues/drain-rate.ts'
import type { DrainRate } from '../../queues/drain-rate.ts'
import { drainText } from '../../queues/words.ts'
import { messagesIn } from './look.ts'
import type { LookedPool } from './look.ts'
import { sizeByQueues, timeText } from './size.ts'
import type { Need, PoolPlan } from './size.ts'
import type { With } from '../way.ts'

export type PoolRecovery = With<'scale_set'>

/** How many, and the sentence that says why. */
export interface Wanted {
  readonly wanted: number
  readonly why: string
  /** Where the sum's numbers come from, or what is missing for a sum. */
  readonly notes: readonly string[]
}

/** What the number of workers is decided by, beside the wish. */
export interface Ground {
  readonly recovery: PoolRecovery
  readonly looked: LookedPool
  /** How fast the queues were really worked off; absent: nothing sound was measured. */
  readonly rate: DrainRate | undefined
  /** Until new workers run. */
  readonly boot: Duration
}

/** The plan and the measurement differ by more than this factor: one of them is about something else. */
const farApart = 2

/** The newest sound measurement of a pool; undefined where the bot has none, or there is no bot. */
export async function measuredRate(
  { setting, now }: Pick<Context, 'setting' | 'now'>,
  plan: PoolPlan,
): Promise<DrainRate | undefined> {
  return drainRate(readDepths(plan, await setting(settingOf(plan))), now)
}

/** What a worker does and how that is known, as people read it. */
export function rateText(
  rate: DrainRate | undefined,
  { per_worker: planned }: Pick<PoolPlan, 'per_worker'>,
  now: Instant,
): string {
  if (rate) return drainText(rate, now)
  const unmeasured = 'not measured in the last day'
  return planned === undefined
    ? `not known: ${unmeasured}, and not in the DR plan`
    : `${planned} a minute by the DR plan; ${unmeasured}`
}

/** A failover without a number goes by the queues when it is known how fast a worker is, else to the plan's max. */
export function wantedSize(context: Context, { recovery, looked, rate, boot }: Ground): Wanted {
  const { order } = context.ask
  const plan = recovery.scale_set
  const { capacity: has } = looked.pool
  const size = order?.kind === 'pool-size' ? order.size : undefined
  const unread = 'problem' in looked.queues ? [looked.queues.problem] : []
  if (typeof size === 'object') {
    const wanted = 'to' in size ? size.to : has + size.by
    return { wanted: Math.max(0, wanted), why: '', notes: unread }
  }
  const perWorker = rate?.perWorker ?? plan.per_worker
  if (perWorker === undefined) {
    if (size === 'auto') throw noRate(recovery)
    const note = `How many messages a worker does in a minute was not measured yet, and the DR plan does not say it ("per_worker"), so it is the plan's max. Another number: workers scale ${plan.vmss} N`
    return { wanted: plan.max, why: `the plan's max`, notes: [note, ...unread] }
  }
  const need: Need = {
    messages: messagesIn(demandQueues(recovery, looked.queues)),
    has,
    perWorker,
    ...(rate ? { measured: true } : {}),
    left: timeLeft(context),
    boot,
  }
  const { wanted, sum } = sizeByQueues(need, plan)
  const time = `The time in the sum: ${timeText(need, context.objectiveAt !== undefined)}`
  return { wanted, why: sum, notes: [time, ...doubts(need, rate, { plan, wanted })] }
}

/** What a person should know before believing the measurement. */
function doubts(
  need: Need,
  rate: DrainRate | undefined,
  { plan, wanted }: { readonly plan: PoolPlan; readonly wanted: number },
): readonly string[] {
  if (!rate) return []
  const { per_worker: planned } = plan
  const { measured: _, ...rest } = need
  const apart = planned === undefined ? 1 : Math.max(planned / rate.perWorker, rate.perWorker / planned)
  return [
    ...(planned !== undefined && apart >= farApart
      ? [
          `Measured were ${rate.perWorker} messages a minute for each worker, net of what came in; the DR plan says ${planned} ("per_worker"), and by that it would be ${workersText(sizeByQueues({ ...rest, perWorker: planned }, plan).wanted)}`,
        ]
      : []),
    ...(wanted < rate.to.workers
      ? [
          `The rate was measured with ${workersText(rate.to.workers)}. With fewer, each has more of what comes in to do: it takes longer than the sum says`,
        ]
      : []),
  ]
}

/** What is left of the objective in an outage; without one, all of it. */
function timeLeft({ ask, plan, now, objectiveAt }: Context): Duration {
  if (objectiveAt !== undefined) return objectiveAt - now
  return plan.systems[ask.system]?.rto ?? 0
}

function noRate({ name, scale_set: { vmss } }: PoolRecovery): UserError {
  return new UserError(
    'no-rate',
    `How many workers the queues need cannot be said: how many messages one worker does in a minute was not measured yet, and the DR plan does not say it. Add "per_worker: 40" (your own number) to the block "scale_set" of the recovery ${name}, or say a number: workers scale ${vmss} 8`,
  )
}

function demandQueues(
  { scale_set: { vmss } }: PoolRecovery,
  queues: LookedPool['queues'],
): readonly QueueSeen[] {
  if ('seen' in queues) return queues.seen
  throw new UserError(
    'queues-silent',
    `How many workers the queues need cannot be said. ${queues.problem} Or say a number: workers scale ${vmss} 8`,
    { cause: queues.thrown },
  )
}

// Looks at a pool of workers, at what changes its size by itself, and at the queues; a silent part hides no other.
import { printDuration } from '../../../drplan/duration.ts'
import { reasonOf } from '../../../errors.ts'
import type { Instant } from '../../../ids.ts'
import { second } from '../../../ids.ts'
import type { AutoscaleSeen, PoolSeen, QueueSeen } from '../../../readers.ts'
import type { Calls } from '../../calls.ts'
import { runningIn } from '../../kinds/scale-set.ts'
import type { Proposal } from '../../run.ts'
import { messagesText } from './size.ts'
import type { PoolPlan } from './size.ts'
import { together } from '../../../together.ts'

/** A part that was read, or why it could not be. */
export type Part<T> = { readonly seen: T } | { readonly problem: string; readonly thrown: unknown }

export interface LookedPool {
  readonly pool: PoolSeen
  readonly autoscale: Part<readonly AutoscaleSeen[]>
  /** All of them: a number by the queues needs each. */
  readonly queues: Part<readonly QueueSeen[]>
  /** Those that have answered. */
  readonly answered: readonly QueueSeen[]
}

/** Throws UserError or RetryableError when the pool itself cannot be read: without it there is nothing to decide. */
export async function lookAtPool(
  { readers, limit }: Pick<Calls, 'readers' | 'limit'>,
  { resource_group: resourceGroup, vmss, account, queues: names }: PoolPlan,
): Promise<LookedPool> {
  const place = { resourceGroup, vmss }
  const [pool, autoscale, ...looks] = await together([
    readers.workers.pool(place, limit()),
    part(readers.workers.autoscale(place, limit())),
    ...names.map((name) => part(readers.workers.queues(account, [name], limit()))),
  ])
  const answered = looks.flatMap((look) => ('seen' in look ? look.seen : []))
  const queues = looks.find((look) => 'problem' in look) ?? { seen: answered }
  return { pool, autoscale, queues, answered }
}

async function part<T>(work: Promise<T>): Promise<Part<T>> {
  try {
    return { seen: await work }
  } catch (thrown) {
    return { problem: reasonOf(thrown), thrown }
  }
}

/** All messages that wait. */
export function messagesIn(queues: readonly QueueSeen[]): number {
  return queues.reduce((sum, { messages }) => sum + messages, 0)
}

/** What the card shows of the pool and its queues. */
export function shownOf(
  { vmss, account }: PoolPlan,
  { pool, queues, answered }: LookedPool,
  at: { readonly now: Instant; readonly says: string; readonly rate?: string },
): NonNullable<Proposal['looked']> {
  const run = runningIn(pool)
  const ways = [
    {
      way: vmss,
      ok: run >= pool.capacity,
      answer: `${run} of ${pool.capacity} run${pool.problem === undefined ? '' : `; ${pool.problem}`}`,
    },
    ...answered.map((queue) => ({
      way: `Queue ${queue.name} of ${account}`,
      ok: true,
      answer: queueText(queue, at.now),
    })),
    ...('problem' in queues ? [{ way: `Queues of ${account}`, ok: false, answer: queues.problem }] : []),
    ...(at.rate === undefined ? [] : [{ way: 'A worker does', ok: true, answer: at.rate }]),
  ]
  return { says: at.says, ways }
}

/** `1,240 messages, the oldest for 42m`. */
export function queueText({ messages, oldest }: QueueSeen, now: Instant): string {
  const age = oldest === undefined ? undefined : Math.max(0, now - oldest)
  const waits = age === undefined ? '' : `, the oldest for ${ageText(age)}`
  return `${messagesText(messages)}${waits}`
}

/** To the second below a minute, to the minute above. */
function ageText(age: number): string {
  const unit = age < 60 * second ? second : 60 * second
  return printDuration(Math.floor(age / unit) * unit)
}

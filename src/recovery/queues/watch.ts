// Looks every minute how deep the queues of the plan's pools are, one bot of several, and shows on a recovery how much is left.
import type { DrPlan } from '../../drplan/schema.ts'
import { UserError, reasonOf } from '../../errors.ts'
import type { Duration, Instant } from '../../ids.ts'
import { minute, second } from '../../ids.ts'
import type { Readers } from '../../readers.ts'
import { apply } from '../commit.ts'
import type { LoopDeps } from '../commit.ts'
import { runningIn } from '../kinds/scale-set.ts'
import type { Run } from '../run.ts'
import { messagesIn } from '../ways/workers/look.ts'
import type { PoolPlan } from '../ways/workers/size.ts'
import { poolTarget } from '../ways/workers/steps.ts'
import { poolBlocks, queuesOf, readDepths, settingOf, withDepth } from './depths.ts'
import { remaining } from './drain-rate.ts'
import type { Depth } from './drain-rate.ts'
import { together } from '../../together.ts'

export interface QueueWatchDeps extends LoopDeps {
  readonly readers: Pick<Readers, 'workers'>
  readonly plan: () => DrPlan
}

const every: Duration = minute
/** A start has more urgent things to do, such as loading no SDK. */
const afterStart: Duration = 30 * second
/** For one look at one pool, in real milliseconds. */
const patience: Duration = 9 * second
/** So long after its end a recovery still shows how much is left. */
const watchedFor: Duration = 60 * minute
/** How far back the recovery is looked for that a pool owes its size to. */
const lookedThrough = 50

/** To be called often: it is cheap while nothing is due, and only one process looks then. */
export function createQueueWatch(deps: QueueWatchDeps): () => Promise<void> {
  const startedAt = deps.clock.now()
  const said = new Map<string, string>()

  /** Says a change of whether a pool can be looked at, and nothing while it stays so. */
  function say(pool: string, reason: string | undefined): void {
    if (said.get(pool) === reason) return
    if (reason === undefined) {
      said.delete(pool)
      deps.log.info('the queues of a pool can be looked at again', { pool })
      return
    }
    said.set(pool, reason)
    deps.log.warn('how deep the queues of a pool are is not known', { pool, reason })
  }

  async function lookWhenDue(plan: PoolPlan): Promise<void> {
    const { store, clock } = deps
    const name = settingOf(plan)
    const text = await store.setting(name)
    const depths = readDepths(plan, text)
    const last = depths.at(-1)?.at
    const now = clock.now()
    if (last !== undefined && Math.abs(now - last) < every) return
    // Who looked and failed, or died, is followed by another a minute later.
    if (!(await store.once(`${name}:${queuesOf(plan)}:${last ?? 'first'}`, clock.real(every)))) return
    let depth: Depth
    try {
      depth = await look(deps, plan, now)
    } catch (thrown) {
      const off = thrown instanceof UserError && thrown.code === 'azure-subscription'
      if (!off) say(plan.vmss, reasonOf(thrown))
      return
    }
    say(plan.vmss, undefined)
    const next = withDepth(plan, depths, depth)
    if ((await store.putSetting(name, text, next)) === 'conflict') return
    await showLeft(deps, plan, readDepths(plan, next))
  }

  return async () => {
    if (deps.clock.now() - startedAt < afterStart) return
    for (const plan of poolBlocks(deps.plan())) await lookWhenDue(plan)
  }
}

async function look({ readers }: QueueWatchDeps, plan: PoolPlan, at: Instant): Promise<Depth> {
  const place = { resourceGroup: plan.resource_group, vmss: plan.vmss }
  const signal = AbortSignal.timeout(patience)
  const [pool, queues] = await together([
    readers.workers.pool(place, signal),
    readers.workers.queues(plan.account, plan.queues, signal),
  ])
  const oldest = queues.flatMap((queue) => (queue.oldest === undefined ? [] : [queue.oldest]))
  return {
    at,
    messages: messagesIn(queues),
    workers: runningIn(pool),
    ...(oldest.length === 0 ? {} : { oldest: Math.min(...oldest) }),
  }
}

/** On the recovery to which the pool owes its size: while it goes on, and after it until the queues are empty. */
async function showLeft(deps: QueueWatchDeps, plan: PoolPlan, depths: readonly Depth[]): Promise<void> {
  const seen = remaining(depths, deps.clock.now())
  const target = poolTarget({ resourceGroup: plan.resource_group, vmss: plan.vmss })
  const runs = await deps.store.runs({ open: false, limit: lookedThrough })
  const run = runs.find((one) => one.proposal.targets.includes(target) && wasStarted(one))
  if (seen && run && isWatched(run, seen.at)) await apply(deps, run.id, { kind: 'left', seen })
}

function wasStarted(run: Run): boolean {
  return 'startedAt' in run && run.startedAt !== undefined
}

function isWatched(run: Run, now: Instant): boolean {
  if (run.direction === 'failback') return false
  if (run.state === 'running' || run.state === 'unknown') return true
  return run.state === 'done' && run.undoneBy === undefined && now - run.endedAt < watchedFor
}

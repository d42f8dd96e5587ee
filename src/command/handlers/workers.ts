// workers show, workers scale: pools of workers with their queues, and the recovery of the system workers by number.
import type { DrPlan } from '../../drplan/schema.ts'
import { UserError } from '../../errors.ts'
import type { Instant } from '../../ids.ts'
import { limitsText, runningIn } from '../../recovery/kinds/scale-set.ts'
import { sizeText } from '../../recovery/news.ts'
import { readDepths, settingOf } from '../../recovery/queues/depths.ts'
import { drainRate, remaining } from '../../recovery/queues/drain-rate.ts'
import type { Depth, DrainRate, Remaining } from '../../recovery/queues/drain-rate.ts'
import { agoText, remainingText } from '../../recovery/queues/words.ts'
import { messagesIn, queueText } from '../../recovery/ways/workers/look.ts'
import { rateText } from '../../recovery/ways/workers/need.ts'
import type { PoolPlan } from '../../recovery/ways/workers/size.ts'
import { listing, refused } from '../answer.ts'
import { looking, queuesInTime } from '../looking.ts'
import { propose } from './recovery.ts'
import type { Line, Section } from '../../message.ts'
import type { AutoscaleSeen, PoolSeen, QueueSeen } from '../../readers.ts'
import type { Answer } from '../command.ts'
import type { Desk, Handlers } from '../desk.ts'
import type { Looking, Part, SeenQueues } from '../looking.ts'

type Verbs = 'workers show' | 'workers scale'

export const workersHandlers: Handlers<Verbs> = {
  'workers show': (desk) => show(desk),
  'workers scale': async (desk, { pool, size, options }, speaker) => {
    const pools = poolsOf(desk.plan())
    const found = pools.filter(
      ({ name, block }) => pool === undefined || name === pool || block.vmss === pool,
    )
    const [one, ...more] = found
    if (pools.length === 0) throw noPool()
    if (!one) throw unknownPool(pool ?? '', pools)
    if (more.length > 0)
      return refused('which-one', 'The DR plan has several pools of workers. Which one?', {
        commands: found.map(({ block }) => `workers scale ${block.vmss} ${sizeText(size)}`),
      })
    const command = { verb: 'failover', system: 'workers', to: one.name, options } as const
    return propose(desk, command, speaker, { kind: 'pool-size', size })
  },
}

/** A pool of the plan: its recovery's name, and its block. */
interface Pool {
  readonly name: string
  readonly block: PoolPlan
}

function poolsOf(plan: DrPlan): readonly Pool[] {
  return (plan.systems.workers?.recoveries ?? []).flatMap(({ name, scale_set: block }) =>
    block === undefined ? [] : [{ name, block }],
  )
}

function noPool(): UserError {
  return new UserError(
    'no-recovery',
    'The DR plan has no pool of workers. Add a recovery with the block "scale_set" under "systems.workers.recoveries" in the DR plan.',
  )
}

function unknownPool(pool: string, pools: readonly Pool[]): UserError {
  const known = pools.map(({ block }) => block.vmss).join(', ')
  return new UserError('unknown-pool', `The DR plan has no pool of workers ${pool}. It has: ${known}.`)
}

interface SeenPool extends Pool {
  /** How fast the queues were worked off; absent: nothing sound was measured. */
  readonly rate?: DrainRate
  /** How it goes now, by the bot's own looks. */
  readonly left?: Remaining

  readonly pool: Part<PoolSeen>
  readonly autoscale: Part<readonly AutoscaleSeen[]>
  readonly queues: SeenQueues<QueueSeen>
}

/** What Azure does not answer in time is said so, beside what it does answer and what the plan knows by itself. */
async function show(desk: Desk): Promise<Answer> {
  const pools = poolsOf(desk.plan())
  if (pools.length === 0) throw noPool()
  const looks = looking()
  const seen = await Promise.all(pools.map((pool) => look(desk, pool, looks)))
  const sections = seen.map((pool) => sectionOf(pool, desk.clock.now()))
  return listing('Workers', sections, { pools: seen })
}

async function look({ readers, store, clock }: Desk, pool: Pool, looks: Looking): Promise<SeenPool> {
  const { resource_group: resourceGroup, vmss, account, queues } = pool.block
  const place = { resourceGroup, vmss }
  const parts = await Promise.all([
    looks.at('Azure', (signal) => readers.workers.pool(place, signal)),
    looks.at('Azure', (signal) => readers.workers.autoscale(place, signal)),
    queuesInTime(looks, queues, (name, signal) => readers.workers.queues(account, [name], signal)),
  ])
  const now = clock.now()
  const depths = readDepths(pool.block, await store.setting(settingOf(pool.block)))
  const live = depthOf(parts[0], parts[2], now)
  const [rate, left] = [drainRate(depths, now), remaining(live ? [...depths, live] : depths, now)]
  return {
    ...pool,
    ...(rate ? { rate } : {}),
    ...(left ? { left } : {}),
    pool: parts[0],
    autoscale: parts[1],
    queues: parts[2],
  }
}

/** What was seen just now as one more look of the bot; undefined when not all of it was. */
function depthOf(pool: Part<PoolSeen>, queues: SeenQueues<QueueSeen>, at: Instant): Depth | undefined {
  if ('problem' in pool || queues.silent.length > 0) return undefined
  return { at, messages: messagesIn(queues.seen), workers: runningIn(pool.seen) }
}

/** One figure beside those of the queues, of the same moment; where that is not known, with its own. */
function togetherRows(left: Remaining | undefined, now: Instant): Rows {
  if (left === undefined) return []
  const text = remainingText(left)
  return [['Queues together', left.at === now ? text : `${text} (${agoText(now - left.at)})`]]
}

function sectionOf(seen: SeenPool, now: number): Section {
  const { name, block } = seen
  const rows: (readonly [string, string])[] = [
    ...poolRows(seen.pool),
    ...autoscaleRows(seen.autoscale),
    ...queueRows(seen.queues, now),
    ...togetherRows(seen.left, now),
    ['A worker does', rateText(seen.rate, block, now)],
    ['By the DR plan', `${block.min} to ${block.max} workers`],
  ]
  const auto =
    block.per_worker === undefined && seen.rate === undefined
      ? []
      : [{ command: `workers scale ${block.vmss} auto` }]
  return {
    heading: `${block.vmss} (recovery ${name})`,
    table: { columns: ['What', 'Now'], rows: rows.map((row): readonly Line[] => row.map((text) => [text])) },
    lines: auto.length === 0 ? [] : [['As many as the queues need: ', ...auto]],
  }
}

type Rows = readonly (readonly [string, string])[]

function poolRows(part: Part<PoolSeen>): Rows {
  if ('problem' in part) return [['Workers', `not known now: ${part.problem}`]]
  const { capacity, updating, instances, problem } = part.seen
  const states = Object.entries(instances).map(([state, count]) => `${count} ${stateWord(state)}`)
  return [
    ['Capacity', `${capacity}${updating ? ', just being changed' : ''}`],
    ['Instances', states.length === 0 ? 'none' : states.join(', ')],
    ...(problem === undefined ? [] : [['Azure says', problem] as const]),
    ...(runningIn(part.seen) < capacity && !updating
      ? [['Missing', String(capacity - runningIn(part.seen))] as const]
      : []),
  ]
}

/** Azure calls an instance that runs `succeeded`. */
function stateWord(state: string): string {
  return state === 'succeeded' ? 'run' : state
}

function autoscaleRows(part: Part<readonly AutoscaleSeen[]>): Rows {
  if ('problem' in part) return [['Autoscale', `not known now: ${part.problem}`]]
  if (part.seen.length === 0) return [['Autoscale', 'none']]
  return part.seen.map(({ name, limits, predictive }) => [
    `Autoscale ${name}`,
    `${limitsText(limits)}${predictive ? ', and ahead of the load' : ''}`,
  ])
}

function queueRows({ seen, silent }: SeenQueues<QueueSeen>, now: number): Rows {
  return [
    ...seen.map((queue) => [`Queue ${queue.name}`, queueText(queue, now)] as const),
    ...silent.map(({ names, problem }) => {
      const what = names.length === 1 ? 'Queue' : 'Queues'
      return [`${what} ${names.join(', ')}`, `not known now: ${problem}`] as const
    }),
  ]
}

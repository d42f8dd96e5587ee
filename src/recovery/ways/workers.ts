// The block `scale_set`: a pool of workers gets as many as the queues need, or as many as somebody says.
import { UserError } from '../../errors.ts'
import type { Recovery } from '../../drplan/schema.ts'
import type { Duration } from '../../ids.ts'
import type { AutoscaleSeen, QueueSeen } from '../../readers.ts'
import type { ProbeAction } from '../action.ts'
import { expectedDuration, inTime, stepOf } from '../draft.ts'
import type { Context, Draft } from '../draft.ts'
import { limitsText, workersText } from '../kinds/scale-set.ts'
import { sizeText } from '../news.ts'
import type { Debt, Proposal } from '../run.ts'
import { findings, refuseUnsafe } from '../safety.ts'
import { checkByDraft } from './draft-check.ts'
import { checkAtAzure } from './rights-check.ts'
import { draftWorkersBack } from './workers-back.ts'
import { lookAtPool, messagesIn, shownOf } from './workers-look.ts'
import type { LookedPool } from './workers-look.ts'
import { autoscaleKnown, notScaling, notThatMany, poolLimits } from './workers-safety.ts'
import { sizeByQueues, timeText } from './workers-size.ts'
import type { Need, PoolPlan } from './workers-size.ts'
import { digestOfSteps, documented, limitsFor, resizeSteps, rowsOf, targetsOf } from './workers-steps.ts'
import type { Resize } from './workers-steps.ts'
import type { Way } from './way.ts'

type PoolRecovery = Recovery & { readonly scale_set: PoolPlan }

function isPool(recovery: Recovery): recovery is PoolRecovery {
  return recovery.scale_set !== undefined
}

export const workers: Way = {
  failover: (recovery) => (isPool(recovery) ? (context) => draftResize(context, recovery) : undefined),
  check: (recovery) =>
    isPool(recovery)
      ? (context) =>
          checkAtAzure(context, recovery, () => checkByDraft(context, (one) => draftResize(one, recovery)))
      : undefined,
  failback: draftWorkersBack,
  changes: ['scale-set-capacity', 'autoscale-limits'],
}

/** How many, and the sentence that says why. */
interface Wanted {
  readonly wanted: number
  readonly why: string
  /** Where the sum's minutes come from, or what is missing for a sum. */
  readonly notes: readonly string[]
}

async function draftResize(context: Context, recovery: PoolRecovery): Promise<Draft> {
  const { ask, calls, now } = context
  const plan = recovery.scale_set
  const { vmss } = plan
  const looked = await lookAtPool(calls, plan)
  const { capacity } = looked.pool
  const expected = expectedDuration(context.history, kindOf(context, recovery), recovery, documented)
  const { wanted, why, notes } = wantedSize(context, { recovery, looked, boot: expected.duration })
  const settings = 'seen' in looked.autoscale ? looked.autoscale.seen : []
  const size = { before: capacity, after: wanted }
  const autoscale = limitsFor(settings, size)
  const verdicts = [
    poolLimits(wanted, plan),
    notScaling(vmss, looked.pool),
    autoscaleKnown(looked.autoscale),
    notThatMany(size, vmss, { more: ask.order === undefined, keeps: autoscale.length > 0 }),
  ]
  const list = findings(verdicts, ask.overrides)
  refuseUnsafe(list, commandOf(context, recovery), insteadOf(recovery, wanted))

  const resize: Resize = {
    resourceGroup: plan.resource_group,
    vmss,
    ...(wanted === capacity && autoscale.length > 0 ? {} : { size }),
    autoscale,
  }
  const steps = [...resizeSteps(resize), ...probeSteps(recovery)]
  return {
    recovery: recovery.name,
    steps,
    proposal: {
      targets: targetsOf(resize),
      typed: vmss,
      risk: recovery.risk ?? 'reversible',
      ...inTime((is) => `${changeText(resize, size, is)}${why === '' ? '' : `: ${why}`}`),
      changes: rowsOf(resize, looked.pool),
      looked: shownOf(plan, looked, { now, says: why === '' ? `${vmss} and its queues now` : why }),
      findings: list,
      expected,
      cost: costOf(size),
      debts: debtsOf(resize, size),
      digest: digestOfSteps(steps, looked.pool, settings),
      warnings: [...notes, ...leftOn(resize, settings)],
      ...(context.objectiveAt === undefined ? {} : { objectiveAt: context.objectiveAt }),
    },
  }
}

function changeText(
  { vmss }: Resize,
  { before, after }: NonNullable<Resize['size']>,
  is: (before: string, after: string) => string,
): string {
  if (before === after)
    return `${vmss} ${is('keeps', 'kept')} its ${workersText(after)}, whatever autoscale was set to`
  return `${vmss} ${is('will have', 'was set to')} ${workersText(after)} instead of ${before}`
}

function kindOf({ ask }: Context, { name }: Recovery) {
  return { system: ask.system, direction: ask.direction, recovery: name } as const
}

/** A failover without a number goes by the queues when the plan knows how fast a worker is, else to the plan's max. */
function wantedSize(
  context: Context,
  {
    recovery,
    looked,
    boot,
  }: { readonly recovery: PoolRecovery; readonly looked: LookedPool; readonly boot: Duration },
): Wanted {
  const { order } = context.ask
  const plan = recovery.scale_set
  const { capacity: has } = looked.pool
  const size = order?.kind === 'pool-size' ? order.size : undefined
  const unread = 'problem' in looked.queues ? [looked.queues.problem] : []
  if (typeof size === 'object') {
    const wanted = 'to' in size ? size.to : has + size.by
    return { wanted: Math.max(0, wanted), why: '', notes: unread }
  }
  if (plan.per_worker === undefined) {
    if (size === 'auto') throw noRate(recovery)
    const note = `The DR plan does not say how many messages a worker does in a minute ("per_worker"), so it is the plan's max. Another number: workers scale ${plan.vmss} N`
    return { wanted: plan.max, why: `the plan's max`, notes: [note, ...unread] }
  }
  const need: Need = {
    messages: messagesIn(demandQueues(recovery, looked.queues)),
    has,
    perWorker: plan.per_worker,
    left: timeLeft(context),
    boot,
  }
  const { wanted, sum } = sizeByQueues(need, plan)
  return {
    wanted,
    why: sum,
    notes: [`The time in the sum: ${timeText(need, context.objectiveAt !== undefined)}`],
  }
}

/** What is left of the objective in an outage; without one, all of it. */
function timeLeft({ ask, plan, now, objectiveAt }: Context): Duration {
  if (objectiveAt !== undefined) return objectiveAt - now
  return plan.systems[ask.system]?.rto ?? 0
}

function noRate({ name, scale_set: { vmss } }: PoolRecovery): UserError {
  return new UserError(
    'no-rate',
    `How many workers the queues need cannot be said: the DR plan does not say how many messages one worker does in a minute. Add "per_worker: 40" (your own number) to the block "scale_set" of the recovery ${name}, or say a number: workers scale ${vmss} 8`,
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

function commandOf({ ask }: Context, { name, scale_set: { vmss } }: PoolRecovery): string {
  return ask.order?.kind === 'pool-size'
    ? `workers scale ${vmss} ${sizeText(ask.order.size)}`
    : `failover ${ask.system} to ${name}`
}

/** The nearest number that the plan allows. */
function insteadOf({ scale_set: { vmss, min, max } }: PoolRecovery, wanted: number): readonly string[] {
  const nearest = Math.min(max, Math.max(min, wanted))
  return nearest === wanted ? [] : [`workers scale ${vmss} ${nearest}`]
}

function probeSteps({ probe }: PoolRecovery) {
  if (probe === undefined) return []
  const action: ProbeAction = { provider: 'probe', ...probe }
  return [stepOf(`Ask ${URL.parse(probe.url)?.host ?? 'the probe'}, after the change`, action)]
}

function costOf({ before, after }: NonNullable<Resize['size']>): Proposal['cost'] {
  if (after === before) return { text: 'No data is lost.' }
  if (after > before) {
    const more = after - before
    return {
      text: `No data is lost. ${more} more machine${more === 1 ? '' : 's'} must be paid for until the way back.`,
    }
  }
  return {
    text: 'No data is lost: what the workers that go have not finished comes back to the queue when its visibility time is over, and is done again.',
  }
}

function debtsOf(
  { vmss, autoscale }: Resize,
  { before, after }: NonNullable<Resize['size']>,
): readonly Debt[] {
  return [
    {
      id: `size:${vmss}`,
      text: `${vmss} has ${workersText(after)}; before it had ${before}`,
      remedy: 'When the queues are as usual: failback workers',
    },
    ...autoscale.map(({ setting, after: limits }) => ({
      id: `autoscale:${setting.name}`,
      text: `The autoscale setting ${setting.name} keeps ${vmss} at ${limitsText(limits)}; before it was ${limitsText(setting.limits)}`,
      remedy: 'Put back with: failback workers',
    })),
  ]
}

/** Settings that stay as they are still decide. */
function leftOn({ autoscale }: Resize, settings: readonly AutoscaleSeen[]): readonly string[] {
  return settings
    .filter(({ name }) => autoscale.every(({ setting }) => setting.name !== name))
    .map(({ name, limits }) => `The autoscale setting ${name} goes on deciding, within ${limitsText(limits)}`)
}

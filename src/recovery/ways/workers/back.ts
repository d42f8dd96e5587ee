// The way back of a pool of workers: the number and the autoscale limits from before the run.
import { BugError, UserError } from '../../../errors.ts'
import type { AutoscaleSeen } from '../../../readers.ts'
import type { AutoscaleLimitsAction, ScaleSetCapacityAction } from '../../action.ts'
import { expectedDuration, inTime, undoActions } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import { begunBy } from '../../failback.ts'
import { limitDifferences, limitsText, sameLimits, workersText } from '../../kinds/scale-set.ts'
import type { Run } from '../../run.ts'
import { findings, refuseUnsafe } from '../../safety.ts'
import { lookAtPool, messagesIn, shownOf } from './look.ts'
import type { LookedPool } from './look.ts'
import { notScaling, poolAsLeft, poolLimits } from './safety.ts'
import { messagesText } from './size.ts'
import type { PoolPlan } from './size.ts'
import { digestOfSteps, documented, resizeSteps, rowsOf, targetsOf } from './steps.ts'
import type { Resize } from './steps.ts'

/** What the run has changed, as the actions that put it back. */
interface Undo {
  readonly capacity: ScaleSetCapacityAction | undefined
  readonly limits: readonly AutoscaleLimitsAction[]
}

/** Looks at the pool and its settings as they are now, and says how they become what they were. */
export async function draftWorkersBack(context: Context, run: Run, earlier: readonly Run[]): Promise<Draft> {
  const { ask, calls, now } = context
  const undo = undoOf(run)
  const plan = planOf(context, run)
  const looked = await lookAtPool(calls, plan)
  const settings = undo.limits.map((action) => settingNow(action, looked))
  const { capacity } = looked.pool
  const wanted = undo.capacity?.after ?? capacity
  const verdicts = [
    poolAsLeft(run.id, differencesOf(run, undo, { capacity, settings, earlier })),
    poolLimits(wanted, plan),
    notScaling(plan.vmss, looked.pool),
  ]
  const list = findings(verdicts, ask.overrides)
  refuseUnsafe(list, `failback ${ask.system}`, [])

  const all: Resize = {
    resourceGroup: plan.resource_group,
    vmss: plan.vmss,
    ...(undo.capacity ? { size: { before: capacity, after: wanted } } : {}),
    autoscale: undo.limits.flatMap(({ setting, after }) => {
      const found = settings.find(({ name }) => name === setting)
      return found ? [{ setting: found, after }] : []
    }),
  }
  const left = leftOf(all)
  const resize = left ?? all
  const steps = resizeSteps(resize)
  const kind = { system: ask.system, direction: 'failback', recovery: run.recovery } as const
  const expected = expectedDuration(context.history, kind, undefined, documented)
  const limits = resize.autoscale.map(
    ({ setting, after }) => `autoscale ${setting.name} ${limitsText(after)}`,
  )
  return {
    recovery: run.recovery,
    undoes: run.id,
    ...(left ? {} : { nothingLeft: true }),
    steps,
    proposal: {
      targets: targetsOf(all),
      typed: plan.vmss,
      risk: run.proposal.risk,
      ...inTime((is) => {
        const size = `${plan.vmss} ${is('will have', 'was set to')} ${workersText(wanted)} again`
        return `${[...(resize.size ? [size] : []), ...limits].join(', ')}, as before ${run.id}`
      }),
      changes: rowsOf(resize, looked.pool),
      looked: shownOf(plan, looked, { now, says: `${plan.vmss} and its queues now` }),
      findings: list,
      expected,
      cost: {
        text: 'No data is lost: what workers that go have not finished comes back to the queue when its visibility time is over, and is done again.',
      },
      debts: [],
      digest: digestOfSteps(steps, looked.pool, settings),
      warnings: [...waiting(looked, wanted < capacity)],
      ...(context.objectiveAt === undefined ? {} : { objectiveAt: context.objectiveAt }),
    },
  }
}

/** What is not yet as it was before the run; undefined when all is. */
function leftOf({ size, autoscale, ...place }: Resize): Resize | undefined {
  const limits = autoscale.filter(({ setting, after }) => !sameLimits(setting.limits, after))
  const resized = size && size.before !== size.after ? { size } : {}
  return limits.length > 0 || 'size' in resized ? { ...place, ...resized, autoscale: limits } : undefined
}

function undoOf(run: Run): Undo {
  const actions = undoActions(run)
  const [capacity] = actions.flatMap((each) => (each.provider === 'scale-set-capacity' ? [each] : []))
  const limits = actions.flatMap((each) => (each.provider === 'autoscale-limits' ? [each] : []))
  if (capacity || limits.length > 0) return { capacity, limits }
  throw new BugError(`${run.id} has changed no pool of workers`)
}

/** The pool as the plan has it now: its limits and queues count, even if they have changed since the run. */
function planOf({ plan, ask }: Context, run: Run): PoolPlan {
  const recovery = plan.systems[ask.system]?.recoveries.find(({ name }) => name === run.recovery)
  if (recovery?.scale_set) return recovery.scale_set
  throw new UserError(
    'unknown-recovery',
    `The DR plan has no pool of workers ${run.recovery} any more, so its queues and limits are not known. Nothing was changed. Put the recovery back into the plan, or set the number by hand in the Azure portal.`,
  )
}

/** The setting as it is now; one that is gone or switched off cannot be put back as it was. */
function settingNow({ setting, before }: AutoscaleLimitsAction, { autoscale }: LookedPool): AutoscaleSeen {
  if ('problem' in autoscale) throw autoscale.thrown
  const found = autoscale.seen.find(({ name }) => name === setting)
  if (found) return found
  throw new UserError(
    'autoscale-gone',
    `The autoscale setting ${setting} was removed or switched off since; the run had left it at ${limitsText(before)}. Nothing was changed. Switch it on again, or set the number of workers with: workers scale`,
  )
}

/**
 * A run that stopped on the way leaves any number between before and after, and so does a way back of it; what that has
 * put back already is right, too.
 */
function differencesOf(
  run: Run,
  { capacity: action, limits }: Undo,
  seen: {
    readonly capacity: number
    readonly settings: readonly AutoscaleSeen[]
    readonly earlier: readonly Run[]
  },
): readonly string[] {
  const begun = begunBy(seen.earlier).map((step) => step.action)
  const ofLimits = limits.flatMap(({ setting, before, after }) => {
    const found = seen.settings.find(({ name }) => name === setting)
    if (!found) return []
    const tried = begun.some((one) => one.provider === 'autoscale-limits' && one.setting === setting)
    return tried && sameLimits(found.limits, after) ? [] : limitDifferences(setting, before, found)
  })
  if (!action) return ofLimits
  const { capacity } = seen
  const [low = 0, high = 0] = [action.before, action.after].toSorted((a, b) => a - b)
  const stopped = run.state !== 'done' || begun.some(({ provider }) => provider === 'scale-set-capacity')
  if (capacity === action.before || (stopped && capacity >= low && capacity <= high)) return ofLimits
  return [`${action.vmss} has ${workersText(capacity)} now, and ${run.id} left ${action.before}`, ...ofLimits]
}

/** Fewer workers while much still waits would bring the outage back. */
function waiting({ queues }: LookedPool, fewer: boolean): readonly string[] {
  if ('problem' in queues) return [`How much still waits is not known: ${queues.problem}`]
  const messages = messagesIn(queues.seen)
  return fewer && messages > 0 ? [`${messagesText(messages)} still wait in the queues`] : []
}

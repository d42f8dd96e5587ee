// The way back of a pool of workers: the number and the autoscale limits from before the run.
import { BugError, UserError } from '../../errors.ts'
import type { AutoscaleSeen } from '../../readers.ts'
import type { AutoscaleLimitsAction, ScaleSetCapacityAction } from '../action.ts'
import { expectedDuration, inTime, undoActions } from '../draft.ts'
import type { Context, Draft } from '../draft.ts'
import { limitDifferences, limitsText, workersText } from '../kinds/scale-set.ts'
import type { Run } from '../run.ts'
import { findings, refuseUnsafe } from '../safety.ts'
import { lookAtPool, messagesIn, shownOf } from './workers-look.ts'
import type { LookedPool } from './workers-look.ts'
import { notScaling, poolAsLeft, poolLimits } from './workers-safety.ts'
import { messagesText } from './workers-size.ts'
import type { PoolPlan } from './workers-size.ts'
import { digestOfSteps, documented, resizeSteps, rowsOf, targetsOf } from './workers-steps.ts'
import type { Resize } from './workers-steps.ts'

/** What the run has changed, as the actions that put it back. */
interface Undo {
  readonly capacity: ScaleSetCapacityAction | undefined
  readonly limits: readonly AutoscaleLimitsAction[]
}

/** Looks at the pool and its settings as they are now, and says how they become what they were. */
export async function draftWorkersBack(context: Context, run: Run): Promise<Draft> {
  const { ask, calls, now } = context
  const undo = undoOf(run)
  const plan = planOf(context, run)
  const looked = await lookAtPool(calls, plan)
  const settings = undo.limits.map((action) => settingNow(action, looked))
  const { capacity } = looked.pool
  const wanted = undo.capacity?.after ?? capacity
  const verdicts = [
    poolAsLeft(run.id, differencesOf(run, undo, { capacity, settings })),
    poolLimits(wanted, plan),
    notScaling(plan.vmss, looked.pool),
  ]
  const list = findings(verdicts, ask.overrides)
  refuseUnsafe(list, `failback ${ask.system}`, [])

  const resize: Resize = {
    resourceGroup: plan.resource_group,
    vmss: plan.vmss,
    ...(undo.capacity ? { size: { before: capacity, after: wanted } } : {}),
    autoscale: undo.limits.flatMap(({ setting, after }) => {
      const found = settings.find(({ name }) => name === setting)
      return found ? [{ setting: found, after }] : []
    }),
  }
  const steps = resizeSteps(resize)
  const kind = { system: ask.system, direction: 'failback', recovery: run.recovery } as const
  const expected = expectedDuration(context.history, kind, undefined, documented)
  const limits = undo.limits.map(({ setting, after }) => `autoscale ${setting} ${limitsText(after)}`)
  return {
    recovery: run.recovery,
    undoes: run.id,
    steps,
    proposal: {
      targets: targetsOf(resize),
      typed: plan.vmss,
      risk: run.proposal.risk,
      ...inTime((is) => {
        const size = `${plan.vmss} ${is('will have', 'was set to')} ${workersText(wanted)} again`
        return `${[...(undo.capacity ? [size] : []), ...limits].join(', ')}, as before ${run.id}`
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

/** A run that stopped on the way leaves any number between before and after. */
function differencesOf(
  run: Run,
  { capacity: action, limits }: Undo,
  now: { readonly capacity: number; readonly settings: readonly AutoscaleSeen[] },
): readonly string[] {
  const ofLimits = limits.flatMap(({ setting, before }) => {
    const found = now.settings.find(({ name }) => name === setting)
    return found ? limitDifferences(setting, before, found) : []
  })
  if (!action) return ofLimits
  const [low = 0, high = 0] = [action.before, action.after].toSorted((a, b) => a - b)
  const between = run.state !== 'done' && now.capacity >= low && now.capacity <= high
  if (now.capacity === action.before || between) return ofLimits
  return [
    `${action.vmss} has ${workersText(now.capacity)} now, and ${run.id} left ${action.before}`,
    ...ofLimits,
  ]
}

/** Fewer workers while much still waits would bring the outage back. */
function waiting({ queues }: LookedPool, fewer: boolean): readonly string[] {
  if ('problem' in queues) return [`How much still waits is not known: ${queues.problem}`]
  const messages = messagesIn(queues.seen)
  return fewer && messages > 0 ? [`${messagesText(messages)} still wait in the queues`] : []
}

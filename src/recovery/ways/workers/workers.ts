// The block `scale_set`: a pool of workers gets as many as the queues need, or as many as somebody says.
import type { Recovery } from '../../../drplan/schema.ts'
import type { AutoscaleSeen } from '../../../readers.ts'
import type { ProbeAction } from '../../action.ts'
import { expectedDuration, inTime, stepOf } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import { limitsText, workersText } from '../../kinds/scale-set.ts'
import { sizeText } from '../../news.ts'
import type { Debt, Proposal } from '../../run.ts'
import { findings, refuseUnsafe } from '../../safety.ts'
import { checkByDraft, checkedOf } from '../draft-check.ts'
import { checkAtAzure } from '../rights-check.ts'
import { draftWorkersBack } from './back.ts'
import { lookAtPool, shownOf } from './look.ts'
import { measuredRate, rateText, wantedSize } from './need.ts'
import type { PoolRecovery } from './need.ts'
import { coreQuota, lookAtQuota, workersWithinQuota } from './quota.ts'
import { autoscaleKnown, notScaling, notThatMany, poolLimits } from './safety.ts'
import { digestOfSteps, documented, limitsFor, resizeSteps, rowsOf, targetsOf } from './steps.ts'
import type { Resize } from './steps.ts'
import { wayOf } from '../way.ts'
import { together } from '../../../together.ts'

export const workers = wayOf('scale_set', {
  draft: (context, recovery) =>
    draftResize(context, recovery, lookAtQuota(context.calls, recovery.scale_set)),
  check: (context, recovery) =>
    checkAtAzure(context, recovery, async () => {
      const { calls } = context
      const { scale_set: plan } = recovery
      const quota = lookAtQuota(calls, plan)
      const drafted = await checkByDraft(context, (one) => draftResize(one, recovery, quota))
      // What is wanted just now says nothing of an outage: the plan's max is what must find room.
      const most = coreQuota(await quota, plan.max)
      return [...drafted.filter(({ what }) => what !== most.rule), checkedOf(most)]
    }),
  failback: draftWorkersBack,
  changes: ['scale-set-capacity', 'autoscale-limits'],
})

async function draftResize(
  context: Context,
  recovery: PoolRecovery,
  reading: ReturnType<typeof lookAtQuota>,
): Promise<Draft> {
  const { ask, calls, now } = context
  const plan = recovery.scale_set
  const { vmss } = plan
  const [looked, rate, quota] = await together([
    lookAtPool(calls, plan),
    measuredRate(context, plan),
    reading,
  ])
  const { capacity } = looked.pool
  const expected = expectedDuration(context.history, kindOf(context, recovery), recovery, documented)
  const { wanted, why, notes } = wantedSize(context, { recovery, looked, rate, boot: expected.duration })
  const settings = 'seen' in looked.autoscale ? looked.autoscale.seen : []
  const size = { before: capacity, after: wanted }
  const autoscale = limitsFor(settings, size)
  const verdicts = [
    poolLimits(wanted, plan),
    coreQuota(quota, wanted),
    notScaling(vmss, looked.pool),
    autoscaleKnown(looked.autoscale),
    notThatMany(size, vmss, { more: ask.order === undefined, keeps: autoscale.length > 0 }),
  ]
  const list = findings(verdicts, ask.overrides)
  refuseUnsafe(
    list,
    commandOf(context, recovery),
    insteadOf(recovery, { wanted, has: capacity, room: workersWithinQuota(quota) }),
  )

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
      looked: shownOf(plan, looked, {
        now,
        says: why === '' ? `${vmss} and its queues now` : why,
        rate: rateText(rate, plan, now),
      }),
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

function commandOf({ ask }: Context, { name, scale_set: { vmss } }: PoolRecovery): string {
  return ask.order?.kind === 'pool-size'
    ? `workers scale ${vmss} ${sizeText(ask.order.size)}`
    : `failover ${ask.system} to ${name}`
}

/** The nearest number that the plan allows and the quotas have room for; none that would bring nothing. */
function insteadOf(
  { scale_set: { vmss, min, max } }: PoolRecovery,
  {
    wanted,
    has,
    room = wanted,
  }: { readonly wanted: number; readonly has: number; readonly room?: number | undefined },
): readonly string[] {
  const allowed = Math.min(max, Math.max(min, wanted))
  const nearest = allowed > has ? Math.min(allowed, room) : allowed
  return nearest === wanted || nearest === has ? [] : [`workers scale ${vmss} ${nearest}`]
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

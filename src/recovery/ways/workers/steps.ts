// A pool of workers gets another size, as steps: autoscale's limits first, then the capacity, then the wait for it.
import type { Duration } from '../../../ids.ts'
import { minute } from '../../../ids.ts'
import type { Facts } from '../../../ports.ts'
import type { AutoscaleSeen, PoolPlace, PoolSeen } from '../../../readers.ts'
import type { Action, AutoscaleLimits, AutoscaleLimitsAction, ScaleSetCapacityAction } from '../../action.ts'
import { stepOf } from '../../draft.ts'
import { limitsText, runningIn, sameLimits, workersText } from '../../kinds/scale-set.ts'
import type { Proposal, Step } from '../../run.ts'
import { digestOf, groundOf } from '../../world.ts'
import type { Seen } from '../../world.ts'

/** How long Azure's own operation is waited for, and how long the instances after it. */
const operationWithin: Duration = 15 * minute
const instancesWithin: Duration = 5 * minute

/** Azure promises no time; this is what is usual for a machine with its image and extensions. */
export const documented: Proposal['expected'] = {
  duration: 10 * minute,
  source: 'never measured; new machines usually run within ten minutes, which Azure does not promise',
}

/** A pool's size as it is and as it is to be, with the autoscale settings that must follow. */
export interface Resize {
  readonly resourceGroup: string
  readonly vmss: string
  /** Absent when only autoscale settings are put back. */
  readonly size?: { readonly before: number; readonly after: number }
  readonly autoscale: readonly {
    readonly setting: AutoscaleSeen
    readonly after: readonly AutoscaleLimits[]
  }[]
}

/** The settings that would undo the change, each with limits that do not. */
export function limitsFor(
  settings: readonly AutoscaleSeen[],
  { before, after }: { readonly before: number; readonly after: number },
): Resize['autoscale'] {
  return settings.flatMap((setting) => {
    const next = setting.limits.map((limits) => around(limits, after, after > before))
    return sameLimits(next, setting.limits) ? [] : [{ setting, after: next }]
  })
}

/** More workers must not be scaled in again, so `min` rises to them; fewer must only be allowed. */
function around(limits: AutoscaleLimits, wanted: number, more: boolean): AutoscaleLimits {
  const min = more ? Math.max(limits.min, wanted) : Math.min(limits.min, wanted)
  const max = Math.max(limits.max, wanted)
  const usual = Math.min(max, Math.max(min, limits.usual))
  return { ...limits, min, max, usual }
}

/**
 * Autoscale first, on the way there and on the way back: with the old limits it would undo the new capacity within
 * minutes.
 */
export function resizeSteps(resize: Resize): readonly Step[] {
  const { resourceGroup, vmss, size } = resize
  const limits = resize.autoscale.map(({ setting, after }) => {
    const action: AutoscaleLimitsAction = {
      provider: 'autoscale-limits',
      resourceGroup,
      setting: setting.name,
      before: setting.limits,
      after,
    }
    const undo = { ...action, before: action.after, after: action.before }
    return stepOf(`Set the autoscale setting ${setting.name} to ${limitsText(after)}`, action, undo)
  })
  if (!size) return limits
  const action: ScaleSetCapacityAction = {
    provider: 'scale-set-capacity',
    resourceGroup,
    vmss,
    ...size,
    within: operationWithin,
  }
  const undo = { ...action, before: size.after, after: size.before }
  const { provider: _, within: _within, ...place } = action
  const wait: Action = { provider: 'scale-set-wait', ...place, within: instancesWithin }
  const title =
    size.after >= size.before
      ? `Wait until ${workersText(size.after)} run`
      : `Wait until only ${workersText(size.after)} are left`
  return [...limits, stepOf(`Set ${vmss} to ${workersText(size.after)}`, action, undo), stepOf(title, wait)]
}

/** What is locked while it runs. */
export function targetsOf({ resourceGroup, vmss, autoscale }: Resize): readonly string[] {
  const settings = autoscale.map(({ setting }) => `azure:${resourceGroup}/autoscale/${setting.name}`)
  return [poolTarget({ resourceGroup, vmss }), ...settings.map((target) => target.toLowerCase())]
}

/** The pool itself, as what is locked. */
export function poolTarget({ resourceGroup, vmss }: PoolPlace): string {
  return `azure:${resourceGroup}/${vmss}`.toLowerCase()
}

/** Before and after. */
export function rowsOf({ vmss, size, autoscale }: Resize, pool: PoolSeen): Proposal['changes'] {
  return [
    ...(size
      ? [
          {
            what: vmss,
            before: `${workersText(size.before)}, ${runningIn(pool)} of them run`,
            after: workersText(size.after),
          },
        ]
      : []),
    ...autoscale.map(({ setting, after }) => ({
      what: `autoscale ${setting.name}`,
      before: limitsText(setting.limits),
      after: limitsText(after),
    })),
  ]
}

/** The digest of what was seen, in the order in which the engine looks at it again. */
export function digestOfSteps(
  steps: readonly Step[],
  pool: PoolSeen,
  settings: readonly AutoscaleSeen[],
): string {
  const seen = groundOf(steps).map(({ action }): Seen => ({
    action,
    facts: factsFor(action, pool, settings),
  }))
  return digestOf(seen)
}

function factsFor(action: Action, pool: PoolSeen, settings: readonly AutoscaleSeen[]): Facts {
  if (action.provider === 'autoscale-limits')
    return { ...settings.find(({ name }) => name === action.setting) }
  return { ...pool }
}

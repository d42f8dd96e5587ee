// Safety rules of the size of a pool of workers: pure verdicts.
import type { AutoscaleSeen, PoolSeen } from '../../../readers.ts'
import { limitsText, workersText } from '../../kinds/scale-set.ts'
import type { Verdict } from '../../safety.ts'
import type { Part } from './look.ts'
import type { PoolPlan } from './size.ts'

/** Neither fewer nor more than the plan says. */
export function poolLimits(wanted: number, { min, max }: Pick<PoolPlan, 'min' | 'max'>): Verdict {
  const rule = 'pool-limits'
  if (wanted < min)
    return { rule, ok: false, text: `${workersText(wanted)} would be fewer than the plan's min of ${min}` }
  if (wanted > max)
    return { rule, ok: false, text: `${workersText(wanted)} would be more than the plan's max of ${max}` }
  return {
    rule,
    ok: true,
    text: `${workersText(wanted)} ${wanted === 1 ? 'is' : 'are'} within the plan's ${min} to ${max}`,
  }
}

/** A second change would cut off the first one, and nobody could say which of them came true. */
export function notScaling(vmss: string, { updating }: PoolSeen): Verdict {
  const text = updating
    ? `${vmss} is just being changed: wait for its end, to be seen with: workers show`
    : `Nobody is changing ${vmss}`
  return { rule: 'pool-not-scaling', ok: !updating, text }
}

/** An autoscale setting that nobody has seen may undo the change minutes later. */
export function autoscaleKnown(autoscale: Part<readonly AutoscaleSeen[]>): Verdict {
  const rule = 'autoscale-known'
  if ('problem' in autoscale)
    return {
      rule,
      ok: false,
      unknown: true,
      text: `What would undo it is not known: ${autoscale.problem.replace(/\.$/, '')}`,
    }
  const { seen } = autoscale
  if (seen.length === 0) return { rule, ok: true, text: 'No autoscale setting decides about it' }
  const list = seen.map(({ name, predictive, limits }) => {
    return `${name} keeps it at ${limitsText(limits)}${predictive ? ', and scales out ahead of the load' : ''}`
  })
  return { rule, ok: true, text: `Autoscale: ${list.join('; ')}` }
}

/**
 * `more`: it is to help in an outage, where fewer workers help nobody. `keeps`: an autoscale setting would change the
 * number that there is.
 */
export function notThatMany(
  { before, after }: { readonly before: number; readonly after: number },
  vmss: string,
  { more, keeps }: { readonly more: boolean; readonly keeps: boolean },
): Verdict {
  const rule = 'not-already-there'
  const has = `${vmss} has ${workersText(before)}`
  if (after === before && !keeps) return { rule, ok: false, text: `${has} already` }
  if (more && after < before)
    return { rule, ok: false, text: `${has} already, more than the ${after} that are needed` }
  return { rule, ok: true, text: has }
}

/** The way back starts from what the run left behind. */
export function poolAsLeft(run: string, differences: readonly string[]): Verdict {
  const ok = differences.length === 0
  const text = ok ? `The pool is as ${run} left it` : differences.join('; ')
  return { rule: 'world-as-left', ok, text }
}

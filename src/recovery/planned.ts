// What the DR plan had of a recovery when its run was proposed, and in what the plan is another one now.
import type { DrPlan, Recovery } from '../drplan/schema.ts'
import { canonicalJson } from '../timeline/canonical.ts'
import { anewCommand } from './news.ts'
import type { Run } from './run.ts'

/** The plan's own words on a recovery, but for how long it takes; undefined when it has none of this name. */
export function plannedOf(
  plan: DrPlan,
  { system, recovery }: Pick<Run, 'system' | 'recovery'>,
): Run['planned'] {
  const found = plan.systems[system]?.recoveries.find(({ name }) => name === recovery)
  if (!found) return undefined
  const { expected: _, ...rest }: Recovery = found
  return rest
}

/** In what the plan differs from the one that the run was proposed by, in words; undefined when in nothing. */
export function planDifference(run: Run, plan: DrPlan): string | undefined {
  const now = plannedOf(plan, run)
  const { planned: was } = run
  if (canonicalJson(was ?? null) === canonicalJson(now ?? null)) return undefined
  if (now === undefined) return `it has no recovery ${run.recovery} of ${run.system} any more`
  if (was === undefined) return `it has the recovery ${run.recovery} of ${run.system} only since then`
  return differences(was, now, '').join('; ')
}

/**
 * What whoever retries a run must know where the plan has changed since; undefined where it is as approved, or for a
 * way back.
 */
export function replannedText(run: Run, plan: DrPlan): string | undefined {
  const difference = run.direction === 'failback' ? undefined : planDifference(run, plan)
  if (difference === undefined) return undefined
  const { id } = run
  const instead = plannedOf(plan, run)
    ? `for what the plan has now: cancel ${id}, ${anewCommand(run)}`
    : `to stop it: cancel ${id}`
  return `The DR plan has changed since ${id} was proposed (${difference}), and it goes on with what was approved; ${instead}`
}

function differences(was: unknown, now: unknown, path: string): readonly string[] {
  if (isTable(was) && isTable(now)) {
    const keys = [...new Set([...Object.keys(was), ...Object.keys(now)])]
    return keys.flatMap((key) => differences(was[key], now[key], path === '' ? key : `${path}.${key}`))
  }
  if (canonicalJson(was ?? null) === canonicalJson(now ?? null)) return []
  return [`${path} is ${text(now)}, and was ${text(was)}`]
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown): string {
  if (value === undefined) return 'not there'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

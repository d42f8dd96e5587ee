// A person's word on a run that waits for its provider: it is looked at right away, unless asking makes the wait longer.
import type { Duration, Instant } from '../ids.ts'
import { minute, second } from '../ids.ts'
import { momentSeenAt } from '../moment.ts'
import { goOn, to } from './change.ts'
import type { RunChange, Running } from './change.ts'
import type { Run } from './run.ts'

/** How long after a provider did not answer it is looked at again: what was on its way then has arrived. */
export const pause: Duration = 5 * second

/** The run with its next look brought forward; undefined when it waits for nobody, or may not ask before. */
export function hurried(run: Running, now: Instant): RunChange | undefined {
  const waits = run.steps[run.current]?.waits
  if (!waits || blockedUntil(run, now) !== undefined) return undefined
  const checkAt = Math.max(now, waits.since + pause)
  return checkAt < run.checkAt ? goOn(to({ ...run, checkAt })) : undefined
}

/** Until when the provider of the step that a run is at refuses every call, and longer when it is asked before. */
function blockedUntil(run: Run, now: Instant): Instant | undefined {
  const step = run.state === 'running' || run.state === 'unknown' ? run.steps[run.current] : undefined
  const until = step?.waits?.blockedUntil
  return until !== undefined && until > now ? until : undefined
}

/** The same in words, in the plan's zone. */
export function blockedText(run: Run, now: Instant, zone: string): string | undefined {
  const until = blockedUntil(run, now)
  if (until === undefined) return undefined
  // Moments are shown to the minute: before the one that is named nobody is to try.
  const shown = momentSeenAt(Math.ceil(until / minute) * minute, now, zone)
  return `Its provider refuses every call until ${shown} ${zone}, and to ask before makes that longer: it is looked at then`
}

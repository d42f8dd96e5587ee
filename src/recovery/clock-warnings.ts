// What the objective's clock speaks against a run: as it is now, and as it was when somebody said yes.
import { printClock, printDuration } from '../drplan/duration.ts'
import type { Duration, Instant } from '../ids.ts'
import type { Line } from '../message.ts'
import type { Run } from './run.ts'

/** What it says of a run that has not ended: it is read again whenever the run is shown. */
export function clockCautions(run: Run, now: Instant): readonly Line[] {
  const { objectiveAt, expected, effectWithin } = run.proposal
  if (run.state !== 'proposed' && run.state !== 'running')
    return clockWarnings(run).map((text) => [`⚠ ${text}`])
  const left = leftAt(run, now)
  if (left === undefined || objectiveAt === undefined) return []
  const allows: Line = [' is longer than the objective (RTO) allows: ', { at: objectiveAt, show: 'deadline' }]
  return [
    ...(run.state === 'proposed' && expected.duration > left
      ? [[`⚠ The expected ${printDuration(expected.duration)}`, ...allows]]
      : []),
    ...(effectWithin !== undefined && effectWithin > left
      ? [[`⚠ Clients may keep the old address for ${printDuration(effectWithin)}, which`, ...allows]]
      : []),
  ]
}

/** All that whoever approved it was warned of, safety rules aside; the clock's part in words that stay true. */
export function warnedOf(run: Run): readonly string[] {
  return [...clockWarnings(run), ...run.proposal.warnings]
}

/** Nothing of a run that nobody has approved. */
function clockWarnings(run: Run): readonly string[] {
  const { expected, effectWithin } = run.proposal
  const [approval] = run.approvals
  const left = approval && leftAt(run, approval.at)
  if (left === undefined) return []
  const than = `longer than the ${printClock(left)} that the objective (RTO) left when it was approved`
  return [
    ...(expected.duration > left ? [`The expected ${printDuration(expected.duration)} was ${than}`] : []),
    ...(effectWithin !== undefined && effectWithin > left
      ? [`Clients could keep the old address for ${printDuration(effectWithin)}, ${than}`]
      : []),
  ]
}

/** Undefined without an objective, and once it is missed, which stands in the field of the objective. */
function leftAt({ proposal: { objectiveAt } }: Run, at: Instant): Duration | undefined {
  return objectiveAt === undefined || objectiveAt <= at ? undefined : objectiveAt - at
}

// Says what became of alerts, so that none vanishes: one that nobody is called for is a gap in the plan.
import type { Alert } from '../intake/alert.ts'
import type { Log } from '../ports.ts'
import { unmatched } from './meaning.ts'
import type { Verdict } from './triage.ts'

/** Objects that are named in one line of the log. */
const named = 5

/** Nagios sends it once, or not again for long. */
function tellsState({ type }: Alert): boolean {
  return type === 'PROBLEM' || type === 'RECOVERY'
}

/** Counts every verdict, and logs those that led nowhere, a line for each reason. */
export function reportVerdicts(
  verdicts: readonly Verdict[],
  deps: { readonly log: Log; readonly counted: (outcome: Verdict['outcome']) => void },
): void {
  for (const verdict of verdicts) deps.counted(verdict.outcome)
  const ignored = verdicts.filter((verdict) => verdict.outcome === 'ignored')
  for (const [reason, all] of Map.groupBy(ignored, (verdict) => verdict.reason ?? '')) {
    const objects = [...new Set(all.map((verdict) => verdict.alert.key))].slice(0, named)
    const fields = { reason, count: all.length, objects }
    if (reason === unmatched && all.some(({ alert }) => alert.type !== 'CUSTOM'))
      deps.log.warn('alerts that nobody is called for: add them to the plan', fields)
    else if (all.some(({ alert, late }) => late && alert.hard && tellsState(alert)))
      deps.log.warn('a HARD problem or recovery was taken for old news: are the clocks right?', fields)
    else deps.log.info('alerts that changed nothing', fields)
  }
}

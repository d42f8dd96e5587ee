// What a person must do outside now, since a run waits for it: said wherever somebody looks at the outage.
import type { Line, Section } from '../message.ts'
import { stepOfPerson } from '../recovery/news.ts'
import type { Run } from '../recovery/run.ts'

/** A line for each run that waits for a person, such as one at the registrar; empty when none does. */
export function byHandLines(runs: readonly Run[]): readonly Line[] {
  return runs.flatMap((run): readonly Line[] => {
    const action = stepOfPerson(run)
    if (!action) return []
    const { registrar, zone, after } = action
    const what = `: at ${registrar}, enter these name servers of ${zone}: ${after.join(', ')}. All of it: `
    return [[{ strong: `${run.id} waits for a person` }, what, { command: `runs ${run.id}` }]]
  })
}

/** What a person must do outside now, since a run waits for it. */
export function byHandSection(runs: readonly Run[]): Section | undefined {
  const lines = byHandLines(runs)
  return lines.length === 0 ? undefined : { heading: 'A person must act now', lines }
}

/** The same on an incident's card, where it stands above the buttons: undefined when no run waits. */
export function byHandLead(runs: readonly Run[]): Section | undefined {
  const lines = byHandLines(runs).map((line): Line => [{ strong: 'A person must act now. ' }, ...line])
  return lines.length === 0 ? undefined : { lines }
}

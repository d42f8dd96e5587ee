// How the story of the demo ended, as a table: for each outage how long, against which objective, and what was undone.
import { printDuration } from '../src/drplan/duration.ts'
import type { Instant } from '../src/ids.ts'
import type { Incident } from '../src/incident/incident.ts'
import { dataLost } from '../src/recovery/data-lost.ts'
import type { Run } from '../src/recovery/run.ts'
import { measure, verdictText } from '../src/timeline/phases.ts'

const columns = ['Incident', 'System', 'Down for', 'RTO', 'Verdict', 'Data lost', 'Recovered by', 'Undone by']

/** The lines of the table, the oldest outage first. */
export function summaryTable(
  incidents: readonly Incident[],
  runs: readonly Run[],
  now: Instant,
): readonly string[] {
  const rows = incidents
    .toSorted((a, b) => a.openedAt - b.openedAt)
    .map((incident) => {
      const { ms, rto } = measure(incident, now)
      const run = runs.find((each) => each.incident === incident.id && each.direction === 'failover')
      return [
        incident.id,
        incident.system,
        printDuration(ms),
        printDuration(rto),
        verdictText(measure(incident, now)),
        run === undefined ? '' : lossText(run, incident.objective),
        run === undefined ? 'nothing: it mended itself' : `${run.id}, ${run.recovery}`,
        run === undefined ? '' : (run.undoneBy ?? 'nothing'),
      ]
    })
  return aligned([columns, ...rows])
}

/** Only a restore loses data that anybody can count. */
function lossText(run: Run, { rpo }: Incident['objective']): string {
  const lost = dataLost(run)
  if (lost === undefined) return ''
  const verdict = rpo === undefined ? '' : `, RPO ${printDuration(rpo)} ${lost.ms <= rpo ? 'met' : 'missed'}`
  return `${printDuration(lost.ms)}${verdict}`
}

/** Each column as wide as its widest cell. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

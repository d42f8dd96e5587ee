// How an incident ended, as its rooms and everybody else hear it: how long, and what became of the objective.
import { printDuration } from '../drplan/duration.ts'
import type { IncidentId } from '../ids.ts'
import { sentence } from '../recovery/news.ts'
import { isNotKnown, measure, problemCount, verdictText } from '../timeline/phases.ts'
import type { Incident } from './incident.ts'

/** So many digits are enough to be sure, and few enough for a phone. */
const digits = 32

/** The hash of a record goes out of the store with the last words, in what is typed to compare it later. */
export function proofWords(id: IncidentId, hash: string): string {
  return `To see later that nobody has altered its record: timeline ${id} --head ${hash.slice(0, digits)}`
}

export type Resolved = Extract<Incident, { readonly state: 'resolved' }>

/** After its number: `resolved: down for 5m, objective of 10m met.`, or by whom and over what it was closed by hand. */
export function endWords(incident: Resolved): string {
  const { marks, what, at, system, problems } = incident
  const measured = measure(incident, at)
  const took = printDuration(measured.ms)
  const rto = `objective of ${printDuration(measured.rto)}`
  const still = problems.open > 0 ? ` Nagios still reports ${problemCount(problems.open)} of ${system}.` : ''
  if (marks.byHand === undefined) {
    const was = what === undefined ? '' : ` What it was: ${sentence(what)}`
    return `resolved: down for ${took}, ${rto} ${verdictText(measured)}.${was}${still}`
  }
  const { name, problems: then } = marks.byHand
  const why = what === undefined ? '.' : `: ${sentence(what)}`
  const reported = still === '' ? ` Nagios still reported ${problemCount(then)} then.` : still
  const verdict = isNotKnown(measured)
    ? ` Whether the ${rto} was met is not known.`
    : ` The ${rto} was missed.`
  return `closed by hand by ${name} after ${took}${why}${reported}${verdict}`
}

// What is not fine although no incident of its own is open: explained outages, problems left behind, debts of failovers.
import { unlessNewer } from '../errors.ts'
import { systemIds } from '../ids.ts'
import { systemClaim } from '../incident/incidents.ts'
import { withCommands } from './typed.ts'
import type { IncidentId, Instant, RunId, SystemId } from '../ids.ts'
import type { Incident } from '../incident/incident.ts'
import type { Line } from '../message.ts'
import type { Store } from '../ports.ts'
import { halfWay, halfWayRemedy, halfWayText } from '../recovery/half-way.ts'
import { anewCommand } from '../recovery/news.ts'
import type { Run } from '../recovery/run.ts'
import { isCoveredBy, isStanding, standing } from '../recovery/taken-over.ts'

/** A system without an open incident of its own that is not fine all the same; `incident` says why. */
export interface SystemWarning {
  readonly system: SystemId
  readonly incident: IncidentId
  readonly text: string
  /** Since when it is down, of one that another outage explains. */
  readonly since?: Instant
}

/** What a failover left behind and nobody has paid. */
export interface Owed {
  readonly run: RunId
  readonly system: SystemId
  readonly text: string
  readonly remedy: string
  /** Its number among those of the run, from 1, by which it is said to be done; absent where nothing can be said. */
  readonly number?: number
  /** It is not owed: what the failover set does not hold any more. */
  readonly gone?: true
  /** It is not owed: the run has stopped half-way, and nobody has gone on with it. */
  readonly halfWay?: true
}

/** What is shown of a debt where it is one line of many, in characters. */
const longestShort = 100

/** How many of the newest runs are looked through for failovers that still stand. */
const lookedThrough = 200

/** What is true of all systems, beside the open incidents. */
export interface Warnings {
  readonly systems: readonly SystemWarning[]
  readonly owed: readonly Owed[]
}

/** What is true of all systems now. */
export async function readWarnings(
  store: Pick<Store, 'claims' | 'incident' | 'runs'>,
  open: readonly Incident[],
): Promise<Warnings> {
  const [holders, runs] = await Promise.all([
    store.claims(systemIds.map(systemClaim)),
    store.runs({ open: false, limit: lookedThrough, lasting: true }),
  ])
  const newest = await Promise.all(
    holders.map(async (holder) => holder && unlessNewer(store.incident(holder as IncidentId))),
  )
  const incidents = newest.flatMap((found) => (found ? [found.state] : []))
  const newer = systemIds.flatMap((system, index): SystemWarning[] => {
    const holder = holders[index] ?? ''
    return holder === '' || newest[index] ? [] : [ofNewer(system, holder as IncidentId)]
  })
  return { systems: [...newer, ...systemWarnings(open, incidents)], owed: stillOwed(runs) }
}

/** `newest` holds the newest incident of each system that ever had one. */
function systemWarnings(open: readonly Incident[], newest: readonly Incident[]): readonly SystemWarning[] {
  return systemIds.flatMap((system): SystemWarning[] => {
    if (open.some((incident) => incident.system === system)) return []
    const cause = open.find(({ problems }) => (problems.explains[system] ?? 0) > 0)
    if (cause) return [explained(system, cause)]
    const last = newest.find((incident) => incident.system === system)
    if (last?.state !== 'resolved' || last.problems.open === 0) return []
    const count = `${last.problems.open} problem${last.problems.open === 1 ? '' : 's'}`
    return [{ system, incident: last.id, text: `${last.id} is resolved, but Nagios still reports ${count}` }]
  })
}

function ofNewer(system: SystemId, incident: IncidentId): SystemWarning {
  return {
    system,
    incident,
    text: `${incident} was written by a newer version of the bot, and only that version can go on with it: start it again`,
  }
}

function explained(system: SystemId, { id, problems }: Incident): SystemWarning {
  const since = problems.explainsSince?.[system]
  return { system, incident: id, text: `down, explained by ${id}`, ...(since === undefined ? {} : { since }) }
}

/** What each system's failovers that stand owe, its last way back, and runs cut short; newest runs first. */
function stillOwed(runs: readonly Run[]): readonly Owed[] {
  const undone = new Set(
    runs.flatMap((run) => (run.state === 'done' && run.undoes !== undefined ? [run.undoes] : [])),
  )
  const ended = runs.filter((run) => isStanding(run) && !undone.has(run.id))
  const held = new Set(standing(runs).map(({ run }) => run.id))
  return systemIds.flatMap((system) => {
    const here = ended.filter((run) => run.system === system)
    const back = lastWayBack(runs, system)
    return [
      ...here.flatMap((run) => (held.has(run.id) ? goneIn(run) : [])),
      ...debtsBeside(here),
      ...stoppedHalfWay(runs, system),
      ...(back ? debtsOf(back, numbersOf(back)) : []),
      ...unusedDatabases(runs, system),
    ]
  })
}

function goneIn(run: Run): readonly Owed[] {
  if (run.gone === undefined) return []
  const { id, system, gone } = run
  return [{ run: id, system, text: gone.text, remedy: `To do it again: ${anewCommand(run)}`, gone: true }]
}

/**
 * Of failovers of one system beside each other each owes what is its own. Where later ones were carried out on all that
 * it was at work on, they owe in its place; and of the same thing the newest says how it is. `runs`: newest first.
 */
function debtsBeside(runs: readonly Run[]): readonly Owed[] {
  const said = new Set<string>()
  return runs.flatMap((run, index) => {
    if (isCoveredBy(run, runs.slice(0, index))) return []
    const own = run.proposal.debts.filter(({ id }) => !said.has(id))
    for (const { id } of own) said.add(id)
    return debtsOf({ ...run, proposal: { ...run.proposal, debts: own } }, numbersOf(run))
  })
}

function stoppedHalfWay(runs: readonly Run[], system: SystemId): readonly Owed[] {
  return halfWay(runs)
    .filter((run) => run.system === system)
    .map((run) => {
      return { run: run.id, system, text: halfWayText(run), remedy: halfWayRemedy(run), halfWay: true }
    })
}

function debtsOf(
  { id, system, proposal, paid = [] }: Run,
  numberOf: (debt: string) => number,
): readonly Owed[] {
  return proposal.debts.flatMap((debt) => {
    if (paid.some((each) => each.debt === debt.id)) return []
    const { text, remedy } = debt
    return [{ run: id, system, text, remedy, number: numberOf(debt.id) }]
  })
}

/** By which a debt is named, from 1: those that are paid keep theirs. */
function numbersOf({ proposal }: Run): (debt: string) => number {
  return (debt) => proposal.debts.findIndex(({ id }) => id === debt) + 1
}

/** A way back leaves things, too: an address that was public stays known. A later failover of the same kind begins again. */
function lastWayBack(runs: readonly Run[], system: SystemId): Run | undefined {
  const ended = runs.filter((run) => run.system === system && run.state === 'done')
  const at = ended.findIndex(({ direction }) => direction === 'failback')
  const back = ended[at]
  const again = ended.slice(0, at).some(({ recovery }) => recovery === back?.recovery)
  return again ? undefined : back
}

/** Databases that restores have begun and not taken into use: Azure goes on with them, and they are paid for. */
function unusedDatabases(runs: readonly Run[], system: SystemId): readonly Owed[] {
  return runs.flatMap((run) => (run.system === system ? leftDatabases(run) : []))
}

function leftDatabases(run: Run): readonly Owed[] {
  if (run.state !== 'cancelled' && run.state !== 'failed') return []
  return run.steps.flatMap(({ action, phase }, index) => {
    if (action.provider !== 'sql-restore' || phase === 'ready' || phase === 'failed') return []
    const { database, server } = action.target
    const used = run.steps
      .slice(index + 1)
      .some((step) => step.action.provider === 'sql-rename' && step.phase === 'done')
    if (used) return []
    const text =
      phase === 'done'
        ? `${database} at ${server} was made, is in use by nobody, and is paid for`
        : `${database} at ${server} goes on being made, although ${run.id} is ${run.state}, and is paid for`
    const remedy = `When nobody needs it, delete it in the Azure portal: ${server}, SQL databases, ${database}`
    return [{ run: run.id, system: run.system, text, remedy }]
  })
}

/** A line for each thing that is not well; none when all is. */
export function uneasyLines({ systems, owed }: Warnings): readonly Line[] {
  return [...systems.map(systemLine), ...owed.map(owedLine)]
}

/** What is wrong with a system that has no open incident of its own. */
export function systemLine({ system, text }: SystemWarning): Line {
  return [{ code: system }, `: ${text}`]
}

/** What is owed as one short line, and which run left it; what has come undone, with how it is put right. */
export function owedLine(owed: Owed): Line {
  return [...owedText(owed), ' (', { code: owed.run }, ')']
}

/** The same without its run. */
export function owedText(owed: Owed): Line {
  const { text, remedy, number } = owed
  return number === undefined
    ? [leadOf(owed), `${text}. `, ...withCommands(remedy)]
    : [leadOf(owed), text.length > longestShort ? `${text.slice(0, longestShort).trimEnd()}…` : text]
}

/** What is owed, how it is done, and how to say that it is. */
export function owedInFull(owed: Owed): readonly Line[] {
  const { run, text, remedy, number } = owed
  const what: Line = [leadOf(owed), `${text}. `, ...withCommands(remedy), ' (', { code: run }, ')']
  if (number === undefined) return [what]
  return [what, ['When it is done: ', { command: `debts done ${run} ${number} "what was done"` }]]
}

function leadOf({ gone, halfWay: stopped }: Owed): string {
  return gone ? 'Does not hold any more: ' : stopped ? 'Stopped half-way: ' : 'Still to do: '
}

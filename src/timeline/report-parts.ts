// The parts of a report in their order, before they are written as Markdown or HTML: both say the same.
import { printDuration, printTook } from '../drplan/duration.ts'
import { plain } from '../message.ts'
import { told } from '../told.ts'
import { phaseNames, problemCount, verdictText } from './phases.ts'
import { exactMoment } from '../moment.ts'
import type { Report, ReportedDebt, ReportedOutage, ReportedRun } from './report.ts'

/** A heading over sentences, a table or a list; every text in it is data. */
export interface Part {
  readonly heading: string
  readonly level: 2 | 3
  readonly lines?: readonly string[]
  readonly table?: { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] }
}

/** The report's title. */
export function reportTitle(report: Report): string {
  return `${report.id}: ${report.title}`
}

/** All parts; those that would be empty are left out. */
export function reportParts(report: Report): readonly Part[] {
  return [
    whatHappened(report),
    objective(report),
    ...phases(report),
    ...pages(report),
    ...report.runs.flatMap((run) => runParts(run, report.zone)),
    ...notes(report),
    ...timeline(report),
    proof(report),
  ]
}

function whatHappened(report: Report): Part {
  const at = (instant: number): string => exactMoment(instant, report.zone)
  const [before, last] = [report.outages.slice(0, -1), report.outages.at(-1)]
  const ended = (one: ReportedOutage): string =>
    one.ended === undefined ? 'It is not over yet.' : endedText(one, at(one.ended))
  return {
    heading: 'What happened',
    level: 2,
    lines: [
      `System: ${report.system} (${report.organisation}). All times: ${report.zone}.`,
      ...before.map((one, index) => `Outage ${index + 1} began ${at(one.began)}. ${ended(one)}`),
      ...(last
        ? [
            `The ${before.length > 0 ? 'last ' : ''}outage began ${at(last.began)}. ${ended(last)} State: ${report.state}.`,
          ]
        : []),
      ...(report.engineers.length === 0
        ? ['Nobody acknowledged it.']
        : [`It was in the hands of ${report.engineers.join(', then of ')}.`]),
      ...(report.what === undefined ? [] : [`What it was: ${report.what}`]),
      ...(report.escalated ? ['It was escalated.'] : []),
      ...(report.relapses > 0 ? [`It came back ${times(report.relapses)}.`] : []),
      ...report.broke.map(({ key, state, output }) => `${key} ${state}: ${output}`),
      ...(report.alerts > report.broke.length ? [`${report.alerts} alerts in all.`] : []),
    ],
  }
}

/** Whoever closed it by hand closed a number; when the outage ended nobody has seen. */
function endedText({ byHand }: ReportedOutage, at: string): string {
  if (byHand === undefined) return `It ended ${at}.`
  const why = byHand.what === undefined ? '' : ` (${byHand.what})`
  return `It was closed by hand by ${byHand.name} ${at}${why} while Nagios still reported ${problemCount(byHand.problems)}: when it ended is not known.`
}

function objective(report: Report): Part {
  const several = report.outages.length > 1
  const rows = report.outages.map(({ measured }, index) => {
    const soFar = measured.over ? '' : ' so far'
    return [
      several ? `Outage ${index + 1}: down for (RTO)` : 'Down for (RTO)',
      printDuration(measured.rto),
      printDuration(measured.ms) + soFar,
      measured.met ? `${verdictText(measured)}${soFar}` : verdictText(measured),
    ]
  })
  return {
    heading: 'Objective against measured',
    level: 2,
    table: { columns: ['', 'Objective', 'Measured', 'Verdict'], rows: [...rows, ...lossRows(report)] },
  }
}

/** A row for each run that has lost data; else that nobody has measured it. */
function lossRows({ rpo, runs }: Report): readonly (readonly string[])[] {
  const objective = rpo === undefined ? '' : printDuration(rpo)
  const rows = runs.flatMap(({ id, lost, undone }): (readonly string[])[] => {
    if (lost === undefined) return []
    const verdict = rpo === undefined ? '' : lost.ms <= rpo ? 'met' : 'missed'
    const back = undone === undefined ? verdict : `undone by ${undone.by}`
    return [['Data lost (RPO)', objective, `${printTook(lost.ms)} (${id})`, back]]
  })
  if (rows.length > 0 || rpo === undefined) return rows
  return [['Data lost (RPO)', objective, 'not measured', '']]
}

/** A table for each outage: a relapse after the end begins a new one. */
function phases(report: Report): readonly Part[] {
  const { outages, zone } = report
  return outages.map((one, index) => ({
    heading: outages.length > 1 ? `Phases of outage ${index + 1}` : 'Phases',
    level: 2,
    table: { columns: ['Phase', 'From', 'To', 'Took'], rows: phaseRows(one, zone) },
  }))
}

function phaseRows(outage: ReportedOutage, zone: string): readonly (readonly string[])[] {
  return phaseNames.map((name) => {
    const phase = outage.phases.find((one) => one.name === name)
    if (phase === undefined) return [name, '', '', '']
    const end = phase.to === undefined ? 'goes on' : exactMoment(phase.to, zone)
    return [name, exactMoment(phase.from, zone), end, printTook(phase.ms)]
  })
}

function pages(report: Report): readonly Part[] {
  if (report.pages.length === 0) return []
  const rows = report.pages.map((page) => [
    exactMoment(page.at, report.zone),
    page.person,
    page.channels.join(', '),
    page.why,
    page.end,
  ])
  return [
    {
      heading: 'Who was called',
      level: 2,
      table: { columns: ['At', 'Who', 'Through', 'Why this person', 'Ended by'], rows },
    },
  ]
}

function runParts(run: ReportedRun, zone: string): readonly Part[] {
  const approved = run.approvals.map(
    ({ person, door, at }) => `Approved by ${person} (${door}) ${exactMoment(at, zone)}.`,
  )
  const took = run.ms === undefined ? '' : ` It took ${printTook(run.ms)}.`
  const debts = run.debts.map((debt) => debtText(debt, zone))
  const story: Part = {
    heading: `${run.id}: ${run.what}`,
    level: 2,
    lines: [
      run.summary,
      `State: ${run.state}. Risk: ${run.risk}. Asked for by ${run.askedBy}.${took}`,
      ...(approved.length > 0 ? approved : [notApproved(run, zone)]),
      ...lostText(run, zone),
      ...(run.approvals.length === 0 ? [] : shownText(run)),
      ...run.overridden.map(({ rule, reason }) => `Safety rule ${rule} was overridden: ${reason}`),
      ...(run.undone === undefined ? [] : [undoneText(run.undone, zone)]),
      ...debts,
    ],
  }
  const changes = run.changes.map(({ what, before, after }) => [what, before, after])
  const steps = run.steps.map(({ title, phase, answer, ms }) => [
    title,
    answer === undefined ? (phase === 'ready' ? 'not begun' : phase) : `${phase}: ${answer}`,
    ms === undefined ? '' : printTook(ms),
  ])
  return [
    story,
    // What did not come about, or not as a whole, must not read as if it had: the steps say how far it came.
    ...(run.state === 'done'
      ? table(3, 'Before and after', ['What', 'Before', 'After'], changes)
      : table(3, 'What was proposed', ['What', 'Before', 'Proposed'], changes)),
    ...table(3, 'Steps', ['Step', 'Came to', 'Took'], steps),
  ]
}

function lostText({ lost }: ReportedRun, zone: string): readonly string[] {
  if (lost === undefined) return []
  return [
    `Data lost: ${printTook(lost.ms)}, what was written from ${exactMoment(lost.from, zone)} to ${exactMoment(lost.to, zone)}.`,
  ]
}

/** What was accepted with the approval. */
function shownText({ cost, warnings }: ReportedRun): readonly string[] {
  return [
    `Cost that was accepted: ${asTyped(cost)}`,
    ...warnings.map((warning) => `Warned of: ${asTyped(warning)}`),
  ]
}

function undoneText({ by, at }: NonNullable<ReportedRun['undone']>, zone: string): string {
  return `Undone by ${by}${at === undefined ? '' : ` ${exactMoment(at, zone)}`}: nothing of it is owed any more.`
}

/** What is still to do when the report is written, and what has become of the rest. */
function debtText({ text, remedy, became }: ReportedDebt, zone: string): string {
  switch (became?.how) {
    case undefined:
      return `Still to do: ${text}. ${asTyped(remedy)}`
    case 'paid':
      return `Done by ${became.person} (${became.door}) ${exactMoment(became.at, zone)}: ${text}. What was done: ${became.what}`
    case 'undone':
      return `Not owed any more, undone by ${became.by}: ${text}.`
    case 'taken-over':
      return `Owed by ${became.by.join(', ')} now, in its place: ${text}.`
  }
}

function notApproved({ denied }: ReportedRun, zone: string): string {
  if (denied === undefined) return 'Nobody approved it.'
  const why = denied.reason === undefined ? '' : `: ${denied.reason}`
  return `Denied by ${denied.person} ${exactMoment(denied.at, zone)}${why}.`
}

function table(
  level: 2 | 3,
  heading: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): readonly Part[] {
  return rows.length === 0 ? [] : [{ heading, level, table: { columns, rows } }]
}

function notes(report: Report): readonly Part[] {
  const rows = report.notes.map(({ at, person, text }) => [exactMoment(at, report.zone), person, text])
  return table(2, 'Notes', ['At', 'Who', 'Note'], rows)
}

function timeline(report: Report): readonly Part[] {
  const [first, ...more] = report.days.flatMap(({ day, lines }) =>
    table(
      3,
      day,
      ['Time', 'What', 'Who'],
      lines.map(({ time, type, text, who = '' }) => [time, type === 'note' ? text : asTyped(text), who]),
    ),
  )
  return first === undefined ? [] : [{ heading: 'Timeline', level: 2 }, first, ...more]
}

function proof(report: Report): Part {
  const { events, hash, problem } = report.record
  const intact = `The record has ${events} events; each holds the hash of the one before. This hash, kept outside the bot, shows later whether they are still the same: dr timeline ${report.id} --head HASH`
  return {
    heading: 'Record',
    level: 2,
    lines: [
      problem === undefined ? intact : `The record was altered: ${problem}.`,
      `Hash of the last event: ${hash}`,
      `Written ${exactMoment(report.writtenAt, report.zone)}.`,
    ],
  }
}

/** Whoever reads a report is at no door: commands are as in a terminal. */
function asTyped(text: string): string {
  return plain(told(text))
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}

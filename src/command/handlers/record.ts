// timeline and report: what happened, and what it means against the objective.
import { measure, verdictText, verdictTone } from '../../timeline/phases.ts'
import { reportMarkdown } from '../../timeline/report-markdown.ts'
import { reportParts } from '../../timeline/report-parts.ts'
import type { Part } from '../../timeline/report-parts.ts'
import { reportOf } from '../../timeline/report.ts'
import { timelineDays } from '../../timeline/render.ts'
import { notedAt, verifyChain } from '../../timeline/chain.ts'
import { printDuration } from '../../drplan/duration.ts'
import { UserError } from '../../errors.ts'
import { told } from '../../told.ts'
import { readIncident, whichIncident } from '../which.ts'
import type { IncidentId, RunId } from '../../ids.ts'
import type { Incident } from '../../incident/incident.ts'
import type { Line, Section, Tone } from '../../message.ts'
import type { Head, TimelineEvent } from '../../timeline/event.ts'
import type { IncidentRecord } from '../../timeline/report.ts'
import type { CommandOf, Speaker } from '../command.ts'
import type { Desk, Handlers } from '../desk.ts'
import type { TimelineDay } from '../../timeline/render.ts'

/** Events on a card; the answer's data has them all. */
const mostShown = 200
/** Runs that are looked through for those of the incident. */
const mostRuns = 500

export const recordHandlers: Handlers<'timeline' | 'report'> = {
  timeline: async (desk, command, speaker) => {
    const id = await timelineId(desk, command, speaker)
    const [events, head] = await readRecord(desk, id)
    const verdict = command.verify ? verdictOn(events, head, command.head) : undefined
    const shown = events.slice(-mostShown)
    const left = events.length - shown.length
    const sections: Section[] = [
      ...(verdict ? [proof(verdict, head)] : []),
      ...(left > 0 ? [{ lines: [[`${left} earlier events are left out here: ${pageOf(desk, id)}`]] }] : []),
      ...timelineDays(shown, desk.plan()).map((day) => daySection(day, desk.plan().timezone)),
    ]
    const tone: Tone = verdict === undefined ? 'quiet' : verdict.ok ? 'good' : 'bad'
    return {
      status: verdict?.ok === false ? 'refused' : 'done',
      card: { title: `Timeline of ${id}`, tone, sections, page: pageOf(desk, id) },
      data: { timeline: id, head, events, ...(verdict && { verdict }) },
      ...(id.startsWith('INC-') ? { incident: id as IncidentId } : { run: id as RunId }),
    }
  },
  report: async (desk, command, speaker) => {
    const incident = await readIncident(desk, await reportId(desk, command, speaker))
    const report = reportOf(await recordOf(desk, incident), desk.plan(), desk.clock.now())
    const markdown = reportMarkdown(report)
    const measured = measure(incident, desk.clock.now())
    const against = `${printDuration(measured.ms)} against ${printDuration(measured.rto)}`
    const verdict = `${against}: ${verdictText(measured)}`
    return {
      status: 'done',
      card: {
        title: `Report of ${incident.id}`,
        tone: verdictTone(measured),
        fields: [{ label: 'Objective (RTO)', value: [verdict] }],
        sections: reportParts(report).filter(isShort).map(partSection),
        links: [{ label: 'The whole report', link: `${pageOf(desk, incident.id)}/report` }],
        page: `${pageOf(desk, incident.id)}/report`,
      },
      data: { report, markdown },
      incident: incident.id,
    }
  },
}

/** Where the console shows it. */
function pageOf({ publicUrl }: Desk, id: IncidentId | RunId): string {
  return `${publicUrl}/${id.startsWith('INC-') ? 'incidents' : 'runs'}/${id}`
}

/**
 * The timeline has a command of its own, and steps stand on the card of their run: a card of a report is for reading
 * at once.
 */
function isShort({ level, heading }: Part): boolean {
  return level === 2 && heading !== 'Timeline'
}

function partSection({ heading, lines, table }: Part): Section {
  return {
    heading,
    ...(lines && { lines: lines.map((line) => [line]) }),
    ...(table && {
      table: { columns: table.columns, rows: table.rows.map((row) => row.map((cell) => [cell])) },
    }),
  }
}

/** Everything that is kept of an incident, for its report. */
async function recordOf(desk: Pick<Desk, 'store'>, incident: Incident): Promise<IncidentRecord> {
  const [[events, head], runs] = await Promise.all([
    readRecord(desk, incident.id),
    desk.store.runs({ open: false, limit: mostRuns }),
  ])
  return { incident, events, head, runs }
}

/**
 * The events and where they must end. What was written between the two readings is left out; what the head does not
 * know afterwards either was never written by this program, and stays in for the check to find.
 */
async function readRecord(
  desk: Pick<Desk, 'store'>,
  id: IncidentId | RunId,
): Promise<readonly [readonly TimelineEvent[], Head]> {
  const head = await desk.store.head(id)
  const events = await desk.store.timeline(id)
  if (events.length <= head.seq) return [events, head]
  const later = await desk.store.head(id)
  return [events.length <= later.seq ? events.slice(0, head.seq) : events, head]
}

async function timelineId(
  desk: Desk,
  command: CommandOf<'timeline'>,
  speaker: Speaker,
): Promise<IncidentId | RunId> {
  const { run, ...about } = command
  if (run === undefined) {
    const id = await whichIncident(desk, about, speaker, 'ended')
    return (await readIncident(desk, id)).id
  }
  return (await incidentOfRun(desk, run)) ?? run
}

async function reportId(desk: Desk, command: CommandOf<'report'>, speaker: Speaker): Promise<IncidentId> {
  const { run, ...about } = command
  if (run === undefined) return whichIncident(desk, about, speaker, 'ended')
  const incident = await incidentOfRun(desk, run)
  if (incident !== undefined) return incident
  throw new UserError(
    'no-incident',
    `${run} belongs to no incident, and a report measures an incident against its objective. To see what happened: timeline ${run}`,
  )
}

async function incidentOfRun(desk: Desk, run: RunId): Promise<IncidentId | undefined> {
  const found = await desk.store.run(run)
  if (found === undefined)
    throw new UserError('unknown-run', `There is no ${run}. To see the runs, type: runs`)
  return found.state.incident
}

type RecordVerdict = ReturnType<typeof verifyChain> & { readonly notedAt?: number }

/** Of the record in itself, and against a hash that somebody has noted outside the store. */
function verdictOn(events: readonly TimelineEvent[], head: Head, noted: string | undefined): RecordVerdict {
  const verdict = verifyChain(events, head)
  if (!verdict.ok || noted === undefined) return verdict
  const at = notedAt(events, noted)
  if (at !== undefined) return { ...verdict, notedAt: at }
  const problem = `no event has the hash ${noted}: the record was written again, or the hash is of another one`
  return { ok: false, seq: 1, problem }
}

function proof(verdict: RecordVerdict, head: Head): Section {
  const good: Line = [
    `OK: each of ${head.seq} events follows the one before. Last hash: `,
    { code: head.hash },
  ]
  if (verdict.ok) {
    const { notedAt: at } = verdict
    const against: Line =
      at === undefined
        ? [
            'Whoever can write to Redis could compute all hashes again: compare it with one that was noted elsewhere (a report, the last words in a room, the log at the end of the incident), with ',
            { code: '--head HASH' },
            '.',
          ]
        : [`Event ${at} has the hash that was noted: up to it nothing was altered since.`]
    return { heading: 'Record', lines: [good, against] }
  }
  const bad = `Altered: ${verdict.problem}. Keep a copy of the store, and tell an administrator.`
  return { heading: 'Record', lines: [[{ strong: bad }]] }
}

function daySection({ day, lines }: TimelineDay, zone: string): Section {
  return {
    heading: `${day}, ${zone}`,
    newestLast: true,
    lines: lines.map(({ time, type, text, who }): Line => [
      { code: time },
      ' ',
      ...(type === 'note' ? [text] : told(text)),
      ...(who === undefined ? [] : [` — ${who}`]),
    ]),
  }
}

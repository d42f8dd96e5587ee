// status: what is broken, since when, who has it, which clocks run; of everything, of a system, of one incident.
import { printDuration } from '../../drplan/duration.ts'
import type { System } from '../../drplan/schema.ts'
import { byHandSection } from '../../incident/by-hand.ts'
import { restoreCommand } from '../../incident/actions.ts'
import { isRestore } from '../../recovery/ways/sql/before-outage.ts'
import { notReadyHeading, objectiveAt, stateText, toneOf } from '../../incident/card.ts'
import { roomLinks } from '../../incident/elsewhere.ts'
import { systemClaim } from '../../incident/incidents.ts'
import { mostUrgentFirst } from '../../incident/urgency.ts'
import { runName } from '../../recovery/news.ts'
import { measure, verdictText } from '../../timeline/phases.ts'
import { aboutIncident, moment, who } from '../answer.ts'
import { storageStatus } from '../storage-status.ts'
import { owedLine, readWarnings, systemLine } from '../warnings.ts'
import { optional } from '../read.ts'
import { readReadiness, readinessSection, systemReadinessSection, unready } from '../readiness.ts'
import { joinedParts } from '../joined.ts'
import { readIncident } from '../which.ts'
import { doorLines } from '../doors.ts'
import { readStandbys } from '../../recovery/standby/words.ts'
import { standbyOf, standbySection } from '../standby.ts'
import type { Instant, SystemId } from '../../ids.ts'
import type { Incident } from '../../incident/incident.ts'
import type { Button, Card, Line, Section, Span, Tone } from '../../message.ts'
import type { Run } from '../../recovery/run.ts'
import type { Answer } from '../command.ts'
import type { Desk, Handlers } from '../desk.ts'
import type { Owed, SystemWarning } from '../warnings.ts'

/** Incidents that are shown one by one; the rest are counted. */
const mostShown = 7

export const statusHandlers: Handlers<'status'> = {
  status: async (desk, command) => {
    if (command.incident !== undefined) return withRuns(desk, await readIncident(desk, command.incident))
    if (command.system === undefined) return overall(desk)
    const answer = await ofSystem(desk, command.system)
    return command.system === 'storage' ? withStorage(desk, answer) : answer
  },
}

async function overall(desk: Desk): Promise<Answer> {
  const [incidents, runs, frozen, readiness] = await Promise.all([
    desk.store.incidents({ open: true, limit: 100 }),
    desk.store.runs({ open: true, limit: 20 }),
    desk.runs.frozen(),
    readReadiness(desk.store, desk.plan()),
  ])
  const { systems: warnings, owed } = await readWarnings(desk.store, incidents)
  const now = desk.clock.now()
  const stale = (await readStandbys(desk.store, desk.plan(), now)).filter(({ ok, state }) => !ok && state)
  const urgent = mostUrgentFirst(incidents)
  const byHand = byHandSection(runs)
  const doors = await doorLines(desk.store)
  const sections: Section[] = [
    ...(byHand ? [byHand] : []),
    ...urgent.slice(0, mostShown).map((incident) => incidentSection(desk, incident, now)),
    ...(incidents.length > mostShown ? [{ lines: [[`and ${incidents.length - mostShown} more`]] }] : []),
    ...(doors.length > 0 ? [{ heading: 'Doors that are shut', lines: doors }] : []),
    ...warningSection(warnings),
    ...owedSection(owed),
    ...standbySection(stale),
    ...runSection(desk, runs),
    ...frozenSection(desk, frozen, runs),
  ]
  const lacking = readiness === undefined ? 0 : unready(readiness).length
  const uneasy =
    warnings.length + owed.length + lacking + stale.length + doors.length > 0 || byHand !== undefined
  const card: Card = {
    title: titleOf(incidents.length, uneasy),
    tone: worst([...incidents.map((incident) => toneOf(incident, now)), uneasy ? 'warn' : 'good']),
    sections: [
      ...(sections.length > 0 ? sections : [{ lines: [['Nothing is broken, no recovery is running.']] }]),
      ...readinessSection(readiness),
    ],
    buttons: urgent
      .filter(({ state }) => state === 'paging')
      .slice(0, 3)
      .map(({ id }): Button => ({ label: `I have ${id}`, command: `ack ${id}`, style: 'primary' })),
  }
  return {
    status: 'done',
    card,
    data: {
      incidents: urgent,
      warnings,
      owed,
      runs,
      frozen: frozen ?? false,
      ...optional('readiness', readiness),
    },
  }
}

async function ofSystem(desk: Desk, system: SystemId): Promise<Answer> {
  const [newest = ''] = await desk.store.claims([systemClaim(system)])
  const found = newest === '' ? undefined : await desk.store.incident(newest as Incident['id'])
  const open = await desk.store.incidents({ open: true, limit: 100 })
  const all = await readWarnings(desk.store, open)
  const owed = all.owed.filter((each) => each.system === system)
  const seen = await readReadiness(desk.store, desk.plan())
  const standby = await standbyOf(desk, system)
  if (found && found.state.state !== 'resolved')
    return withRuns(desk, found.state, {
      owed,
      more: standby.sections,
      readiness: systemReadinessSection(seen, system, desk.plan()),
    })
  const warning = all.systems.find((each) => each.system === system)
  const planned = desk.plan().systems[system]
  const last = found ? [lastLine(found.state, desk.clock.now())] : []
  const readiness = seen?.systems.find((each) => each.system === system)
  const lacking = readiness !== undefined && readiness.state !== 'ready'
  const worries = [warning !== undefined, owed.length > 0, lacking, !standby.ok]
  const card: Card = {
    title: `${system}: ${warning?.text ?? 'nothing is known to be broken'}`,
    tone: worries.includes(true) ? 'warn' : 'good',
    ...joinedParts(desk, system, { warning, open }),
    sections: [
      ...owedSection(owed),
      { lines: [...plannedLines(system, planned), ...last] },
      ...standby.sections,
      ...systemReadinessSection(seen, system, desk.plan()),
    ],
  }
  const told = { objective: planned?.rto, last: found?.state, warning, owed, readiness }
  const data = { system, ...told, standby: standby.data }
  return { status: 'done', card, data }
}

/** What the plan says of a system: its objective, and what can be ordered. */
function plannedLines(system: SystemId, planned: System | undefined): readonly Line[] {
  if (!planned) return [['The DR plan says nothing about it.']]
  const objective: Line = [`Objective (RTO): ${printDuration(planned.rto)}`]
  if (planned.recoveries.length === 0) return [objective, ['The DR plan has no recovery for it.']]
  const commands = planned.recoveries.flatMap((recovery, index): Span[] => [
    index === 0 ? '' : ', ',
    { command: isRestore(recovery) ? restoreCommand : `failover ${system} to ${recovery.name}` },
  ])
  return [objective, ['Recoveries: ', ...commands]]
}

/** The accounts as they are at this moment. */
async function withStorage(desk: Desk, answer: Answer): Promise<Answer> {
  const { sections, accounts } = await storageStatus(desk)
  const data = { ...(typeof answer.data === 'object' ? answer.data : {}), accounts }
  const { card } = answer
  return { ...answer, card: { ...card, sections: [...(card.sections ?? []), ...sections] }, data }
}

/** What stands on an incident's card beside its own, at a terminal and where else somebody has asked. */
interface Beside {
  /** What was done. */
  readonly said?: string
  readonly owed?: readonly Owed[]
  readonly more?: readonly Section[]
  /** How ready all of its ways out are: in place of what the card says of those that are not. */
  readonly readiness?: readonly Section[]
}

/** An incident with the recoveries that wait or run for it: a proposal lapses in minutes, so whoever looks must see it. */
export async function withRuns(
  desk: Desk,
  incident: Incident,
  { said, owed = [], more = [], readiness = [] }: Beside = {},
): Promise<Answer> {
  const open = (await desk.store.runs({ open: true, limit: 20 })).filter(
    (run) => run.incident === incident.id,
  )
  const answer = aboutIncident(desk, incident, said, open)
  const all = answer.card.sections ?? []
  const own = readiness.length === 0 ? all : all.filter(({ heading }) => heading !== notReadyHeading)
  const first = said === undefined ? 0 : 1
  const sections = [
    ...own.slice(0, first),
    ...runSection(desk, open),
    ...owedSection(owed),
    ...own.slice(first),
    ...readiness,
    ...more,
  ]
  // Of what waits for a word the one that lets it begin, where this person may say it.
  const offered = open.flatMap(
    (run) =>
      desk
        .runCard(run)
        .buttons?.slice(0, 1)
        .filter(({ command }) => !command.startsWith('deny ')) ?? [],
  )
  const named = offered.map((button) => ({
    ...button,
    label: `${button.label} ${button.command.split(' ')[1]}`,
  }))
  const buttons = [...named, ...(answer.card.buttons ?? [])]
  return { ...answer, card: { ...answer.card, sections, buttons } }
}

function lastLine(incident: Incident, now: Instant): Line {
  const measured = measure(incident, now)
  const verdict = `${printDuration(measured.ms)}, objective ${verdictText(measured)}`
  return ['Last outage: ', { code: incident.id }, ' ', moment(incident.marks.outage), `, ${verdict}`]
}

function incidentSection(desk: Desk, incident: Incident, now: Instant): Section {
  const has: Line =
    incident.engineer === undefined
      ? [{ strong: 'nobody' }, ' has it yet']
      : [{ strong: who(desk.plan(), incident.engineer) }, ' has it']
  return {
    heading: `${incident.id} · ${incident.system} · ${stateText(incident)}`,
    lines: [
      [incident.title],
      ['Down since ', moment(incident.marks.outage), '; ', ...has],
      clocks(incident, now),
      ...roomLinks(incident).map(({ label, link }): Line => [{ link, text: label }]),
    ],
  }
}

function clocks(incident: Incident, now: Instant): Line {
  if (incident.state === 'watching')
    return [
      'Works again; watching: ',
      { at: incident.until, show: 'countdown' },
      ', then it resolves by itself',
    ]
  const rtoAt = objectiveAt(incident)
  const rto = `RTO ${printDuration(incident.objective.rto)}`
  const left: Span[] =
    rtoAt > now
      ? [`${rto}: `, { at: rtoAt, show: 'countdown' }]
      : [`${rto}: missed `, { at: rtoAt, show: 'ago' }]
  if (incident.state !== 'paging' && incident.state !== 'diagnosing') return left
  const { endsAt } = incident.clock
  const diagnosis: Span[] =
    endsAt > now ? ['; diagnosis: ', { at: endsAt, show: 'countdown' }] : ['; diagnosis clock is over']
  return [...left, ...diagnosis]
}

function runSection(desk: Desk, runs: readonly Run[]): readonly Section[] {
  if (runs.length === 0) return []
  const lines = runs.map((run): Line => [
    { code: run.id },
    ` ${runName(run)}: ${run.state}, asked for by ${who(desk.plan(), run.askedBy)}`,
  ])
  return [{ heading: 'Recoveries', lines }]
}

function warningSection(warnings: readonly SystemWarning[]): readonly Section[] {
  if (warnings.length === 0) return []
  return [{ heading: 'Without an incident of their own', lines: warnings.map(systemLine) }]
}

function owedSection(owed: readonly Owed[]): readonly Section[] {
  if (owed.length === 0) return []
  const short = owed.some(({ number }) => number !== undefined)
  const more: Line = ['In full, and how to say that one is done: ', { command: 'debts' }]
  return [{ heading: 'Owed after a failover', lines: [...owed.map(owedLine), ...(short ? [more] : [])] }]
}

/** That recoveries are frozen, by whom and why, and which of `runs` go on all the same; nothing when they are not. */
export function frozenSection(
  desk: Desk,
  frozen: { readonly by: string; readonly reason?: string; readonly since: number } | undefined,
  runs: readonly Run[],
): readonly Section[] {
  if (frozen === undefined) return []
  const why = frozen.reason === undefined ? '' : `: ${frozen.reason}`
  const by: Line = [`Frozen by ${who(desk.plan(), frozen.by)} since `, moment(frozen.since), why]
  const going = runs
    .filter(isUnderWay)
    .map((run): Line => [
      { code: run.id },
      ` (${runName(run)}) was approved before, is at step ${run.current + 1} of ${run.steps.length}, and goes on. To stop it before its next step, type: `,
      { command: `cancel ${run.id}` },
    ])
  const end: Line = ['To end it, type: ', { command: 'unfreeze' }]
  return [{ heading: 'No recovery starts', lines: [by, ...going, end] }]
}

/** Approved and not at its end: a freeze does not stop it, for half of a recovery can be worse than none or all of it. */
export function isUnderWay(run: Run): run is Extract<Run, { readonly state: 'running' | 'unknown' }> {
  return run.state === 'running' || run.state === 'unknown'
}

function titleOf(open: number, uneasy: boolean): string {
  if (open === 0) return uneasy ? 'No incident is open, but not all is well' : 'All quiet'
  return open === 1 ? '1 incident is open' : `${open} incidents are open`
}

function worst(tones: readonly Tone[]): Tone {
  return (['bad', 'warn', 'good'] as const).find((tone) => tones.includes(tone)) ?? 'good'
}

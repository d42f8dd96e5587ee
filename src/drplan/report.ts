// What `npx dr plan check` and `npx dr plan test` print: pure text and data.
import { nameOf } from './person-name.ts'
import { systemIds } from '../ids.ts'
import { candidates } from '../oncall/candidates.ts'
import { channelsFor } from '../oncall/channels.ts'
import { pagedThrough } from './lint.ts'
import { exactMoment, exactTime } from '../moment.ts'
import { matchSystem } from '../triage/match.ts'
import { printDuration } from './duration.ts'
import { lintGaps } from './lint.ts'
import { placed } from './load.ts'
import { timingsOf } from './timings.ts'
import type { Instant, SystemId } from '../ids.ts'
import type { Channel, Target } from '../incident/incident.ts'
import type { MatchObject } from '../triage/match.ts'
import type { LoadedPlan, LoadResult } from './load.ts'
import type { DrPlan } from './schema.ts'
import type { PlanProblem } from './source.ts'

/** Text for people, the same as data, and the process's exit code. */
export interface PlanReport {
  readonly text: string
  readonly json: unknown
  readonly exitCode: 0 | 1
}

/** The verdict on a plan: every error or warning with its place. Exit code 1 when the plan cannot be used. */
export function checkReport(file: string, result: LoadResult, now: Instant): PlanReport {
  if ('errors' in result) {
    const { errors } = result
    const lines = [
      ...errors.map(printProblem),
      '',
      `${file}: ${count(errors.length, 'error')}; the plan is not used.`,
    ]
    return { text: lines.join('\n'), json: { ok: false, file, errors, warnings: [] }, exitCode: 1 }
  }
  const { plan, locate } = result
  const gaps = lintGaps(plan, now).map((complaint) => placed(complaint, result.file, locate))
  const warnings = [...result.warnings, ...gaps].toSorted((a, b) => a.line - b.line || a.column - b.column)
  const systems = systemIds.filter((id) => plan.systems[id])
  const sizes = [
    count(systems.length, 'system'),
    count(Object.keys(plan.people).length, 'person', 'people'),
    count(plan.oncall.rotations.length, 'rotation'),
    count(warnings.length, 'warning'),
  ]
  const text = [
    ...warnings.map((warning) => `${placeOf(warning)}: warning: ${saidOf(warning)}`),
    ...(warnings.length > 0 ? [''] : []),
    `${file} is a valid DR plan: ${sizes.join(', ')}.`,
  ].join('\n')
  return { text, json: { ok: true, file, errors: [], warnings }, exitCode: 0 }
}

/** `dr-plan.yml:12:5: systems.lb.rto: found "ten". Write a duration such as "10m".` */
export function printProblem(problem: PlanProblem): string {
  return `${placeOf(problem)}: ${saidOf(problem)}`
}

function placeOf({ file, line, column }: PlanProblem): string {
  return `${file}:${line}:${column}`
}

function saidOf({ path, found, write }: PlanProblem): string {
  return `${path === '' ? '' : `${path}: `}${found}. ${write}.`
}

interface PlannedPage {
  readonly target: Target
  readonly person: string
  readonly why: string
  readonly at: Instant
  readonly channels: readonly { readonly channel: string; readonly at: Instant }[]
  /** Channels that this version cannot page by. */
  readonly leftOut: readonly string[]
  /** Channels that the settings lack what they need for. */
  readonly notSet: readonly string[]
}

/**
 * What would happen if this object broke at `at` and nobody answered: which system because of which rule, who is paged
 * when through what and why, the clocks, the escalation. Exit code 1 when no system takes the alert. `notSet`: channels
 * that the bot leaves out, because a setting is missing.
 */
export function testReport(
  loaded: LoadedPlan,
  object: MatchObject,
  at: Instant,
  notSet: readonly Channel[] = [],
): PlanReport {
  const { plan } = loaded
  const match = matchSystem(plan, object)
  const what = `${object.host}${object.service === undefined ? '' : `;${object.service}`} ${object.state}`
  const head = `${what} at ${exactMoment(at, plan.timezone)} ${plan.timezone}${offsetIfTwice(at, plan.timezone)}`
  if ('none' in match) {
    const text = `${head}\n\nNo incident: ${match.none}.\nAdd a matcher under the "alerts" of the system that it concerns.`
    return { text, json: { system: null, reason: match.none }, exitCode: 1 }
  }
  const { system, rule } = match
  const { line } = loaded.locate(['systems', system, 'alerts', match.index])
  const explainedBy = explaining(plan, system)
  const timings = timingsOf(plan, system)
  const silence = silenceEnds(plan, at)
  const clocks = {
    remindAt: at + timings.remind,
    deadlineAt: at + timings.deadline,
    rtoEndsAt: at + (plan.systems[system]?.rto ?? 0),
  }
  const levels = plan.escalation.map((_, level) =>
    levelOf(plan, level, { at, silence, deadline: clocks.deadlineAt, notSet }),
  )
  const text = [
    head,
    '',
    `System     ${system}, because of ${loaded.file}:${line} ${rule}`,
    ...objectiveLines(plan, system, clocks.rtoEndsAt),
    ...(explainedBy.length > 0
      ? [`Joins      the open incident of ${explainedBy.join(' or ')}, when there is one: that explains it`]
      : []),
    '',
    ...levels.flatMap((level) => [...levelLines(plan, level), '']),
    `Diagnosis  reminder at ${clock(plan, clocks.remindAt)}; at ${clock(plan, clocks.deadlineAt)} (after ${printDuration(timings.deadline)}) it escalates by itself`,
  ].join('\n')
  const json = { system, rule, file: loaded.file, line, explainedBy, at, ...clocks, levels }
  return { text, json, exitCode: 0 }
}

/** The systems whose outage would explain this one's, nearest first. */
function explaining(plan: DrPlan, system: SystemId): readonly SystemId[] {
  const found: SystemId[] = []
  const queue: SystemId[] = [system]
  for (const one of queue) {
    for (const other of systemIds.filter((id) => plan.systems[one]?.depends_on.includes(id))) {
      if (!queue.includes(other)) {
        queue.push(other)
        found.push(other)
      }
    }
  }
  return found
}

interface Level {
  readonly level: number
  /** Absent: only when somebody asks. */
  readonly at?: Instant
  readonly because: string
  readonly pages: readonly PlannedPage[]
}

/**
 * The first level is called at once. When it stays silent, the second is; otherwise when diagnosis has run out. A third
 * is called when diagnosis runs out after that. Further ones only when somebody asks.
 */
function levelOf(
  plan: DrPlan,
  level: number,
  moments: {
    readonly at: Instant
    readonly silence: Instant
    readonly deadline: Instant
    readonly notSet: readonly Channel[]
  },
): Level {
  const { at, silence, deadline, notSet } = moments
  const pages = (from: Instant): readonly PlannedPage[] => pagesOf(plan, level, { from, notSet })
  if (level === 0) return { level, at, because: 'at once', pages: pages(at) }
  if (level === 1 && silence < deadline) {
    const because = `when nobody of the first level has answered (acknowledged: at ${clock(plan, deadline)} without a diagnosis)`
    return { level, at: silence, because, pages: pages(silence) }
  }
  if (level === 1 || (level === 2 && silence < deadline)) {
    return { level, at: deadline, because: 'when diagnosis has run out', pages: pages(deadline) }
  }
  return { level, because: 'only when somebody says escalate', pages: pages(deadline) }
}

/** When the first of the targets of level 0 has been called through in vain. Groups are called all at once. */
function silenceEnds(plan: DrPlan, at: Instant): Instant {
  const sizes = (plan.escalation[0]?.to ?? []).map((target) => {
    const people = candidates(plan, target, at).length
    return target.startsWith('group:') ? Math.min(people, 1) : people
  })
  if (sizes.every((size) => size === 0)) return at
  return at + Math.min(...sizes.map((size) => Math.max(size, 1))) * plan.paging.next_engineer_after
}

function pagesOf(
  plan: DrPlan,
  level: number,
  { from, notSet }: { readonly from: Instant; readonly notSet: readonly Channel[] },
): readonly PlannedPage[] {
  return (plan.escalation[level]?.to ?? []).flatMap((target) =>
    candidates(plan, target, from).map(({ person, why }, index) => {
      const turn = target.startsWith('group:') ? 0 : index
      const at = from + turn * plan.paging.next_engineer_after
      const all = channelsFor(plan, person)
      const known = all.filter(({ channel }) => pagedThrough.includes(channel))
      const paged = known.filter(({ channel }) => !notSet.includes(channel))
      const channels = paged.map(({ channel, after }) => ({ channel, at: at + after }))
      const leftOut = all.filter((step) => !known.includes(step)).map(({ channel }) => channel)
      const lacking = known.filter((step) => !paged.includes(step)).map(({ channel }) => channel)
      return { target, person, why, at, channels, leftOut, notSet: lacking }
    }),
  )
}

function objectiveLines(plan: DrPlan, id: SystemId, rtoEndsAt: Instant): readonly string[] {
  const system = plan.systems[id]
  if (!system) return []
  const rpo = system.rpo === undefined ? '' : `, RPO ${printDuration(system.rpo)}`
  const ways = system.recoveries.map((recovery) => recovery.name).join(', ') || 'none in the plan'
  return [
    `Objective  RTO ${printDuration(system.rto)}${rpo}: to be working again by ${clock(plan, rtoEndsAt)}`,
    `Recovery   ${ways}`,
  ]
}

function levelLines(plan: DrPlan, { level, at, because, pages }: Level): readonly string[] {
  const title = `Level ${level}    ${at === undefined || level === 0 ? '' : `${clock(plan, at)}, `}${because}`
  if (at === undefined)
    return [title, ...[...new Set(pages.map((page) => page.target))].map((target) => `  ${target}`)]
  if (pages.length === 0) return [title, '  nobody is available']
  return [
    title,
    ...pages.flatMap((page) => [
      `  ${clock(plan, page.at)}  ${nameOf(plan, page.person)} (${page.target}): ${page.why}`,
      `            ${channelsText(plan, page)}`,
    ]),
  ]
}

/** What a channel needs in the settings. */
const settingFor: Readonly<Record<string, string>> = { email: 'SMTP_URL' }

function channelsText(plan: DrPlan, { channels, leftOut, notSet }: PlannedPage): string {
  const paged = channels.map((step) => `${step.channel} ${clock(plan, step.at)}`).join(', ')
  const rest = leftOut.length === 0 ? '' : ` (not in this version: ${leftOut.join(', ')})`
  const lacking = notSet.map(
    (channel) => ` (left out: ${channel}, since ${settingFor[channel] ?? 'its setting'} is not set here)`,
  )
  return `${paged === '' ? 'no channel' : paged}${lacking.join('')}${rest}`
}

function clock({ timezone }: DrPlan, at: Instant): string {
  return `${exactTime(at, timezone)}${offsetIfTwice(at, timezone)}`
}

/** ` (+01:00)` of a time that is there twice on that day, since the clocks are set back. */
function offsetIfTwice(at: Instant, zone: string): string {
  const here = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
  const [first, second] = (['earlier', 'later'] as const).map((disambiguation) =>
    here.toPlainDateTime().toZonedDateTime(zone, { disambiguation }),
  )
  return first === undefined || second === undefined || first.equals(second) ? '' : ` (${here.offset})`
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}

// Until when a recovery must be ordered to meet the objective: what is left of it, less what each way out takes.
import { printDuration } from '../drplan/duration.ts'
import { documentedFor } from '../drplan/promises.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Duration, Instant, SystemId } from '../ids.ts'
import { minute, second } from '../ids.ts'
import type { Field, Span } from '../message.ts'
import { expectedDuration } from '../recovery/draft.ts'
import type { Run } from '../recovery/run.ts'
import { bot, effect, happened, patch } from './change.ts'
import type { Change, Moment } from './change.ts'
import type { Incident, WayOut } from './incident.ts'

/** From the end of a recovery until it is seen from outside that it works. */
export const verification: Duration = 30 * second
/** With less than this left the moment is shown in red. */
const soon: Duration = 2 * minute

/** One way out, and the last moment at which ordering it meets the objective. */
export interface DecideBy extends WayOut {
  readonly at: Instant
  /** That moment is over. */
  readonly late: boolean
}

/** How long each recovery of the system takes: measured, else as planned, else as the provider documents it. */
export function waysOut(plan: DrPlan, system: SystemId, history: readonly Run[]): readonly WayOut[] {
  return (plan.systems[system]?.recoveries ?? []).map((recovery) => {
    const kind = { system, direction: 'failover', recovery: recovery.name } as const
    const known = documentedFor(recovery)
    const documented = known && { duration: known.rto, source: known.document }
    const { duration, source } = expectedDuration(history, kind, recovery, documented)
    return { recovery: recovery.name, takes: duration, source }
  })
}

/** All ways out, the one that can wait longest first. */
export function decideBy(incident: Incident, now: Instant): readonly DecideBy[] {
  const missedAt = incident.marks.outage + incident.objective.rto
  return (incident.waysOut ?? [])
    .map((way) => ({ ...way, at: missedAt - way.takes - verification }))
    .map((way) => ({ ...way, late: way.at <= now }))
    .toSorted((a, b) => b.at - a.at)
}

/** True while somebody has to decide, and nothing that the plan knows would end the outage in time. */
export function noWayLeft(incident: Incident, now: Instant): boolean {
  const ways = isOpenQuestion(incident) ? decideBy(incident, now) : []
  return ways.length > 0 && ways.every(({ late }) => late)
}

/** The moments that are still to be taken up: of each way out, and that of the objective itself. */
export function decideWakeAt(incident: Incident): readonly Instant[] {
  return momentsOf(incident).filter((at) => at > (incident.lateUntil ?? incident.openedAt))
}

function momentsOf(incident: Incident): readonly Instant[] {
  if (incident.waysOut === undefined || !isOpenQuestion(incident)) return []
  return [...decideBy(incident, 0).map(({ at }) => at), incident.marks.outage + incident.objective.rto]
}

/** What is due: the card is shown anew, and when the last way has just become too late the rooms are told. */
export function tickDecideBy(change: Change, { now }: Moment): Change {
  const { next } = change
  const since = next.lateUntil ?? next.openedAt
  const passed = (at: Instant): boolean => at > since && at <= now
  if (!momentsOf(next).some(passed)) return change
  const taken = effect(patch(change, { lateUntil: now }), { kind: 'card', incident: next.id })
  const [last] = decideBy(next, now)
  const missed = next.marks.outage + next.objective.rto <= now
  if (!last || !passed(last.at) || missed) return taken
  const text = `No way is left that meets the objective (RTO ${printDuration(next.objective.rto)}) of ${next.id}: ${last.recovery} takes ${printDuration(last.takes)} (${last.source}). Order it all the same, or escalate: escalate ${next.id}`
  const said = happened(taken, 'clock.reminder', { at: now, by: bot, text })
  return effect(said, { kind: 'say', incident: next.id, text })
}

/** The card's field; undefined when there is nothing to decide any more, or the objective is missed anyway. */
export function decideByField(incident: Incident, now: Instant): Field | undefined {
  const missed = incident.marks.outage + incident.objective.rto <= now
  if (missed || !isOpenQuestion(incident)) return undefined
  const label = 'Decide by'
  const ways = decideBy(incident, now)
  const [last, ...others] = ways
  if (!last) return undefined
  if (last.late) {
    const all = ways.map(({ recovery, takes }) => `${recovery} takes ${printDuration(takes)}`).join(', ')
    return { label, value: [`no way is left that meets the objective: ${all}`], tone: 'bad' }
  }
  const inTime = others.filter(({ late }) => !late)
  const late = others.filter((way) => way.late).map(({ recovery }) => recovery)
  const value: readonly Span[] = [
    { at: last.at, show: 'time' },
    ` for ${last.recovery}, which takes ${printDuration(last.takes)}`,
    ...inTime.flatMap(({ recovery, at }): readonly Span[] => [
      '; ',
      { at, show: 'time' },
      ` for ${recovery}`,
    ]),
    ...(late.length === 0 ? [] : [`; too late for ${late.join(', ')}`]),
  ]
  return { label, value, tone: last.at - now < soon ? 'bad' : 'warn' }
}

function isOpenQuestion({ state }: Incident): boolean {
  return state === 'paging' || state === 'diagnosing'
}

// Until when a recovery must be ordered to meet the objective: what is left of it, less what each way out takes.
import { printDuration } from '../drplan/duration.ts'
import { documentedFor } from '../drplan/promises.ts'
import type { DrPlan, Recovery } from '../drplan/schema.ts'
import type { Duration, Instant, SystemId } from '../ids.ts'
import { minute, second } from '../ids.ts'
import type { Field, Line, Span } from '../message.ts'
import { expectedDuration } from '../recovery/draft.ts'
import type { Proposal } from '../recovery/run.ts'
import { switchExpected, usualTtl } from '../recovery/ways/standby-dns/parts.ts'
import { canonicalJson } from '../timeline/canonical.ts'
import { bot, effect, happened, patch } from './change.ts'
import type { Change, Moment, Policy } from './change.ts'
import type { Incident, WayOut } from './incident.ts'

/** From the end of a recovery until it is seen from outside that it works. */
export const verification: Duration = 30 * second
/** With less than this left the moment is shown in red. */
const soon: Duration = 2 * minute

/** One way out, and the last moments at which ordering it meets the objective. */
export interface DecideBy extends WayOut {
  /** For all clients, those that hold an old DNS answer, too. */
  readonly at: Instant
  /** For whoever asks DNS again: `at`, when no client can hold an old answer. */
  readonly newAt: Instant
  /** Even that moment is over. */
  readonly late: boolean
}

/** What is known of recoveries beside the plan. */
type Sight = Pick<Policy, 'history' | 'follows' | 'lacks'>

/**
 * The ways out as they are known now, while somebody has to decide: a run may have changed the TTL, or a look have found
 * what is missing, since the incident opened. The same change when nothing differs, or nothing is known.
 */
export function seenAnew(change: Change, policy: Policy): Change {
  const { next } = change
  if (policy.follows === undefined || next.waysOut === undefined || !isOpenQuestion(next)) return change
  const ways = waysOut(policy.plan, next.system, policy)
  if (canonicalJson(ways) === canonicalJson(next.waysOut)) return change
  return effect(patch(change, { waysOut: ways }), { kind: 'card', incident: next.id })
}

/** The ways that could not be carried out when that was last looked at. */
export function lackingWays({ waysOut = [] }: Incident): readonly WayOut[] {
  return waysOut.filter(({ lacks }) => lacks !== undefined)
}

/**
 * How long each recovery of the system takes: measured, else as planned, else as the provider documents it; and the
 * old TTL.
 */
export function waysOut(
  plan: DrPlan,
  system: SystemId,
  { history = () => [], follows = () => undefined, lacks = () => undefined }: Sight,
): readonly WayOut[] {
  return (plan.systems[system]?.recoveries ?? []).map((recovery) => {
    const kind = { system, direction: 'failover', recovery: recovery.name } as const
    const { duration, source } = expectedDuration(history(), kind, recovery, documented(recovery))
    const after = follows(system, recovery.name) ?? usualFollows(recovery)
    const missing = lacks(system, recovery.name)
    return {
      recovery: recovery.name,
      takes: duration,
      source,
      ...(after === undefined ? {} : { follows: after }),
      ...(missing === undefined ? {} : { lacks: missing }),
    }
  })
}

/** Of a switch of name servers the wait for old answers is no part of how long it takes: it is said beside that. */
function documented(recovery: Recovery): Proposal['expected'] | undefined {
  if (recovery.standby_dns) return switchExpected
  const known = documentedFor(recovery)
  return known && { duration: known.rto, source: known.document }
}

/** How long old answers live as a rule, where nobody has asked the parent zone yet. */
function usualFollows({ standby_dns: standby }: Recovery): Duration | undefined {
  return standby && usualTtl * second
}

/** All ways out that are not known to lack anything, the one that can wait longest first. */
export function decideBy(incident: Incident, now: Instant): readonly DecideBy[] {
  const missedAt = incident.marks.outage + incident.objective.rto
  return (incident.waysOut ?? [])
    .filter(({ lacks }) => lacks === undefined)
    .map((way) => {
      const newAt = missedAt - way.takes - verification
      return { ...way, at: newAt - (way.follows ?? 0), newAt, late: newAt <= now }
    })
    .toSorted((a, b) => b.at - a.at || b.newAt - a.newAt)
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
  const ways = decideBy(incident, 0).flatMap(({ at, newAt }) => [at, newAt])
  return [...new Set([...ways, incident.marks.outage + incident.objective.rto])]
}

/** What is due: the card is shown again, and when the last way has just become too late the rooms are told. */
export function tickDecideBy(change: Change, { now }: Moment): Change {
  const { next } = change
  const since = next.lateUntil ?? next.openedAt
  const passed = (at: Instant): boolean => at > since && at <= now
  if (!momentsOf(next).some(passed)) return change
  const taken = effect(patch(change, { lateUntil: now }), { kind: 'card', incident: next.id })
  const text = next.marks.outage + next.objective.rto <= now ? undefined : lateText(next, passed, now)
  if (text === undefined) return taken
  const said = happened(taken, 'clock.reminder', { at: now, by: bot, text })
  return effect(said, { kind: 'say', incident: next.id, text })
}

/** What is to be said when the last way has just become too late: for those with an old DNS answer, or at all. */
function lateText(incident: Incident, passed: (at: Instant) => boolean, now: Instant): string | undefined {
  const { id, objective } = incident
  const rto = `the objective (RTO ${printDuration(objective.rto)}) of ${id}`
  const ways = decideBy(incident, now)
  const [forAll] = ways
  const forNew = lastForNew(ways)
  if (forNew && passed(forNew.newAt))
    return `No way is left that meets ${rto}: ${forNew.recovery} takes ${printDuration(forNew.takes)} (${forNew.source}). Order it all the same, or escalate: escalate ${id}`
  if (!forAll || !forNew || forAll.at === forNew.newAt || !passed(forAll.at)) return undefined
  return `From now on no way meets ${rto} for clients that hold the old DNS answer: ${takesText(forAll)}. For new lookups ${forNew.recovery} still does`
}

function lastForNew(ways: readonly DecideBy[]): DecideBy | undefined {
  return ways.toSorted((a, b) => b.newAt - a.newAt)[0]
}

function takesText({ recovery, takes, follows }: WayOut): string {
  const ttl = follows === undefined ? '' : `, old DNS answers live ${printDuration(follows)} more`
  return `${recovery} takes ${printDuration(takes)}${ttl}`
}

/** The card's field; undefined when there is nothing to decide any more, or the objective is missed anyway. */
export function decideByField(incident: Incident, now: Instant): Field | undefined {
  const missed = incident.marks.outage + incident.objective.rto <= now
  if (missed || !isOpenQuestion(incident)) return undefined
  const ways = decideBy(incident, now)
  const lacking = lackingWays(incident).map(({ recovery }) => recovery)
  const label = 'Decide by'
  if (ways.length === 0)
    return lacking.length === 0
      ? undefined
      : { label, value: [`no recovery could be carried out now: not ${lacking.join(', ')}`], tone: 'bad' }
  const late = ways.filter((way) => way.late)
  if (late.length === ways.length) {
    const all = ways.map(({ recovery, takes }) => `${recovery} takes ${printDuration(takes)}`).join(', ')
    const value: Line = [`no way is left that meets the objective: ${all}${notReady(lacking)}`]
    return { label, value, tone: 'bad' }
  }
  const [first, ...others] = [...ways.filter(({ at }) => at > now), ...newOnly(ways, now)]
  const value: readonly Span[] = [
    ...(first ? momentSpans(first, now, true) : []),
    ...others.flatMap((way): readonly Span[] => ['; ', ...momentSpans(way, now, false)]),
    ...(late.length === 0 ? [] : [`; too late for ${late.map(({ recovery }) => recovery).join(', ')}`]),
    notReady(lacking),
  ]
  return {
    label,
    value: value.filter((span) => span !== ''),
    tone: first && first.at - now >= soon ? 'warn' : 'bad',
  }
}

function notReady(lacking: readonly string[]): string {
  return lacking.length === 0 ? '' : `; not ready: ${lacking.join(', ')}`
}

/** Ways that meet the objective no longer for those with an old DNS answer, but for new lookups. */
function newOnly(ways: readonly DecideBy[], now: Instant): readonly DecideBy[] {
  return ways.filter(({ at, late }) => at <= now && !late).toSorted((a, b) => b.newAt - a.newAt)
}

/** `full`: with how long it takes. */
function momentSpans(way: DecideBy, now: Instant, full: boolean): readonly Span[] {
  const { recovery, takes, follows, at, newAt } = way
  const time = (instant: Instant): Span => ({ at: instant, show: 'time' })
  const takesLong = full ? ` (${printDuration(takes)}, and ${printDuration(verification)} to verify)` : ''
  if (follows === undefined) return [time(at), ` for ${recovery}${takesLong}`]
  const ttl = `old DNS answers live ${printDuration(follows)} more`
  if (at <= now) return [time(newAt), ` for ${recovery}${takesLong}, for new lookups only: ${ttl}`]
  return full
    ? [time(at), ` for ${recovery}${takesLong}; ${ttl} (for new lookups: `, time(newAt), ')']
    : [time(at), ` for ${recovery}`]
}

/** What was carried out for this outage while nobody has seen yet whether it helped; undefined when that is not so. */
export function nowCarriedOut(incident: Incident): Incident['carriedOut'] {
  return incident.state === 'diagnosing' && incident.marks.acted !== undefined
    ? incident.carriedOut
    : undefined
}

/** Nobody has to decide on a recovery while the one that was carried out has not shown whether it helped. */
function isOpenQuestion(incident: Incident): boolean {
  const { state } = incident
  return (state === 'paging' || state === 'diagnosing') && nowCarriedOut(incident) === undefined
}

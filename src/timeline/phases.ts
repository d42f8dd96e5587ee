// The phases of an outage, measured from its marks: where the time went.
import { printDuration } from '../drplan/duration.ts'
import type { Duration, Instant } from '../ids.ts'
import type { Incident, Marks } from '../incident/incident.ts'

/** The phases in their order, each with the mark that ends it. The first begins with the outage itself. */
const phaseMarks = [
  ['detect', 'detected'],
  ['page', 'paged'],
  ['acknowledge', 'acknowledged'],
  ['diagnose', 'diagnosed'],
  ['decide', 'decided'],
  ['act', 'acted'],
  ['verify', 'verified'],
] as const satisfies readonly (readonly [string, keyof Marks])[]

export type PhaseName = (typeof phaseMarks)[number][0]

/** All phases in their order. */
export const phaseNames: readonly PhaseName[] = phaseMarks.map(([name]) => name)

/** `to` is absent while the phase goes on; `ms` then counts up to now. */
export interface Phase {
  readonly name: PhaseName
  readonly from: Instant
  readonly to?: Instant
  readonly ms: Duration
}

/** When the outage was over: seen to work, or closed by hand; undefined while it goes on. */
export function outageEnd(marks: Marks): Instant | undefined {
  return marks.verified ?? marks.resolved
}

/**
 * The phases that took place, end to start without a gap, so that together they are the whole outage. A phase whose
 * mark is missing is left out, and its time belongs to the next one that has a mark. The end of the outage ends the
 * phase that was going on: an outage that mends itself while it is diagnosed has no later phases. A mark that is
 * earlier than one before it counts as being at the same moment.
 */
export function phasesOf(marks: Marks, now: Instant): readonly Phase[] {
  const end = outageEnd(marks)
  const phases: Phase[] = []
  let from = marks.outage
  let next = 0
  for (const [index, [name, mark]] of phaseMarks.entries()) {
    const at = mark === 'verified' ? undefined : marks[mark]
    if (at === undefined || (end !== undefined && at > end)) continue
    const to = Math.max(from, at)
    phases.push({ name, from, to, ms: to - from })
    from = to
    next = index + 1
  }
  const last = phaseMarks[Math.min(next, phaseMarks.length - 1)]?.[0] ?? 'verify'
  if (end === undefined) return [...phases, { name: last, from, ms: Math.max(0, now - from) }]
  const to = Math.max(from, end)
  const nothing = to === from && last !== 'verify'
  return nothing && phases.length > 0 ? phases : [...phases, { name: last, from, to, ms: to - from }]
}

/** The outage as a whole against its objective. */
export interface Measured {
  readonly ms: Duration
  readonly rto: Duration
  readonly over: boolean
  /** False also when it is not known, because nobody saw it work. */
  readonly met: boolean
  /** How many problems Nagios still reported when it was closed by hand; absent: it was seen to work, or it goes on. */
  readonly unseen?: number
  /** Until clients that held the old DNS answer followed, too, at the latest; absent: none did after the end. */
  readonly all?: { readonly ms: Duration; readonly met: boolean }
}

/** How long the outage took, or takes so far, against the RTO. `met` says so far while it is not `over`. */
export function measure(incident: Pick<Incident, 'marks' | 'objective'>, now: Instant): Measured {
  const { marks, objective } = incident
  const end = outageEnd(marks)
  const ms = Math.max(0, (end ?? now) - marks.outage)
  const { rto } = objective
  const unseen = marks.byHand?.problems
  const all =
    end !== undefined && (marks.followed ?? 0) > end ? (marks.followed ?? 0) - marks.outage : undefined
  return {
    ms,
    rto,
    over: end !== undefined,
    met: ms <= rto && unseen === undefined,
    ...(unseen === undefined ? {} : { unseen }),
    ...(all === undefined ? {} : { all: { ms: all, met: all <= rto } }),
  }
}

/** Whether the objective was met for everybody, those with an old DNS answer, too. */
export function metForAll({ met, all }: Measured): boolean {
  return met && all?.met !== false
}

/** Whether it was closed by hand within the objective, so that nobody knows whether it was met. */
export function isNotKnown({ ms, rto, unseen }: Measured): boolean {
  return unseen !== undefined && ms <= rto
}

/** Green only where it was met for everybody; amber where it was met for some, or is not known. */
export function verdictTone(measured: Measured): 'good' | 'warn' | 'bad' {
  if (metForAll(measured)) return 'good'
  return measured.met || isNotKnown(measured) ? 'warn' : 'bad'
}

/** `1 problem`, `3 problems`. */
export function problemCount(count: number): string {
  return `${count} problem${count === 1 ? '' : 's'}`
}

/** `met`, `missed`, and for whom: what DNS clients had cached outlives the recovery. `took` stands beside it. */
export function verdictText(measured: Measured, took?: string): string {
  const { met, all, unseen } = measured
  if (unseen !== undefined && isNotKnown(measured))
    return `not known: closed by hand${took === undefined ? '' : ` after ${took}`} while Nagios still reported ${problemCount(unseen)}`
  const verdict = met ? (all?.met === false ? 'met for new DNS lookups only' : 'met') : 'missed'
  const rest = all && `up to ${printDuration(all.ms)} for clients that had the old DNS answer`
  return [took === undefined ? verdict : `${verdict}: ${took}`, ...(rest === undefined ? [] : [rest])].join(
    ', ',
  )
}

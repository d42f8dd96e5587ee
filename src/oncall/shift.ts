// Who is on call in a rotation: turns, then overrides, then cover for people who are off.
import { nameOf } from '../drplan/person-name.ts'
import { BugError } from '../errors.ts'
import { inTurn, turnAt } from './turns.ts'
import { momentEnd, momentStart } from './wallclock.ts'
import { momentText } from '../moment.ts'
import type { Instant, PersonId } from '../ids.ts'
import type { DrPlan, Override, Rotation } from '../drplan/schema.ts'
import type { Turn } from './turns.ts'

/** A stretch of time with one person on call. `why` is the rule in words, with its end. */
export interface Shift {
  readonly person: PersonId
  readonly from: Instant
  /** The end: the first instant that is no longer in the shift. */
  readonly until: Instant
  readonly why: string
}

interface Span {
  readonly from: Instant
  readonly until: Instant
}

/** A rotation with its overrides and absences as instants. */
interface Roster {
  readonly rotation: Rotation
  readonly zone: string
  readonly names: DrPlan['people']
  readonly overrides: readonly (Span & { readonly override: Override })[]
  readonly off: readonly (Span & { readonly person: PersonId })[]
}

/** Who has it at one instant. Equal `rule` in adjacent stretches means one shift. */
interface Duty {
  readonly person: PersonId
  readonly rule: string
  readonly why: string
  /** How far the rule that put this person here reaches. */
  readonly reach: Span
}

/** The shift at an instant; undefined when everybody of the rotation is off. Throws `BugError` for an unknown rotation. */
export function onCall(plan: DrPlan, rotation: string, at: Instant): Shift | undefined {
  const roster = rosterOf(plan, rotation)
  const duty = dutyAt(roster, at)
  if (!duty) return undefined
  return shiftsIn(roster, duty.reach).find((shift) => shift.from <= at && at < shift.until)
}

/** The shifts from `from` to `to`, cut at both ends, in order. Time that no shift covers is time with nobody on call. */
export function schedule(plan: DrPlan, rotation: string, from: Instant, to: Instant): readonly Shift[] {
  return shiftsIn(rosterOf(plan, rotation), { from, until: to })
}

/**
 * The plan with overrides that were added while running; they come after the plan's own and so win over them. Those of
 * people or rotations that the plan no longer has count for nothing.
 */
export function withOverrides(plan: DrPlan, overrides: readonly Override[]): DrPlan {
  return { ...plan, oncall: { ...plan.oncall, overrides: [...plan.oncall.overrides, ...overrides] } }
}

/**
 * When the absence that an instant falls into ends, back-to-back absences taken as one; undefined when the person is
 * there.
 */
export function offUntil(plan: DrPlan, person: PersonId, at: Instant): Instant | undefined {
  return endOfAbsence(absences(plan), person, at)
}

/** The turn of a rotation at an instant, before overrides and time off. */
export function turnOf(plan: DrPlan, rotation: string, at: Instant): Turn {
  return turnAt(rotationOf(plan, rotation), plan.timezone, at)
}

/** A rotation by its name. Throws `BugError` for an unknown one: the loader has checked the plan's own. */
export function rotationOf(plan: DrPlan, name: string): Rotation {
  const rotation = plan.oncall.rotations.find((one) => one.name === name)
  if (!rotation) throw new BugError(`no rotation "${name}" in the plan`)
  return rotation
}

function rosterOf(plan: DrPlan, name: string): Roster {
  const rotation = rotationOf(plan, name)
  const first = plan.oncall.rotations[0]?.name
  const overrides = plan.oncall.overrides
    .filter(
      (override) => (override.rotation ?? first) === name && Object.hasOwn(plan.people, override.person),
    )
    .map((override) => ({ override, ...spanOf(override, plan.timezone) }))
  return { rotation, zone: plan.timezone, names: plan.people, overrides, off: absences(plan) }
}

function absences(plan: DrPlan): Roster['off'] {
  return plan.oncall.time_off.map((absence) => ({
    person: absence.person,
    ...spanOf(absence, plan.timezone),
  }))
}

function spanOf(span: { readonly from: string; readonly to: string }, zone: string): Span {
  return { from: momentStart(span.from, zone), until: momentEnd(span.to, zone) }
}

function covers(span: Span, at: Instant): boolean {
  return span.from <= at && at < span.until
}

function endOfAbsence(off: Roster['off'], person: PersonId, at: Instant): Instant | undefined {
  const now = off.filter((absence) => absence.person === person && covers(absence, at))
  if (now.length === 0) return undefined
  const end = Math.max(...now.map((absence) => absence.until))
  return endOfAbsence(off, person, end) ?? end
}

function dutyAt(roster: Roster, at: Instant): Duty | undefined {
  const index = roster.overrides.findLastIndex((override) => covers(override, at))
  const found = roster.overrides[index]
  if (found) {
    const { override, from, until } = found
    const by = override.by === undefined ? '' : ` by ${nameOf({ people: roster.names }, override.by)}`
    return {
      person: override.person,
      rule: `override ${index}`,
      why: `override${by}`,
      reach: { from, until },
    }
  }
  const turn = turnAt(roster.rotation, roster.zone, at)
  const person = inTurn(roster.rotation, turn.number).find((one) => !isOff(roster, one, at))
  if (person === undefined) return undefined
  const { name, type } = roster.rotation
  const rule = `turn ${turn.number} ${person}`
  if (person === turn.person) return { person, rule, why: `on call (${name}, ${type})`, reach: turn }
  const absent = nameOf({ people: roster.names }, turn.person)
  return { person, rule, why: `covers for ${absent}, who is off (${name}, ${type})`, reach: turn }
}

function isOff(roster: Roster, person: PersonId, at: Instant): boolean {
  return roster.off.some((absence) => absence.person === person && covers(absence, at))
}

/** Walks from edge to edge; between two edges nothing changes. */
function shiftsIn(roster: Roster, window: Span): readonly Shift[] {
  const edges = edgesIn(roster, window)
  const stretches: (Duty & Span)[] = []
  let at = window.from
  while (at < window.until) {
    const duty = dutyAt(roster, at)
    const reach = duty?.reach ?? turnAt(roster.rotation, roster.zone, at)
    const edge = edges.find((one) => one > at) ?? window.until
    const until = Math.min(reach.until, edge, window.until)
    const last = stretches.at(-1)
    if (duty && last && last.until === at && last.rule === duty.rule) {
      stretches[stretches.length - 1] = { ...last, until }
    } else if (duty) {
      stretches.push({ ...duty, from: at, until })
    }
    at = until
  }
  return stretches.map(({ person, from, until, why }) => ({
    person,
    from,
    until,
    why: `${why} until ${momentText(until, roster.zone)} ${roster.zone}`,
  }))
}

function edgesIn(roster: Roster, window: Span): readonly Instant[] {
  return [...roster.overrides, ...roster.off]
    .flatMap(({ from, until }) => [from, until])
    .filter((at) => at > window.from && at < window.until)
    .sort((a, b) => a - b)
}

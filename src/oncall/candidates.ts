// Who is called for a target, in which order, and why.
import { nameOf } from '../drplan/person-name.ts'
import { inTurn } from './turns.ts'
import { momentText } from '../moment.ts'
import { offUntil, onCall, rotationOf, turnOf } from './shift.ts'
import type { Target } from '../incident/incident.ts'
import type { Instant, PersonId } from '../ids.ts'
import type { DrPlan } from '../drplan/schema.ts'

/** A person to call, and why this one, in words. */
export interface Candidate {
  readonly person: PersonId
  readonly why: string
}

/**
 * The people of a target in the order of calling. `rotation:`: who is on call, then the others in turn; who is off is
 * left out, so the list is empty when all are. `group:`: its people who are not off; all of them when all are off.
 * `person:`: that person, off or not. A target the plan no longer has gives an empty list.
 */
export function candidates(plan: DrPlan, target: Target, at: Instant): readonly Candidate[] {
  const [kind, name] = target.split(':') as ['rotation' | 'group' | 'person', string]
  if (kind === 'rotation') return ofRotation(plan, name, at)
  if (kind === 'group') return ofGroup(plan, name, at)
  if (!Object.hasOwn(plan.people, name)) return []
  return [{ person: name, why: `named in the plan (${target})${offNote(plan, name, at)}` }]
}

function ofRotation(plan: DrPlan, name: string, at: Instant): readonly Candidate[] {
  if (!plan.oncall.rotations.some((rotation) => rotation.name === name)) return []
  const now = onCall(plan, name, at)
  const turn = turnOf(plan, name, at)
  const others = inTurn(rotationOf(plan, name), turn.number).filter(
    (person) => person !== now?.person && offUntil(plan, person, at) === undefined,
  )
  const first = now ? [{ person: now.person, why: now.why }] : []
  const people = [...first.map(({ person }) => person), ...others]
  return [
    ...first,
    ...others.map((person) => {
      const before = people[people.indexOf(person) - 1]
      const after = before === undefined ? '' : ` after ${nameOf(plan, before)}`
      return { person, why: `next in rotation ${name}${after}` }
    }),
  ]
}

function ofGroup(plan: DrPlan, name: string, at: Instant): readonly Candidate[] {
  const people = Object.hasOwn(plan.groups, name) ? (plan.groups[name]?.people ?? []) : []
  const there = people.filter((person) => offUntil(plan, person, at) === undefined)
  if (there.length > 0) return there.map((person) => ({ person, why: `in group ${name}` }))
  return people.map((person) => ({
    person,
    why: `in group ${name}, of which everybody is off${offNote(plan, person, at)}`,
  }))
}

function offNote(plan: DrPlan, person: PersonId, at: Instant): string {
  const until = offUntil(plan, person, at)
  return until === undefined ? '' : `; off until ${momentText(until, plan.timezone)}`
}

// How a person of the plan is written for people to read.
import type { DrPlan } from './schema.ts'

/** The name, else the id: the plan may not have that person any more. */
export function nameOf(plan: Pick<DrPlan, 'people'>, person: string): string {
  return Object.hasOwn(plan.people, person) ? (plan.people[person]?.name ?? person) : person
}

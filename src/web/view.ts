// What every page knows besides its own data: who looks, when, in which zone, and the secrets of the form.
import { nameOf as personName } from '../drplan/person-name.ts'
import type { Instant, PersonId } from '../ids.ts'
import type { DrPlan, Role } from '../drplan/schema.ts'

/** A signed-in person. */
export interface Viewer {
  readonly id: PersonId
  readonly name: string
  readonly roles: readonly Role[]
}

export interface View {
  readonly viewer: Viewer
  readonly now: Instant
  /** How much faster than real time the program's clock runs: 1, or more in a demo. */
  readonly rate: number
  readonly plan: DrPlan
  /** Path of the page, with its query; where an answer without JavaScript leads back. */
  readonly path: string
  /** Must come back with every form. */
  readonly csrf: string
}

/** The name of a person of the plan, else the id itself. */
export function nameOf(view: View, person: PersonId): string {
  return personName(view.plan, person)
}

// Who belongs into a room: the people, and those of the groups that were called.
import type { DrPlan } from '../drplan/schema.ts'
import type { PersonId } from '../ids.ts'
import type { RoomView } from '../ports.ts'

export type Guests = Pick<RoomView, 'people' | 'groups' | 'elsewhere'>

/** Everybody once, in the order of their coming. */
export function everybodyIn(plan: DrPlan, { people, groups, elsewhere }: Guests): readonly PersonId[] {
  const all = new Set([...people, ...groups.flatMap((name) => plan.groups[name]?.people ?? [])])
  return [...all].filter((person) => !elsewhere.includes(person))
}

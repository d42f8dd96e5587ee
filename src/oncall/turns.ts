// Whose turn it is in a rotation: the times of handoff, by the clock on the wall.
import { zoned } from '../moment.ts'
import { instantOf } from './wallclock.ts'
import type { Duration, Instant, PersonId } from '../ids.ts'
import type { Rotation } from '../drplan/schema.ts'

const hour: Duration = 3_600_000
const lengths = { daily: 24 * hour, weekly: 7 * 24 * hour, custom: 24 * hour } as const

/** One turn of a rotation, before overrides and time off. */
export interface Turn {
  /** Counts handoffs from the rotation's start; negative before it. */
  readonly number: number
  readonly person: PersonId
  readonly from: Instant
  readonly until: Instant
}

/** The turn at an instant. A turn's length is measured by the clock on the wall: 09:00 to 09:00, be it 23 or 25 hours. */
export function turnAt(rotation: Rotation, zone: string, at: Instant): Turn {
  const length = rotation.shift ?? lengths[rotation.type]
  const start = Temporal.PlainDateTime.from(rotation.start)
  let number = Math.floor(hoursBetween(start, zoned(at, zone).toPlainDateTime()) / (length / hour))
  // While clocks show an hour for the second time, handoffs of its first pass are over although the clock is before them.
  while (handoff(start, length, zone, number + 1) <= at) number += 1
  return {
    number,
    person: personOf(rotation, number),
    from: handoff(start, length, zone, number),
    until: handoff(start, length, zone, number + 1),
  }
}

/** The rotation's people in turn: whose turn `number` is, then those who follow. */
export function inTurn(rotation: Rotation, number: number): readonly PersonId[] {
  return rotation.people.map((_, index) => personOf(rotation, number + index))
}

function personOf(rotation: Rotation, number: number): PersonId {
  const count = rotation.people.length
  return rotation.people[((number % count) + count) % count] ?? ''
}

function handoff(start: Temporal.PlainDateTime, length: Duration, zone: string, number: number): Instant {
  return instantOf(start.add({ hours: (number * length) / hour }), zone)
}

function hoursBetween(from: Temporal.PlainDateTime, to: Temporal.PlainDateTime): number {
  return from.until(to, { largestUnit: 'hour' }).total('hour')
}

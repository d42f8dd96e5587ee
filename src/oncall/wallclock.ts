// Wall-clock time in the plan's zone: text to instant and back, well defined where clocks jump.
import type { Instant } from '../ids.ts'

/**
 * The instant of a wall-clock time. A time that occurs twice means its first occurrence; a time that is skipped means
 * the moment at which the clocks jump over it. So the order of wall-clock times is kept.
 */
export function instantOf(local: Temporal.PlainDateTime, zone: string): Instant {
  const first = local.toZonedDateTime(zone, { disambiguation: 'earlier' })
  if (first.toPlainDateTime().equals(local)) return first.epochMilliseconds
  const jump = first.getTimeZoneTransition('next')
  return (jump ?? first).epochMilliseconds
}

/** When `2026-12-24` (its first moment) or `2026-12-24T09:00` begins. */
export function momentStart(text: string, zone: string): Instant {
  return instantOf(Temporal.PlainDateTime.from(text), zone)
}

/** When a span "to" this text ends: `2026-12-24` with the end of that day, `2026-12-24T09:00` at that time. */
export function momentEnd(text: string, zone: string): Instant {
  const local = Temporal.PlainDateTime.from(text)
  return instantOf(text.includes('T') ? local : local.add({ days: 1 }), zone)
}

// Wall-clock time in the plan's zone: text to instant and back, well defined where clocks jump.
import type { Instant } from '../ids.ts'

const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

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

/** `Mon 30 Nov 09:00` in the zone; the year is shown when it is not that of `beside`. */
export function clockText(at: Instant, zone: string, beside: Instant = at): string {
  const local = zoned(at, zone)
  const year = local.year === zoned(beside, zone).year ? '' : ` ${local.year}`
  const day = `${days[local.dayOfWeek - 1]} ${local.day} ${months[local.month - 1]}`
  return `${day}${year} ${timeText(local)}`
}

/** `09:00`, or `09:00:30` when the seconds are not zero. */
export function timeText(local: Temporal.ZonedDateTime): string {
  return local.toPlainTime().toString({ smallestUnit: local.second === 0 ? 'minute' : 'second' })
}

/** An instant as wall-clock time of a zone. */
export function zoned(at: Instant, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
}

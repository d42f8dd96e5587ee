// Moments as people read them, the same in every door: `14:05`, `2026-11-23 14:05`; seconds only in the record.
import type { Instant } from './ids.ts'

/** An instant as wall-clock time of a zone. */
export function zoned(at: Instant, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
}

/** `2026-11-23` */
export function dayText(at: Instant, zone: string): string {
  return zoned(at, zone).toPlainDate().toString()
}

/** `14:05` */
export function timeText(at: Instant, zone: string): string {
  return zoned(at, zone).toPlainTime().toString({ smallestUnit: 'minute' })
}

/** `2026-11-23 14:05` */
export function momentText(at: Instant, zone: string): string {
  return `${dayText(at, zone)} ${timeText(at, zone)}`
}

/** `14:05`, with the day before it whenever that is not the day of `now` in the zone. */
export function momentSeenAt(at: Instant, now: Instant, zone: string): string {
  return isSameDay(at, now, zone) ? timeText(at, zone) : momentText(at, zone)
}

/** `14:05:09`, for the record, whose phases may take seconds. */
export function exactTime(at: Instant, zone: string): string {
  return zoned(at, zone).toPlainTime().toString({ smallestUnit: 'second' })
}

/** `2026-11-23 14:05:09` */
export function exactMoment(at: Instant, zone: string): string {
  return `${dayText(at, zone)} ${exactTime(at, zone)}`
}

/** Whether both are on one day in the zone. */
export function isSameDay(a: Instant, b: Instant, zone: string): boolean {
  return dayText(a, zone) === dayText(b, zone)
}

// Reads the moment that somebody types for a restore: so long ago, or a time whose zone cannot be mistaken.
import { parseDuration } from '../drplan/duration.ts'
import { UserError } from '../errors.ts'
import { minute } from '../ids.ts'
import type { Instant } from '../ids.ts'

/** To whole minutes, down: a moment too early loses a little, one too late keeps the damage. Throws UserError. */
export function readMoment(text: string, now: Instant, zone: string): Instant {
  const ago = /^(\S+) ago$/i.exec(text)?.[1]
  if (ago !== undefined) {
    const duration = parseDuration(ago.toLowerCase())
    if (duration !== undefined && duration > 0) return Math.floor((now - duration) / minute) * minute
  }
  const plain = text.trim().toUpperCase()
  try {
    return Temporal.Instant.from(plain).epochMilliseconds
  } catch {
    throw notZoned(text, plain, now, zone)
  }
}

/** Which zone is meant is not guessed: an hour too late restores the damage, an hour too early loses an hour. */
function notZoned(text: string, plain: string, now: Instant, zone: string): UserError {
  const local = localOf(plain, now, zone)
  const example = (at: Instant): string => momentIn(at, zone)
  if (local === undefined)
    return new UserError(
      'no-moment',
      `“${text.slice(0, 60)}” is no moment. Write how long ago, such as: db restore 10m ago, or a time with its zone, such as: db restore ${example(Math.floor(now / minute) * minute - 15 * minute)}`,
    )
  const utc = local.toZonedDateTime('UTC').toInstant().epochMilliseconds
  const utcExample = `db restore ${momentIn(utc, 'UTC').replace('+00:00', 'Z')}`
  const [first, second] = (['earlier', 'later'] as const).map(
    (disambiguation) => local.toZonedDateTime(zone, { disambiguation }).toInstant().epochMilliseconds,
  )
  const here = `db restore ${example(first ?? utc)}`
  // In the night in which clocks are set back there are two of it.
  const isTwice = second !== first && local.toZonedDateTime(zone).toPlainDateTime().equals(local)
  const inZone = isTwice
    ? `${zone} has it twice then, first as: ${here}, and an hour later as: db restore ${example(second ?? utc)}`
    : `As ${zone} has it: ${here}`
  return new UserError(
    'no-zone',
    `“${text.slice(0, 60)}” does not say in which time zone. ${inZone}, or as UTC: ${utcExample}`,
  )
}

function momentIn(at: Instant, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toString({ timeZone: zone, smallestUnit: 'minute' })
}

/** A date and time, or a time of today, without a zone; undefined when it is neither. */
function localOf(plain: string, now: Instant, zone: string): Temporal.PlainDateTime | undefined {
  try {
    if (/^\d\d?:\d\d(?::\d\d)?$/.test(plain)) {
      const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone).toPlainDate()
      return today.toPlainDateTime(Temporal.PlainTime.from(plain.padStart(5, '0')))
    }
    return Temporal.PlainDateTime.from(plain)
  } catch {
    return undefined
  }
}

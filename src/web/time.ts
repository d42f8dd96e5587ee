// Times and durations as people read them on a page: in the plan's zone, with a machine-readable instant beside it.
import type { Duration, Instant } from '../ids.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

export function zoned(at: Instant, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
}

/** `23 Nov` */
export function dayText(at: Temporal.ZonedDateTime): string {
  return `${at.day} ${months[at.month - 1]}`
}

/** `Mon 23 Nov` */
function weekdayText(at: Temporal.ZonedDateTime): string {
  return `${weekdays[at.dayOfWeek - 1]} ${dayText(at)}`
}

/** `14:05` */
function clockText(at: Temporal.ZonedDateTime): string {
  return `${two(at.hour)}:${two(at.minute)}`
}

/** `14:05:09` as a time element; its title is the whole instant with the zone. */
export function timeOfDay(at: Instant, zone: string): Html {
  const local = zoned(at, zone)
  return element(local, `${clockText(local)}:${two(local.second)}`)
}

/** `Mon 23 Nov 14:05` as a time element. */
export function dateTime(at: Instant, zone: string): Html {
  const local = zoned(at, zone)
  return element(local, `${weekdayText(local)} ${clockText(local)}`)
}

function element(local: Temporal.ZonedDateTime, text: string): Html {
  const iso = local.toInstant().toString({ smallestUnit: 'second' })
  const title = `${weekdayText(local)} ${local.year}, ${clockText(local)}:${two(local.second)} ${local.timeZoneId}`
  return html`<time datetime="${iso}" title="${title}">${text}</time>`
}

/** Time left until `at`, ticking in the browser: `12:34`, or `+2:10` (and marked) once it has passed. */
export function countdown(at: Instant, now: Instant): Html {
  return ticking('until', at, at - now)
}

/** Time passed since `at`, ticking in the browser: `12:34`. */
export function elapsed(at: Instant, now: Instant): Html {
  return ticking('since', at, Math.max(0, now - at))
}

function ticking(kind: 'until' | 'since', at: Instant, duration: Duration): Html {
  const iso = Temporal.Instant.fromEpochMilliseconds(at).toString({ smallestUnit: 'second' })
  return html`<time class="tick" datetime="${iso}" data-${kind}="${at}" role="timer"
    >${tickText(duration)}</time
  >`
}

/** `4:05`, `1:04:05`, `3 d 4 h`; a negative duration is what has run over: `+0:12`. The browser's script writes the same. */
function tickText(duration: Duration): string {
  const over = duration < 0
  const seconds = over ? Math.floor(-duration / 1_000) : Math.ceil(duration / 1_000)
  const sign = over ? '+' : ''
  if (seconds >= 86_400)
    return `${sign}${Math.floor(seconds / 86_400)} d ${Math.floor(seconds / 3_600) % 24} h`
  const minutes = Math.floor(seconds / 60) % 60
  const hours = Math.floor(seconds / 3_600)
  return hours > 0
    ? `${sign}${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${sign}${minutes}:${two(seconds % 60)}`
}

/** `45 s`, `4 min`, `4 min 5 s`, `1 h 4 min`, `2 d 3 h`: the two largest units. */
export function durationText(duration: Duration): string {
  const seconds = Math.round(duration / 1_000)
  if (seconds < 60) return duration > 0 && seconds === 0 ? '< 1 s' : `${seconds} s`
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const first = units.findIndex(([count]) => count > 0)
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}

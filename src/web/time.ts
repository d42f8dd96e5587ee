// Times and durations on a page: in the plan's zone and in the style of every door, with a machine-readable instant beside.
import { printClock } from '../drplan/duration.ts'
import type { Duration, Instant } from '../ids.ts'
import { exactMoment, exactTime, isSameDay, momentSeenAt, momentText } from '../moment.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import type { View } from './view.ts'

type Seen = Pick<View, 'now' | 'plan'>

/** `14:05`, with its day when that is not today. */
export function moment(at: Instant, { now, plan }: Seen): Html {
  return element(at, plan.timezone, momentSeenAt(at, now, plan.timezone))
}

/** `14:05:09` of the record, with its day when that is not today. */
export function recorded(at: Instant, { now, plan: { timezone: zone } }: Seen): Html {
  return element(at, zone, isSameDay(at, now, zone) ? exactTime(at, zone) : exactMoment(at, zone))
}

/** `2026-11-23 14:05` */
export function dateTime(at: Instant, { plan }: Pick<View, 'plan'>): Html {
  return element(at, plan.timezone, momentText(at, plan.timezone))
}

/** Its title is the whole instant with the zone. */
function element(at: Instant, zone: string, text: string): Html {
  return html`<time datetime="${isoText(at)}" title="${exactMoment(at, zone)} ${zone}">${text}</time>`
}

/** What is left until `at`, ticking in the browser: `12m34s left`, or `2m10s over` (and marked) once it has passed. */
export function countdown(at: Instant, now: Instant): Html {
  return ticking('until', at, leftText(at - now))
}

/** How long ago `at` was, ticking in the browser: `12m34s ago`. */
export function ago(at: Instant, now: Instant): Html {
  return ticking('since', at, `${printClock(Math.max(0, now - at))} ago`)
}

function ticking(kind: 'until' | 'since', at: Instant, text: string): Html {
  return html`<time class="tick" datetime="${isoText(at)}" data-${kind}="${at}" role="timer">${text}</time>`
}

/** The browser's script writes the same. */
function leftText(duration: Duration): string {
  return `${printClock(duration)} ${duration < 0 ? 'over' : 'left'}`
}

function isoText(at: Instant): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toString({ smallestUnit: 'second' })
}

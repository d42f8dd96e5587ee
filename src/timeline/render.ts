// A timeline as lines for people: the time in the plan's zone, who, what; a new day says so.
import { nameOf } from '../oncall/shift.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Actor, TimelineEvent } from './event.ts'

/** One event as shown. `text` is data: a door or a report escapes it. */
export interface TimelineLine {
  /** `09:31:04` */
  readonly time: string
  readonly type: TimelineEvent['type']
  /** `Ann Onken (cli)`; absent for what the bot did by itself. */
  readonly who?: string
  readonly text: string
}

/** The events of one day. */
export interface TimelineDay {
  /** `Monday 23 November 2026` */
  readonly day: string
  readonly lines: readonly TimelineLine[]
}

type Reader = Pick<DrPlan, 'people' | 'timezone'>

/** Events, in their order, by the day on which they happened in the plan's zone. */
export function timelineDays(events: readonly TimelineEvent[], plan: Reader): readonly TimelineDay[] {
  const days: { day: string; lines: TimelineLine[] }[] = []
  let date: Temporal.PlainDate | undefined
  for (const event of events) {
    const local = Temporal.Instant.fromEpochMilliseconds(event.at).toZonedDateTimeISO(plan.timezone)
    const today = local.toPlainDate()
    if (date === undefined || !today.equals(date)) days.push({ day: dayText(today), lines: [] })
    date = today
    const who = whoText(event.by, plan)
    days.at(-1)?.lines.push({
      time: local.toPlainTime().toString({ smallestUnit: 'second' }),
      type: event.type,
      ...(who === undefined ? {} : { who }),
      text: event.text,
    })
  }
  return days
}

/** `2026-11-23 09:31:04` in the zone. */
export function momentText(at: number, zone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
  return `${local.toPlainDate().toString()} ${local.toPlainTime().toString({ smallestUnit: 'second' })}`
}

function dayText(date: Temporal.PlainDate): string {
  return date.toLocaleString('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
}

function whoText(by: Actor, plan: Reader): string | undefined {
  if (by.person === 'bot') return undefined
  return by.person === 'nagios' ? 'Nagios' : `${nameOf(plan, by.person)} (${by.door})`
}

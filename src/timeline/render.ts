// A timeline as lines for people: the time in the plan's zone, who, what; a new day says so.
import { nameOf } from '../drplan/person-name.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Instant } from '../ids.ts'
import { dayText, exactTime, zoned } from '../moment.ts'
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
  /** `Monday 2026-11-23` */
  readonly day: string
  readonly lines: readonly TimelineLine[]
}

type Reader = Pick<DrPlan, 'people' | 'timezone'>

/** Events, in their order, by the day on which they happened in the plan's zone. */
export function timelineDays(events: readonly TimelineEvent[], plan: Reader): readonly TimelineDay[] {
  const days: { day: string; lines: TimelineLine[] }[] = []
  let day: string | undefined
  for (const event of events) {
    const today = headingOf(event.at, plan.timezone)
    if (today !== day) days.push({ day: today, lines: [] })
    day = today
    const who = whoText(event.by, plan)
    days.at(-1)?.lines.push({
      time: exactTime(event.at, plan.timezone),
      type: event.type,
      ...(who === undefined ? {} : { who }),
      text: event.text,
    })
  }
  return days
}

/** `Monday 2026-11-23` */
function headingOf(at: Instant, zone: string): string {
  const weekday = zoned(at, zone).toPlainDate().toLocaleString('en-GB', { weekday: 'long' })
  return `${weekday} ${dayText(at, zone)}`
}

function whoText(by: Actor, plan: Reader): string | undefined {
  if (by.person === 'bot') return undefined
  return by.person === 'nagios' ? 'Nagios' : `${nameOf(plan, by.person)} (${by.door})`
}

// An incident that was written by a clock that was ahead would sleep until that time comes: it is brought back to now.
import { aheadBy, broughtBack } from '../ahead.ts'
import { printDuration } from '../drplan/duration.ts'
import type { Duration, Instant } from '../ids.ts'
import { bot, happened, unchanged } from './change.ts'
import type { Change } from './change.ts'
import type { Incident } from './incident.ts'
import { diagnosisLimit } from './incident.ts'

/** Begins a decision on an incident as it is; what a clock wrote that was ahead is first brought back, and that is told. */
export function believed(incident: Incident, next: Instant | undefined, now: Instant): Change {
  const ahead = aheadBy({ happened: moments(incident), next }, longestOf(incident), now)
  if (ahead === 0) return unchanged(incident)
  const text = `The clock of the bot was ahead by ${printDuration(ahead)} when this was written; what waits is counted from now`
  return happened(unchanged(broughtBack(incident, { ahead, now })), 'clock.corrected', {
    at: now,
    by: bot,
    text,
    data: { ahead },
  })
}

/** Moments that were over when they were written. */
function moments(incident: Incident): readonly Instant[] {
  const { openedAt, marks, calls, pages } = incident
  const { followed: _, byHand: __, ...past } = marks
  const own =
    incident.state === 'watching' ? [incident.since] : incident.state === 'resolved' ? [incident.at] : []
  return [
    openedAt,
    ...Object.values(past),
    ...calls.map((each) => each.since),
    ...pages.flatMap((page) => [page.startedAt, ...(page.stopped ? [page.stopped.at] : [])]),
    ...own,
  ]
}

/** The longest that it ever waits in its state; rooms may stay for days, and a watch is as long as the plan says. */
function longestOf({ state, timings }: Incident): Duration {
  if (state === 'resolved' || state === 'watching') return Infinity
  return Math.max(diagnosisLimit, timings.remind)
}

// The order in which open incidents are read, the same in every door: what is lost first if nobody looks stands first.
import type { Instant } from '../ids.ts'
import { objectiveAt } from './card.ts'
import type { Incident } from './incident.ts'

/**
 * A copy, the most urgent first: what nobody has, by the end of the diagnosis clock; what somebody has, by the moment at
 * which the objective is missed; what works again, by the end of the watch; at last what is resolved, the newest first.
 */
export function mostUrgentFirst(incidents: readonly Incident[]): readonly Incident[] {
  return incidents.toSorted((a, b) => {
    const [[rankA, atA], [rankB, atB]] = [urgency(a), urgency(b)]
    return rankA - rankB || atA - atB || objectiveAt(a) - objectiveAt(b) || a.openedAt - b.openedAt
  })
}

/** How urgent, 0 before all others, and among its likes what comes first. */
function urgency(incident: Incident): readonly [rank: number, at: Instant] {
  if (incident.state === 'resolved') return [3, -incident.at]
  if (incident.state === 'watching') return [2, incident.until]
  return incident.engineer === undefined ? [0, incident.clock.endsAt] : [1, objectiveAt(incident)]
}

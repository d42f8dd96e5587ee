// What a room of an incident is called, and what it says it is for: by that it is known again after a crash.
import type { Incident } from '../incident/incident.ts'

type Named = Pick<Incident, 'id' | 'system' | 'openedAt'>

/** `inc-12-lb-20261123`, with `-2`, `-3`, ... where that one cannot be had. The day is that of `zone`, the people's. */
export function roomName(incident: Named, zone: string, number: number): string {
  const opened = Temporal.Instant.fromEpochMilliseconds(incident.openedAt).toZonedDateTimeISO(zone)
  const day = opened.toPlainDate().toString().replaceAll('-', '')
  const name = `${incident.id.toLowerCase()}-${incident.system}-${day}`
  return number === 1 ? name : `${name}-${number}`
}

/** What the room is for; so exact that the room of another bot, or of other days, is never taken for this one. */
export function purposeOf(incident: Named): string {
  const opened = Temporal.Instant.fromEpochMilliseconds(incident.openedAt).toString()
  return `${incident.id}, outage of ${incident.system}, opened ${opened} by the DR bot`
}

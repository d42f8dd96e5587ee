// What everybody hears of an outage in the common channel: one line, written anew when it is over.
import { printDuration } from '../drplan/duration.ts'
import type { Incident } from '../incident/incident.ts'
import type { Line, Span } from '../message.ts'
import { measure, metForAll, verdictText } from '../timeline/phases.ts'

/** What broke and where it is worked on; at the end how long it took against the objective. `room` leads to the room. */
export function announcement(incident: Incident, room: Span): Line {
  const { id, system, title } = incident
  if (incident.state !== 'resolved')
    return ['🔴 ', { strong: `${id} ${system}` }, `: ${title}. It is worked on in `, room]
  const measured = measure(incident, incident.at)
  const { ms, rto } = measured
  const took = `down for ${printDuration(ms)}, objective of ${printDuration(rto)} ${verdictText(measured)}`
  return [
    `${metForAll(measured) ? '🟢' : '🟠'} `,
    { strong: `${id} ${system}` },
    ` resolved: ${took}. ${title}. `,
    room,
  ]
}

/** That an outage is back: the change of its line makes no sound, and whoever read that it was over must hear it. */
export function relapseWord({ id, system, title }: Incident, room: Span): Line {
  return ['🔴 ', { strong: `${id} ${system}` }, ` is broken again: ${title}. It is worked on in `, room]
}

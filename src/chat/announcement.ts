// What everybody hears of an outage in the common channel: one line, written again when it is over.
import { endWords } from '../incident/end-words.ts'
import type { Incident } from '../incident/incident.ts'
import type { Line, Span } from '../message.ts'
import { sentence } from '../recovery/news.ts'
import { measure, metForAll } from '../timeline/phases.ts'

/** What broke and where it is worked on; at the end how long it took against the objective. `room` leads to the room. */
export function announcement(incident: Incident, room: Span): Line {
  const { id, system, title } = incident
  if (incident.state !== 'resolved')
    return ['🔴 ', { strong: `${id} ${system}` }, `: ${title}. It is worked on in `, room]
  const met = metForAll(measure(incident, incident.at))
  return [
    `${met ? '🟢' : '🟠'} `,
    { strong: `${id} ${system}` },
    ` ${endWords(incident)} What broke: ${sentence(title)} It was worked on in `,
    room,
  ]
}

/** That an outage is back: the change of its line makes no sound, and whoever read that it was over must hear it. */
export function relapseWord({ id, system, title }: Incident, room: Span): Line {
  return ['🔴 ', { strong: `${id} ${system}` }, ` is broken again: ${title}. It is worked on in `, room]
}

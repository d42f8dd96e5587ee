// By which channels a person can be reached, and how long after the page began.
import { never } from '../errors.ts'
import type { Channel } from '../incident/incident.ts'
import type { Duration, PersonId } from '../ids.ts'
import type { DrPlan, Person } from '../drplan/schema.ts'

/** A way to reach a person: `to` is the address on it, `after` the delay from the beginning of the page. */
export interface Reach {
  readonly channel: Channel
  readonly after: Duration
  readonly to: string
}

/** The plan's ladder, without the channels on which the person has no address. Chat reaches everybody: `to` is the id. */
export function channelsFor(plan: DrPlan, person: PersonId): readonly Reach[] {
  const details = Object.hasOwn(plan.people, person) ? plan.people[person] : undefined
  if (!details) return []
  return plan.paging.ladder.flatMap(({ channel, after }) => {
    const to = channel === 'chat' ? person : addressOn(channel, details)
    return to === undefined ? [] : [{ channel, after, to }]
  })
}

function addressOn(channel: Exclude<Channel, 'chat'>, person: Person): string | undefined {
  switch (channel) {
    case 'email':
      return person.email
    case 'sms':
    case 'voice':
      return person.phone
    case 'ntfy':
      return person.ntfy
    case 'webhook':
      return person.webhook
    default:
      return never(channel)
  }
}

// Who is in do-not-disturb or away in Teams, as Graph tells it to who may know (Presence.Read.All).
import { z } from 'zod'
import type { Clock, Log } from '../../ports.ts'
import { createPresence } from '../presence.ts'
import type { Looked, Presence, Seen } from '../presence.ts'
import { shaped } from './api-errors.ts'
import { TeamsRefusal } from './api.ts'
import type { CallOptions, TeamsApi } from './api.ts'

export interface TeamsPresenceDeps {
  readonly api: Pick<TeamsApi, 'graph'>
  /** Whom to ask about: those who may be paged soon, with their object ids. */
  readonly people: () => readonly Looked[]
  readonly clock: Clock
  readonly log: Log
}

/** Graph takes this many ids at once (learn.microsoft.com, Graph, "cloudCommunications: getPresencesByUserId"). */
const batch = 650
const path = 'communications/getPresencesByUserId'
const options: CallOptions = { lane: 'room' }
/** Availabilities of somebody whose Teams shows nothing that pops up, and of somebody who is not looking at it. */
const quiet = 'DoNotDisturb'
const away = ['Away', 'BeRightBack', 'Offline']
/** Teams says "do not disturb" without an end: it is asked again in a minute. */
const always = { from: -Infinity, until: Infinity }

const Presences = z.object({
  value: z.array(z.object({ id: z.string(), availability: z.string() })),
})

/** Looks at once and then each minute, best effort; without the right pages go out as the plan says. */
export function createTeamsPresence(deps: TeamsPresenceDeps): Presence {
  async function ask(users: readonly string[]): Promise<ReadonlyMap<string, Seen>> {
    const wanted = new Map(users.map((user) => [user.toLowerCase(), user]))
    const seen = new Map<string, Seen>()
    for (let from = 0; from < users.length; from += batch) {
      const body = { ids: users.slice(from, from + batch) }
      const answer = await deps.api.graph('POST', path, body, options)
      for (const { id, availability } of shaped(Presences, answer, 'who is away').value) {
        const user = wanted.get(id.toLowerCase())
        if (user === undefined) continue
        const dnd = availability === quiet ? always : undefined
        seen.set(user, { quiet: dnd, away: away.includes(availability) })
      }
    }
    return seen
  }
  return createPresence({ ...deps, service: 'Teams', ask, optional: isUnasked })
}

/** The right was not granted, as docs/teams.md leaves open. */
function isUnasked(thrown: unknown): boolean {
  return thrown instanceof TeamsRefusal && thrown.status === 403
}

// Who is in do-not-disturb or away in Slack: advice for the ladder of pages, never a gate.
import { z } from 'zod'
import { repeat } from '../../deadlines/deadlines.ts'
import { reasonOf } from '../../errors.ts'
import { minute, second } from '../../ids.ts'
import type { Instant, PersonId } from '../../ids.ts'
import type { Clock, Log } from '../../ports.ts'
import type { CallOptions, SlackApi } from './api.ts'

export interface Presence {
  /** What makes a page in Slack likely to be overlooked; undefined when nothing is known. */
  readonly advice: (person: PersonId) => 'dnd' | 'away' | undefined
  /** Asks Slack now; never rejects. */
  readonly look: () => Promise<void>
  readonly close: () => void
}

export interface PresenceDeps {
  readonly api: Pick<SlackApi, 'call'>
  /** Whom to ask about: those who may be paged soon, with their Slack ids. */
  readonly people: () => readonly { readonly person: PersonId; readonly user: string }[]
  readonly clock: Clock
  readonly log: Log
}

/** dnd.teamInfo takes this many at once, and may be asked 20 times a minute (docs.slack.dev). */
const batch = 50
/** users.getPresence may be asked 50 times a minute. */
const mostPresences = 30
const every = minute
/** What is older than this says nothing any more. */
const stale = 5 * minute
const options: CallOptions = { lane: 'room', timeout: 5 * second }

const Dnd = z.object({
  users: z.record(
    z.string(),
    z.object({
      dnd_enabled: z.boolean().catch(false),
      next_dnd_start_ts: z.number().catch(0),
      next_dnd_end_ts: z.number().catch(0),
    }),
  ),
})
const Seen = z.object({ presence: z.string() })

interface Known {
  readonly at: Instant
  /** The next or current do-not-disturb. */
  readonly quiet: { readonly from: Instant; readonly until: Instant } | undefined
  readonly away: boolean
}

/** Looks at once and then each minute, best effort. */
export function createPresence(deps: PresenceDeps): Presence {
  const { api, clock, log } = deps
  let known: ReadonlyMap<PersonId, Known> = new Map()
  let healthy = true

  async function quietOf(users: readonly string[]): Promise<ReadonlyMap<string, Known['quiet']>> {
    const quiet = new Map<string, Known['quiet']>()
    for (let from = 0; from < users.length; from += batch) {
      const asked = { users: users.slice(from, from + batch).join(',') }
      const answer = Dnd.parse(await api.call('dnd.teamInfo', asked, options))
      for (const [user, dnd] of Object.entries(answer.users)) {
        if (!dnd.dnd_enabled) continue
        quiet.set(user, { from: dnd.next_dnd_start_ts * second, until: dnd.next_dnd_end_ts * second })
      }
    }
    return quiet
  }

  async function awayOf(users: readonly string[]): Promise<ReadonlySet<string>> {
    const away = new Set<string>()
    for (const user of users.slice(0, mostPresences)) {
      const { presence } = Seen.parse(await api.call('users.getPresence', { user }, options))
      if (presence === 'away') away.add(user)
    }
    return away
  }

  async function look(): Promise<void> {
    const people = deps.people()
    const users = [...new Set(people.map(({ user }) => user))]
    if (users.length === 0) return
    try {
      const [quiet, away] = await Promise.all([quietOf(users), awayOf(users)])
      const at = clock.now()
      known = new Map(
        people.map(({ person, user }) => [person, { at, quiet: quiet.get(user), away: away.has(user) }]),
      )
      if (!healthy) log.info('Slack tells again who is away')
      healthy = true
    } catch (thrown) {
      if (healthy)
        log.warn('Slack does not tell who is away; pages go out as the plan says', {
          reason: reasonOf(thrown),
        })
      healthy = false
    }
  }

  const stop = repeat({ name: 'presence', every, run: look }, deps)
  return {
    advice: (person) => {
      const now = clock.now()
      const about = known.get(person)
      if (!about || now - about.at > stale) return undefined
      if (about.quiet && about.quiet.from <= now && now < about.quiet.until) return 'dnd'
      return about.away ? 'away' : undefined
    },
    look,
    close: stop,
  }
}

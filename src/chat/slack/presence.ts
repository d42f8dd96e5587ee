// Who is in do-not-disturb or away in Slack.
import { z } from 'zod'
import { second } from '../../ids.ts'
import type { Clock, Log } from '../../ports.ts'
import { createPresence } from '../presence.ts'
import type { Looked, Presence, Seen } from '../presence.ts'
import type { CallOptions, SlackApi } from './api.ts'

export interface SlackPresenceDeps {
  readonly api: Pick<SlackApi, 'call'>
  /** Whom to ask about: those who may be paged soon, with their Slack ids. */
  readonly people: () => readonly Looked[]
  readonly clock: Clock
  readonly log: Log
}

/** dnd.teamInfo takes this many at once, and may be asked 20 times a minute (docs.slack.dev). */
const batch = 50
/** users.getPresence may be asked 50 times a minute. */
const mostPresences = 30
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
const Shown = z.object({ presence: z.string() })

/** Looks at once and then each minute, best effort. */
export function createSlackPresence(deps: SlackPresenceDeps): Presence {
  const { api } = deps

  async function quietOf(users: readonly string[]): Promise<ReadonlyMap<string, Seen['quiet']>> {
    const quiet = new Map<string, Seen['quiet']>()
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
      const { presence } = Shown.parse(await api.call('users.getPresence', { user }, options))
      if (presence === 'away') away.add(user)
    }
    return away
  }

  async function ask(users: readonly string[]): Promise<ReadonlyMap<string, Seen>> {
    const [quiet, away] = await Promise.all([quietOf(users), awayOf(users)])
    return new Map(users.map((user) => [user, { quiet: quiet.get(user), away: away.has(user) }]))
  }

  return createPresence({ ...deps, service: 'Slack', ask })
}

// Opens the chats with those who may be paged before they are: then a page is one call, and who cannot be paged is known.
import { repeat } from '../../deadlines/deadlines.ts'
import { minute } from '../../ids.ts'
import type { Check, Clock, Log } from '../../ports.ts'
import type { Looked } from '../presence.ts'
import { TeamsRefusal } from './api.ts'
import type { TeamsApi } from './api.ts'
import type { Installing } from './installing.ts'

export interface Reach {
  /** Who cannot be paged in Teams, and what to do. */
  readonly health: () => Check
  /** Looks now; never rejects. */
  readonly look: () => Promise<void>
  readonly close: () => void
}

export interface ReachDeps {
  readonly api: Pick<TeamsApi, 'openChat'>
  readonly installing: Installing
  /** Those who may be paged soon, with their object ids. */
  readonly people: () => readonly Looked[]
  readonly clock: Clock
  readonly log: Log
}

/** Chats that are open cost nothing to look at; Teams is asked for the others only. */
const every = 10 * minute
const options = { lane: 'room' } as const

/** Looks at once and then every ten minutes, best effort. */
export function createReach(deps: ReachDeps): Reach {
  const { api, installing, log } = deps
  let unreached: ReadonlyMap<string, string> = new Map()

  /** Why Teams refuses the chat; undefined when it is open, and while Teams does not say. */
  async function refusalOf({ user }: Looked): Promise<string | undefined> {
    try {
      await installing.withApp(user, options, () => api.openChat(user, options))
      return undefined
    } catch (thrown) {
      // Whatever refuses the bot itself is not about this person, and told of elsewhere.
      return thrown instanceof TeamsRefusal && !thrown.passing ? thrown.message : undefined
    }
  }

  async function look(): Promise<void> {
    const found = new Map<string, string>()
    for (const each of deps.people()) {
      const refusal = await refusalOf(each)
      if (refusal === undefined) continue
      found.set(each.person, refusal)
      if (!unreached.has(each.person))
        log.warn('no page in Teams reaches somebody who may be paged', {
          person: each.person,
          reason: refusal,
        })
    }
    unreached = found
  }

  const stop = repeat({ name: 'chats with people', every, run: look }, deps)
  return {
    health: () => {
      const texts = [...unreached].map(([person, why]) => `no page reaches ${person}: ${why}`)
      return texts.length === 0 ? { ok: true } : { ok: false, text: texts.join(' '), personal: true }
    },
    look,
    close: stop,
  }
}

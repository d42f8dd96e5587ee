// Adding the app for somebody who is to be written to and has not added it, where the bot may (installRight).
import { z } from 'zod'
import { RetryableError } from '../../errors.ts'
import { second } from '../../ids.ts'
import { shaped } from './api-errors.ts'
import { TeamsRefusal } from './api.ts'
import type { CallOptions, TeamsApi } from './api.ts'
import { installRight } from './rights.ts'

export interface Installing {
  /**
   * Does the work; when Teams refuses it because the app is not there for this person (an object id), adds the app and
   * does it again. Throws TeamsRefusal with the step that a person must take when the bot may not.
   */
  readonly withApp: <T>(user: string, options: CallOptions, work: () => Promise<T>) => Promise<T>
}

export interface InstallingDeps {
  readonly api: Pick<TeamsApi, 'graph'>
  readonly appId: string
  readonly teamId: string
  /** Microsoft Graph, without a slash at its end. */
  readonly graphUrl: string
}

/**
 * The connector's words for a person for whom the app is not there (learn.microsoft.com, Teams, "Send proactive
 * messages"); a chat that was there before has another one.
 */
const notThere = ['ForbiddenOperationException', 'BotNotInConversationRoster']
/** What was just added takes effect in a moment. */
const soon = 2 * second

const Apps = z.object({
  value: z.array(z.object({ teamsApp: z.object({ id: z.string(), externalId: z.string().nullish() }) })),
})

export function createInstalling(deps: InstallingDeps): Installing {
  const { api } = deps
  let catalogId: string | undefined

  /** Graph knows the app by its number in the tenant's catalogue; the team, in which it is, tells it. */
  async function numberOf(options: CallOptions): Promise<string> {
    if (catalogId !== undefined) return catalogId
    const path = `teams/${deps.teamId}/installedApps?$expand=teamsApp`
    const apps = shaped(Apps, await api.graph('GET', path, undefined, options), 'the apps of the team')
    const own = apps.value.find(({ teamsApp }) => teamsApp.externalId?.toLowerCase() === deps.appId)
    if (own === undefined) throw new TeamsRefusal('NotFound', 'The app is not in the team.', 404)
    catalogId = own.teamsApp.id
    return catalogId
  }

  async function install(user: string, options: CallOptions): Promise<void> {
    const app = `${deps.graphUrl}/v1.0/appCatalogs/teamsApps/${await numberOf(options)}`
    const path = `users/${encodeURIComponent(user)}/teamwork/installedApps`
    try {
      await api.graph('POST', path, { 'teamsApp@odata.bind': app }, options)
    } catch (thrown) {
      // Somebody was quicker.
      if (!(thrown instanceof TeamsRefusal && thrown.status === 409)) throw thrown
    }
  }

  return {
    withApp: async (user, options, work) => {
      const refusal = await tried(work)
      if (!('refused' in refusal)) return refusal.done
      try {
        await install(user, options)
      } catch (thrown) {
        if (thrown instanceof TeamsRefusal) throw unmended(refusal.refused, thrown)
        throw thrown
      }
      const again = await tried(work)
      if (!('refused' in again)) return again.done
      throw new RetryableError(`The app was added for ${user}, and Teams does not know it yet.`, {
        after: soon,
        cause: again.refused,
      })
    },
  }
}

/** What the work did, or that the app is not there. */
async function tried<T>(
  work: () => Promise<T>,
): Promise<{ readonly done: T } | { readonly refused: TeamsRefusal }> {
  try {
    return { done: await work() }
  } catch (thrown) {
    if (thrown instanceof TeamsRefusal && notThere.includes(thrown.reason)) return { refused: thrown }
    throw thrown
  }
}

/** The first refusal says what the person can do; this one, why the bot could not do it for them. */
function unmended(first: TeamsRefusal, second: TeamsRefusal): TeamsRefusal {
  const why = second.status === 403 ? `it lacks the right ${installRight}` : second.reason
  const text = `${first.message} The bot could not add it by itself: ${why} (docs/teams.md, step 4).`
  return new TeamsRefusal(first.reason, text, first.status)
}

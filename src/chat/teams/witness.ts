// Whether what Teams does not find is gone: now and then it does not find what is there, so Graph is asked before it is believed.
import { z } from 'zod'
import { RetryableError } from '../../errors.ts'
import { minute, second } from '../../ids.ts'
import type { Duration, Instant } from '../../ids.ts'
import type { Clock } from '../../ports.ts'
import { botTime } from '../lanes.ts'
import type { CallOptions } from '../lanes.ts'
import { TeamsRefusal, TeamsSilence } from './api.ts'
import type { TeamsApi } from './api.ts'
import { briefly } from './briefly.ts'
import { partsOfThread } from './links.ts'

export interface Witness {
  /** Answers when a channel, a thread, or a message in it is gone. Throws RetryableError while that is not certain. */
  readonly mustBeGone: (
    conversation: string,
    message: string | undefined,
    options: CallOptions,
  ) => Promise<void>
}

/** When something was first not found, and when last. */
interface Doubt {
  readonly first: Instant
  readonly last: Instant
}

const Seen = z.object({ deletedDateTime: z.string().nullish() })

/** What is not found for so long is gone, when Graph cannot tell and when it tells otherwise; real time. */
const patience: Readonly<Record<'unknown' | 'there', Duration>> = { unknown: 10 * second, there: 2 * minute }
/** What was found for so long since is doubted from the beginning again; real time. */
const forgotten: Duration = minute
const again: Duration = 3 * second

/**
 * Source of the doubt: MicrosoftDocs/msteams-docs issues 6139 (ActivityNotFoundInConversation for some updates of
 * cards) and 9425 (ConversationNotFound between two messages that arrive).
 */
export function createWitness(deps: {
  readonly api: Pick<TeamsApi, 'graph'>
  readonly teamId: string
  readonly clock: Clock
}): Witness {
  const { api, teamId, clock } = deps
  const doubts = new Map<string, Doubt>()

  /** Since when it is not found, without a break. */
  function doubted(what: string): Duration {
    const now = clock.now()
    for (const [each, { last }] of doubts) if (now - last > botTime(clock, forgotten)) doubts.delete(each)
    const first = doubts.get(what)?.first ?? now
    doubts.set(what, { first, last: now })
    return now - first
  }

  async function look(
    conversation: string,
    message: string | undefined,
    options: CallOptions,
  ): Promise<'gone' | 'there' | 'unknown'> {
    try {
      const path = pathOf(teamId, conversation, message)
      const answer = await briefly(options, (brief) => api.graph('GET', path, undefined, brief))
      const found = Seen.safeParse(answer)
      if (!found.success) return 'unknown'
      return found.data.deletedDateTime ? 'gone' : 'there'
    } catch (thrown) {
      if (options.signal?.aborted) throw thrown
      if (thrown instanceof TeamsRefusal) return thrown.status === 404 ? 'gone' : 'unknown'
      if (thrown instanceof TeamsSilence) return 'unknown'
      throw thrown
    }
  }

  return {
    mustBeGone: async (conversation, message, options) => {
      const what = `${conversation} ${message ?? ''}`
      const since = doubted(what)
      const seen = await look(conversation, message, options)
      if (seen !== 'gone' && since < botTime(clock, patience[seen]))
        throw new RetryableError('Teams does not find what was there a moment ago', {
          after: botTime(clock, again),
        })
      doubts.delete(what)
    },
  }
}

function pathOf(teamId: string, conversation: string, message: string | undefined): string {
  const { channel, root } = partsOfThread(conversation)
  const base = `teams/${teamId}/channels/${encodeURIComponent(channel)}`
  if (root === undefined) return base
  const thread = `${base}/messages/${root}`
  return message === undefined || message === root ? thread : `${thread}/replies/${message}`
}

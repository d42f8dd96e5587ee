// The channel that the plan names for announcements: joined where Slack wants that, and never taken for a room.
import { RetryableError, UserError } from '../../errors.ts'
import { SlackRefusal } from './api.ts'
import type { CallOptions, SlackApi } from './api.ts'

/**
 * Does something in a channel that the plan names, after joining it where Slack wants that. A channel that is lost is
 * for a person to mend: it throws a UserError, so that it is never taken for a lost room.
 */
export async function inNamedChannel<T>(
  api: Pick<SlackApi, 'call'>,
  channel: string,
  options: CallOptions,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work().catch(async (thrown: unknown) => {
      if (!(thrown instanceof SlackRefusal) || thrown.reason !== 'not_in_channel') throw thrown
      await api.call('conversations.join', { channel }, options)
      return work()
    })
  } catch (thrown) {
    if (thrown instanceof RetryableError || !(thrown instanceof SlackRefusal)) throw thrown
    const message = `Slack refused the channel ${channel} (slack.announce in the DR plan): ${thrown.message}`
    throw new UserError('announce-refused', message, { cause: thrown })
  }
}

// The channel where everybody hears of outages: one line for each, written anew when it is over.
import { RetryableError, UserError } from '../../errors.ts'
import { printDuration } from '../../drplan/duration.ts'
import type { Incident } from '../../incident/incident.ts'
import type { Line } from '../../message.ts'
import { measure } from '../../timeline/phases.ts'
import { SlackRefusal } from './api.ts'
import type { CallOptions, SlackApi } from './api.ts'

/** What everybody hears: what broke and where it is worked on; at the end how long it took against the objective. */
export function announcement(
  incident: Incident,
  room: { readonly name: string; readonly link: string },
): Line {
  const { id, system, title } = incident
  const where: Line = [{ link: room.link, text: `#${room.name}` }]
  if (incident.state !== 'resolved')
    return ['🔴 ', { strong: `${id} ${system}` }, `: ${title}. It is worked on in `, ...where]
  const { ms, rto, met } = measure(incident, incident.at)
  const took = `down for ${printDuration(ms)}, objective of ${printDuration(rto)} ${met ? 'met' : 'missed'}`
  return [`${met ? '🟢' : '🟠'} `, { strong: `${id} ${system}` }, ` resolved: ${took}. ${title}. `, ...where]
}

/** That an outage is back: the change of its line makes no sound, and whoever read that it was over must hear it. */
export function relapseWord(
  { id, system, title }: Incident,
  room: { readonly name: string; readonly link: string },
): Line {
  const where = { link: room.link, text: `#${room.name}` }
  return ['🔴 ', { strong: `${id} ${system}` }, ` is broken again: ${title}. It is worked on in `, where]
}

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

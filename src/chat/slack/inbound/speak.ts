// What somebody says in Slack is carried out: who it is, which room, the command, and what of the answer to show to whom.
import type { Dispatch } from '../../../command/command.ts'
import type { DrPlan } from '../../../drplan/schema.ts'
import { reasonOf } from '../../../errors.ts'
import { minute } from '../../../ids.ts'
import type { Duration, IncidentId, PersonId } from '../../../ids.ts'
import type { Card } from '../../../message.ts'
import type { Clock, Log, Store } from '../../../ports.ts'
import type { Run } from '../../../recovery/run.ts'
import type { SlackApi } from '../api.ts'
import type { Records } from '../../record.ts'
import type { Heard } from '../../reply.ts'
import type { Sparing } from '../../sparing.ts'
import type { Workspace } from '../workspace.ts'
import type { Identity } from './identity.ts'
import { bySlackId, channelsIn, written } from './written.ts'

/** What everything that comes in from Slack is served with. */
export interface Inbound {
  readonly api: Pick<SlackApi, 'call'>
  readonly records: Pick<Records, 'incidentOf'>
  readonly store: Pick<Store, 'once' | 'holdOnce' | 'incident' | 'incidents' | 'run' | 'runs' | 'claims'>
  readonly dispatch: Dispatch
  readonly identity: Identity
  readonly tellStranger: Sparing
  readonly workspace: Pick<Workspace, 'known' | 'identity'>
  readonly plan: () => DrPlan
  readonly runCard: (run: Run) => Card
  readonly clock: Clock
  readonly log: Log
  /** Where the console is; without a slash at its end. */
  readonly publicUrl: string
}

/** A command as somebody said it in Slack. */
export interface Spoken {
  readonly user: string
  readonly text: string
  readonly channel?: string | undefined
  /** Known already, such as in a modal that was opened in a room. */
  readonly incident?: IncidentId | undefined
}

/** Slack is told at once that it is being worked on; the answer then goes to the asker, for which it has 30 minutes. */
const waits: Duration = 25 * minute

/** Carries a command out. Never rejects; `refusal` is for somebody who may not speak here, or when the store is away. */
export async function speak(inbound: Inbound, spoken: Spoken): Promise<Heard | { readonly refusal: Card }> {
  const known = await inbound.identity.personOf(spoken.user)
  if ('refusal' in known) return known
  try {
    const room = spoken.incident ?? (await roomOf(inbound, spoken.channel))
    const text = await readText(inbound, spoken.text)
    const answer = await inbound.dispatch(text, speakerOf(known.person, room))
    return { answer, room }
  } catch (thrown) {
    inbound.log.warn('a command from Slack could not be carried out', { reason: reasonOf(thrown) })
    return { refusal: storeDown(inbound) }
  }
}

/** The incident whose room the channel is. */
export async function roomOf(
  inbound: Pick<Inbound, 'records'>,
  channel: string | undefined,
): Promise<IncidentId | undefined> {
  return channel === undefined ? undefined : inbound.records.incidentOf(channel)
}

function speakerOf(person: PersonId, incident: IncidentId | undefined) {
  return { person, door: 'slack' as const, waits, ...(incident !== undefined && { incident }) }
}

/** The text with people, rooms and addresses as the words that commands know. */
async function readText(inbound: Inbound, text: string): Promise<string> {
  const channels = channelsIn(text)
  const rooms = new Map(
    await Promise.all(channels.map(async (id) => [id, await inbound.records.incidentOf(id)] as const)),
  )
  return written(text, {
    person: (slack) => bySlackId(inbound.plan(), slack),
    incident: (channel) => rooms.get(channel),
  })
}

/** What is said when nothing can be remembered, and so nothing may be done. */
export function storeDown({ publicUrl }: Pick<Inbound, 'publicUrl'>): Card {
  return {
    title: 'Not done: Redis does not answer',
    tone: 'bad',
    sections: [
      {
        lines: [
          ['The bot keeps everything in Redis, and Redis does not answer. Nothing was done.'],
          [
            'Try again in a minute: with ',
            { code: '/dr' },
            ', in a terminal with ',
            { code: 'dr status' },
            ', or on the console at ',
            { link: publicUrl, text: publicUrl },
            '. If it lasts, whoever runs the bot must start Redis; act by hand meanwhile, as the runbook says.',
          ],
        ],
      },
    ],
  }
}

// What somebody says in Teams is carried out: who it is, which room, the command, and what to say when it cannot be.
import type { Dispatch } from '../../../command/command.ts'
import type { DrPlan } from '../../../drplan/schema.ts'
import { reasonOf } from '../../../errors.ts'
import { minute } from '../../../ids.ts'
import type { Duration, IncidentId, PersonId } from '../../../ids.ts'
import type { Card } from '../../../message.ts'
import type { Clock, Log, Store } from '../../../ports.ts'
import type { Lanes } from '../../lanes.ts'
import type { TeamsActivity } from '../activity.ts'
import type { TeamsApi } from '../api.ts'
import type { ReferenceBook } from '../references.ts'
import type { Heard as AnsweredIn } from '../../reply.ts'
import type { Sparing } from '../../sparing.ts'
import { byObjectId } from './written.ts'

/** What everything that comes in from Teams is served with. */
export interface Inbound {
  readonly appId: string
  readonly tenantId: string
  readonly api: Pick<TeamsApi, 'send' | 'update'>
  /** The order of answers, by conversation. */
  readonly turns: Lanes
  readonly references: ReferenceBook
  readonly store: Pick<Store, 'once'>
  readonly dispatch: Dispatch
  readonly plan: () => DrPlan
  /** The incident whose room a conversation is: a thread's id, or a channel's. */
  readonly incidentOf: (conversation: string) => Promise<IncidentId | undefined>
  /** A card as Teams shows it; `personal`: for the chat with the bot alone. */
  readonly render: (card: Card, personal?: boolean) => TeamsActivity
  /** The Adaptive Card of `INC-n` or `R-n` as this person may see it now; undefined: it stays as it is. */
  readonly view: (about: string, person: PersonId) => Promise<object | undefined>
  /** Whom the plan does not know: what each is told, by person, place and title, and the line of the log on them. */
  readonly strangers: { readonly tellNow: Sparing; readonly warn: (fields: object) => void }
  readonly clock: Clock
  readonly log: Log
  /** Where the console is; without a slash at its end. */
  readonly publicUrl: string
}

/** A command as somebody said it in Teams. */
export interface Spoken {
  /** Entra object id; absent for what is no person. */
  readonly user: string | undefined
  readonly conversation: string
  readonly text: string
  /** It stands where it was said for all to read, and need not be said there again. */
  readonly written?: true
}

export type Heard = AnsweredIn | { readonly refusal: Card }

/** Who asks is told at once that it is being worked on; the answer then takes the place of that, whenever it comes. */
const waits: Duration = 25 * minute

/** Carries a command out. Never rejects; `refusal` is for somebody who may not speak here, or when the store is away. */
export async function speak(inbound: Inbound, { user, conversation, text, written }: Spoken): Promise<Heard> {
  const known = personOf(inbound, user)
  if ('refusal' in known) return known
  try {
    const room = await roomOf(inbound, conversation)
    const speaker = {
      person: known.person,
      door: 'teams' as const,
      waits,
      ...(room !== undefined && { incident: room, ...(written && { heardIn: 'teams' }) }),
    }
    return { answer: await inbound.dispatch(text, speaker), room }
  } catch (thrown) {
    inbound.log.warn('a command from Teams could not be carried out', { reason: reasonOf(thrown) })
    return { refusal: storeDown(inbound) }
  }
}

/** A thread in an incident's channel belongs to the incident as well. */
async function roomOf({ incidentOf }: Inbound, conversation: string): Promise<IncidentId | undefined> {
  const [channel = conversation] = conversation.split(';')
  return (
    (await incidentOf(conversation)) ?? (channel === conversation ? undefined : await incidentOf(channel))
  )
}

/** Who somebody is in the DR plan: by object id alone, since names can be chosen. */
export function personOf(
  inbound: Pick<Inbound, 'plan' | 'strangers'>,
  user: string | undefined,
): { readonly person: PersonId } | { readonly refusal: Card } {
  const person = user === undefined ? undefined : byObjectId(inbound.plan(), user)
  if (person !== undefined) return { person }
  inbound.strangers.warn({ user })
  return { refusal: stranger(user) }
}

function stranger(user: string | undefined): Card {
  const lines: Card['sections'] =
    user === undefined
      ? [{ lines: [['Nothing was done: Teams does not say who you are.']] }]
      : [
          {
            lines: [
              ['Nothing was done. Ask an administrator to add this to you under people in the DR plan:'],
              [{ code: `teams: ${user}` }],
            ],
          },
        ]
  return { title: 'The DR plan does not know you', tone: 'bad', sections: lines }
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
            'Try again in a minute: here, in a terminal with ',
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

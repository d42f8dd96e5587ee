// Pages a person in the chat with the bot in Teams, and takes the message's buttons away when the page is over.
import type { DrPlan } from '../../drplan/schema.ts'
import { UserError } from '../../errors.ts'
import type { PersonId } from '../../ids.ts'
import type { Clock, Pager } from '../../ports.ts'
import type { Mail } from '../delivery.ts'
import { createPages } from '../pages.ts'
import type { Pages } from '../pages.ts'
import { createPosts } from '../posts.ts'
import type { SharedLife } from '../posts.ts'
import type { Records } from '../record.ts'
import type { TeamsActivity } from './activity.ts'
import { TeamsRefusal, TeamsSilence } from './api.ts'
import type { TeamsApi } from './api.ts'
import type { Installing } from './installing.ts'
import { activityOf } from './render/message.ts'
import { inPersonalChat } from './render/personal.ts'

export interface TeamsPager extends Pager {
  /** Whether the plan has an object id of this person. */
  readonly reaches: (person: PersonId) => boolean
}

export interface TeamsPagerDeps {
  readonly api: Pick<TeamsApi, 'openChat' | 'send' | 'update'>
  readonly installing: Installing
  /** The connector's address as it is known now. */
  readonly service: () => Promise<string>
  readonly records: Records
  readonly clock: Clock
  readonly process?: SharedLife
  readonly plan: () => DrPlan
  readonly publicUrl: string
}

/** Teams also lists it under what happened. It takes no bot's message for urgent (MicrosoftDocs/msteams-docs issue 5695). */
const ringing = { channelData: { notification: { alert: true } } } as const
/** The connector's words for a message that will never change any more. */
const lost = ['ActivityNotFoundInConversation', 'MessageNotFound']
/** The connector's words for a person whom it does not know. */
const nobody = ['BadSyntax', 'ConversationNotFound', 'NotFound']

/** The pager, and what keeps its messages true. */
export function createTeamsPager(deps: TeamsPagerDeps): {
  readonly pager: TeamsPager
  readonly pages: Pick<Pages, 'refresh'>
} {
  const { plan } = deps
  const pages = createPages({
    ...deps,
    chat: 'teams',
    posts: createPosts({ ...deps, mail: chatMail(deps) }),
    draw: (card, rings) => ({
      ...activityOf(inPersonalChat(card), { zone: plan().timezone, personal: true }),
      ...(rings && ringing),
    }),
  })
  const idOf = (person: PersonId): string | undefined => plan().people[person]?.teams

  return {
    pager: {
      channel: 'chat',
      reaches: (person) => idOf(person) !== undefined,
      send: async (person, _to, message, signal) => {
        const to = idOf(person)
        if (to === undefined) {
          const text = `${person} cannot be paged in Teams. Add the object id under people.${person}.teams in the DR plan.`
          throw new UserError('not-in-teams', text)
        }
        try {
          await pages.send({ person, to }, message, { lane: 'page', signal })
        } catch (thrown) {
          throw thrown instanceof TeamsRefusal ? ofPerson(thrown, person) : thrown
        }
      },
    },
    pages,
  }
}

/** Messages to people by their object ids. */
function chatMail({ api, installing, service }: TeamsPagerDeps): Mail<TeamsActivity> {
  return {
    service: 'Teams',
    send: (user, { message }, options) =>
      installing.withApp(user, options, async () => {
        const chat = await api.openChat(user, options)
        const { id } = await api.send(chat, message, options)
        return { channel: chat.id, ts: id }
      }),
    update: async ({ channel, ts }, { message }, options) =>
      api.update({ id: channel, serviceUrl: await service() }, ts, message, options),
    // A bot cannot read what stands in a chat with a person: whether a page arrived is then not known, and it is sent again.
    find: async () => undefined,
    isLost: async (thrown) => thrown instanceof TeamsRefusal && lost.includes(thrown.reason),
    done: (thrown) => (thrown instanceof TeamsSilence && thrown.done !== 'never' ? 'maybe' : 'never'),
  }
}

/** A refusal of a page, with the setting to mend where it is about the person. */
function ofPerson(refusal: TeamsRefusal, person: PersonId): TeamsRefusal {
  const step = nobody.includes(refusal.reason) ? ` Check people.${person}.teams in the DR plan.` : ''
  const text = `The page to ${person} is not out. ${refusal.message}${step}`
  return new TeamsRefusal(refusal.reason, text, refusal.status)
}

// Pages a person by a direct message in Slack, and takes its buttons away when the page is over.
import type { DrPlan } from '../../drplan/schema.ts'
import { UserError } from '../../errors.ts'
import type { PersonId } from '../../ids.ts'
import type { PageMessage, Pager } from '../../ports.ts'
import { createPages } from '../pages.ts'
import type { Pages } from '../pages.ts'
import type { Records } from '../record.ts'
import { SlackRefusal } from './api-errors.ts'
import type { CallOptions } from './api.ts'
import type { People } from './people.ts'
import type { SlackPosts } from './posts.ts'
import { messageOf } from './render/message.ts'
import type { Workspace } from './workspace.ts'

export interface SlackPager extends Pager {
  /** Whether the plan has a Slack id or an e-mail address of this person, by which Slack may know them. */
  readonly reaches: (person: PersonId) => boolean
}

export interface SlackPagerDeps {
  readonly posts: SlackPosts
  readonly records: Pick<Records, 'read'>
  readonly people: Pick<People, 'find'>
  readonly workspace: Pick<Workspace, 'known'>
  readonly plan: () => DrPlan
  readonly publicUrl: string
}

/** The pager, and what keeps its messages true. */
export function createSlackPager(deps: SlackPagerDeps): {
  readonly pager: SlackPager
  readonly pages: Pick<Pages, 'refresh'>
} {
  const { records, people, plan } = deps
  const pages = createPages({ ...deps, chat: 'slack', draw: (card) => messageOf(card) })

  async function send(
    person: PersonId,
    _to: string,
    message: PageMessage,
    signal: AbortSignal,
  ): Promise<void> {
    const options: CallOptions = { lane: 'page', signal }
    const found = await people.find(person, options)
    if ('nobody' in found)
      throw new UserError('not-in-slack', `${person} cannot be paged in Slack. Check this: ${found.nobody}`)
    const room = (await records.read(message.incident)).channel
    const url = deps.workspace.known()?.url
    const join =
      room && url ? { label: 'Room in Slack', link: new URL(`archives/${room.id}`, url).href } : undefined
    try {
      await pages.send({ person, to: found.user, join }, message, options)
    } catch (thrown) {
      throw thrown instanceof SlackRefusal ? ofPerson(thrown, person) : thrown
    }
  }

  return {
    pager: {
      channel: 'chat',
      reaches: (person) => {
        const { slack, email } = plan().people[person] ?? {}
        return slack !== undefined || email !== undefined
      },
      send,
    },
    pages,
  }
}

/** A refusal that is about the person, with the setting to mend. */
function ofPerson(refusal: SlackRefusal, person: PersonId): SlackRefusal {
  const about = ['channel_not_found', 'user_not_found', 'user_disabled', 'users_not_found', 'cannot_dm_bot']
  const step = about.includes(refusal.reason) ? ` Check people.${person}.slack in the DR plan.` : ''
  return new SlackRefusal(refusal.reason, `The page to ${person} is not out. ${refusal.message}${step}`)
}

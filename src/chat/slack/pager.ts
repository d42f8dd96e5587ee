// Pages a person by a direct message in Slack, and takes its buttons away when the page is over.
import type { DrPlan } from '../../drplan/schema.ts'
import { RetryableError, UserError } from '../../errors.ts'
import type { PersonId } from '../../ids.ts'
import type { Incident } from '../../incident/incident.ts'
import { pageMessage, stoppedMessage } from '../../incident/page-message.ts'
import { plain } from '../../message.ts'
import type { Card, Section } from '../../message.ts'
import type { PageMessage, Pager } from '../../ports.ts'
import { plainKey } from '../posts.ts'
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

/** The direct messages that have paged people. */
export interface PageMessages {
  /** Takes the buttons from the messages of everybody whose pages of this incident are over, and shows engineers who are still paged the way to the room; one update for each. Throws what failed after all were tried. */
  readonly refresh: (incident: Incident, options: CallOptions) => Promise<void>
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
  readonly pages: PageMessages
} {
  const { posts, records, people, plan } = deps

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
    const place = { scope: message.incident, key: keyOf(person, message.key) }
    try {
      await posts.post(place, found.user, messageOf(pageCard(message, join)), options)
    } catch (thrown) {
      throw thrown instanceof SlackRefusal ? ofPerson(thrown, person) : thrown
    }
  }

  async function refresh(incident: Incident, options: CallOptions): Promise<void> {
    const record = await records.read(incident.id)
    const old = Object.keys(record.posts).flatMap((key) => {
      const person = personOf(key)
      const post = record.posts[key]
      return person === undefined || post?.state !== 'sent' ? [] : [{ key, person, to: post.to }]
    })
    const tries = await Promise.allSettled(
      old.flatMap(({ key, person, to }) => {
        const card = isPaged(incident, person)
          ? roomyCard(incident, person, deps)
          : stoppedCard(incident, person, deps)
        return card === undefined
          ? []
          : [posts.show({ scope: incident.id, key }, to, messageOf(card), options)]
      }),
    )
    const failures = tries.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
    const worth = failures.find((each) => each instanceof RetryableError) ?? failures[0]
    if (worth !== undefined) throw worth
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
    pages: { refresh },
  }
}

function keyOf(person: PersonId, key: string): string {
  return `page:${person}:${plainKey(key)}`
}

/** Whom a key of the record paged; undefined for other messages. */
function personOf(key: string): PersonId | undefined {
  return /^page:([^:]+):/.exec(key)?.[1]
}

/** The card of the page, which says all that its lines say: the way to the room and the console with the buttons. */
function pageCard(message: PageMessage, join: Link | undefined): Card {
  const { card, subject, lines, link } = message
  const said: readonly Section[] = card.sections ?? [{ lines: lines.map((line) => [line]) }]
  const links = [...(join ? [join] : []), ...(card.links ?? []), { label: 'Console', link }]
  return {
    ...card,
    title: subject,
    // The incident's title stands in the subject already.
    sections: said.filter(({ lines }) => !lines?.every((line) => subject.includes(plain(line)))),
    links: links.filter((each, at) => links.findIndex((other) => other.link === each.link) === at),
  }
}

type Link = NonNullable<Card['links']>[number]

function isPaged(incident: Incident, person: PersonId): boolean {
  return incident.pages.some((page) => page.person === person && !page.stopped)
}

/**
 * An engineer's page that still runs: it went out before there was a room, and leads there once there is one. Drawn as
 * of its beginning, so that only what happens changes it, and not the time; undefined while there is nothing to add.
 */
function roomyCard(
  incident: Incident,
  person: PersonId,
  { plan, publicUrl }: SlackPagerDeps,
): Card | undefined {
  const page = incident.pages.findLast((each) => each.person === person && !each.stopped)
  const open = incident.rooms.some(({ chat, state }) => chat === 'slack' && state === 'open')
  if (page?.level !== 0 || !open) return undefined
  const view = { plan: plan(), now: page.startedAt, publicUrl }
  const sending = { key: page.id, page, tried: { runs: [], events: [] } }
  return pageCard(pageMessage(incident, sending, view), undefined)
}

/** What takes the place of a page that is over: who has it, and nothing to press. A page too old to be kept says so little. */
function stoppedCard(incident: Incident, person: PersonId, { plan, publicUrl }: SlackPagerDeps): Card {
  const page = incident.pages.findLast((each) => each.person === person)
  if (!page) return { title: `${incident.id} ${incident.system}: this page is over`, tone: 'quiet' }
  const now = page.stopped?.at ?? page.startedAt
  return stoppedMessage(incident, page, { plan: plan(), now, publicUrl }).card
}

/** A refusal that is about the person, with the setting to mend. */
function ofPerson(refusal: SlackRefusal, person: PersonId): SlackRefusal {
  const about = ['channel_not_found', 'user_not_found', 'user_disabled', 'users_not_found', 'cannot_dm_bot']
  const step = about.includes(refusal.reason) ? ` Check people.${person}.slack in the DR plan.` : ''
  return new SlackRefusal(refusal.reason, `The page to ${person} is not out. ${refusal.message}${step}`)
}

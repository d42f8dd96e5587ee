// The messages that page people in a chat: each sent once, and without buttons when its page is over.
import type { DrPlan } from '../drplan/schema.ts'
import { RetryableError } from '../errors.ts'
import type { PersonId } from '../ids.ts'
import type { Incident } from '../incident/incident.ts'
import { pageMessage, stoppedMessage } from '../incident/page-message.ts'
import { plain } from '../message.ts'
import type { Card, Section } from '../message.ts'
import type { PageMessage } from '../ports.ts'
import type { CallOptions } from './lanes.ts'
import { plainKey } from './posts.ts'
import type { Posts } from './posts.ts'
import type { ChatName, Records } from './record.ts'

export interface Pages {
  /** Pages somebody, or brings news, once for each message; news stands as it was sent. */
  readonly send: (paged: Paged, message: PageMessage, options: CallOptions) => Promise<void>
  /**
   * Takes the buttons from the messages of everybody whose pages of this incident are over, and shows engineers who
   * are still paged the way to the room; one update for each. Throws what failed after all were tried.
   */
  readonly refresh: (incident: Incident, options: CallOptions) => Promise<void>
}

/** Whom a page is for. */
export interface Paged {
  readonly person: PersonId
  /** The person as the chat's posts name them. */
  readonly to: string
  /** The way to the room, where it is known before the incident knows it. */
  readonly join?: Link | undefined
}

export interface PagesDeps<M> {
  readonly chat: ChatName
  readonly posts: Pick<Posts<M>, 'post' | 'show'>
  readonly records: Pick<Records, 'read'>
  readonly plan: () => DrPlan
  readonly publicUrl: string
  /** `rings`: somebody is called, and their phone should say so. */
  readonly draw: (card: Card, rings: boolean) => M
}

type Link = NonNullable<Card['links']>[number]

export function createPages<M>(deps: PagesDeps<M>): Pages {
  const { posts, records, draw } = deps
  return {
    send: async ({ person, to, join }, message, options) => {
      const place = { scope: message.incident, key: keyOf(person, message) }
      await posts.post(place, to, draw(pageCard(message, join), true), options)
    },
    refresh: async (incident, options) => {
      const record = await records.read(incident.id)
      const old = Object.keys(record.posts).flatMap((key) => {
        const person = personOf(key)
        const post = record.posts[key]
        return person === undefined || post?.state !== 'sent' ? [] : [{ key, person, to: post.to }]
      })
      const tries = await Promise.allSettled(
        old.flatMap(({ key, person, to }) => {
          const paged = isPaged(incident, person)
          const card = paged ? roomyCard(incident, person, deps) : stoppedCard(incident, person, deps)
          return card === undefined
            ? []
            : [posts.show({ scope: incident.id, key }, to, draw(card, paged), options)]
        }),
      )
      const failures = tries.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
      const worth = failures.find((each) => each instanceof RetryableError) ?? failures[0]
      if (worth !== undefined) throw worth
    },
  }
}

function keyOf(person: PersonId, { key, news }: PageMessage): string {
  return `${news ? 'news' : 'page'}:${person}:${plainKey(key)}`
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

function isPaged(incident: Incident, person: PersonId): boolean {
  return incident.pages.some((page) => page.person === person && !page.stopped)
}

type Viewing = Pick<PagesDeps<unknown>, 'chat' | 'plan' | 'publicUrl'>

/**
 * An engineer's page that still runs: it went out before there was a room, and leads there once there is one. Drawn as
 * of its beginning, so that only what happens changes it, and not the time; undefined while there is nothing to add.
 */
function roomyCard(
  incident: Incident,
  person: PersonId,
  { chat, plan, publicUrl }: Viewing,
): Card | undefined {
  const page = incident.pages.findLast((each) => each.person === person && !each.stopped)
  const open = incident.rooms.some((room) => room.chat === chat && room.state === 'open')
  if (page?.level !== 0 || !open) return undefined
  const view = { plan: plan(), now: page.startedAt, publicUrl }
  const sending = { key: page.id, page, tried: { runs: [], events: [] } }
  return pageCard(pageMessage(incident, sending, view), undefined)
}

/**
 * What takes the place of a page that is over: who has it, and nothing to press. A page too old to be kept says so
 * little.
 */
function stoppedCard(incident: Incident, person: PersonId, { plan, publicUrl }: Viewing): Card {
  const page = incident.pages.findLast((each) => each.person === person)
  if (!page) return { title: `${incident.id} ${incident.system}: this page is over`, tone: 'quiet' }
  const now = page.stopped?.at ?? page.startedAt
  return stoppedMessage(incident, page, { plan: plan(), now, publicUrl }).card
}

// Messages that are posted once and kept up to date, whatever crashes between Slack and the record.
import { createHash, randomUUID } from 'node:crypto'
import { second } from '../../ids.ts'
import { SlackRefusal } from './api-errors.ts'
import type { CallOptions } from './api.ts'
import { changePost, contentOf, deliver, deliverAnew, isSame, overtaken, postIn } from './delivery.ts'
import type { Poster, Sent, Work } from './delivery.ts'
import { botTime, createLanes } from '../lanes.ts'
import type { PostRecord } from './record.ts'
import type { SlackMessage } from './render/blocks.ts'

/** The name of a message: unique in its scope. */
export interface Place {
  readonly scope: string
  readonly key: string
}

/** Where a message is at Slack. */
export interface Posted {
  readonly channel: string
  readonly ts: string
}

export interface Posts {
  /** Posts once for a place: after a crash or an answer that never came it is looked up by its metadata before it is posted again. */
  readonly post: (
    place: Place,
    channel: string,
    message: SlackMessage,
    options: CallOptions,
  ) => Promise<Posted>
  /**
   * Brings what was posted for a place up to date (same content: no call); posts it anew where it cannot be updated
   * any more, or in another channel than before. RetryableError when another process drew it at the same time: draw
   * it again from what is true then.
   */
  readonly show: (
    place: Place,
    channel: string,
    message: SlackMessage,
    options: CallOptions,
  ) => Promise<Posted>
  readonly find: (place: Place) => Promise<Posted | undefined>
}

/** Two processes that draw the same message within this time may have drawn different things. */
const together = 10 * second
/** Slack's words for a message that will never change any more (docs.slack.dev/reference/methods/chat.update). */
const lost = new Set(['message_not_found', 'edit_window_closed', 'cant_update_message', 'block_mismatch'])

export interface PostsDeps extends Omit<Poster, 'me' | 'lives' | 'slow'> {
  /** This process among those that share the store; absent: one that knows of no other's death. */
  readonly process?: SharedLife
}

/** Tells this process from the others, and the living from the dead. */
export interface SharedLife {
  /** A new one for each start. */
  readonly name: string
  readonly lives: Poster['lives']
}

/** Makes the poster of one process. */
export function createPosts(deps: PostsDeps): Posts {
  const { name: me, lives } = deps.process ?? { name: randomUUID(), lives: async () => true }
  const poster: Poster = { ...deps, me, lives, slow: new Map() }
  const { clock, records } = poster
  // One after the other for each message: what this process has begun is not begun by it again meanwhile.
  const lanes = createLanes()

  async function inTurn(work: Work, run: () => Promise<Sent>): Promise<Posted> {
    const { channel, ts } = await lanes.inTurn(`${work.scope} ${work.id}`, work.options.signal, run)
    return { channel, ts }
  }

  async function recordOf({ scope, id }: Pick<Work, 'scope' | 'id'>): Promise<PostRecord | undefined> {
    return postIn(await records.read(scope), id)
  }

  /** `seen`: what was there when the message was drawn. */
  async function draw(work: Work, seen: PostRecord | undefined): Promise<Sent> {
    const now = await recordOf(work)
    if (now?.state === 'sent' && now.by !== me && !(seen && isSame(now, seen))) throw overtaken()
    const sent = now?.state === 'sent' ? now : await deliver(poster, work)
    if (sent.to !== work.to) return deliverAnew(poster, work, sent)
    return sent.digest === work.digest ? sent : update(work, sent)
  }

  async function update(work: Work, seen: Sent): Promise<Sent> {
    const mine = await mark(work, seen)
    const { channel, ts, edition } = seen
    try {
      const args = { channel, ts, ...contentOf(work, edition) }
      await poster.api.call('chat.update', args, work.options)
    } catch (thrown) {
      if (thrown instanceof SlackRefusal && lost.has(thrown.reason)) return deliverAnew(poster, work, mine)
      throw thrown
    }
    return settle(work, seen, mine)
  }

  /** From here until it is settled nobody knows what is shown. */
  async function mark(work: Work, seen: Sent): Promise<Sent> {
    const mine: Sent = { ...uncertain(seen), by: me, at: clock.now() }
    await changePost(poster, work, (old) => {
      if (!isSame(old, seen)) throw overtaken()
      return mine
    })
    return mine
  }

  /** Remembers what is shown, unless another process may have drawn something else: then it is drawn once more. */
  async function settle(work: Work, seen: Sent, mine: Sent): Promise<Sent> {
    const shown: Sent = { ...mine, digest: work.digest }
    const { before } = await changePost(poster, work, (old) => {
      if (isSame(old, mine)) return shown
      return old?.state === 'sent' ? uncertain(old) : old
    })
    if (!isSame(before, mine)) throw overtaken()
    // Who drew it a moment ago may have known something newer than this process did when it began.
    if (seen.by !== me && Math.abs(mine.at - seen.at) < botTime(clock, together)) throw overtaken()
    return shown
  }

  return {
    post: async (place, channel, message, options) => {
      const work = workOf(place, channel, message, options)
      return inTurn(work, () => deliver(poster, work))
    },
    show: async (place, channel, message, options) => {
      const work = workOf(place, channel, message, options)
      // Read before waiting for anything: what others draw from here on is newer than this message.
      const seen = await recordOf(work)
      return inTurn(work, () => draw(work, seen))
    },
    find: async ({ scope, key }) => {
      const found = await recordOf({ scope, id: plainKey(key) })
      return found?.state === 'sent' ? { channel: found.channel, ts: found.ts } : undefined
    },
  }
}

function workOf({ scope, key }: Place, to: string, message: SlackMessage, options: CallOptions): Work {
  const digest = createHash('sha256').update(JSON.stringify(message)).digest('base64url')
  return { scope, id: plainKey(key), to, message, digest, options }
}

/** A key as it is while it is short and plain, as those of effects are; else a digest of it. */
export function plainKey(key: string): string {
  return /^[a-z\d][\w:.@-]{0,99}$/i.test(key) ? key : createHash('sha256').update(key).digest('base64url')
}

/** The message with one more drawing begun, so that who began before sees it; what it shows is not known. */
function uncertain(sent: Sent): Sent {
  const { digest: _, ...rest } = sent
  return { ...rest, drawn: sent.drawn + 1 }
}

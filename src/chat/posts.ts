// Messages that are posted once and kept up to date, whatever crashes between a chat and the record.
import { createHash, randomUUID } from 'node:crypto'
import { second } from '../ids.ts'
import { changePost, deliver, deliverAnew, isSame, letterOf, overtaken, postIn } from './delivery.ts'
import type { Posted, Poster, Sent, Work } from './delivery.ts'
import { botTime, createLanes } from './lanes.ts'
import type { CallOptions } from './lanes.ts'
import type { PostRecord } from './record.ts'

export type { Posted } from './delivery.ts'

/** The name of a message: unique in its scope. */
export interface Place {
  readonly scope: string
  readonly key: string
}

/** Messages of one chat. `to` is a channel, a thread or a person, as the chat names them. */
export interface Posts<M> {
  /**
   * Posts once for a place: after a crash or an answer that never came it is looked up by its name before it is
   * posted again.
   */
  readonly post: (place: Place, to: string, message: M, options: CallOptions) => Promise<Posted>
  /**
   * Brings what was posted for a place up to date (same content: no call); posts it again where it cannot be updated
   * any more, or in another channel than before. RetryableError when another process drew it at the same time: draw
   * it again from what is true then.
   */
  readonly show: (place: Place, to: string, message: M, options: CallOptions) => Promise<Posted>
  readonly find: (place: Place) => Promise<Posted | undefined>
}

/** Two processes that draw the same message within this time may have drawn different things. */
const together = 10 * second

export interface PostsDeps<M> extends Omit<Poster<M>, 'me' | 'lives' | 'slow'> {
  /** This process among those that share the store; absent: one that knows of no other's death. */
  readonly process?: SharedLife
}

/** Tells this process from the others, and the living from the dead. */
export interface SharedLife {
  /** A new one for each start. */
  readonly name: string
  readonly lives: (process: string) => Promise<boolean>
}

/** Makes the poster of one process. */
export function createPosts<M>(deps: PostsDeps<M>): Posts<M> {
  const { name: me, lives } = deps.process ?? { name: randomUUID(), lives: async () => true }
  const poster: Poster<M> = { ...deps, me, lives, slow: new Map() }
  const { clock, records } = poster
  // One after the other for each message: what this process has begun is not begun by it again meanwhile.
  const lanes = createLanes()

  async function inTurn(work: Work<M>, run: () => Promise<Sent>): Promise<Posted> {
    const { channel, ts } = await lanes.inTurn(`${work.scope} ${work.id}`, work.options.signal, run)
    return { channel, ts }
  }

  async function recordOf({ scope, id }: Pick<Work<M>, 'scope' | 'id'>): Promise<PostRecord | undefined> {
    return postIn(await records.read(scope), id)
  }

  /** `seen`: what was there when the message was drawn. */
  async function draw(work: Work<M>, seen: PostRecord | undefined): Promise<Sent> {
    const now = await recordOf(work)
    if (now?.state === 'sent' && now.by !== me && !(seen && isSame(now, seen))) throw overtaken()
    const sent = now?.state === 'sent' ? now : await deliver(poster, work)
    if (sent.to !== work.to) return deliverAnew(poster, work, sent)
    return sent.digest === work.digest ? sent : update(work, sent)
  }

  async function update(work: Work<M>, seen: Sent): Promise<Sent> {
    const mine = await mark(work, seen)
    const at = { channel: seen.channel, ts: seen.ts }
    try {
      await poster.mail.update(at, letterOf(work, seen.edition), work.options)
    } catch (thrown) {
      if (await poster.mail.isLost(thrown, at, work.options)) return deliverAnew(poster, work, mine)
      throw thrown
    }
    return settle(work, seen, mine)
  }

  /** From here until it is settled nobody knows what is shown. */
  async function mark(work: Work<M>, seen: Sent): Promise<Sent> {
    const mine: Sent = { ...uncertain(seen), by: me, at: clock.now() }
    await changePost(poster, work, (old) => {
      if (!isSame(old, seen)) throw overtaken()
      return mine
    })
    return mine
  }

  /** Remembers what is shown, unless another process may have drawn something else: then it is drawn once more. */
  async function settle(work: Work<M>, seen: Sent, mine: Sent): Promise<Sent> {
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
    post: async (place, to, message, options) => {
      const work = workOf(place, to, message, options)
      return inTurn(work, () => deliver(poster, work))
    },
    show: async (place, to, message, options) => {
      const work = workOf(place, to, message, options)
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

function workOf<M>({ scope, key }: Place, to: string, message: M, options: CallOptions): Work<M> {
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

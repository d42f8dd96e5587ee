// Getting a message to Slack once: claimed in the record, looked up when it may be there already, then posted.
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { RetryableError } from '../../errors.ts'
import { second } from '../../ids.ts'
import type { Instant } from '../../ids.ts'
import type { Clock } from '../../ports.ts'
import { SlackSilence } from './api-errors.ts'
import type { CallOptions, SlackApi } from './api.ts'
import { channelIdOf, findMessage, metadataOf } from './history.ts'
import { botTime } from '../lanes.ts'
import type { PostRecord, Records, SlackRecord } from './record.ts'
import type { SlackMessage } from './render/blocks.ts'

export type Sending = Extract<PostRecord, { readonly state: 'sending' }>
export type Sent = Extract<PostRecord, { readonly state: 'sent' }>

/** One message to be posted or drawn. */
export interface Work {
  readonly scope: string
  /** Its name in the record. */
  readonly id: string
  /** The channel or user. */
  readonly to: string
  readonly message: SlackMessage
  readonly digest: string
  readonly options: CallOptions
}

/** Who posts, with what. */
export interface Poster {
  readonly api: Pick<SlackApi, 'call'>
  readonly records: Records
  readonly clock: Clock
  /** Tells this process from the others. */
  readonly me: string
  /** Whether a process of that name gives signs of life: what a dead one has begun is taken over at once. */
  readonly lives: (process: string) => Promise<boolean>
  /** Messages that Slack was too slow with, by when they can be told to be there or not. */
  readonly slow: Map<string, Instant>
}

/** What somebody else has begun is left to them for so long, in real milliseconds: longer than any try of an effect. */
const theirs = 30 * second
/** A post whose answer this process did not wait for may show up so late; real milliseconds. */
const landing = 15 * second
/** Whatever a message says is shown as it is: nobody is called, nothing is unfolded. */
const literally = { parse: 'none', link_names: false } as const
const onceOnly = { mrkdwn: false, unfurl_links: false, unfurl_media: false } as const

const Answer = z.object({ channel: z.string(), ts: z.string() })

/** Posts it unless it is there. RetryableError while another process is about to. */
export async function deliver(poster: Poster, work: Work): Promise<Sent> {
  const { before, after } = await claim(poster, work)
  if (after.state === 'sent') return after
  if (!before) return send(poster, work, { begun: after, unsure: false })
  const found = await lookUp(poster, work, after)
  if (found) return arrived(poster, work, { ...after, ...found })
  waitForLanding(poster, work)
  // Looking took its time, in which another process may have lost patience.
  const begun = await claimAgain(poster, work, after)
  return send(poster, work, { begun, unsure: true })
}

/** Posts it once more in place of a message that is lost; another edition, so that it is not taken for the old one. */
export async function deliverAnew(poster: Poster, work: Work, lost: Sent): Promise<Sent> {
  const begun = sending(poster, work, lost.edition + 1)
  await changePost(poster, work, (old) => {
    if (!isSame(old, lost)) throw overtaken()
    return begun
  })
  return send(poster, work, { begun, unsure: false })
}

/** A slow Slack does what it was asked for after all: posted again too soon, the message would be there twice. */
function waitForLanding({ clock, slow }: Poster, work: Work): void {
  const left = (slow.get(nameAtSlack(work, 1)) ?? 0) - clock.now()
  if (left > 0) throw new RetryableError('Slack may still be about to show this message', { after: left })
}

/** Claims the message for this process; when there was a claim `before`, it may be on its way already. */
async function claim(
  poster: Poster,
  work: Work,
): Promise<{ readonly before: PostRecord | undefined; readonly after: PostRecord }> {
  const { clock, me } = poster
  const own = sending(poster, work, 1)
  const orphan = await orphanOf(poster, work)
  const { before, after } = await changePost(poster, work, (old) => {
    if (old?.state === 'sent') return old
    if (!old) return own
    const left = botTime(clock, theirs) - Math.abs(clock.now() - old.at)
    if (old.by !== me && old.by !== orphan && left > 0)
      throw new RetryableError('another process of the bot is posting this message', { after: left })
    return { ...own, edition: old.edition }
  })
  return { before, after: after ?? own }
}

/** The dead process that had begun the message; undefined when it was none. */
async function orphanOf({ records, me, lives }: Poster, { scope, id }: Work): Promise<string | undefined> {
  const post = postIn(await records.read(scope), id)
  if (post?.state !== 'sending' || post.by === me) return undefined
  return (await lives(post.by)) ? undefined : post.by
}

async function claimAgain(poster: Poster, work: Work, claimed: Sending): Promise<Sending> {
  const again: Sending = { ...claimed, at: poster.clock.now() }
  await changePost(poster, work, (old) => {
    if (!isSame(old, claimed)) throw overtaken()
    return again
  })
  return again
}

function sending({ me, clock }: Poster, { to }: Work, edition: number): Sending {
  return { state: 'sending', by: me, at: clock.now(), to, edition }
}

async function lookUp(
  { api }: Poster,
  work: Work,
  { edition }: Sending,
): Promise<{ readonly channel: string; readonly ts: string } | undefined> {
  const channel = await channelIdOf(api, work.to, work.options)
  const ts = await findMessage(api, { channel, key: nameAtSlack(work, edition) }, work.options)
  return ts === undefined ? undefined : { channel, ts }
}

async function send(
  poster: Poster,
  work: Work,
  { begun, unsure }: { readonly begun: Sending; readonly unsure: boolean },
): Promise<Sent> {
  const args = { channel: work.to, ...contentOf(work, begun.edition), ...onceOnly }
  const answer = await poster.api
    .call('chat.postMessage', args, work.options)
    .catch(async (thrown: unknown) => {
      // Where Slack is sure not to have it there is nothing to look up the next time, and nobody need wait.
      const done = thrown instanceof SlackSilence ? thrown.done : 'never'
      if (done === 'later')
        poster.slow.set(nameAtSlack(work, 1), poster.clock.now() + botTime(poster.clock, landing))
      if (!unsure && done === 'never')
        await changePost(poster, work, (old) => (isSame(old, begun) ? undefined : old))
      throw thrown
    })
  return arrived(poster, work, { ...begun, ...Answer.parse(answer), digest: work.digest })
}

async function arrived(
  poster: Poster,
  work: Work,
  post: Omit<Sending, 'state'> & { readonly channel: string; readonly ts: string; readonly digest?: string },
): Promise<Sent> {
  const sent: Sent = { ...post, state: 'sent', at: poster.clock.now(), drawn: 0 }
  poster.slow.delete(nameAtSlack(work, 1))
  await changePost(poster, work, () => sent)
  return sent
}

/** What Slack is given of a message: text, blocks, and the name by which it is found again. */
export function contentOf(work: Work, edition: number): Readonly<Record<string, unknown>> {
  const { text, blocks } = work.message
  return { text, blocks, metadata: metadataOf(nameAtSlack(work, edition)), ...literally }
}

function nameAtSlack({ scope, id }: Work, edition: number): string {
  return `${scope}/${id}${edition > 1 ? `~${edition}` : ''}`
}

/** Changes what is remembered of the message; undefined forgets it. Answers what it was, and what it is. */
export async function changePost(
  { records }: Poster,
  { scope, id }: Work,
  change: (old: PostRecord | undefined) => PostRecord | undefined,
): Promise<{ readonly before: PostRecord | undefined; readonly after: PostRecord | undefined }> {
  const seen: { before?: PostRecord | undefined } = {}
  const record = await records.change(scope, (old) => {
    const before = postIn(old, id)
    seen.before = before
    const after = change(before)
    if (after === before) return old
    const { [id]: _, ...others } = old.posts
    return { ...old, posts: after === undefined ? others : { ...others, [id]: after } }
  })
  return { before: seen.before, after: postIn(record, id) }
}

export function postIn(record: SlackRecord, id: string): PostRecord | undefined {
  return Object.hasOwn(record.posts, id) ? record.posts[id] : undefined
}

export function isSame(one: PostRecord | undefined, other: PostRecord): boolean {
  return isDeepStrictEqual(one, other)
}

/** Somebody else was quicker: what they know may be newer. */
export function overtaken(): RetryableError {
  return new RetryableError('another process of the bot has just drawn this message', { after: second })
}

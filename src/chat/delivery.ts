// Getting a message to a chat once: claimed in the record, looked up when it may be there already, then posted.
import { isDeepStrictEqual } from 'node:util'
import { RetryableError } from '../errors.ts'
import { second } from '../ids.ts'
import type { Instant } from '../ids.ts'
import type { Clock } from '../ports.ts'
import { botTime } from './lanes.ts'
import type { CallOptions } from './lanes.ts'
import type { ChatRecord, PostRecord, Records } from './record.ts'

export type Sending = Extract<PostRecord, { readonly state: 'sending' }>
export type Sent = Extract<PostRecord, { readonly state: 'sent' }>

/** One message to be posted or drawn. */
export interface Work<M> {
  readonly scope: string
  /** Its name in the record. */
  readonly id: string
  /** The channel, thread or person. */
  readonly to: string
  readonly message: M
  readonly digest: string
  readonly options: CallOptions
}

/** Where a message is in its chat. */
export interface Posted {
  /** The channel or conversation. */
  readonly channel: string
  readonly ts: string
}

/** How one chat takes messages of its kind. A `name` goes with each, unseen, so that it can be found again. */
export interface Mail<M> {
  /** The chat's name for people, such as Slack. */
  readonly service: string
  readonly send: (to: string, letter: Letter<M>, options: CallOptions) => Promise<Posted>
  readonly update: (at: Posted, letter: Letter<M>, options: CallOptions) => Promise<void>
  /** The newest message with this name; undefined when it is not there, or when that cannot be known. */
  readonly find: (to: string, name: string, options: CallOptions) => Promise<Posted | undefined>
  /**
   * Whether an update was refused because the message will never change any more. Throws RetryableError while that is
   * not certain.
   */
  readonly isLost: (thrown: unknown, at: Posted, options: CallOptions) => Promise<boolean>
  /** Whether what failed may have been done after all, at once or a while later. */
  readonly done: (thrown: unknown) => 'never' | 'maybe' | 'later'
}

export interface Letter<M> {
  readonly name: string
  readonly message: M
}

/** Who posts, with what. */
export interface Poster<M> {
  readonly mail: Mail<M>
  readonly records: Records
  readonly clock: Clock
  /** Tells this process from the others. */
  readonly me: string
  /** Whether a process of that name gives signs of life: what a dead one has begun is taken over at once. */
  readonly lives: (process: string) => Promise<boolean>
  /** Messages that the chat was too slow with, by when they can be told to be there or not. */
  readonly slow: Map<string, Instant>
}

/** What somebody else has begun is left to them for so long, in real milliseconds: longer than any try of an effect. */
const theirs = 30 * second
/** A post whose answer this process did not wait for may show up so late; real milliseconds. */
const landing = 15 * second

/** Posts it unless it is there. RetryableError while another process is about to. */
export async function deliver<M>(poster: Poster<M>, work: Work<M>): Promise<Sent> {
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
export async function deliverAnew<M>(poster: Poster<M>, work: Work<M>, lost: Sent): Promise<Sent> {
  const begun = sending(poster, work, lost.edition + 1)
  await changePost(poster, work, (old) => {
    if (!isSame(old, lost)) throw overtaken()
    return begun
  })
  return send(poster, work, { begun, unsure: false })
}

/** A slow chat does what it was asked for after all: posted again too soon, the message would be there twice. */
function waitForLanding<M>({ mail, clock, slow }: Poster<M>, work: Work<M>): void {
  const left = (slow.get(nameOf(work, 1)) ?? 0) - clock.now()
  if (left > 0)
    throw new RetryableError(`${mail.service} may still be about to show this message`, { after: left })
}

/** Claims the message for this process; when there was a claim `before`, it may be on its way already. */
async function claim<M>(
  poster: Poster<M>,
  work: Work<M>,
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
async function orphanOf<M>(
  { records, me, lives }: Poster<M>,
  { scope, id }: Work<M>,
): Promise<string | undefined> {
  const post = postIn(await records.read(scope), id)
  if (post?.state !== 'sending' || post.by === me) return undefined
  return (await lives(post.by)) ? undefined : post.by
}

async function claimAgain<M>(poster: Poster<M>, work: Work<M>, claimed: Sending): Promise<Sending> {
  const again: Sending = { ...claimed, at: poster.clock.now() }
  await changePost(poster, work, (old) => {
    if (!isSame(old, claimed)) throw overtaken()
    return again
  })
  return again
}

function sending<M>({ me, clock }: Poster<M>, { to }: Work<M>, edition: number): Sending {
  return { state: 'sending', by: me, at: clock.now(), to, edition }
}

function lookUp<M>({ mail }: Poster<M>, work: Work<M>, { edition }: Sending): Promise<Posted | undefined> {
  return mail.find(work.to, nameOf(work, edition), work.options)
}

async function send<M>(
  poster: Poster<M>,
  work: Work<M>,
  { begun, unsure }: { readonly begun: Sending; readonly unsure: boolean },
): Promise<Sent> {
  const { mail, clock, slow } = poster
  const posted = await mail
    .send(work.to, letterOf(work, begun.edition), work.options)
    .catch(async (thrown: unknown) => {
      // Where the chat is sure not to have it there is nothing to look up the next time, and nobody need wait.
      const done = mail.done(thrown)
      if (done === 'later') slow.set(nameOf(work, 1), clock.now() + botTime(clock, landing))
      if (!unsure && done === 'never')
        await changePost(poster, work, (old) => (isSame(old, begun) ? undefined : old))
      throw thrown
    })
  return arrived(poster, work, { ...begun, ...posted, digest: work.digest })
}

async function arrived<M>(
  poster: Poster<M>,
  work: Work<M>,
  post: Omit<Sending, 'state'> & Posted & { readonly digest?: string },
): Promise<Sent> {
  const sent: Sent = { ...post, state: 'sent', at: poster.clock.now(), drawn: 0 }
  poster.slow.delete(nameOf(work, 1))
  await changePost(poster, work, () => sent)
  return sent
}

/** A message with the name by which it is found again. */
export function letterOf<M>(work: Work<M>, edition: number): Letter<M> {
  return { name: nameOf(work, edition), message: work.message }
}

function nameOf<M>({ scope, id }: Work<M>, edition: number): string {
  return `${scope}/${id}${edition > 1 ? `~${edition}` : ''}`
}

/** Changes what is remembered of the message; undefined forgets it. Answers what it was, and what it is. */
export async function changePost<M>(
  { records }: Poster<M>,
  { scope, id }: Work<M>,
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

export function postIn(record: ChatRecord, id: string): PostRecord | undefined {
  return Object.hasOwn(record.posts, id) ? record.posts[id] : undefined
}

export function isSame(one: PostRecord | undefined, other: PostRecord): boolean {
  return isDeepStrictEqual(one, other)
}

/** Somebody else was quicker: what they know may be newer. */
export function overtaken(): RetryableError {
  return new RetryableError('another process of the bot has just drawn this message', { after: second })
}

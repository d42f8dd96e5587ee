// Messages that people want in the timeline: by the note emoji, by beginning with it, or by the shortcut.
import { nameOf } from '../../../drplan/person-name.ts'
import { z } from 'zod'
import { specOf } from '../../../../commands/index.ts'
import { printCommand } from '../../../command/parse.ts'
import { longestCommand } from '../../../command/words.ts'
import { permit } from '../../../command/permit.ts'
import type { DrPlan } from '../../../drplan/schema.ts'
import { reasonOf } from '../../../errors.ts'
import type { Duration, IncidentId, PersonId } from '../../../ids.ts'
import type { Card } from '../../../message.ts'
import { replyToPress } from '../../reply.ts'
import type { Reply } from '../../reply.ts'
import { cut } from '../../text.ts'
import { fresh, History } from './payload.ts'
import type { Message, Reaction, Said } from './payload.ts'
import { send } from './reply.ts'
import { roomOf, storeDown } from './speak.ts'
import type { Inbound } from './speak.ts'
import { bySlackId, written } from './written.ts'

/** A message is kept once, whoever asks for it: for as long as anybody looks back at an incident. Real milliseconds. */
const keptFor: Duration = 30 * 24 * 3_600_000
/** Meanwhile somebody is at it; who crashed in the middle of it leaves the message to the next who asks. */
const beingKeptFor: Duration = 60_000
/** Room for the verb, the incident and the quoting of a text. */
const longestNote = Math.floor((longestCommand - 60) / 2)

/** Of the name of who said it, or kept it. */
const longestName = 80

/** The message that a note is made of. */
export const noteFrom = z.object({
  channel: z.string(),
  ts: z.string(),
  author: z.string().optional(),
  text: z.string().default(''),
})
export type NoteFrom = z.infer<typeof noteFrom>

/** What is kept where, and who asked for it. `edited`: the text was changed by who asked, and is taken as it is. */
export interface Keeping {
  readonly incident: IncidentId
  readonly by: string
  readonly edited?: boolean
}

interface Kept {
  readonly reply: Reply
  readonly done: boolean
}

/** The emoji that makes a message a note, without colons. */
function noteEmoji(plan: DrPlan): string {
  return plan.slack.note_emoji
}

/** Whether a message begins with the note emoji, and so may be a note. */
export function isNote(plan: DrPlan, said: Said): boolean {
  return said.type === 'message' && fresh(said) && said.bot_id === undefined && startOf(plan).test(said.text)
}

/** A message in a room that begins with the note emoji. */
export async function onNote(inbound: Inbound, said: Said): Promise<void> {
  const incident = await roomOf(inbound, said.channel)
  if (incident === undefined || said.user === undefined) return
  const { channel, ts, text, user } = said
  await keepAndMark(inbound, { channel, ts, text, author: user }, { incident, by: user })
}

/** The note emoji on a person's message in a room. */
export async function onReaction(inbound: Inbound, { user, reaction, item }: Reaction): Promise<void> {
  const { channel, ts } = item
  if (item.type !== 'message' || channel === undefined || ts === undefined) return
  if (reaction.split('::')[0] !== noteEmoji(inbound.plan()) || user === inbound.workspace.known()?.botUserId)
    return
  const incident = await roomOf(inbound, channel)
  if (incident === undefined) return
  const message = await readMessage(inbound, channel, ts)
  if (message?.user === undefined || message.bot_id !== undefined) return
  await keepAndMark(
    inbound,
    { channel, ts, text: message.text, author: message.user },
    { incident, by: user },
  )
}

async function readMessage(inbound: Inbound, channel: string, ts: string): Promise<Message | undefined> {
  const range = { channel, latest: ts, oldest: ts, inclusive: true, limit: 1 }
  const found = History.parse(await inbound.api.call('conversations.history', range, { lane: 'room' }))
  const message = found.messages.find((each) => each.ts === ts)
  if (message !== undefined) return message
  // What was said in a thread is not in the channel's own history.
  const thread = History.parse(
    await inbound.api.call('conversations.replies', { ...range, ts }, { lane: 'room' }),
  )
  return thread.messages.find((each) => each.ts === ts)
}

async function keepAndMark(inbound: Inbound, from: NoteFrom, keeping: Keeping): Promise<void> {
  const { reply, done } = await keepMessage(inbound, from, keeping)
  const { channel, ts: timestamp } = from
  if (!done) {
    if (reply.card !== keptAlready) await send(reply, { user: keeping.by, channel }, inbound)
    return
  }
  try {
    const name = 'white_check_mark'
    await inbound.api.call('reactions.add', { channel, timestamp, name }, { lane: 'room' })
  } catch (thrown) {
    inbound.log.debug('a note could not be marked in Slack', { reason: reasonOf(thrown) })
  }
}

const keptAlready: Card = { title: 'That message is in the timeline already', tone: 'quiet' }

/**
 * Puts a message into the timeline, once, if who asks for it may write notes. It is noted by its author, with who kept it;
 * where the author may not, or who asked has changed the words, by who asked, with the author named.
 */
export async function keepMessage(inbound: Inbound, from: NoteFrom, keeping: Keeping): Promise<Kept> {
  const asker = await inbound.identity.personOf(keeping.by)
  if ('refusal' in asker) return { reply: { card: asker.refusal, to: 'asker' }, done: false }
  // The dispatcher says why not.
  if (!mayNote(inbound.plan(), asker.person)) return note(inbound, from, { ...keeping, asker: asker.person })
  const { store } = inbound
  const name = `slack:note:${keeping.incident}:${from.channel}:${from.ts}`
  try {
    if (!(await store.once(name, beingKeptFor)))
      return { reply: { card: keptAlready, to: 'asker' }, done: false }
  } catch {
    return { reply: { card: storeDown(inbound), to: 'asker' }, done: false }
  }
  const kept = await note(inbound, from, { ...keeping, asker: asker.person })
  try {
    await store.holdOnce(name, kept.done ? keptFor : 0)
  } catch (thrown) {
    inbound.log.warn('that a message was kept is not remembered', { reason: reasonOf(thrown) })
  }
  return kept
}

async function note(
  inbound: Inbound,
  from: NoteFrom,
  { incident, edited, asker }: Keeping & { readonly asker: PersonId },
): Promise<Kept> {
  const plan = inbound.plan()
  const author = from.author === undefined ? undefined : await authorOf(inbound, from.author)
  const speaker = !edited && mayNote(plan, asker) && mayNote(plan, author) ? author : asker
  const words = cut(edited ? from.text : noteText(plan, from.text), longestNote - longestName)
  const text = printCommand({
    verb: 'note',
    incident,
    text: signed(plan, words, { from, author, speaker, asker }),
  })
  const answer = await inbound.dispatch(text, {
    person: speaker,
    door: 'slack',
    incident,
    heardIn: 'slack',
  })
  return { reply: replyToPress({ answer, room: incident }, text), done: answer.status === 'done' }
}

/** The words, with whoever has a part in them and does not stand in the record as who noted it. */
function signed(
  plan: DrPlan,
  words: string,
  who: {
    readonly from: NoteFrom
    readonly author: PersonId | undefined
    readonly speaker: PersonId
    readonly asker: PersonId
  },
): string {
  const named = (person: PersonId): string => cut(nameOf(plan, person), longestName)
  const { from, author, speaker, asker } = who
  if (speaker !== asker) return `${words} (kept by ${named(asker)})`
  const said = author === undefined ? from.author : named(author)
  return said === undefined || speaker === author ? words : `${said}: ${words}`
}

async function authorOf(inbound: Inbound, slack: string): Promise<PersonId | undefined> {
  const known = await inbound.identity.personOf(slack)
  return 'person' in known ? known.person : undefined
}

function mayNote(plan: DrPlan, person: PersonId | undefined): person is PersonId {
  return person !== undefined && permit(specOf('note'), plan.people[person]?.roles).ok
}

/** A message as a note: without the emoji, people by name, without Slack's entities. */
export function noteText(plan: DrPlan, text: string): string {
  const person = (slack: string): string | undefined => {
    const id = bySlackId(plan, slack)
    return id === undefined ? undefined : `@${nameOf(plan, id)}`
  }
  const readable = written(cut(text, 9_000), { person, incident: () => undefined })
  const plain = readable
    .replace(startOf(plan), '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
  return plain.trim() || '(no text)'
}

function startOf(plan: DrPlan): RegExp {
  return new RegExp(`^\\s*:${RegExp.escape(noteEmoji(plan))}:\\s*`, 'u')
}

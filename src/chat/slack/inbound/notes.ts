// Messages that people want in the timeline: by the note emoji, by beginning with it, or by the shortcut.
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
/** Room for the verb, the incident and the quoting of a text. */
const longestNote = Math.floor((longestCommand - 60) / 2)

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

/** Puts a message into the timeline, once. It is noted by its author, else by who asked for it, with the author named. */
export async function keepMessage(
  inbound: Inbound,
  from: NoteFrom,
  keeping: Keeping,
): Promise<{ readonly reply: Reply; readonly done: boolean }> {
  const { incident } = keeping
  const asker = await inbound.identity.personOf(keeping.by)
  if ('refusal' in asker) return { reply: { card: asker.refusal, to: 'asker' }, done: false }
  try {
    if (!(await inbound.store.once(`slack:note:${incident}:${from.channel}:${from.ts}`, keptFor)))
      return { reply: { card: keptAlready, to: 'asker' }, done: false }
  } catch {
    return { reply: { card: storeDown(inbound), to: 'asker' }, done: false }
  }
  const plan = inbound.plan()
  const author = from.author === undefined ? undefined : await authorOf(inbound, from.author)
  const speaker = !keeping.edited && mayNote(plan, author) ? author : asker.person
  const words = keeping.edited ? from.text : noteText(plan, from.text)
  const name = author === undefined ? from.author : plan.people[author]?.name
  const said = name === undefined || speaker === author ? words : `${name}: ${words}`
  const text = printCommand({ verb: 'note', incident, text: cut(said, longestNote) })
  const answer = await inbound.dispatch(text, {
    person: speaker,
    door: 'slack',
    incident,
    heardIn: 'slack',
  })
  return { reply: replyToPress({ answer, room: incident }, text), done: answer.status === 'done' }
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
    return id === undefined ? undefined : `@${plan.people[id]?.name ?? id}`
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

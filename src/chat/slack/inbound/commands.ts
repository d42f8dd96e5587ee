// `/dr ...`, mentions and direct messages: the same words, each answered where it was said.
import { parseCommand } from '../../../command/parse.ts'
import { reasonOf } from '../../../errors.ts'
import type { Card, Line } from '../../../message.ts'
import { within } from '../../lanes.ts'
import { replyTo } from '../../reply.ts'
import type { Reply } from '../../reply.ts'
import { fresh } from './payload.ts'
import type { Said, SlashCommand } from './payload.ts'
import { response, send } from './reply.ts'
import { roomOf, speak, storeDown } from './speak.ts'
import type { Inbound, Spoken } from './speak.ts'
import { withoutBot } from './written.ts'

/** What Slack is told at once; its argument is shown to the asker. */
export type Ack = (body?: object) => Promise<void>

/** Slack waits 3 s for an acknowledgement; an answer that is there by then stands in it. Real milliseconds. */
export const patience = 1_500

const moreToType: Line = ['All that you may type: ', { command: 'help' }]

const working: Card = {
  title: 'Working on it ...',
  tone: 'quiet',
  sections: [{ lines: [['The answer follows here. Once is enough: it is being done.']] }],
}

const notAtTheStart: Card = {
  title: 'To give the bot a command, begin with its name',
  tone: 'quiet',
  sections: [{ lines: [['Such as: ', { code: '@dr-bot status' }, '. Nothing was done.']] }],
}

/** A command's words without what makes them a command: at 3 a.m. nobody should wonder why nothing happens. */
function bareWords(text: string): Card {
  return {
    title: 'Nothing was done: a command begins with /dr',
    tone: 'quiet',
    sections: [{ lines: [['To do it, type: ', { command: text }]] }],
    buttons: [{ label: `Do it: ${text}`, command: text, style: 'plain' }],
  }
}

/** Longer ones are about something else than a command. */
const mostBareWords = 4

/** Whether what was said among people reads as a command that somebody meant for the bot. */
export function isBare(said: Said): boolean {
  if (said.type !== 'message' || said.channel_type === 'im' || said.user === undefined) return false
  if (!fresh(said) || said.bot_id !== undefined || said.text.trim() === '') return false
  const words = said.text.trim().split(/\s+/)
  return words.length <= mostBareWords && 'command' in parseCommand(said.text)
}

/** Tells who typed a command's words into an incident's room how a command begins. */
export async function onBare(inbound: Inbound, said: Said): Promise<void> {
  const { user, channel, text } = said
  if (user === undefined || (await roomOf(inbound, channel)) === undefined) return
  const known = await inbound.identity.personOf(user)
  if ('refusal' in known) return
  const asked = { user, channel, thread: said.thread_ts }
  await send({ card: bareWords(text.trim()), to: 'asker' }, asked, inbound)
}

/** What was carried out as it was first written must not be carried out again for a mended letter. */
const editedCard: Card = {
  title: 'An edited message is not carried out',
  tone: 'quiet',
  sections: [{ lines: [['Nothing was done now. To give a command, write a new message.']] }],
}

/** Answers a slash command: in the acknowledgement when it is there in time, else afterwards. */
export async function onCommand(inbound: Inbound, command: SlashCommand, ack: Ack): Promise<void> {
  const { user_id: user, channel_id: channel, response_url: responseUrl, text } = command
  const asked = { user, channel, responseUrl }
  const work = answerTo(inbound, { user, channel, text })
  const early = await within(work, patience)
  const told = await acknowledged(inbound, early ?? { card: working, to: 'asker' }, ack)
  if (early === undefined || !told) await send(early ?? (await work), asked, inbound)
}

async function answerTo(inbound: Inbound, spoken: Spoken): Promise<Reply> {
  // A bare /dr asks what is going on; all that can be typed would fill the screen of a phone.
  const bare = spoken.text.trim() === ''
  const text = bare ? 'status' : spoken.text
  const heard = await speak(inbound, { ...spoken, text })
  if ('refusal' in heard) return { card: heard.refusal, to: 'asker' }
  const reply = replyTo(heard, text)
  return bare ? { ...reply, card: { ...reply.card, footer: moreToType } } : reply
}

/** Whether Slack heard it: a connection that is cut meanwhile takes the acknowledgement with it. */
async function acknowledged(inbound: Inbound, reply: Reply, ack: Ack): Promise<boolean> {
  try {
    await ack(response(reply))
    return true
  } catch (thrown) {
    inbound.log.warn('an acknowledgement did not reach Slack', { reason: reasonOf(thrown) })
    return false
  }
}

/** Answers a mention, or a direct message: in the room where it is one, else in a thread under what was said. */
export async function onSaid(inbound: Inbound, said: Said): Promise<void> {
  const { user, channel, text } = said
  if (user === undefined) return
  const asked = { user, channel, thread: said.thread_ts }
  const direct = said.type === 'message'
  const refuse = (card: Card, to: Reply['to']): Promise<void> => send({ card, to }, asked, inbound)
  const privately = direct ? 'room' : 'asker'
  const known = await inbound.identity.personOf(user)
  if ('refusal' in known) return refuse(known.refusal, privately)
  if (said.edited !== undefined) return refuse(editedCard, 'asker')
  const words = withoutBot(text, inbound.workspace.known()?.botUserId ?? '')
  if (!direct && words === undefined) return refuse(notAtTheStart, 'asker')
  const heard = await speak(inbound, { user, channel, text: words ?? text })
  if ('refusal' in heard) return refuse(heard.refusal, privately)
  const under = direct || heard.room !== undefined ? undefined : said.ts
  const answered = { ...asked, thread: said.thread_ts ?? under }
  await send({ card: replyTo(heard, words ?? text).card, to: 'room' }, answered, inbound)
}

/** Says that the store is away to somebody whose words cannot be acknowledged with an answer. */
export async function sayUndone(inbound: Inbound, said: Said): Promise<void> {
  const asked = { user: said.user ?? '', channel: said.channel, thread: said.thread_ts }
  await send({ card: storeDown(inbound), to: said.type === 'message' ? 'room' : 'asker' }, asked, inbound)
}

// What is said to the bot in a channel or a chat, and buttons of old clients: answered where it was said.
import { pressedText } from '../../../command/press.ts'
import { reasonOf } from '../../../errors.ts'
import { second } from '../../../ids.ts'
import type { Duration } from '../../../ids.ts'
import type { Card } from '../../../message.ts'
import { within } from '../../lanes.ts'
import { replyTo } from '../../reply.ts'
import type { Conversation } from '../api.ts'
import { readPressed } from '../render/buttons.ts'
import { inPersonalChat } from '../render/personal.ts'
import { sendAnswer } from './answers.ts'
import { isPersonal } from './payload.ts'
import type { Activity } from './payload.ts'
import { speak } from './speak.ts'
import type { Heard, Inbound, Spoken } from './speak.ts'
import { byObjectId, wordsOf } from './written.ts'

/** Who waits longer than this is told that it is being done; real milliseconds. */
const patience: Duration = 3 * second

const working: Card = {
  title: 'Working on it ...',
  tone: 'quiet',
  sections: [{ lines: [['The answer follows here. Once is enough: it is being done.']] }],
}
const notAtTheStart: Card = {
  title: 'To give the bot a command, begin with its name',
  tone: 'quiet',
  sections: [{ lines: [['Such as: ', { code: '@dr status' }, '. Nothing was done.']] }],
}
/** What was carried out as it was first written must not be carried out again for a mended letter. */
const edited: Card = {
  title: 'An edited message is not carried out',
  tone: 'quiet',
  sections: [{ lines: [['Nothing was done now. To give a command, write a new message.']] }],
}

/** Where an answer goes; in a personal chat commands are typed without the bot's name. */
interface Place extends Conversation {
  readonly personal: boolean
}

/** Answers a message; what is not for the bot is left alone. Never rejects. */
export async function onMessage(inbound: Inbound, activity: Activity): Promise<void> {
  const pressed = readPressed(activity.value)
  if (pressed !== undefined)
    return answer(inbound, activity, spokenIn(activity, pressedText(pressed.command, pressed)))
  const words = await readWords(inbound, activity)
  if (words === 'not-to-the-bot') return
  if (words === 'name-not-first') return tell(inbound, activity, notAtTheStart)
  // The bot's bare name asks what is going on.
  const text = words.text === '' ? 'status' : words.text
  await answer(inbound, activity, { ...spokenIn(activity, text), written: true })
}

/** A message that was changed after it was sent. */
export async function onEdit(inbound: Inbound, activity: Activity): Promise<void> {
  if (activity.channelData?.eventType !== 'editMessage') return
  const words = await readWords(inbound, activity)
  if (words !== 'not-to-the-bot') await tell(inbound, activity, edited)
}

async function readWords(inbound: Inbound, activity: Activity): Promise<ReturnType<typeof wordsOf>> {
  // Who is mentioned is only a nicety: without the store it stays a name.
  const people = await inbound.references.read().then(
    (read) => Object.entries(read.people),
    () => [],
  )
  const person = (mri: string): string | undefined => {
    const id = people.find(([, each]) => each.mri === mri)?.[0]
    return id === undefined ? undefined : byObjectId(inbound.plan(), id)
  }
  return wordsOf(activity, { personal: isPersonal(activity), person })
}

function spokenIn({ from, conversation }: Activity, text: string): Spoken {
  return { user: from.aadObjectId, conversation: conversation.id, text }
}

/** Where an activity was; in a channel that is the thread, whose id the conversation has. */
export function placeOf(activity: Activity): Place {
  const { conversation, serviceUrl } = activity
  return {
    id: conversation.id,
    serviceUrl: serviceUrl.replace(/\/$/, ''),
    personal: isPersonal(activity),
  }
}

async function answer(inbound: Inbound, activity: Activity, spoken: Spoken): Promise<void> {
  const to = placeOf(activity)
  const work = speak(inbound, spoken)
  const early = await within(work, patience)
  if (early !== undefined) return tell(inbound, activity, cardIn(early, spoken.text))
  const told = await inbound.api
    .send(to, inbound.render(working), { lane: 'answer' })
    .catch((thrown: unknown) => {
      inbound.log.debug('nobody could be told that it is being done', { reason: reasonOf(thrown) })
    })
  await say(inbound, to, cardIn(await work, spoken.text), told?.id)
}

/** The card that answers `text`. Nothing in Teams can be shown to one person alone. */
export function cardIn(heard: Heard, text: string): Card {
  return 'refusal' in heard ? heard.refusal : replyTo(heard, text).card
}

/**
 * Says it where the activity was. Whom the plan does not know is told the same only once in a while: Teams takes so much
 * in a conversation, and whoever writes enough could keep the incident's card, and answers to others, from it.
 */
export async function tell(inbound: Inbound, activity: Activity, card: Card): Promise<void> {
  const { aadObjectId: user } = activity.from
  const isKnown = user !== undefined && byObjectId(inbound.plan(), user) !== undefined
  const key = `${user} ${activity.conversation.id} ${card.title}`
  if (isKnown || inbound.strangers.tellNow(key)) await say(inbound, placeOf(activity), card)
}

/**
 * Says it there as soon as Teams takes it, in place of an earlier message where one is named. What reaches nobody is
 * logged. Never rejects.
 */
export async function say(
  deps: Pick<Inbound, 'api' | 'render' | 'log' | 'clock' | 'turns'>,
  to: Place,
  card: Card,
  instead?: string,
): Promise<void> {
  try {
    const activity = deps.render(to.personal ? inPersonalChat(card) : card, to.personal)
    await sendAnswer(deps, { to, activity, instead })
  } catch (thrown) {
    deps.log.warn('an answer in Teams reached nobody', { answer: card.title, reason: reasonOf(thrown) })
  }
}

// Buttons on cards (Action.Execute): a press is a typed command; a card that refreshes itself only shows what is there.
import { pressedText } from '../../../command/press.ts'
import { reasonOf } from '../../../errors.ts'
import { second } from '../../../ids.ts'
import type { Duration } from '../../../ids.ts'
import { plain } from '../../../message.ts'
import type { Card } from '../../../message.ts'
import { within } from '../../lanes.ts'
import { readPressed } from '../render/buttons.ts'
import { cardIn, placeOf, say } from './messages.ts'
import { CardAction, commandVerb, Viewed } from './payload.ts'
import type { Activity } from './payload.ts'
import { personOf, speak } from './speak.ts'
import type { Heard, Inbound } from './speak.ts'

/** The body of an invoke's answer; its own status stands in it. */
export interface InvokeAnswer {
  readonly statusCode: number
  readonly type: string
  readonly value: unknown
}

/** Teams waits some 10 s for an invoke's answer, the person less; real milliseconds. */
const patience: Duration = 4 * second
/** What is shown of an answer under a card. */
const longestText = 800

/** Carries out what was pressed, or shows a card again. Never rejects. */
export async function onCardAction(inbound: Inbound, activity: Activity): Promise<InvokeAnswer> {
  const read = CardAction.safeParse(activity.value)
  if (!read.success) return refused('this button says nothing that the bot can read')
  const { action, trigger } = read.data
  // Teams presses by itself what refreshes a card: nothing may ever be done by that.
  if (trigger === 'automatic' || action.verb !== commandVerb) return shownAnew(inbound, activity, action.data)
  const pressed = readPressed(action.data)
  if (pressed === undefined) return refused('this button says nothing that the bot can read')
  return carriedOut(inbound, activity, pressedText(pressed.command, pressed))
}

async function shownAnew(inbound: Inbound, { from }: Activity, data: unknown): Promise<InvokeAnswer> {
  const viewed = Viewed.safeParse(data)
  const known = personOf(inbound, from.aadObjectId)
  if (!viewed.success || 'refusal' in known) return refused('there is nothing else to show')
  try {
    const card = await within(inbound.view(viewed.data.view, known.person), patience)
    return card === undefined ? refused('there is nothing else to show') : showing(card)
  } catch (thrown) {
    inbound.log.warn('a card in Teams could not be shown again', { reason: reasonOf(thrown) })
    return refused('there is nothing else to show')
  }
}

async function carriedOut(inbound: Inbound, activity: Activity, text: string): Promise<InvokeAnswer> {
  const { from, conversation } = activity
  const work = speak(inbound, { user: from.aadObjectId, conversation: conversation.id, text })
  const early = await within(work, patience)
  if (early !== undefined && isShort(early, text)) return telling(shortOf(early, text))
  // The answer has more to show than fits under a card, or is not there yet: it follows as a message.
  const later = work.then((heard) => say(inbound, placeOf(activity), cardIn(heard, text)))
  if (early !== undefined) await within(later, second)
  return telling(early === undefined ? 'Working on it: the answer follows here.' : shortOf(early, text))
}

/**
 * Done in a sentence, or refused, or shown by a card that is there: then what is said under the card is all there is
 * to say.
 */
function isShort(heard: Heard, text: string): boolean {
  if ('refusal' in heard || heard.answer.status !== 'done') return true
  return heard.answer.said !== undefined || cardIn(heard, text) !== heard.answer.card
}

function shortOf(heard: Heard, text: string): string {
  const said = 'answer' in heard && heard.answer.status === 'done' ? heard.answer.said : undefined
  return cut(said ?? asText(cardIn(heard, text)))
}

/** A card's words, without its buttons: these stand on the card that was pressed. */
function asText({ title, sections = [] }: Card): string {
  const lines = sections.flatMap((section) => (section.lines ?? []).map(plain))
  return [title, ...lines].join('\n')
}

function cut(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText - 1)}…`
}

function showing(card: object): InvokeAnswer {
  return { statusCode: 200, type: 'application/vnd.microsoft.card.adaptive', value: card }
}

/** Shown to the person who pressed, and to nobody else. */
export function telling(text: string): InvokeAnswer {
  return { statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: text }
}

/** The card stays as it is. */
function refused(message: string): InvokeAnswer {
  const value = { code: 'BadRequest', message }
  return { statusCode: 400, type: 'application/vnd.microsoft.error', value }
}

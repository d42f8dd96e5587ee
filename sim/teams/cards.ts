// What Teams makes of an Adaptive Card: what it refuses, what it shows as text, and its buttons with what they send.
import { Refused, objectOf, textOf, type Json } from './answer.ts'
import type { Attachment, TeamsMessage } from './state.ts'

export const cardType = 'application/vnd.microsoft.card.adaptive'

/** Bytes of one message, cards and all (learn.microsoft.com, Teams, "Format your bot messages"). */
const mostBytes = 28 * 1_024
const mostRefreshed = 60
const actionTypes = [
  'Action.Execute',
  'Action.Submit',
  'Action.ShowCard',
  'Action.OpenUrl',
  'Action.ToggleVisibility',
]

/** Throws what the connector answers to an activity that it does not take. */
export function checkActivity(activity: Json): readonly Attachment[] {
  const attachments = Array.isArray(activity['attachments']) ? activity['attachments'].map(attachmentOf) : []
  if (activity['type'] !== 'message')
    throw new Refused(400, 'BadSyntax', `Unknown activity type ${String(activity['type'])}`)
  if (textOf(activity['text']) === '' && attachments.length === 0)
    throw new Refused(400, 'BadSyntax', 'Activity must include text or attachments')
  if (Buffer.byteLength(JSON.stringify(activity)) > mostBytes)
    throw new Refused(413, 'MessageSizeTooBig', 'Message size too large.')
  for (const { contentType, content } of attachments)
    if (contentType === cardType) checkCard(objectOf(content))
  return attachments
}

function attachmentOf(value: unknown): Attachment {
  const { contentType, content, contentUrl, name } = objectOf(value)
  return {
    contentType: textOf(contentType),
    ...(content !== undefined && { content }),
    ...(typeof contentUrl === 'string' && { contentUrl }),
    ...(typeof name === 'string' && { name }),
  }
}

/** Throws for what no client of Teams would show. */
export function checkCard(card: Json): void {
  const wrong = (why: string): never => {
    throw new Refused(400, 'BadArgument', `Adaptive Card is not valid: ${why}`)
  }
  if (card['type'] !== 'AdaptiveCard') wrong('type must be AdaptiveCard')
  if (!/^1\.[0-5]$/.test(textOf(card['version']))) wrong('version must be 1.0 to 1.5')
  if (!Array.isArray(card['body'])) wrong('body must be a list')
  const refresh = objectOf(card['refresh'])
  const users = refresh['userIds']
  if (Array.isArray(users) && users.length > mostRefreshed)
    wrong(`refresh names more than ${mostRefreshed} users`)
  if ('action' in refresh && objectOf(refresh['action'])['type'] !== 'Action.Execute')
    wrong('refresh needs an Action.Execute')
  for (const action of actionsOf(card)) {
    if (!actionTypes.includes(textOf(action['type']))) wrong(`unknown action ${textOf(action['type'])}`)
  }
}

/** The card of a message, if it has one. */
export function cardOf(message: Pick<TeamsMessage, 'attachments'>): Json | undefined {
  const found = message.attachments.find((each) => each.contentType === cardType)
  return found && objectOf(found.content)
}

/** Every action of a card, those behind Action.ShowCard included, outermost first. */
function actionsOf(card: unknown): readonly Json[] {
  if (Array.isArray(card)) return card.flatMap(actionsOf)
  if (typeof card !== 'object' || card === null) return []
  const entries = Object.entries(card).filter(([name]) => name !== 'refresh' && name !== 'fallback')
  const own = 'type' in card && textOf(card.type).startsWith('Action.') ? [card as Json] : []
  return [...own, ...entries.flatMap(([, value]) => actionsOf(value))]
}

/** A button as somebody finds it: by its title; the inputs that are sent with it. */
export interface Pressable {
  readonly action: Json
  /** Inputs beside the action and above it, by id with what stands in them. */
  readonly inputs: Readonly<Record<string, string>>
}

/** The labels of all buttons that send something, in their order. */
export function buttonsOf(card: Json): readonly string[] {
  return actionsOf(card)
    .filter((each) => ['Action.Execute', 'Action.Submit'].includes(textOf(each['type'])))
    .map((each) => textOf(each['title']))
}

/** Everything that can be pressed, by its label: what opens more and what leads elsewhere, too. */
export function labelsOf(card: Json): readonly string[] {
  return actionsOf(card).map((each) => textOf(each['title']))
}

/**
 * The action that pressing a label sends. A label on an Action.ShowCard stands for the first action that sends
 * something in what it opens.
 */
export function findAction(card: Json, label: string): Pressable | undefined {
  return search(card, label, {})
}

function search(card: Json, label: string, outer: Readonly<Record<string, string>>): Pressable | undefined {
  const { shown, actions } = surface(card)
  const inputs = { ...outer, ...inputsOf(shown) }
  for (const action of actions) {
    const opens = action['type'] === 'Action.ShowCard' ? objectOf(action['card']) : undefined
    const named = action['title'] === label
    if (named && opens === undefined) return { action, inputs }
    const first = named && opens ? buttonsOf(opens)[0] : label
    const inside = opens && first !== undefined ? search(opens, first, inputs) : undefined
    if (inside) return inside
  }
  return undefined
}

/** A card's own elements and actions, without what its Action.ShowCards open. */
function surface(card: Json): { readonly shown: readonly Json[]; readonly actions: readonly Json[] } {
  const shown: Json[] = []
  const actions: Json[] = []
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(walk)
    if (typeof value !== 'object' || value === null) return
    if ('type' in value && textOf(value.type).startsWith('Action.')) {
      actions.push(value)
      return
    }
    shown.push(value as Json)
    for (const [name, each] of Object.entries(value)) if (name !== 'refresh') walk(each)
  }
  walk(card)
  return { shown, actions }
}

function inputsOf(elements: readonly Json[]): Readonly<Record<string, string>> {
  const inputs = elements.filter((each) => textOf(each['type']).startsWith('Input.'))
  return Object.fromEntries(inputs.map((each) => [textOf(each['id']), textOf(each['value'])]))
}

/** The texts of a card in their order, one line each, without its actions. */
export function cardText(card: unknown): string {
  if (Array.isArray(card)) return card.map(cardText).filter(Boolean).join('\n')
  if (typeof card !== 'object' || card === null) return ''
  const {
    type,
    text,
    inlines,
    body,
    items,
    columns,
    facts,
    title,
    value,
    rows,
    cells,
    card: inner,
  } = objectOf(card)
  const runs = Array.isArray(inlines)
    ? inlines.map((run) => (typeof run === 'string' ? run : textOf(objectOf(run)['text']))).join('')
    : ''
  if (textOf(type).startsWith('Action.') || textOf(type).startsWith('Input.')) return ''
  const fact = type === undefined && title !== undefined ? `${textOf(title)}: ${textOf(value)}` : ''
  const parts = [textOf(text), runs, fact, ...[body, items, columns, facts, rows, cells, inner].map(cardText)]
  return parts.filter(Boolean).join('\n')
}

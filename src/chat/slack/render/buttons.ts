// Buttons as Slack has them: a typed command in the value, with what must be asked first; and the way back.
import { z } from 'zod'
import type { Button, Card } from '../../../message.ts'
import { limits } from './blocks.ts'
import type { ButtonElement, Confirm } from './blocks.ts'
import { clean, cut, webAddress } from '../../text.ts'
import { plainText } from './text.ts'

/** What a pressed button wants: its command, and what a modal must ask before it is carried out. */
const PressedButton = z.object({
  command: z.string(),
  label: z.string().exactOptional(),
  typed: z.string().exactOptional(),
  input: z.string().exactOptional(),
  needed: z.literal(true).exactOptional(),
  confirm: z.string().exactOptional(),
})
export type PressedButton = Readonly<z.infer<typeof PressedButton>>

/** The action ids of buttons that are commands; those of links (`link:1`) need nothing but to be acknowledged. */
export const commandAction = /^dr:\d+$/

/** The card's buttons, then its links, numbered from `first` so that no two on one page are alike. */
export function buttonElements(card: Card, first = 1): readonly ButtonElement[] {
  const buttons = (card.buttons ?? []).map((button, index) => commandButton(button, first + index))
  const links = (card.links ?? []).map(({ label, link }, index) => linkButton(label, link, first + index))
  return [...buttons, ...links].filter((each) => each !== undefined)
}

/**
 * A button for a command; undefined where the command is too long for one, as a command cut short would be another
 * command. What must be typed first is asked by a modal, and so is `confirm` then: nobody is asked twice.
 */
function commandButton(button: Button, number: number): ButtonElement | undefined {
  const value = buttonValue(button)
  if (value === undefined) return undefined
  const asks = button.typed !== undefined || button.input !== undefined
  const label = clean(button.label).trim() || clean(button.command).trim()
  return {
    type: 'button',
    action_id: `dr:${number}`,
    text: plainText(asks ? `${label}…` : label, limits.label),
    value,
    ...(button.style !== 'plain' && { style: button.style }),
    ...(button.confirm !== undefined && !asks && { confirm: confirmOf(button, label) }),
  }
}

/** The bare command where nothing else must be known, else all of it as JSON. */
function buttonValue({ command, label, typed, input, confirm, needed }: Button): string | undefined {
  const asks = typed !== undefined || input !== undefined
  const text = clean(command).trim()
  const wanted: PressedButton = {
    command: text,
    ...(asks && { label: cut(clean(label), limits.label) }),
    ...(typed !== undefined && { typed: clean(typed) }),
    ...(input !== undefined && { input: cut(clean(input), limits.inputLabel) }),
    ...(input !== undefined && needed && { needed }),
    ...(asks && confirm !== undefined && { confirm: cut(clean(confirm), limits.confirmText) }),
  }
  const value = asks || text.startsWith('{') ? JSON.stringify(wanted) : text
  return value !== '' && value.length <= limits.value ? value : undefined
}

/** What a button's value says. A value that this program did not write is a command like any typed text. */
export function readButton(value: string): PressedButton {
  if (!value.startsWith('{')) return { command: value }
  try {
    return PressedButton.parse(JSON.parse(value))
  } catch {
    return { command: value }
  }
}

function confirmOf(button: Button, label: string): Confirm {
  return {
    title: plainText(`${label}?`, limits.confirmTitle),
    text: plainText(button.confirm ?? '', limits.confirmText, 'Sure?'),
    confirm: plainText(label, limits.confirmButton),
    deny: plainText('Not now', limits.confirmButton),
    ...(button.style !== 'plain' && { style: button.style }),
  }
}

function linkButton(label: string, link: string, number: number): ButtonElement | undefined {
  const url = webAddress(link, limits.url)
  if (url === undefined) return undefined
  return { type: 'button', action_id: `link:${number}`, text: plainText(label, limits.label, 'Open'), url }
}

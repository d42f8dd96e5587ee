// A card as one person sees it: without the buttons that this person may not press.
import { specOf } from '../../../../commands/index.ts'
import { parseCommand } from '../../../command/parse.ts'
import { permit } from '../../../command/permit.ts'
import { pressedText } from '../../../command/press.ts'
import type { Role } from '../../../drplan/schema.ts'
import type { Button, Card } from '../../../message.ts'

/**
 * The card for somebody with these roles. A nicety: rights are checked when a button is pressed, whoever has seen it.
 */
export function viewFor(card: Card, roles: readonly Role[] | undefined): Card {
  const { buttons = [], ...rest } = card
  return { ...rest, buttons: buttons.filter((button) => mayPress(button, roles)) }
}

function mayPress({ command, typed, input }: Button, roles: readonly Role[] | undefined): boolean {
  const parsed = parseCommand(pressedText(command, { typed, input: input === undefined ? undefined : 'why' }))
  return !('command' in parsed) || permit(specOf(parsed.command.verb), roles).ok
}

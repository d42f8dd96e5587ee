// A card as one person sees it: without the buttons that this person may not press.
import { specOf } from '../../commands/index.ts'
import type { Role } from '../drplan/schema.ts'
import type { Instant, PersonId } from '../ids.ts'
import type { Button, Card } from '../message.ts'
import type { Run } from '../recovery/run.ts'
import { mayApprove } from '../recovery/verdicts.ts'
import { parseCommand } from './parse.ts'
import { permit } from './permit.ts'
import { pressedText } from './press.ts'

/** Who looks at a card, and when. */
export interface Onlooker {
  readonly person: PersonId
  readonly roles: readonly Role[]
  readonly now: Instant
}

/**
 * The card for somebody with these roles. A nicety: rights are checked when a button is pressed, whoever has seen it.
 */
export function viewFor(card: Card, roles: readonly Role[] | undefined): Card {
  const { buttons, ...rest } = card
  return buttons === undefined
    ? card
    : { ...rest, buttons: buttons.filter((button) => mayPress(button, roles)) }
}

/** A run's card for one person: an approval that only somebody else can give is no button. */
export function runViewFor(card: Card, run: Run, { person, roles, now }: Onlooker): Card {
  const view = viewFor(card, roles)
  if (view.buttons === undefined || mayApprove(run, person, roles, now)) return view
  return { ...view, buttons: view.buttons.filter(({ command }) => command !== `approve ${run.id}`) }
}

function mayPress({ command, typed, input }: Button, roles: readonly Role[] | undefined): boolean {
  const parsed = parseCommand(pressedText(command, { typed, input: input === undefined ? undefined : 'why' }))
  return !('command' in parsed) || permit(specOf(parsed.command.verb), roles).ok
}

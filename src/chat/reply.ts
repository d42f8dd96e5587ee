// What of an answer is shown where it was asked: in an incident's room its card stands already, and a sentence is enough.
import { specOf } from '../../commands/index.ts'
import type { Answer } from '../command/command.ts'
import { parseCommand } from '../command/parse.ts'
import { withCommands } from '../command/typed.ts'
import type { IncidentId } from '../ids.ts'
import type { Card } from '../message.ts'

/** What was answered, and the incident whose room it was said in. */
export interface Heard {
  readonly answer: Answer
  readonly room: IncidentId | undefined
}

/** An answer as it is shown: to everybody who is there, or to who asked, where a chat can tell them apart. */
export interface Reply {
  readonly card: Card
  readonly to: 'asker' | 'room'
}

/** Commands that concern everybody who is there. */
const forAll: readonly string[] = ['open', 'freeze', 'unfreeze', 'oncall override', 'oncall cancel']
/** What chats show of a title. */
const longestTitle = 140

/** What is shown to whom: answers and refusals to the asker; in a room, what its card shows is only pointed at. */
export function replyTo({ answer, room }: Heard, text: string): Reply {
  const { card, said, status, run, incident } = answer
  if (status !== 'done') return { card, to: 'asker' }
  const parsed = parseCommand(text)
  const verb = 'command' in parsed ? parsed.command.verb : undefined
  if (verb === undefined || !specOf(verb).changes) return { card, to: 'asker' }
  const here = room !== undefined && incident === room
  if (run !== undefined && ['failover', 'failback'].includes(verb))
    return here ? { card: pointer(answer), to: 'asker' } : { card, to: 'room' }
  const to = forAll.includes(verb) && !here ? 'room' : 'asker'
  return { card: said === undefined ? card : short(said, card), to }
}

/** The answer to a press: short where the card it stands on is brought up to date by itself. */
export function replyToPress(heard: Heard, text: string): Reply {
  return { card: replyTo(heard, text).card, to: 'asker' }
}

function pointer({ card, said, run }: Answer): Card {
  const [title, where] =
    said === undefined
      ? [`${run} is proposed`, 'Its card, with all there is to see before deciding, stands here.']
      : [said, 'Its card stands here, and shows how it goes.']
  return { title, tone: card.tone, sections: [{ lines: [[where]] }] }
}

function short(said: string, { tone }: Card): Card {
  const line = withCommands(said)
  // A title shows no command as it is typed here.
  return line.length === 1 && said.length <= longestTitle
    ? { title: said, tone }
    : { title: 'Done', tone, sections: [{ lines: [line] }] }
}

// `note`: a sentence into the timeline.
import { freeText, optional, takeIncident } from '../src/command/read.ts'
import { quote } from '../src/command/words.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const note: CommandSpec<'note'> = {
  verb: 'note',
  usage: 'note [INC-n] text',
  summary: 'Write into the timeline',
  examples: ['note rolled back the HAProxy configuration', 'note INC-3 "disk of lb1 is full"'],
  rights: ['engineer', 'manager'],
  changes: true,
  parse: (words) => {
    const { incident, rest } = takeIncident(words)
    const text = freeText(rest)
    if (text === undefined) return { problem: 'What should be noted?' }
    return { command: { verb: 'note', ...optional('incident', incident), text } }
  },
  print: (command) =>
    ['note', command.incident, quote(command.text)].filter((part) => part !== undefined).join(' '),
}

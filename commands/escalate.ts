// `escalate`: the next level is called now.
import { freeText, optional, takeIncident } from '../src/command/read.ts'
import { quote } from '../src/command/words.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const escalate: CommandSpec<'escalate'> = {
  verb: 'escalate',
  usage: 'escalate [INC-n] [reason]',
  summary: 'Call a manager and the dev team now',
  examples: ['escalate', 'escalate INC-3 the image of the VM is corrupt'],
  rights: ['engineer', 'manager'],
  changes: true,
  parse: (words) => {
    const { incident, rest } = takeIncident(words)
    const reason = freeText(rest)
    return {
      command: { verb: 'escalate', ...optional('incident', incident), ...optional('reason', reason) },
    }
  },
  print: (command) =>
    ['escalate', command.incident, command.reason === undefined ? undefined : quote(command.reason)]
      .filter((part) => part !== undefined)
      .join(' '),
}

// `resolve`: it works again; the incident closes.
import { freeText, optional, takeIncident } from '../src/command/read.ts'
import { quote } from '../src/command/words.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const resolve: CommandSpec<'resolve'> = {
  verb: 'resolve',
  usage: 'resolve [INC-n] [what it was]',
  summary: 'Close the incident; while Nagios still reports problems, with the reason',
  examples: ['resolve', 'resolve INC-3 certificate had expired'],
  rights: ['engineer', 'manager'],
  changes: true,
  parse: (words) => {
    const { incident, rest } = takeIncident(words)
    return {
      command: { verb: 'resolve', ...optional('incident', incident), ...optional('what', freeText(rest)) },
    }
  },
  print: (command) =>
    ['resolve', command.incident, command.what === undefined ? undefined : quote(command.what)]
      .filter((part) => part !== undefined)
      .join(' '),
}

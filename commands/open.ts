// `open`: an incident that no alert has reported.
import { demandSystem, freeText, optional } from '../src/command/read.ts'
import { quote } from '../src/command/words.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const open: CommandSpec<'open'> = {
  verb: 'open',
  usage: 'open system [summary]',
  summary: 'Open an incident without an alert; pages go out as for any other',
  examples: ['open lb', 'open api customers report errors at checkout'],
  rights: ['engineer', 'manager'],
  changes: true,
  parse: (words) => {
    const found = demandSystem(words[0])
    if ('problem' in found) return found
    return {
      command: { verb: 'open', system: found.system, ...optional('summary', freeText(words.slice(1))) },
    }
  },
  print: (command) =>
    ['open', command.system, command.summary === undefined ? undefined : quote(command.summary)]
      .filter((part) => part !== undefined)
      .join(' '),
}

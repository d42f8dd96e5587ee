// `extend`: more time for the diagnosis, with a reason.
import { demandDuration, freeText, optional, takeIncident } from '../src/command/read.ts'
import { quote } from '../src/command/words.ts'
import { printDuration } from '../src/drplan/duration.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const extend: CommandSpec<'extend'> = {
  verb: 'extend',
  usage: 'extend [INC-n] 10m reason',
  summary: 'More time on the diagnosis clock, 30 minutes in all at most',
  examples: ['extend 10m waiting for the hoster', 'extend INC-3 5m "reading the logs"'],
  rights: ['engineer', 'manager'],
  changes: true,
  parse: (words) => {
    const { incident, rest } = takeIncident(words)
    const found = demandDuration(rest[0])
    if ('problem' in found) return found
    const reason = freeText(rest.slice(1))
    if (reason === undefined)
      return { problem: 'Why is more time needed? Write a reason after the duration.' }
    return { command: { verb: 'extend', ...optional('incident', incident), ...found, reason } }
  },
  print: (command) =>
    ['extend', command.incident, printDuration(command.duration), quote(command.reason)]
      .filter((part) => part !== undefined)
      .join(' '),
}

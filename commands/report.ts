// `report`: objective against measured, for the review.
import { complete, optional, takeIncident, takeRun } from '../src/command/read.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const report: CommandSpec<'report'> = {
  verb: 'report',
  usage: 'report [INC-n | R-n]',
  summary: 'Objective against measured, for the review',
  examples: ['report', 'report INC-3'],
  rights: ['anyone'],
  changes: false,
  parse: (words) => {
    const { incident, rest } = takeIncident(words)
    const { run, rest: more } = incident === undefined ? takeRun(rest) : { rest }
    return complete({ verb: 'report', ...optional('incident', incident), ...optional('run', run) }, more)
  },
  print: (command) =>
    ['report', command.incident, command.run].filter((part) => part !== undefined).join(' '),
}

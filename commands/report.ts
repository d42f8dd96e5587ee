// `report`: objective against measured, for the review.
import { complete, optional, takeIncident } from '../src/command/read.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const report: CommandSpec<'report'> = {
  verb: 'report',
  usage: 'report [INC-n]',
  summary: 'Objective against measured, for the review',
  examples: ['report', 'report INC-3'],
  rights: ['anyone'],
  changes: false,
  parse: (words) => {
    const { incident, rest } = takeIncident(words)
    return complete({ verb: 'report', ...optional('incident', incident) }, rest)
  },
  print: (command) => ['report', command.incident].filter((part) => part !== undefined).join(' '),
}

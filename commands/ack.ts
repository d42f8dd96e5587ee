// `ack`: I have it.
import { complete, optional, takeIncident } from '../src/command/read.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const ack: CommandSpec<'ack'> = {
  verb: 'ack',
  usage: 'ack [INC-n]',
  summary: 'I have it: the pages stop, the diagnosis clock goes on',
  examples: ['ack', 'ack INC-3'],
  rights: ['engineer', 'manager'],
  changes: true,
  parse: (words) => {
    const { incident, rest } = takeIncident(words)
    return complete({ verb: 'ack', ...optional('incident', incident) }, rest)
  },
  print: (command) => ['ack', command.incident].filter((part) => part !== undefined).join(' '),
}

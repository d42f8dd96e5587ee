// `timeline`: what happened, event by event.
import { complete, optional, optionOf, takeIncident, takeRun } from '../src/command/read.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const timeline: CommandSpec<'timeline'> = {
  verb: 'timeline',
  usage: 'timeline [INC-n | R-n] [--verify]',
  summary: 'What happened; --verify checks that nobody altered the record',
  examples: ['timeline', 'timeline INC-3', 'timeline INC-3 --verify'],
  rights: ['anyone'],
  changes: false,
  parse: (words) => {
    const verify = words.some((word) => optionOf(word) === 'verify')
    const { incident, rest } = takeIncident(words.filter((word) => optionOf(word) !== 'verify'))
    const { run, rest: more } = incident === undefined ? takeRun(rest) : { rest }
    return complete(
      { verb: 'timeline', ...optional('incident', incident), ...optional('run', run), verify },
      more,
    )
  },
  print: (command) =>
    ['timeline', command.incident, command.run, command.verify ? '--verify' : undefined]
      .filter((part) => part !== undefined)
      .join(' '),
}

// `runs`: recoveries that are running, and those of late.
import { complete, demandRun } from '../src/command/read.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const runs: CommandSpec<'runs'> = {
  verb: 'runs',
  usage: 'runs [R-n]',
  summary: 'Recoveries that are running and those of late, or one of them in full',
  examples: ['runs', 'runs R-7'],
  rights: ['anyone'],
  changes: false,
  parse: (words) => {
    if (words.length === 0) return { command: { verb: 'runs' } }
    const found = demandRun(words)
    return 'problem' in found ? found : complete({ verb: 'runs', run: found.run }, found.rest)
  },
  print: (command) => ['runs', command.run].filter((part) => part !== undefined).join(' '),
}

// `freeze` and `unfreeze`: no recovery starts while frozen.
import { complete, freeText, optional } from '../src/command/read.ts'
import { quote } from '../src/command/words.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const freeze: CommandSpec<'freeze'> = {
  verb: 'freeze',
  usage: 'freeze [reason]',
  summary: 'No recovery starts until unfrozen; approved ones go on with all their steps',
  examples: ['freeze', 'freeze the hoster is working on the network'],
  rights: ['engineer', 'manager', 'admin'],
  changes: true,
  parse: (words) => ({ command: { verb: 'freeze', ...optional('reason', freeText(words)) } }),
  print: (command) => `freeze${command.reason === undefined ? '' : ` ${quote(command.reason)}`}`,
}

export const unfreeze: CommandSpec<'unfreeze'> = {
  verb: 'unfreeze',
  usage: 'unfreeze',
  summary: 'Recoveries may start again',
  examples: ['unfreeze'],
  rights: ['engineer', 'manager', 'admin'],
  changes: true,
  parse: (words) => complete({ verb: 'unfreeze' }, words),
  print: () => 'unfreeze',
}

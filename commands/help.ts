// `help`: what you may type here.
import { freeText, optional } from '../src/command/read.ts'
import { quote } from '../src/command/words.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const help: CommandSpec<'help'> = {
  verb: 'help',
  usage: 'help [command]',
  summary: 'What you may type, one command in full, or the commands of one word',
  examples: ['help', 'help failover', 'help db'],
  rights: ['anyone'],
  changes: false,
  parse: (words) => ({ command: { verb: 'help', ...optional('about', freeText(words)) } }),
  print: (command) => ['help', ...(command.about === undefined ? [] : [quote(command.about)])].join(' '),
}

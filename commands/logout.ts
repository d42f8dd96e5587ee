// `logout`: takes back sessions and tokens, at once and on every machine.
import { complete, optional } from '../src/command/read.ts'
import { printWord } from '../src/command/words.ts'
import type { CommandSpec } from '../src/command/command.ts'

export const logout: CommandSpec<'logout'> = {
  verb: 'logout',
  usage: 'logout [person]',
  summary: 'Revoke your sessions and tokens; an admin, those of another person',
  examples: ['logout', 'logout bob'],
  rights: ['anyone'],
  changes: true,
  parse: ([person, ...rest]) => complete({ verb: 'logout', ...optional('person', person?.text) }, rest),
  print: (command) => `logout${command.person === undefined ? '' : ` ${printWord(command.person)}`}`,
}

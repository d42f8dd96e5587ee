// What `dr --help` prints, without asking the bot.
import { specOf, verbs } from '../../commands/index.ts'

/** All commands, and the verbs of the terminal itself. */
export function usageText(): string {
  const width = 30
  const row = (form: string, what: string): string =>
    form.length < width ? `  ${form.padEnd(width)}${what}` : `  ${form}\n  ${' '.repeat(width)}${what}`
  return [
    'Usage: dr [--json] COMMAND',
    '',
    'Commands, as in every chat (what you may type yourself: dr help):',
    ...verbs.map((verb) => row(specOf(verb).usage, specOf(verb).summary)),
    '',
    'On this machine:',
    row('setup URL', 'Keep the address of the bot and your token (asked for, or from standard input)'),
    row('plan check [FILE]', 'Check the DR plan'),
    row(
      'plan check --live [FILE]',
      'Check also whether each recovery could be carried out now; only looks, with the settings of the bot',
    ),
    row('plan test --host HOST ...', 'Which system an alert would concern, and who would be called when'),
    '',
    "On the bot's host:",
    row('token PERSON', 'Print a token for the command line and the API'),
    row('login PERSON', 'Print a link that signs somebody in at the console, once'),
    row(
      'slack check [--try]',
      'Check tokens, scopes and people in Slack; --try makes a channel and archives it',
    ),
    row(
      'teams check [--try]',
      'Check sign-in, app, rights and people in Microsoft Teams; --try posts, and makes a channel',
    ),
    '',
    'Exit status: 0 done, 1 refused or failed, 2 not understood, 3 bot unreachable.',
    'DR_URL and DR_TOKEN come before what "dr setup" has kept.',
    '',
  ].join('\n')
}

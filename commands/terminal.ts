// What only `dr` at a terminal knows, since it asks no running bot: checks, and what lets people in.

/** A verb of the terminal itself, for its own help and for whoever asks in a chat. */
export interface TerminalCommand {
  /** Without the leading `npx dr`. */
  readonly usage: string
  /** One line for help. */
  readonly summary: string
  /** `anywhere`: on a person's own machine too; `host`: where the bot runs, with its settings. */
  readonly where: 'anywhere' | 'host'
}

/** All of them, in the order of help. */
export const terminalCommands: readonly TerminalCommand[] = [
  {
    usage: 'setup URL',
    summary: 'Keep the address of the bot and your token (asked for, or from standard input)',
    where: 'anywhere',
  },
  { usage: 'plan check [FILE]', summary: 'Check the DR plan', where: 'anywhere' },
  {
    usage: 'plan check --live [FILE]',
    summary:
      'Check also whether each recovery could be carried out now; only looks, with the settings of the bot',
    where: 'anywhere',
  },
  {
    usage: 'plan test --host HOST ...',
    summary: 'Which system an alert would concern, and who would be called when',
    where: 'anywhere',
  },
  { usage: 'token PERSON', summary: 'Print a token for the command line and the API', where: 'host' },
  {
    usage: 'login PERSON',
    summary: 'Print a link that signs somebody in at the console, once',
    where: 'host',
  },
  {
    usage: 'slack check [--try]',
    summary: 'Check tokens, scopes and people in Slack; --try makes a channel and archives it',
    where: 'host',
  },
  {
    usage: 'teams check [--try]',
    summary: 'Check sign-in, app, rights and people in Microsoft Teams; --try posts, and makes a channel',
    where: 'host',
  },
]

/** Those that begin with a word. */
export function terminalCommandsOf(word: string): readonly TerminalCommand[] {
  return terminalCommands.filter(({ usage }) => usage === word || usage.startsWith(`${word} `))
}

// What `dr --help` prints, without asking the bot.
import { specOf, verbs } from '../../commands/index.ts'
import { terminalCommands } from '../../commands/terminal.ts'
import type { TerminalCommand } from '../../commands/terminal.ts'

const width = 30

/** All commands, and the verbs of the terminal itself. */
export function usageText(): string {
  return [
    'Usage: dr [--json] [--wait] COMMAND',
    '',
    'Commands, as in every chat (what you may type yourself: dr help):',
    ...verbs.map((verb) => row(specOf(verb))),
    '',
    'On this machine:',
    ...rowsOf('anywhere'),
    '',
    "On the bot's host:",
    ...rowsOf('host'),
    '',
    '--json prints the answer as data. --wait follows the recovery that the answer is about until it has ended;',
    'then 0 means that it is done: dr approve R-7 --wait, dr runs R-7 --wait.',
    'Exit status: 0 done, 1 refused or failed, 2 not understood, 3 bot unreachable.',
    'DR_URL and DR_TOKEN come before what "dr setup" has kept.',
    '',
  ].join('\n')
}

function rowsOf(where: TerminalCommand['where']): readonly string[] {
  return terminalCommands.filter((one) => one.where === where).map(row)
}

function row({ usage, summary }: { readonly usage: string; readonly summary: string }): string {
  return usage.length < width
    ? `  ${usage.padEnd(width)}${summary}`
    : `  ${usage}\n  ${' '.repeat(width)}${summary}`
}

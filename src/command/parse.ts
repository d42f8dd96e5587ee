// The text that a person typed becomes a command, or a problem with an example of what to type instead.
import { distance } from 'fastest-levenshtein'
import { commands, specOf, verbs } from '../../commands/index.ts'
import { isSystemId } from '../ids.ts'
import { shown } from './read.ts'
import { longestCommand, withoutEntities, wordsOf } from './words.ts'
import type { Command, Parsed, Verb, Word } from './command.ts'

/**
 * `example` is complete and can be typed as it stands, without the leading `dr`; `meant`: it is what was typed, with the
 * verb put right.
 */
export type ParsedCommand =
  | { readonly command: Command }
  | { readonly problem: string; readonly example: string; readonly verb?: Verb; readonly meant?: true }

/** What the design has and this version does not: what to say, and what to type meanwhile. */
const later: Readonly<Record<string, { readonly problem: string; readonly example: string }>> = {
  dns: {
    problem:
      'There are no dns commands in this version yet. "failover" changes the records that a recovery of the DR plan names; others are changed at the DNS provider.',
    example: 'failover lb',
  },
  db: {
    problem:
      'There are no db commands in this version yet. Restore at the provider as the runbook of the DR plan says, and note here what was done.',
    example: 'note restoring the database by hand',
  },
  workers: {
    problem:
      'There are no workers commands in this version yet. Scale at the provider as the runbook of the DR plan says, and note here what was done.',
    example: 'note scaled the workers by hand',
  },
}

/** Reads a command. A leading `/dr`, `dr` or `@dr` is ignored; nothing at all asks for help. Never throws. */
export function parseCommand(text: string): ParsedCommand {
  if (text.length > longestCommand)
    return {
      problem: `That is ${text.length} characters; ${longestCommand} are read at most.`,
      example: 'note the log is at https://logs.example.com/lb1',
    }
  const words = withoutName(wordsOf(withoutEntities(text)))
  const [first, second] = words
  if (first === undefined) return { command: { verb: 'help' } }
  const verb = verbOf(first, second)
  if (verb === undefined) return unknown(first, words)
  const parsed: Parsed<Command> = specOf(verb).parse(words.slice(verb.split(' ').length))
  if ('command' in parsed) return parsed
  return { problem: parsed.problem, example: commands[verb].examples[0] ?? verb, verb }
}

/** The command as it would be typed; `parseCommand` reads the same command from it. */
export function printCommand(command: Command): string {
  return specOf(command.verb).print(command)
}

/** The command whose name is nearest to what was typed; undefined when none is near. */
export function nearestVerb(text: string): Verb | undefined {
  const typed = text.toLowerCase().slice(0, 40)
  const [nearest] = verbs
    .map((verb) => ({ verb, far: distance(typed, verb) }))
    .sort((a, b) => a.far - b.far)
    .filter(({ verb, far }) => far <= Math.max(2, Math.floor(verb.length / 2)) && far < typed.length)
  return nearest?.verb
}

function withoutName(words: readonly Word[]): readonly Word[] {
  return /^[/@]?dr$/i.test(words[0]?.raw ?? '') ? words.slice(1) : words
}

function verbOf(first: Word, second: Word | undefined): Verb | undefined {
  if (first.quoted) return undefined
  const one = first.text.toLowerCase()
  const two = `${one} ${second === undefined || second.quoted ? '' : second.text.toLowerCase()}`
  return verbs.find((verb) => verb === two) ?? verbs.find((verb) => verb === one)
}

function unknown(first: Word, words: readonly Word[]): ParsedCommand {
  const typed = first.text.toLowerCase()
  const missing = Object.hasOwn(later, typed) ? later[typed] : undefined
  if (missing !== undefined) return missing
  if (isSystemId(typed))
    return { problem: `What about ${typed}? A command begins with its verb.`, example: `status ${typed}` }
  const verb = nearestVerb(typed)
  if (verb === undefined) return { problem: `${shown(first)} is no command here.`, example: 'help' }
  const problem = `${shown(first)} is no command here; ${verb} is.`
  // The words as typed with the right verb, when that can be read; else the verb's first example.
  const parsed: Parsed<Command> = specOf(verb).parse(words.slice(1))
  return 'command' in parsed
    ? { problem, example: printCommand(parsed.command), verb, meant: true }
    : { problem, example: commands[verb].examples[0] ?? verb, verb }
}

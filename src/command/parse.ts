// The text that a person typed becomes a command, or a problem with an example of what to type instead.
import { distance } from 'fastest-levenshtein'
import { commands, specOf, verbs } from '../../commands/index.ts'
import { terminalCommandsOf } from '../../commands/terminal.ts'
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
  const family = verbs.filter((verb) => verb.startsWith(`${typed} `))
  if (family.length > 0) return oneOf(family, words)
  if (isSystemId(typed))
    return { problem: `What about ${typed}? A command begins with its verb.`, example: `help ${typed}` }
  if (terminalCommandsOf(typed).length > 0)
    return {
      problem: `${shown(first)} is typed at a terminal, as: npx dr ${typed}.`,
      example: `help ${typed}`,
    }
  const verb = nearestVerb(typed)
  if (verb === undefined) return { problem: `${shown(first)} is no command here.`, example: 'help' }
  const problem = `${shown(first)} is no command here.`
  // The words as typed with the right verb, when that can be read; else the verb's first example.
  const parsed: Parsed<Command> = specOf(verb).parse(words.slice(1))
  return 'command' in parsed
    ? { problem, example: printCommand(parsed.command), verb, meant: true }
    : { problem, example: commands[verb].examples[0] ?? verb, verb }
}

/** A first word that stands before several commands: which of them is meant by the second. */
function oneOf(family: readonly Verb[], words: readonly Word[]): ParsedCommand {
  const typed = words
    .slice(0, 2)
    .map((word) => word.text.toLowerCase().slice(0, 40))
    .join(' ')
  const [nearest] = family.toSorted((a, b) => distance(typed, a) - distance(typed, b))
  const near = nearest !== undefined && distance(typed, nearest) <= 2 ? nearest : family[0]
  return {
    problem: `${words[1] === undefined ? 'A word is missing' : `${shown(words[1])} means nothing here`}. There are: ${family.join(', ')}.`,
    example: near === undefined ? 'help' : (commands[near].examples[0] ?? near),
    ...(near === undefined ? {} : { verb: near }),
  }
}

// Reads ids, systems, durations and options from the words of a command; what the files in commands/ share.
import { parseDuration } from '../drplan/duration.ts'
import { isSystemId, systemIds, toIncidentId, toRunId } from '../ids.ts'
import { plainDashes, printWord, quote, textOf } from './words.ts'
import type { Duration, IncidentId, RunId, SystemId } from '../ids.ts'
import type { PoolSize } from '../recovery/run.ts'
import type { Parsed, RecoveryOptions, Word } from './command.ts'

/** A field that is left out when there is no value for it. */
export function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V }
}

/** The text of a word without its quotes, when it may be an id or a name that a phone spelt its own way. */
export function idText(word: Word | undefined): string {
  return word === undefined || word.quoted ? '' : plainDashes(word.text)
}

function incidentOf(word: Word | undefined): IncidentId | undefined {
  return toIncidentId(idText(word).replace(/^inc[-_]?(?=\d)/i, 'INC-'))
}

/** `R-7`; `r7` and `7` are understood too, where a run must stand. */
function runOf(word: Word | undefined): RunId | undefined {
  return toRunId(idText(word).replace(/^r?-?(?=\d)/i, 'R-'))
}

/** Takes a leading incident id off the words. */
export function takeIncident(words: readonly Word[]): {
  readonly incident?: IncidentId
  readonly rest: readonly Word[]
} {
  const incident = incidentOf(words[0])
  return incident === undefined ? { rest: words } : { incident, rest: words.slice(1) }
}

/** Takes a leading `R-7` off the words; a bare number is not one here. */
export function takeRun(words: readonly Word[]): { readonly run?: RunId; readonly rest: readonly Word[] } {
  const run = /^r/i.test(idText(words[0])) ? runOf(words[0]) : undefined
  return run === undefined ? { rest: words } : { run, rest: words.slice(1) }
}

/** The run that must stand first. */
export function demandRun(
  words: readonly Word[],
): { readonly run: RunId; readonly rest: readonly Word[] } | { readonly problem: string } {
  const run = runOf(words[0])
  if (run !== undefined) return { run, rest: words.slice(1) }
  return { problem: words[0] === undefined ? 'Which run?' : `${shown(words[0])} is not a run.` }
}

/** The system that a word names. */
export function demandSystem(
  word: Word | undefined,
): { readonly system: SystemId } | { readonly problem: string } {
  const text = word?.text.toLowerCase() ?? ''
  if (isSystemId(text)) return { system: text }
  const known = `The systems are ${systemIds.join(', ')}.`
  return { problem: word === undefined ? `Which system? ${known}` : `${shown(word)} is no system. ${known}` }
}

/** The duration that must stand first: `10m`, `1h30m`, `90s`. */
export function demandDuration(
  word: Word | undefined,
): { readonly duration: Duration } | { readonly problem: string } {
  const duration = parseDuration(idText(word).toLowerCase())
  if (duration !== undefined && duration > 0) return { duration }
  const how = 'Write a duration such as 10m, 90s or 1h.'
  return { problem: word === undefined ? `For how long? ${how}` : `${shown(word)} is no duration. ${how}` }
}

/** More is never meant; what is too much for a pool is said when its plan is looked at, and can be overridden. */
const mostWritten = 9_999

/** The size of a pool of workers that must stand here: `8`, `+4`, `-2`, `auto`. */
export function demandSize(
  word: Word | undefined,
): { readonly size: PoolSize } | { readonly problem: string } {
  const text = idText(word).toLowerCase()
  const how = 'Write a number such as 8, more such as +4, fewer such as -2, or auto.'
  if (text === 'auto') return { size: 'auto' }
  const [, sign, digits] = /^([+-]?)(\d+)$/.exec(text) ?? []
  if (word !== undefined && digits !== undefined && Number(digits) > mostWritten)
    return {
      problem: `${shown(word)} is too many: the most is the pool's "max" in the DR plan, 1000 or less. To see it, type: workers show`,
    }
  if (digits === undefined)
    return {
      problem: word === undefined ? `How many workers? ${how}` : `${shown(word)} is no size. ${how}`,
    }
  const count = Number(digits)
  if (sign === '') return { size: { to: count } }
  if (count === 0) return { problem: `${sign}0 changes nothing. ${how}` }
  return { size: { by: sign === '-' ? -count : count } }
}

/** The rest of the words as free text; undefined when there is none. */
export function freeText(words: readonly Word[]): string | undefined {
  const text = textOf(words)
  return text.trim() === '' ? undefined : text
}

/** The command, unless words are left that mean nothing here. */
export function complete<C>(command: C, rest: readonly Word[]): Parsed<C> {
  const [first] = rest
  return first === undefined ? { command } : { problem: `${shown(first)} means nothing here.` }
}

/** The name of the option that a word is, lower case: `--yes`, and `—yes` as phones write it. */
export function optionOf(word: Word | undefined): string | undefined {
  return /^-{1,2}([a-z]+)$/i.exec(idText(word))?.[1]?.toLowerCase()
}

/** Takes the options of a recovery out of the words. */
export function takeOptions(
  words: readonly Word[],
): { readonly options: RecoveryOptions; readonly rest: readonly Word[] } | { readonly problem: string } {
  const rest: Word[] = []
  const overrides: { rule: string; reason: string }[] = []
  let yes = false
  for (let at = 0; at < words.length; at += 1) {
    const option = optionOf(words[at])
    if (option === undefined) rest.push(...words.slice(at, at + 1))
    else if (option === 'yes') yes = true
    else if (option === 'override') {
      const override = overrideAt(words, at + 1)
      if (override === undefined)
        return { problem: '--override needs the rule and a reason: --override RULE "reason".' }
      overrides.push(override)
      at += 2
    } else return { problem: `There is no option --${option}; there are --yes and --override RULE "reason".` }
  }
  return { options: { yes, overrides }, rest }
}

/** The options of a recovery as they would be typed. */
export function printOptions(options: RecoveryOptions): readonly string[] {
  return [
    ...(options.yes ? ['--yes'] : []),
    ...options.overrides.map(({ rule, reason }) => `--override ${printWord(rule)} ${quote(reason)}`),
  ]
}

function overrideAt(
  words: readonly Word[],
  at: number,
): { readonly rule: string; readonly reason: string } | undefined {
  const [rule, reason] = words.slice(at, at + 2)
  if (rule === undefined || reason === undefined) return undefined
  if (rule.text.trim() === '' || reason.text.trim() === '' || optionOf(reason) !== undefined) return undefined
  return { rule: rule.text, reason: reason.text }
}

/** A word in an answer: what was typed, shortened. */
export function shown(word: Word): string {
  return `“${word.text.length > 40 ? `${word.text.slice(0, 40)}…` : word.text}”`
}

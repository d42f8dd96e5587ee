// The commands in the bot's own sentences, so that each door shows them as they are typed there.
import { systemIds } from './ids.ts'
import type { Line, Span } from './message.ts'

/** What follows a colon, up to the end of its sentence or clause: `To undo it: failback lb`. */
const afterColon = /(?<=: )[a-z](?:(?!: ).)*?(?=\.?$|\.? \(|\. [A-Z]|[;)])/g

const system = `(?:${systemIds.join('|')})`
const forms = [
  `(?:ack|note|extend|escalate|resolve|timeline|report|status) INC-\\d+`,
  `(?:runs|approve|deny|cancel|retry|timeline) R-\\d+`,
  `(?:failover|failback|status|open) ${system}`,
  'dns (?:show|bypass|protect)',
  'db (?:restore|geo-restore)',
  'workers (?:show|scale)',
  'oncall (?:override|cancel)',
  'debts done',
]
const commandForm = new RegExp(`^(?:${forms.join('|')})(?![\\w-])`)

/**
 * A sentence that is kept or told, with its commands as such: what names an incident, a run or a system. A bare verb is
 * none, since in words of people and of Nagios it is a word like others.
 */
export function told(text: string): Line {
  return withCommandsIn(text, (words) => commandForm.test(words))
}

/**
 * The sentence with what follows its colons as commands, when all of it is one, or several: `failover lb to a,
 * failback lb`.
 */
export function withCommandsIn(text: string, isCommand: (words: string) => boolean): Line {
  const spans: Span[] = []
  let end = 0
  for (const { 0: found, index } of text.matchAll(afterColon)) {
    const commands = commandsOf(found, isCommand)
    if (commands.length === 0) continue
    spans.push(text.slice(end, index), ...commands)
    end = index + found.length
  }
  return [...spans, text.slice(end)].filter((span) => span !== '')
}

/** As several commands with what stands between them, or as one; empty when some of it is none. */
function commandsOf(text: string, isCommand: (words: string) => boolean): Line {
  const pieces = text.split(/(, or |, )/)
  const all = pieces.every((piece, at) => at % 2 === 1 || isCommand(piece))
  if (all) return pieces.map((piece, at): Span => (at % 2 === 1 ? piece : { command: piece }))
  return isCommand(text) ? [{ command: text }] : []
}

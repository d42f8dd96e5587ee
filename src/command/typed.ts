// The commands in the bot's own sentences, so that each door shows them as they are typed there.
import type { Line, Span } from '../message.ts'
import { parseCommand } from './parse.ts'

/** What follows a colon, up to the end of its sentence or of its clause: `To undo it: failback lb`. */
const afterColon = /(?<=: )[a-z](?:(?!: ).)*?(?=\.?$|\.? \(|\. [A-Z]|[;)])/g

/**
 * A sentence of the bot with its commands as such: what follows a colon, when all of it can be read as a command, or
 * as several: `It has: failover lb to backup, failover lb to spare`.
 */
export function withCommands(text: string): Line {
  const spans: Span[] = []
  let end = 0
  for (const { 0: found, index } of text.matchAll(afterColon)) {
    const commands = commandsOf(found)
    if (commands.length === 0) continue
    spans.push(text.slice(end, index), ...commands)
    end = index + found.length
  }
  return [...spans, text.slice(end)].filter((span) => span !== '')
}

/** As one command, or as several with what stands between them; empty when some of it is none. */
function commandsOf(text: string): Line {
  if (isCommand(text)) return [{ command: text }]
  const pieces = text.split(/(, or |, )/)
  const spans = pieces.map((piece, at): Span => (at % 2 === 1 ? piece : { command: piece }))
  return pieces.every((piece, at) => at % 2 === 1 || isCommand(piece)) ? spans : []
}

function isCommand(text: string): boolean {
  return 'command' in parseCommand(text)
}

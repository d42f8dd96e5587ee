// The commands in what the bot answers, so that each door shows them as they are typed there.
import type { Line } from '../message.ts'
import { withCommandsIn } from '../told.ts'
import { parseCommand } from './parse.ts'

/**
 * A sentence of the bot with its commands as such: what follows a colon, when all of it can be read as a command, or
 * as several: `It has: failover lb to backup, failover lb to spare`.
 */
export function withCommands(text: string): Line {
  return withCommandsIn(text, (words) => 'command' in parseCommand(words))
}

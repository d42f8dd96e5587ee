// Which incident a command is about when it does not say: the room's, else the only open one.
import { specOf } from '../../commands/index.ts'
import { UserError } from '../errors.ts'
import { mostUrgentFirst } from '../incident/urgency.ts'
import { printCommand } from './parse.ts'
import type { IncidentId } from '../ids.ts'
import type { Incident } from '../incident/incident.ts'
import type { Command, CommandOf, Speaker, Verb } from './command.ts'
import type { Desk } from './desk.ts'

/** Commands that may leave out their incident. */
export type AboutIncident = Extract<Command, { readonly verb: VerbAboutIncident }>
type VerbAboutIncident = {
  readonly [V in Verb]: 'incident' extends keyof CommandOf<V> ? V : never
}[Verb]

/** Several incidents could be meant: `commands` are what to type, one for each. */
export class AmbiguousError extends UserError {
  readonly commands: readonly string[]

  constructor(message: string, commands: readonly string[]) {
    super('which-incident', message)
    this.commands = commands
  }
}

/**
 * The id that the command names, else that of the room in which it was said, else the only open incident's.
 * With `ended`, and when none is open, the newest one.
 * @throws AmbiguousError when several are open; UserError (`no-incident`) when there is none.
 */
export async function whichIncident(
  desk: Desk,
  command: AboutIncident,
  speaker: Speaker,
  ended: 'ended' | 'open' = 'open',
): Promise<IncidentId> {
  const named = command.incident ?? speaker.incident
  if (named !== undefined) return named
  const open = mostUrgentFirst(await desk.store.incidents({ open: true, limit: 20 }))
  const [only] = open
  if (only !== undefined && open.length === 1) return only.id
  if (only !== undefined) {
    const commands = open.map(({ id }) => printCommand({ ...command, incident: id }))
    throw new AmbiguousError(`${open.length} incidents are open; say which one.`, commands)
  }
  const [newest] = ended === 'ended' ? await desk.store.incidents({ open: false, limit: 1 }) : []
  if (newest !== undefined) return newest.id
  const example = specOf('open').examples[0] ?? 'open lb'
  throw new UserError('no-incident', `No incident is open. To open one without an alert, type: ${example}`)
}

/** The incident itself. @throws UserError (`unknown-incident`) when there is none of that number. */
export async function readIncident(desk: Desk, id: IncidentId): Promise<Incident> {
  const found = await desk.store.incident(id)
  if (found === undefined)
    throw new UserError('unknown-incident', `There is no ${id}. To see what is open, type: status`)
  return found.state
}

// The one door of all doors: a text is read, permitted, carried out, and always answered.
import { sentence } from '../recovery/news.ts'
import { specOf } from '../../commands/index.ts'
import { ConflictError, RetryableError, UserError, reasonOf } from '../errors.ts'
import { refused, usage } from './answer.ts'
import { dbHandlers } from './handlers/db.ts'
import { debtsHandlers } from './handlers/debts.ts'
import { dnsHandlers } from './handlers/dns.ts'
import { helpHandlers } from './handlers/help.ts'
import { incidentHandlers } from './handlers/incident.ts'
import { logoutHandlers } from './handlers/logout.ts'
import { oncallHandlers } from './handlers/oncall.ts'
import { recordHandlers } from './handlers/record.ts'
import { recoveryHandlers } from './handlers/recovery.ts'
import { standbyHandlers } from './handlers/standby.ts'
import { statusHandlers } from './handlers/status.ts'
import { workersHandlers } from './handlers/workers.ts'
import { runViewFor, viewFor } from './offered.ts'
import { parseCommand } from './parse.ts'
import { permit } from './permit.ts'
import { AmbiguousError } from './which.ts'
import type { Answer, Dispatch, Speaker, Verb } from './command.ts'
import type { Desk, Handler, Handlers } from './desk.ts'

const handlers: Handlers<Verb> = {
  ...dbHandlers,
  ...debtsHandlers,
  ...dnsHandlers,
  ...helpHandlers,
  ...incidentHandlers,
  ...logoutHandlers,
  ...oncallHandlers,
  ...recordHandlers,
  ...recoveryHandlers,
  ...standbyHandlers,
  ...statusHandlers,
  ...workersHandlers,
}

/** Makes the dispatcher of a desk. Its answers come for everything; it never throws. */
export function createDispatch(desk: Desk): Dispatch {
  const nextErrorId = errorIds(desk)
  return async (text, speaker) => {
    try {
      return await answer(desk, text, speaker)
    } catch (error) {
      return failed(desk, speaker, error, nextErrorId)
    }
  }
}

async function answer(desk: Desk, text: string, speaker: Speaker): Promise<Answer> {
  const { people } = desk.plan()
  const roles = Object.hasOwn(people, speaker.person) ? people[speaker.person]?.roles : undefined
  const parsed = parseCommand(text)
  if (roles === undefined) {
    const unknown = permit(specOf('help'), undefined)
    return deny(desk, speaker, 'unknown-person', unknown.ok ? '' : unknown.refusal)
  }
  if ('problem' in parsed) {
    const form = parsed.verb && specOf(parsed.verb).usage
    return usage(parsed.problem, parsed.example, { form, meant: parsed.meant })
  }
  const { command } = parsed
  const permission = permit(specOf(command.verb), roles)
  if (!permission.ok) return deny(desk, speaker, 'not-permitted', permission.refusal)
  const onlooker = { person: speaker.person, roles, now: desk.clock.now() }
  const own: Desk = { ...desk, runCard: (run) => runViewFor(desk.runCard(run), run, onlooker) }
  const answered = await handlerOf(command.verb)(own, command, speaker)
  if (specOf(command.verb).changes) {
    const { person, door } = speaker
    desk.log.info('command', { verb: command.verb, person, door, status: answered.status })
  }
  return { ...answered, card: viewFor(answered.card, roles) }
}

/** A handler for whatever command its verb has; the table above holds the two together. */
function handlerOf<V extends Verb>(verb: V): Handler<V> {
  return handlers[verb]
}

function deny(desk: Desk, speaker: Speaker, code: string, refusal: string): Answer {
  desk.log.warn('command refused', { code, person: speaker.person, door: speaker.door })
  return refused(code, refusal)
}

function failed(desk: Desk, speaker: Speaker, error: unknown, nextErrorId: () => string): Answer {
  if (error instanceof AmbiguousError) return refused(error.code, error.message, { commands: error.commands })
  if (error instanceof UserError) return refused(error.code, error.message)
  if (error instanceof ConflictError)
    return refused(
      'conflict',
      `Somebody else was faster: ${reasonOf(error)}. Look (type: status) and try again.`,
    )
  if (error instanceof RetryableError) {
    desk.log.warn('command failed for now', { reason: reasonOf(error), person: speaker.person })
    return refused(
      'try-again',
      `${sentence(reasonOf(error))} Nothing was changed that is not shown; try again in a moment.`,
    )
  }
  const id = nextErrorId()
  const stack = error instanceof Error ? error.stack : undefined
  desk.log.error('command failed', { id, reason: reasonOf(error), stack, person: speaker.person })
  const text = `This failed inside the bot; it is logged as ${id}. Try again, or use another way; then give ${id} to an administrator.`
  return refused('bug', text)
}

/** Ids that find the line of the log: the time, and a number for those of the same millisecond. */
function errorIds(desk: Desk): () => string {
  let count = 0
  return () => {
    count += 1
    return `E-${desk.clock.now().toString(36)}-${count}`
  }
}

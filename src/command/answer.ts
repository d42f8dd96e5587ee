// Answers: the few shapes that all handlers share.
import { nameOf } from '../drplan/person-name.ts'
import { incidentCard } from '../incident/card.ts'
import { optional } from './read.ts'
import { withCommands } from './typed.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { IncidentId, Instant } from '../ids.ts'
import type { Incident } from '../incident/incident.ts'
import type { Button, Card, Line, Section } from '../message.ts'
import type { Run } from '../recovery/run.ts'
import type { Answer } from './command.ts'
import type { Desk } from './desk.ts'

/**
 * An incident's card under a sentence that says what was done. `runs`: its open ones, one of which may wait for a
 * person.
 */
export function aboutIncident(
  desk: Desk,
  incident: Incident,
  said?: string,
  runs: readonly Run[] = [],
): Answer {
  const card = incidentCard(incident, { plan: desk.plan(), now: desk.clock.now(), runs })
  const data = { incident }
  const page = `${desk.publicUrl}/incidents/${incident.id}`
  return {
    status: 'done',
    card: { ...saying(card, said), page },
    data,
    incident: incident.id,
    ...optional('said', said),
  }
}

/** A run's card under a sentence that says what was done. */
export function aboutRun(desk: Desk, run: Run, said?: string, data: object = {}): Answer {
  return {
    status: 'done',
    card: { ...saying(desk.runCard(run), said), page: `${desk.publicUrl}/runs/${run.id}` },
    data: { run, ...data },
    run: run.id,
    ...optional('said', said),
    ...optional('incident', run.incident),
  }
}

/** A refusal: what was wrong and the next step; `commands` can be typed as they stand. */
export function refused(
  code: string,
  message: string,
  more: { readonly commands?: readonly string[]; readonly incident?: IncidentId } = {},
): Answer {
  const commands = more.commands ?? []
  return {
    status: 'refused',
    card: {
      title: 'Not done',
      tone: 'bad',
      sections: [
        { lines: message.split('\n').map(withCommands) },
        ...(commands.length === 0 ? [] : [toType(commands)]),
      ],
      buttons: commands.slice(0, 5).map((command): Button => ({ label: command, command, style: 'plain' })),
    },
    data: { code, message, ...(commands.length === 0 ? {} : { commands }) },
    ...optional('incident', more.incident),
  }
}

/** What could not be read, with an example; with `meant`, the example is what was meant, and a press away. */
export function usage(
  problem: string,
  example: string,
  { form, meant }: { readonly form?: string | undefined; readonly meant?: true | undefined } = {},
): Answer {
  const lines: Line[] = meant
    ? [[problem], ['Did you mean: ', { command: example }]]
    : [[problem], ['Type, for example: ', { command: example }]]
  const whole = form === undefined || meant ? [] : [['In full: ', { command: form }]]
  return {
    status: 'usage',
    card: {
      title: 'Not understood',
      tone: 'warn',
      sections: [{ lines: [...lines, ...whole] }],
      ...(meant && { buttons: [{ label: example, command: example, style: 'plain' }] }),
    },
    data: { code: 'usage', message: problem, example, ...optional('usage', form) },
  }
}

/** A card of sections, for what has no card of its own. */
export function listing(title: string, sections: readonly Section[], data: unknown): Answer {
  return { status: 'done', card: { title, tone: 'quiet', sections }, data }
}

/** How somebody is written in an answer: `Ann Onken`. */
export function who(plan: DrPlan, person: string): string {
  return person === 'nagios' ? 'Nagios' : nameOf(plan, person)
}

/** An instant as date and time in the reader's zone. */
export function moment(at: Instant): { readonly at: Instant; readonly show: 'date-time' } {
  return { at, show: 'date-time' }
}

function saying(card: Card, said: string | undefined): Card {
  if (said === undefined) return card
  const line = withCommands(said).map((span) => (typeof span === 'string' ? { strong: span } : span))
  return { ...card, sections: [{ lines: [line] }, ...(card.sections ?? [])] }
}

function toType(commands: readonly string[]): Section {
  return { heading: 'Type one of these', lines: commands.map((command) => [{ command }]) }
}

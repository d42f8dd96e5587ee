// What the command line offers while a person types: whole commands with the ids of now.
import { runName } from '../recovery/news.ts'
import { commands } from '../../commands/index.ts'
import type { Verb } from '../command/command.ts'
import { permitted } from '../command/permit.ts'
import { systemIds } from '../ids.ts'
import type { Incident } from '../incident/incident.ts'
import type { Run } from '../recovery/run.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import type { View } from './view.ts'

const aboutIncident = new Set<Verb>([
  'ack',
  'note',
  'extend',
  'escalate',
  'resolve',
  'status',
  'timeline',
  'report',
])
const aboutRun = new Set<Verb>(['approve', 'deny', 'cancel', 'retry'])

/** The list that the command line's field refers to. */
export function completionList(incidents: readonly Incident[], runs: readonly Run[], view: View): Html {
  const texts = permitted(view.viewer.roles).flatMap((verb) => completionsOf(verb, incidents, runs, view))
  return html`<datalist id="commands">
    ${texts.map(([text, hint]) => html`<option value="${text}">${hint}</option>`)}
  </datalist>`
}

type Completion = readonly [text: string, hint: string]

function completionsOf(
  verb: Verb,
  incidents: readonly Incident[],
  runs: readonly Run[],
  view: View,
): readonly Completion[] {
  const { summary } = commands[verb]
  const plain: Completion = [verb, summary]
  if (aboutIncident.has(verb)) {
    return [plain, ...incidents.map(({ id, title }): Completion => [`${verb} ${id}`, title])]
  }
  if (aboutRun.has(verb)) {
    return runs.map((run): Completion => [`${verb} ${run.id}`, runName(run)])
  }
  if (verb === 'failover') return failovers(summary, view)
  if (verb === 'failback' || verb === 'open') {
    return systemIds.map((system): Completion => [`${verb} ${system}`, summary])
  }
  return [plain]
}

function failovers(summary: string, view: View): readonly Completion[] {
  return systemIds.flatMap((system) =>
    (view.plan.systems[system]?.recoveries ?? []).map((recovery): Completion => [
      `failover ${system} to ${recovery.name}`,
      summary,
    ]),
  )
}

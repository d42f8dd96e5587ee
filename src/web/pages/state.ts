// The states of incidents and runs as a word with a colour, the same on every page.
import type { SystemWarning } from '../../command/warnings.ts'
import { printDuration } from '../../drplan/duration.ts'
import type { SystemId } from '../../ids.ts'
import { isEscalated } from '../../incident/calls.ts'
import { nowCarriedOut } from '../../incident/decide-by.ts'
import type { Incident, IncidentState } from '../../incident/incident.ts'
import type { Run, RunState } from '../../recovery/run.ts'
import type { Tone } from '../../message.ts'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import { countdown } from '../time.ts'
import type { View } from '../view.ts'

const incidentStates: Readonly<Record<IncidentState, { readonly tone: Tone; readonly text: string }>> = {
  paging: { tone: 'bad', text: 'Paging' },
  diagnosing: { tone: 'warn', text: 'Diagnosing' },
  recovering: { tone: 'warn', text: 'Recovering' },
  watching: { tone: 'good', text: 'Watching' },
  resolved: { tone: 'quiet', text: 'Resolved' },
}

const runStates: Readonly<Record<RunState, { readonly tone: Tone; readonly text: string }>> = {
  proposed: { tone: 'warn', text: 'Waits for approval' },
  running: { tone: 'warn', text: 'Running' },
  done: { tone: 'good', text: 'Done' },
  failed: { tone: 'bad', text: 'Failed' },
  unknown: { tone: 'bad', text: 'Outcome unknown' },
  cancelled: { tone: 'quiet', text: 'Cancelled' },
  denied: { tone: 'quiet', text: 'Denied' },
  expired: { tone: 'quiet', text: 'Expired' },
}

export function chip(tone: Tone, text: string): Html {
  return html`<span class="chip tone-${tone}">${text}</span>`
}

export function incidentChip(incident: Incident): Html {
  const { tone, text } = incidentStates[incident.state]
  const done = nowCarriedOut(incident)
  return html`${chip(tone, done === undefined ? text : `${done.run} is carried out`)}${isEscalated(incident) && incident.state !== 'resolved' && chip('bad', 'Escalated')}`
}

/** How a system is now: its own open incident, else what else is not fine, else that there is nothing. */
export function systemState(
  system: SystemId,
  open: readonly Incident[],
  warnings: readonly SystemWarning[],
  view: View,
): Html {
  const incident = open.find((one) => one.system === system)
  if (incident) return html`<a href="/incidents/${incident.id}">${incident.id}</a> ${incidentChip(incident)}`
  const warning = warnings.find((one) => one.system === system)
  if (!warning) return chip('good', 'No incident')
  return html`<a class="why" href="/incidents/${warning.incident}">${chip('warn', warning.text)}</a>
    ${ownClock(warning, view)}`
}

/** Its own objective does not wait for the outage that explains it. */
function ownClock({ system, since }: SystemWarning, { plan, now }: View): Html | undefined {
  const rto = plan.systems[system]?.rto
  if (since === undefined || rto === undefined) return undefined
  return html`<span class="quiet">RTO ${printDuration(rto)}: ${countdown(since + rto, now)}</span>`
}

export function runChip(run: Run): Html {
  const { tone, text } = runStates[run.state]
  return chip(tone, text)
}

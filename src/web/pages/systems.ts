// The systems of the DR plan: objectives, ways out, what was last measured, and how each is now.
import { printDuration } from '../../drplan/duration.ts'
import { systemIds } from '../../ids.ts'
import type { SystemId } from '../../ids.ts'
import { readWarnings } from '../../command/warnings.ts'
import { readReadiness } from '../../command/readiness.ts'
import type { SeenReadiness } from '../../command/readiness.ts'
import { readStandbys } from '../../recovery/standby/words.ts'
import type { Line } from '../../message.ts'
import type { Incident } from '../../incident/incident.ts'
import { missingOf, unknownOf } from '../../recovery/checkup.ts'
import type { ReadinessState } from '../../recovery/checkup.ts'
import { measure, metForAll } from '../../timeline/phases.ts'
import type { Content } from '../frame.ts'
import { html } from '../html.ts'
import { lineHtml } from '../line.ts'
import type { Html } from '../html.ts'
import { moment } from '../time.ts'
import type { View } from '../view.ts'
import type { Sources } from './page.ts'
import { chip, systemState } from './state.ts'

/** How many of the newest incidents are looked through for the last measurement. */
const lookedThrough = 200

export async function systemsPage(sources: Sources, view: View): Promise<Content> {
  const incidents = await sources.store.incidents({ open: false, limit: lookedThrough })
  const open = await sources.store.incidents({ open: true, limit: 50 })
  const { systems } = await readWarnings(sources.store, open)
  const readiness = await readReadiness(sources.store, view.plan)
  const standbys = await readStandbys(sources.store, view.plan, view.now)
  return {
    title: 'Systems',
    body: html`<h1>Systems</h1>
      ${readiness && html`<p class="quiet">Whether the recoveries could be carried out was last looked at ${moment(readiness.at, view)}.</p>`}
      <div class="scroll card" tabindex="0" role="region" aria-label="Systems">
        <table class="systems">
          <thead>
            <tr>
              ${['System', 'Now', 'RTO', 'RPO', 'Last measured', 'Recoveries', 'Ready', 'Depends on'].map(
                (column) => html`<th scope="col">${column}</th>`,
              )}
            </tr>
          </thead>
          <tbody>
            ${systemIds.map((system) =>
              systemRow(
                system,
                incidents.filter((incident) => incident.system === system),
                { now: systemState(system, open, systems, view), ready: readinessOf(system, readiness) },
                view,
              ),
            )}
          </tbody>
        </table>
      </div>
      ${standbys.map(({ ok, line, more }) => standbyHtml(ok, [line, ...more], view))}`,
  }
}

/** The copy of a zone that `failover dns` leads to. */
function standbyHtml(ok: boolean, lines: readonly Line[], view: View): Html {
  return html`<section class="card">
    <h2>Standby DNS ${chip(ok ? 'good' : 'warn', ok ? 'in step' : 'look at it')}</h2>
    ${lines.map((line) => html`<p>${lineHtml(line, view)}</p>`)}
  </section>`
}

function systemRow(
  id: SystemId,
  incidents: readonly Incident[],
  { now, ready }: { readonly now: Html; readonly ready: Html },
  view: View,
): Html {
  const system = view.plan.systems[id]
  if (!system)
    return html`<tr>
      <th scope="row"><code>${id}</code></th>
      <td colspan="7" class="quiet">not in the DR plan</td>
    </tr>`
  return html`<tr>
    <th scope="row"><code>${id}</code></th>
    <td data-label="Now">${now}</td>
    <td data-label="RTO">${printDuration(system.rto)}</td>
    <td data-label="RPO">${system.rpo === undefined ? '–' : printDuration(system.rpo)}</td>
    <td data-label="Last measured">${lastMeasured(incidents, view)}</td>
    <td data-label="Recoveries">
      ${
        system.recoveries.length === 0
          ? '–'
          : html`<span class="codes"
              >${system.recoveries.map((recovery) => html`<code>${recovery.name}</code>`)}</span
            >`
      }
    </td>
    <td data-label="Ready">${ready}</td>
    <td data-label="Depends on">${system.depends_on.length === 0 ? '–' : system.depends_on.join(', ')}</td>
  </tr>`
}

/** Whether its recoveries could be carried out at the last look, and of those that could not what is missing. */
function readinessOf(system: SystemId, seen: SeenReadiness | undefined): Html {
  const found = seen?.systems.find((one) => one.system === system)
  if (!found) return html`<span class="quiet">not looked yet</span>`
  if (found.state === 'ready') return chip('good', 'Ready')
  const missing = found.recoveries.flatMap((one) =>
    [...missingOf(one), ...unknownOf(one)].map(
      ({ text }) => html`<li><code>${one.recovery}</code> ${text}</li>`,
    ),
  )
  return html`<details>
    <summary>${readinessChip(found.state)}</summary>
    <ul>
      ${missing}
    </ul>
  </details>`
}

function readinessChip(state: ReadinessState): Html {
  if (state === 'not-ready') return chip('bad', 'Not ready')
  return chip('warn', state === 'partly' ? 'In part' : 'Not known')
}

/** From the beginning of the outage until it worked again, in the newest incident of which that was seen. */
function lastMeasured(incidents: readonly Incident[], view: View): Html {
  const ended = incidents.find((incident) => {
    const { over, unseen } = measure(incident, view.now)
    return over && unseen === undefined
  })
  if (!ended) return html`<span class="quiet">never</span>`
  const measured = measure(ended, view.now)
  const { ms, met } = measured
  const all = metForAll(measured)
  const verdict = met ? (all ? 'within RTO' : 'within RTO for new lookups') : 'over RTO'
  return html`${printDuration(ms)} ${chip(all ? 'good' : met ? 'warn' : 'bad', verdict)}
    <a href="/incidents/${ended.id}">${ended.id}</a>
    <span class="quiet">${moment(ended.marks.outage, view)}</span>`
}

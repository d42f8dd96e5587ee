// The phases of an outage on one scale with the objective: a table whose middle column is the picture.
import { printDuration, printTook } from '../../drplan/duration.ts'
import type { Instant } from '../../ids.ts'
import type { Incident } from '../../incident/incident.ts'
import { measure, phasesOf } from '../../timeline/phases.ts'
import type { Phase } from '../../timeline/phases.ts'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import type { View } from '../view.ts'

/** Units across the picture, whatever its width on the screen. */
const width = 1_000

export function phasesChart(incident: Incident, view: View): Html {
  const { outage } = incident.marks
  const { ms, rto } = measure(incident, view.now)
  const span = Math.max(ms, rto) * 1.02
  const scale = (at: Instant) => Math.round(((at - outage) / span) * width)
  const limit = scale(outage + rto)
  return html`<table class="phases">
    <thead>
      <tr>
        <th scope="col">Phase</th>
        <th scope="col">
          <span class="vh">Share of the outage</span>
          <span class="limit-label">RTO ${printDuration(rto)}</span>
        </th>
        <th scope="col">Took</th>
      </tr>
    </thead>
    <tbody>
      ${phasesOf(incident.marks, view.now).map((phase) => phaseRow(phase, limit, scale))}
    </tbody>
  </table>`
}

function phaseRow(phase: Phase, limit: number, scale: (at: Instant) => number): Html {
  const running = phase.to === undefined
  const x = scale(phase.from)
  const length = Math.max(6, scale(phase.from + phase.ms) - x)
  return html`<tr>
    <th scope="row">${phase.name}</th>
    <td>
      <svg class="chart" viewBox="0 0 ${width} 24" preserveAspectRatio="none" aria-hidden="true">
        <rect
          class="${running ? 'phase running' : 'phase'}"
          x="${x}"
          y="5"
          width="${length}"
          height="14"
        ></rect>
        <line class="limit" x1="${limit}" x2="${limit}" y1="0" y2="24"></line>
      </svg>
    </td>
    <td>${printTook(phase.ms)}${running && html` <span class="quiet">so far</span>`}</td>
  </tr>`
}

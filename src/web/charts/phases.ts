// The phases of an outage on one scale with the objective, as a picture and as the table it is drawn from.
import type { Instant } from '../../ids.ts'
import type { Incident } from '../../incident/incident.ts'
import { measure, phasesOf } from '../../timeline/phases.ts'
import type { Phase } from '../../timeline/phases.ts'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import { durationText, timeOfDay } from '../time.ts'
import type { View } from '../view.ts'

const width = 600
const rowHeight = 22
const left = 96

export function phasesChart(incident: Incident, view: View): Html {
  const spans = phasesOf(incident.marks, view.now)
  const { outage } = incident.marks
  const rtoEnd = outage + incident.objective.rto
  const last = Math.max(rtoEnd, outage + measure(incident, view.now).ms)
  const scale = (at: Instant) => left + ((at - outage) / (last - outage)) * (width - left - 8)
  const height = spans.length * rowHeight + 26
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" aria-hidden="true">
      ${spans.map((phase, index) => bar(phase, index * rowHeight, scale))}
      <line
        class="limit"
        x1="${round(scale(rtoEnd))}"
        x2="${round(scale(rtoEnd))}"
        y1="0"
        y2="${height - 20}"
      ></line>
      <text class="axis" x="${round(scale(rtoEnd))}" y="${height - 6}" text-anchor="end">
        RTO ${durationText(incident.objective.rto)}
      </text>
    </svg>
    <details>
      <summary>As a table</summary>
      ${phasesTable(spans, view)}
    </details>`
}

function bar(phase: Phase, y: number, scale: (at: Instant) => number): Html {
  const x = scale(phase.from)
  const length = Math.max(2, scale(phase.from + phase.ms) - x)
  const running = phase.to === undefined
  const text = `${durationText(phase.ms)}${running ? ' so far' : ''}`
  const inside = x + length + 90 > width
  return html`<text class="label" x="0" y="${y + 15}">${phase.name}</text>
    <rect
      class="${running ? 'phase running' : 'phase'}"
      x="${round(x)}"
      y="${y + 4}"
      width="${round(length)}"
      height="14"
      rx="3"
    ></rect>
    <text
      class="axis"
      x="${round(inside ? x - 6 : x + length + 6)}"
      y="${y + 15}"
      ${inside && html`text-anchor="end"`}
      >${text}</text
    >`
}

function phasesTable(spans: readonly Phase[], view: View): Html {
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Phase</th>
        <th scope="col">From</th>
        <th scope="col">Took</th>
      </tr>
    </thead>
    <tbody>
      ${spans.map(
        (phase) =>
          html`<tr>
            <th scope="row">${phase.name}</th>
            <td>${timeOfDay(phase.from, view.plan.timezone)}</td>
            <td>${durationText(phase.ms)}${phase.to === undefined && ' so far'}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

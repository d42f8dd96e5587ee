// How much of the recovery time objective is used up, as a bar with the time left.
import { printDuration } from '../../drplan/duration.ts'
import type { Instant } from '../../ids.ts'
import type { Incident } from '../../incident/incident.ts'
import { measure, verdictText, verdictTone } from '../../timeline/phases.ts'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import { countdown } from '../time.ts'

export function objectiveBar(incident: Incident, now: Instant): Html {
  const measured = measure(incident, now)
  const { ms, rto, over, met } = measured
  const share = Math.min(1, ms / rto)
  const tone = !over && met && share > 0.6 ? 'warn' : verdictTone(measured)
  return html`<span class="objective"
    ><svg class="bar tone-${tone}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="100" height="6"></rect>
      <rect class="fill" width="${Math.max(2, Math.round(share * 100))}" height="6"></rect>
    </svg>
    <span
      >${
        over
          ? html`${printDuration(ms)}
              <span class="quiet">of ${printDuration(rto)}, ${verdictText(measured)}</span>`
          : countdown(incident.marks.outage + rto, now)
      }</span
    ></span
  >`
}

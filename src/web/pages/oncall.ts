// Who is on call now, and in the next four weeks, for each rotation.
import type { Instant, PersonId } from '../../ids.ts'
import { onCall, schedule } from '../../oncall/shift.ts'
import { isOverride, rosterStrip, rosterTable, stretchesOf } from '../charts/roster.ts'
import type { Content } from '../frame.ts'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import { zoned } from '../../moment.ts'
import { nameOf } from '../view.ts'
import type { View } from '../view.ts'
import { chip } from './state.ts'

const weeksShown = 4
/** How many colours the style sheet has for people. */
const colourCount = 6

export function oncallPage(view: View): Content {
  const weeks = weekStarts(view)
  const people = [...new Set(view.plan.oncall.rotations.flatMap((rotation) => rotation.people))]
  const colours = new Map(people.map((person, index) => [person, index % colourCount]))
  return {
    title: 'On-call',
    body: html`<h1>On-call</h1>
      <p class="legend quiet">
        <span class="swatch now"></span> now <span class="swatch hatched"></span> override
        <span class="swatch gap"></span> nobody
      </p>
      <div class="stack">
        ${view.plan.oncall.rotations.map((rotation) => rotationPart(rotation.name, weeks, colours, view))}
      </div>
      <p class="quiet after">
        Swap a shift with <code>oncall override PERSON FROM TO</code>, times in ${view.plan.timezone}; take it
        back with <code>oncall cancel PERSON</code>.
      </p>`,
  }
}

function rotationPart(
  rotation: string,
  weeks: readonly Instant[],
  colours: ReadonlyMap<PersonId, number>,
  view: View,
): Html {
  const from = weeks[0] ?? view.now
  const until = weeks.at(-1) ?? view.now
  const stretches = stretchesOf(schedule(view.plan, rotation, from, until), from, until)
  const now = onCall(view.plan, rotation, view.now)
  const gaps = stretches.filter((stretch) => !stretch.shift && stretch.until > view.now).length
  return html`<section class="card">
    <header>
      <h2>${rotation}</h2>
      <span class="chips"
        >${now && isOverride(now) && chip('warn', 'Override')}${gaps > 0 && chip('bad', `${gaps} ${gaps === 1 ? 'gap' : 'gaps'} ahead`)}</span
      >
    </header>
    <p>
      ${
        now
          ? html`<strong><bdi>${nameOf(view, now.person)}</bdi></strong>
              <span class="quiet">${now.why}</span>`
          : html`<strong class="tone-bad">Nobody is on call now.</strong>`
      }
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label="${rotation}, four weeks">
      ${rosterStrip(rotation, { stretches, weeks }, colours, view)}
    </div>
    <details>
      <summary>As a table</summary>
      ${rosterTable(stretches, view)}
    </details>
  </section>`
}

/** Midnights of this week's Monday and of the Mondays after it: five instants bound four weeks. */
function weekStarts(view: View): readonly Instant[] {
  const today = zoned(view.now, view.plan.timezone).startOfDay()
  const monday = today.subtract({ days: today.dayOfWeek - 1 })
  return Array.from({ length: weeksShown + 1 }, (_, week) => monday.add({ weeks: week }).epochMilliseconds)
}

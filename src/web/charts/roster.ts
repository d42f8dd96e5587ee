// Four weeks of one rotation as a strip: whose turn, today, overrides hatched, time with nobody marked.
import type { Instant, PersonId } from '../../ids.ts'
import type { Shift } from '../../oncall/shift.ts'
import { dayText } from '../../moment.ts'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import { dateTime } from '../time.ts'
import { nameOf } from '../view.ts'
import type { View } from '../view.ts'

/** A stretch of the strip; without `shift` it is a gap. */
export interface Stretch {
  readonly from: Instant
  readonly until: Instant
  readonly shift?: Shift
}

const width = 1_100
const top = 22
const bar = 32

/** Fills what no shift covers with gaps. */
export function stretchesOf(shifts: readonly Shift[], from: Instant, until: Instant): readonly Stretch[] {
  const stretches: Stretch[] = []
  let at = from
  for (const shift of shifts) {
    if (shift.from > at) stretches.push({ from: at, until: shift.from })
    stretches.push({ from: shift.from, until: shift.until, shift })
    at = shift.until
  }
  if (at < until) stretches.push({ from: at, until })
  return stretches
}

export function isOverride(shift: Shift): boolean {
  return shift.why.startsWith('override')
}

/** What all pieces of one strip share. */
interface Place {
  readonly scale: (at: Instant) => number
  readonly colours: ReadonlyMap<PersonId, number>
  /** Id of the pattern that marks overrides. */
  readonly hatch: string
  readonly view: View
}

/**
 * The picture; what it says is in the table beside it too. `weeks` are the Mondays that bound the weeks; `colours`
 * gives each person the same colour on every strip.
 */
export function rosterStrip(
  rotation: string,
  shown: { readonly stretches: readonly Stretch[]; readonly weeks: readonly Instant[] },
  colours: ReadonlyMap<PersonId, number>,
  view: View,
): Html {
  const { stretches, weeks } = shown
  const from = weeks[0] ?? view.now
  const until = weeks.at(-1) ?? view.now
  const scale = (at: Instant) => round(((at - from) / (until - from)) * width)
  const place = { scale, colours, hatch: `hatch-${rotation}`, view }
  return html`<svg class="chart roster" viewBox="0 0 ${width} ${top + bar + 4}" aria-hidden="true">
    <defs>
      <pattern
        id="${place.hatch}"
        width="7"
        height="7"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <rect class="hatch" width="2.5" height="7"></rect>
      </pattern>
    </defs>
    ${weeks
      .slice(0, -1)
      .map(
        (week) =>
          html`<line class="grid" x1="${scale(week)}" x2="${scale(week)}" y1="0" y2="${top + bar}"></line>
            <text class="axis" x="${scale(week) + 5}" y="13">${dayText(week, view.plan.timezone)}</text>`,
      )}
    ${stretches.map((stretch) => piece(stretch, place))}
    <line
      class="now"
      x1="${scale(view.now)}"
      x2="${scale(view.now)}"
      y1="${top - 4}"
      y2="${top + bar + 4}"
    ></line>
  </svg>`
}

function piece(stretch: Stretch, place: Place): Html {
  const { shift } = stretch
  const x = place.scale(stretch.from)
  const length = Math.max(2, round(place.scale(stretch.until) - x - 1))
  const frame = html`x="${x}" y="${top}" width="${length}" height="${bar}" rx="3"`
  const name = shift ? nameOf(place.view, shift.person) : 'nobody'
  const fits = Math.floor((length - 10) / 7.5)
  const label = name.length <= fits ? name : (name.split(' ')[0] ?? '')
  return html`<rect
      class="${shift ? `turn c${place.colours.get(shift.person) ?? 0}` : 'gap'}"
      ${frame}
    ></rect>
    ${shift && isOverride(shift) && html`<rect class="hatched" fill="url(#${place.hatch})" ${frame}></rect>`}
    ${label.length <= fits && html`<text class="${shift ? 'who' : 'who gap'}" x="${round(x + 8)}" y="${top + 20}">${label}</text>`}`
}

export function rosterTable(stretches: readonly Stretch[], view: View): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Shifts">
    <table>
      <thead>
        <tr>
          <th scope="col">From</th>
          <th scope="col">Until</th>
          <th scope="col">Who</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        ${stretches.map(
          ({ from, until, shift }) =>
            html`<tr>
              <td>${dateTime(from, view)}</td>
              <td>${dateTime(until, view)}</td>
              <td>
                ${shift ? html`<bdi>${nameOf(view, shift.person)}</bdi>` : html`<strong class="tone-bad">nobody</strong>`}
              </td>
              <td class="quiet">${shift ? shift.why : 'no shift covers this time'}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

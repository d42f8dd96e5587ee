// A card (src/message.ts) as HTML: title, fields, sections, and each button as a form that posts the typed command.
import { viewFor } from '../command/offered.ts'
import type { IncidentId } from '../ids.ts'
import { parted, plain } from '../message.ts'
import type { Card, Field, Line, Section, Tone } from '../message.ts'
import { buttonForm } from './button.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { lineHtml, linkHtml } from './line.ts'
import type { View } from './view.ts'

interface Shown {
  readonly view: View
  /** The incident that the card's buttons are about when their command does not say. */
  readonly incident?: IncidentId
  /** Tells apart the same button shown twice on one page. */
  readonly scope: string
}

const toneWords: Readonly<Record<Tone, string>> = {
  good: 'Good',
  warn: 'Look',
  bad: 'Act',
  quiet: 'For the record',
}

/** A longer value, in characters, has the whole width to itself: in a column it would be a tower. */
const longestInColumn = 60

/** More than these take so much of a phone's screen that they must not stay in sight. */
const mostInSight = 3

/** A card without a title stands under a heading that says it already. */
export function cardHtml(card: Card, shown: Shown, level: 2 | 3 = 2): Html {
  const { view } = shown
  const { lead, rest } = parted(card.sections ?? [])
  const title = html`<span class="vh">${toneWords[card.tone]}: </span>${card.title}`
  return html`<article class="card tone-${card.tone}">
    ${card.title !== '' && html`<header>${level === 2 ? html`<h2>${title}</h2>` : html`<h3>${title}</h3>`}</header>`}
    ${card.fields && html`<dl class="fields">${card.fields.map((field) => fieldHtml(field, view))}</dl>`}
    ${actHtml(lead, card, shown)} ${rest.map((section) => sectionHtml(section, view))}
    ${card.footer && html`<footer class="quiet">${lineHtml(card.footer, view)}</footer>`}
  </article>`
}

/** What it is about, and what can be done: on a phone the buttons stay in sight for as long as this part does. */
function actHtml(lead: readonly Section[], card: Card, shown: Shown): Html | undefined {
  const buttons = buttonsHtml(card, shown)
  if (lead.length === 0 && !buttons) return undefined
  return html`<div class="act">${lead.map((section) => sectionHtml(section, shown.view))} ${buttons}</div>`
}

/** The card's buttons, as far as whoever looks may press them, and the ways to places beside them, in a row. */
export function buttonsHtml(card: Card, shown: Shown): Html | undefined {
  const { buttons = [], links = [] } = viewFor(card, shown.view.viewer.roles)
  if (buttons.length + links.length === 0) return undefined
  const few = buttons.length + links.length <= mostInSight
  return html`<div class="buttons${few ? ' few' : ''}">
    ${buttons.map((button) => buttonForm(button, shown))}
    ${links.map(({ label, link }) => html`<span class="way">${linkHtml(link, label)}</span>`)}
  </div>`
}

function fieldHtml(field: Field, view: View): Html {
  const wide = plain(field.value).length > longestInColumn && html` class="wide"`
  return html`<div${wide}>
    <dt>${field.label}</dt>
    <dd class="tone-${field.tone ?? 'none'}">${lineHtml(field.value, view)}</dd>
  </div>`
}

function sectionHtml(section: Section, view: View): Html {
  return html`<section>
    ${section.heading && html`<h4>${section.heading}</h4>`}
    ${
      section.lines &&
      html`<ul class="lines">
        ${section.lines.map((line) => html`<li${isMarked(line) && html` class="marked"`}>${lineHtml(line, view)}</li>`)}
      </ul>`
    }
    ${section.table && tableHtml(section.table, view)}
    ${section.preformatted !== undefined && html`<pre>${section.preformatted}</pre>`}
  </section>`
}

/** A line that begins with its number or a sign needs no bullet. */
function isMarked(line: Line): boolean {
  return /^(?:\d+\. |[✓✗⚠] )/u.test(plain(line))
}

function tableHtml(table: NonNullable<Section['table']>, view: View): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table">
    <table class="cells">
      <thead>
        <tr>
          ${table.columns.map((column) => html`<th scope="col">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${table.rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, index) => html`<td data-label="${table.columns[index] ?? ''}">${lineHtml(cell, view)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

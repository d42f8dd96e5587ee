// A card (src/message.ts) as HTML: title, fields, sections, and each button as a form that posts the typed command.
import type { IncidentId } from '../ids.ts'
import type { Card, Field, Line, Section, Span, Tone } from '../message.ts'
import { buttonForm } from './button.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { countdown, dateTime, elapsed, timeOfDay } from './time.ts'
import type { View } from './view.ts'

/** Longest text shown at once; the rest opens on demand. */
const shortText = 600

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

export function cardHtml(card: Card, shown: Shown, level: 2 | 3 = 2): Html {
  const { view } = shown
  const title = html`<span class="vh">${toneWords[card.tone]}: </span>${card.title}`
  return html`<article class="card tone-${card.tone}">
    <header>${level === 2 ? html`<h2>${title}</h2>` : html`<h3>${title}</h3>`}</header>
    ${card.fields && html`<dl class="fields">${card.fields.map((field) => fieldHtml(field, view))}</dl>`}
    ${card.sections?.map((section) => sectionHtml(section, view))} ${buttonsHtml(card, shown)}
    ${card.footer && html`<footer class="quiet">${lineHtml(card.footer, view)}</footer>`}
  </article>`
}

/** The card's buttons and the ways to places beside them, in a row. */
export function buttonsHtml(card: Card, shown: Shown): Html | undefined {
  const { buttons = [], links = [] } = card
  if (buttons.length + links.length === 0) return undefined
  return html`<div class="buttons">
    ${buttons.map((button) => buttonForm(button, shown))}
    ${links.map(({ label, link }) => html`<span class="way">${linkHtml(link, label)}</span>`)}
  </div>`
}

/** A line; every piece of data in it keeps its own direction of writing. */
export function lineHtml(line: Line, view: View): Html {
  return html`${line.map((span) => spanHtml(span, view))}`
}

function fieldHtml(field: Field, view: View): Html {
  return html`<div>
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
        ${section.lines.map((line) => html`<li>${lineHtml(line, view)}</li>`)}
      </ul>`
    }
    ${section.table && tableHtml(section.table, view)}
    ${section.preformatted !== undefined && html`<pre>${section.preformatted}</pre>`}
  </section>`
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

function spanHtml(span: Span, view: View): Html {
  if (typeof span === 'string') return textHtml(span)
  if ('code' in span) return html`<code>${span.code}</code>`
  if ('strong' in span) return html`<strong>${span.strong}</strong>`
  if ('link' in span) return linkHtml(span.link, span.text)
  if (span.show === 'ago') return html`${elapsed(span.at, view.now)} ago`
  const left = html`${countdown(span.at, view.now)}<span class="left"> left</span>`
  if (span.show === 'countdown') return left
  if (span.show === 'deadline') return html`${left}, until ${timeOfDay(span.at, view.plan.timezone)}`
  return span.show === 'time' ? timeOfDay(span.at, view.plan.timezone) : dateTime(span.at, view.plan.timezone)
}

/** Text of any length: what is long is folded away behind its beginning. */
export function textHtml(text: string): Html {
  if (text.length <= shortText) return html`<bdi>${text}</bdi>`
  return html`<details class="long">
    <summary>
      <bdi>${text.slice(0, shortText)}</bdi>… <span class="more">${text.length} characters</span>
    </summary>
    <bdi>${text.slice(shortText)}</bdi>
  </details>`
}

/** Only web addresses become links; anything else is shown as text. */
function linkHtml(link: string, text: string): Html {
  const safe = /^https?:\/\//i.test(link) || /^\/(?!\/)/.test(link)
  return safe ? html`<a href="${link}">${text}</a>` : html`<bdi>${text} (${link})</bdi>`
}

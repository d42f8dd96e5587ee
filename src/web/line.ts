// Lines of a card as HTML: data stays data, times are the reader's.
import type { Line, Span } from '../message.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { ago, countdown, dateTime, moment } from './time.ts'
import type { View } from './view.ts'

/** Longest text shown at once; the rest opens on demand. */
const shortText = 600

/** A line; every piece of data in it keeps its own direction of writing. */
export function lineHtml(line: Line, view: View): Html {
  return html`${line.map((span) => spanHtml(span, view))}`
}

function spanHtml(span: Span, view: View): Html {
  if (typeof span === 'string') return textHtml(span)
  if ('code' in span) return html`<code>${span.code}</code>`
  if ('command' in span) return html`<code>${span.command}</code>`
  if ('strong' in span) return html`<strong>${span.strong}</strong>`
  if ('link' in span) return linkHtml(span.link, span.text)
  if (span.show === 'ago') return ago(span.at, view.now)
  const left = countdown(span.at, view.now)
  if (span.show === 'countdown') return left
  if (span.show === 'deadline') return html`${left}, until ${moment(span.at, view)}`
  return span.show === 'time' ? moment(span.at, view) : dateTime(span.at, view)
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
export function linkHtml(link: string, text: string): Html {
  const safe = /^https?:\/\//i.test(link) || /^\/(?!\/)/.test(link)
  return safe ? html`<a href="${link}">${text}</a>` : html`<bdi>${text} (${link})</bdi>`
}

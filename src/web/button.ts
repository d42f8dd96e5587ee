// A button as a form that posts its command; what needs a second look opens a dialog, or a page of its own.
import { hash } from 'node:crypto'
import type { IncidentId } from '../ids.ts'
import { plain } from '../message.ts'
import type { Button } from '../message.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { lineHtml } from './line.ts'
import type { View } from './view.ts'

interface Place {
  readonly view: View
  readonly incident?: IncidentId
  readonly scope: string
}

/** With the script: the answer goes into the answer region; without: the form posts as any form does. */
const intoAnswer = html`hx-post="/commands" hx-target="#answer" hx-swap="innerHTML" hx-disable="find button"`

export function buttonForm(button: Button, place: Place): Html {
  const asks = button.confirm !== undefined || button.typed !== undefined || button.input !== undefined
  return asks ? askingForm(button, place) : directForm(button, place)
}

function directForm(button: Button, place: Place): Html {
  return html`<form method="post" action="/commands" ${intoAnswer}>
    ${hiddenFields(button.command, place)}
    <button class="button ${button.style}">${button.label}</button>
  </form>`
}

/** The script opens the dialog instead of sending the form; without it the server answers with a page that asks. */
function askingForm(button: Button, place: Place): Html {
  const id = `ask-${hash('sha256', `${place.scope} ${button.command} ${button.label}`, 'hex').slice(0, 12)}`
  return html`<form method="post" action="/commands/ask">
      ${hiddenFields(button.command, place)}
      <input type="hidden" name="label" value="${button.label}" />
      <input type="hidden" name="style" value="${button.style}" />
      ${(['confirm', 'typed', 'input'] as const).map(
        (name) =>
          button[name] !== undefined && html`<input type="hidden" name="${name}" value="${button[name]}" />`,
      )}
      ${button.needed && html`<input type="hidden" name="needed" value="1" />`}
      ${button.summary && html`<input type="hidden" name="summary" value="${button.summary.map(plain).join('\n')}" />`}
      <button class="button ${button.style}" data-opens="${id}" aria-haspopup="dialog">
        ${button.label}…
      </button>
    </form>
    <dialog id="${id}" aria-labelledby="${id}-title">
      ${question(button, place, id, intoAnswer)}
      <form method="dialog"><button class="button plain">Not now</button></form>
    </dialog>`
}

/** The question as a page of its own. */
export function questionPage(button: Button, place: Place): Html {
  return html`<article class="card">
    ${question(button, place, 'ask', undefined)}
    <p><a href="${place.view.path}">Not now</a></p>
  </article>`
}

function question(button: Button, place: Place, id: string, sending: Html | undefined): Html {
  const more = button.typed === undefined && button.input === undefined ? '' : ' …'
  return html`<h2 id="${id}-title">${button.label}</h2>
    ${
      button.summary &&
      html`<ul class="lines">
        ${button.summary.map((line) => html`<li>${lineHtml(line, place.view)}</li>`)}
      </ul>`
    }
    ${button.confirm !== undefined && html`<p>${button.confirm}</p>`}
    <p class="quiet">This runs <code>${button.command}${more}</code></p>
    <form method="post" action="/commands" ${sending}>
      ${hiddenFields(button.command, place)} ${button.typed !== undefined && typedField(button.typed, id)}
      ${button.input !== undefined && inputField(button, id)}
      <button class="button ${button.style}">${button.label}</button>
    </form>`
}

function typedField(typed: string, id: string): Html {
  const pattern = typed.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
  return html`<label for="${id}-typed">Type <code>${typed}</code> to go on</label>
    <input
      id="${id}-typed"
      name="typed"
      required
      pattern="${pattern}"
      title="Exactly: ${typed}"
      autocomplete="off"
      autocapitalize="off"
      spellcheck="false"
      autofocus
    />`
}

function inputField({ input, needed }: Button, id: string): Html {
  return html`<label for="${id}-input">${input}</label>
    <input
      id="${id}-input"
      name="input"
      autocomplete="off"
      maxlength="1000"
      ${needed && html`required`}
      autofocus
    />`
}

function hiddenFields(command: string, place: Place): Html {
  return html`<input type="hidden" name="csrf" value="${place.view.csrf}" />
    <input type="hidden" name="text" value="${command}" />
    <input type="hidden" name="back" value="${place.view.path}" />
    ${place.incident && html`<input type="hidden" name="incident" value="${place.incident}" />`}`
}

// The frame of every page: navigation, command line, the region for answers, and the part that stays up to date.
import type { IncidentId } from '../ids.ts'
import { assetAddress } from './assets.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { onCall } from '../oncall/shift.ts'
import { nameOf } from './view.ts'
import type { View } from './view.ts'

/** What a page shows. `incident` is the room: commands typed on the page are about it. */
export interface Content {
  readonly title: string
  readonly body: Html
  readonly incident?: IncidentId
}

const htmxConfig = JSON.stringify({
  extensions: 'sse',
  includeIndicatorCSS: false,
  history: false,
  morphIgnore: ['data-htmx-powered', 'open'],
  sse: { reconnectDelay: 500, reconnectMaxDelay: 5_000 },
})

const tabs = [
  ['/', 'Now', 'n'],
  ['/oncall', 'On-call', 'o'],
  ['/systems', 'Systems', 's'],
  ['/runs', 'Runs', 'r'],
  ['/help', 'Help', 'h'],
] as const

/** The title of the document. */
export function titleOf(content: Content, view: View): string {
  return `${content.title} · ${view.plan.organisation}`
}

/** A whole document. `live` is the part that the event stream replaces; `answer` is shown as if just given. */
export function framed(content: Content, view: View, live: Html, answer?: Html): Html {
  const help = withoutBot(view)
  return document(
    titleOf(content, view),
    html`<a class="skip" href="#main">Skip to content</a>
      ${header(view)} ${commandLine(content, view)}
      <div id="lost" class="notice tone-bad" role="alert" hidden data-help="${help}"></div>
      <div class="answer" role="region" aria-label="Answer">
        <div id="answer" aria-live="polite" tabindex="-1">${answer}</div>
      </div>
      <main id="main" tabindex="-1">
        <div
          id="live"
          hx-sse:connect="/events?page=${encodeURIComponent(view.path)}"
          hx-swap="innerMorph"
          hx-trigger="load, again"
          hx-status:4xx="swap:none"
          hx-status:5xx="swap:none"
        >
          ${live}
        </div>
      </main>
      <footer class="foot quiet">
        Times in ${view.plan.timezone}
        <span class="keys"
          >· <kbd>/</kbd> command line · <kbd>g</kbd> then <kbd>n</kbd> <kbd>o</kbd> <kbd>s</kbd> <kbd>r</kbd>
          <kbd>h</kbd> pages</span
        >
        <button type="button" class="link" id="notify" hidden>
          Tell me on this computer when I am paged
        </button>
      </footer>`,
    view,
  )
}

/** A document without navigation: sign-in, and what has gone wrong. */
export function plainPage(title: string, organisation: string, body: Html): Html {
  return document(`${title} · ${organisation}`, html`<main id="main" class="alone">${body}</main>`)
}

function document(title: string, body: Html, now?: View): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        ${now && html`<meta name="dr-clock" content="${now.now} ${now.rate}" />`}
        <meta name="htmx-config" content="${htmxConfig}" />
        <link rel="icon" href="${assetAddress('icon.svg')}" />
        <link rel="stylesheet" href="${assetAddress('console.css')}" />
        <script defer src="${assetAddress('htmx.js')}"></script>
        <script defer src="${assetAddress('hx-sse.js')}"></script>
        <script defer src="${assetAddress('console.js')}"></script>
      </head>
      <body>
        ${body}
      </body>
    </html>`
}

/** What to do while the bot does not answer: shown by the script, which then has nobody to ask. */
function withoutBot(view: View): string {
  const [rotation] = view.plan.oncall.rotations
  const shift = rotation && onCall(view.plan, rotation.name, view.now)
  const phone = shift && view.plan.people[shift.person]?.phone
  const call = shift
    ? `, or call ${nameOf(view, shift.person)}${phone === undefined ? '' : ` (${phone})`}`
    : ''
  return `Meanwhile use the terminal (dr status)${call}.`
}

function header(view: View): Html {
  const path = view.path.split('?')[0]
  return html`<header class="top">
    <a class="mark" href="/"
      ><img src="${assetAddress('icon.svg')}" alt="" width="22" height="22" /> <b>DR</b>
      <span class="org">${view.plan.organisation}</span></a
    >
    <nav aria-label="Pages">
      ${tabs.map(
        ([address, name, key]) =>
          html`<a href="${address}" data-key="${key}" ${path === address && html`aria-current="page"`}
            >${name}</a
          >`,
      )}
    </nav>
    <form class="who" method="post" action="/logout">
      <input type="hidden" name="csrf" value="${view.csrf}" />
      <span class="name">${view.viewer.name}</span>
      <button class="link">Sign out</button>
    </form>
  </header>`
}

function commandLine(content: Content, view: View): Html {
  const about = content.incident
  return html`<form
    class="command"
    method="post"
    action="/commands"
    hx-post="/commands"
    hx-target="#answer"
    hx-swap="innerHTML"
    hx-disable="find button"
  >
    <input type="hidden" name="csrf" value="${view.csrf}" />
    <input type="hidden" name="back" value="${view.path}" />
    ${about && html`<input type="hidden" name="incident" value="${about}" />`}
    <label for="command"><span aria-hidden="true">dr</span><span class="vh">Command</span></label>
    <input
      id="command"
      name="text"
      list="commands"
      required
      maxlength="2000"
      autocomplete="off"
      autocapitalize="off"
      spellcheck="false"
      enterkeyhint="go"
      placeholder="${about ? `ack, note, failover … (about ${about})` : 'status, ack INC-1, failover lb …'}"
    />
    <button class="button primary">Run</button>
  </form>`
}

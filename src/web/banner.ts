// The banners of every page: that whoever looks is being paged, and that recoveries are frozen.
import type { Incident, Page } from '../incident/incident.ts'
import type { Frozen } from '../recovery/freeze.ts'
import { buttonForm } from './button.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { ago, moment } from './time.ts'
import { nameOf } from './view.ts'
import type { View } from './view.ts'

/** Derived from the incidents, so that it goes when the page stops, whoever answered and through whichever door. */
export function bannerFor(open: readonly Incident[], view: View): Html | undefined {
  const calling = open.flatMap((incident) =>
    incident.pages
      .filter((page) => page.person === view.viewer.id && !page.stopped)
      .slice(-1)
      .map((page) => row(incident, page, view)),
  )
  return calling.length === 0 ? undefined : html`<div class="paged" role="alert">${calling}</div>`
}

/** That no recovery starts, by whom, since when and why, and what ends it; nothing while recoveries may start. */
export function frozenBanner(frozen: Frozen | undefined, view: View): Html | undefined {
  if (!frozen) return undefined
  const why = frozen.reason === undefined ? undefined : html`: <bdi>${frozen.reason}</bdi>`
  return html`<div class="frozen" role="status">
    <strong>No recovery starts:</strong> frozen by <bdi>${nameOf(view, frozen.by)}</bdi> since
    ${moment(frozen.since, view)}${why}. To end it, type: <code>unfreeze</code>
  </div>`
}

function row(incident: Incident, page: Page, view: View): Html {
  const ack = { label: 'I have it', command: `ack ${incident.id}`, style: 'primary' } as const
  return html`<div
    class="page"
    data-page="${incident.id}-${page.id}"
    data-text="${incident.id} ${incident.title}"
  >
    <p>
      <strong>You are being paged:</strong> <a href="/incidents/${incident.id}">${incident.id}</a>
      <bdi>${incident.title}</bdi>
      <span class="quiet">called ${ago(page.startedAt, view.now)} · <bdi>${page.why}</bdi></span>
    </p>
    ${buttonForm(ack, { view, incident: incident.id, scope: 'banner' })}
  </div>`
}

// One incident's room: its card with buttons, the record as it grows, phases, who was called, and its runs.
import { runName } from '../../recovery/news.ts'
import { toIncidentId } from '../../ids.ts'
import type { Incident, Page as PersonPage, PageStep } from '../../incident/incident.ts'
import { incidentCard } from '../../incident/card.ts'
import { isOpen } from '../../recovery/run.ts'
import type { Run } from '../../recovery/run.ts'
import type { TimelineEvent } from '../../timeline/event.ts'
import { cardHtml } from '../card.ts'
import { textHtml } from '../line.ts'
import { objectiveBar } from '../charts/objective.ts'
import { phasesChart } from '../charts/phases.ts'
import type { Content } from '../frame.ts'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import { recorded } from '../time.ts'
import { nameOf } from '../view.ts'
import type { View } from '../view.ts'
import { isAtWork, shortRunCard } from './open-runs.ts'
import type { Sources } from './page.ts'
import { chip, incidentChip, runChip } from './state.ts'

/** How many of the newest events are shown; the report has all. */
const newest = 100
/** So many of them stand there at once; the others are a press away. */
const atOnce = 8

export async function incidentPage(
  sources: Sources,
  view: View,
  words: readonly string[],
): Promise<Content | undefined> {
  const id = toIncidentId(words[0] ?? '')
  const found = id && (await sources.store.incident(id))
  if (!id || !found) return undefined
  const incident = found.state
  const [events, runs] = await Promise.all([
    sources.store.timeline(id, { newest }),
    sources.store.runs({ open: false, limit: 100 }),
  ])
  const own = runs.filter((run) => run.incident === id)
  const { buttons = [], sections = [], title, ...rest } = incidentCard(incident, { ...view, runs: own })
  // Its number, what is broken and the way to the report stand in the page's heading already.
  const card = {
    ...rest,
    title: title.replace(`${id} · `, ''),
    sections: sections.filter(({ lines }) => lines?.[0]?.[0] !== incident.title),
    buttons: buttons.filter(({ command }) => command !== `report ${id}`),
  }
  return {
    title: `${id} ${incident.title}`,
    incident: id,
    body: html`<header class="heading">
        <h1><span class="id">${id}</span> <bdi>${incident.title}</bdi></h1>
        <p class="chips">${incidentChip(incident)} <a href="/incidents/${id}/report">Report</a></p>
      </header>
      <div class="split">
        <div class="stack">
          ${cardHtml(card, { view, incident: id, scope: 'card' })} ${runsPart(own, sources, view)}
          ${phasesPart(incident, view)} ${pagesPart(incident, view)}
        </div>
        ${timelinePart(events, incident, view)}
      </div>`,
  }
}

/** What is under way first, then what waits for a word; when nothing is open, the newest. */
function runsPart(runs: readonly Run[], sources: Sources, view: View): Html | undefined {
  if (runs.length === 0) return undefined
  const open = runs.filter(isOpen).toSorted((a, b) => Number(isAtWork(b)) - Number(isAtWork(a)))
  const shown = open.length > 0 ? open : runs.slice(0, 1)
  const older = runs.filter((run) => !shown.includes(run))
  return html`<section class="stack" aria-label="Runs">
    ${shown.map((run) => shortRunCard(run, { sources, view, steps: isOpen(run) }))}
    ${
      older.length > 0 &&
      html`<div class="card">
        <header><h2>Earlier runs</h2></header>
        <ul class="rows">
          ${older.map(
            (run) =>
              html`<li>
                <a href="/runs/${run.id}">${run.id}</a>
                <span>${runName(run)}</span> ${runChip(run)}
              </li>`,
          )}
        </ul>
      </div>`
    }
  </section>`
}

function phasesPart(incident: Incident, view: View): Html {
  return html`<section class="card">
    <header><h2>Against the objective</h2></header>
    <p>${objectiveBar(incident, view.now)}</p>
    ${phasesChart(incident, view)}
  </section>`
}

/** Once nobody is being called any more it is for the record, and a press away. */
function pagesPart(incident: Incident, view: View): Html {
  const { pages } = incident
  const list = html`<ol class="events">
    ${pages.toReversed().map((page) => personPage(page, incident, view))}
  </ol>`
  const calling = pages.some((page) => !page.stopped)
  const count = `${pages.length} page${pages.length === 1 ? '' : 's'}`
  return html`<section class="card">
    <header><h2>Who was called, and why</h2></header>
    ${
      pages.length === 0
        ? html`<p class="quiet">Nobody was called.</p>`
        : calling
          ? list
          : html`<details>
              <summary>${count}, none under way</summary>
              ${list}
            </details>`
    }
  </section>`
}

function personPage(page: PersonPage, incident: Incident, view: View): Html {
  const answered = incident.calls.some(
    (call) => call.target === page.target && call.answeredBy === page.person,
  )
  const state = answered
    ? chip('good', 'Answered')
    : page.stopped
      ? chip('quiet', `Stopped: ${page.stopped.because.replace('-', ' ')}`)
      : chip('bad', 'Being called')
  return html`<li>
    ${recorded(page.startedAt, view)}
    <div>
      <strong><bdi>${nameOf(view, page.person)}</bdi></strong> ${state}
      <div class="quiet"><bdi>${page.why}</bdi></div>
      <div class="quiet">${page.steps.map((step) => stepText(step, page, view))}</div>
    </div>
  </li>`
}

function stepText(step: PageStep, page: PersonPage, view: View): Html {
  const outcome =
    step.outcome === 'sent'
      ? 'sent'
      : step.outcome === 'failed'
        ? `failed: ${step.reason ?? 'no reason given'}`
        : step.outcome === 'ordered'
          ? 'being sent'
          : page.stopped
            ? 'not needed'
            : 'next'
  return html`<span class="step"
    ><b>${step.channel}</b> ${recorded(step.at, view)} <bdi>${outcome}</bdi></span
  >`
}

function timelinePart(events: readonly TimelineEvent[], incident: Incident, view: View): Html {
  const shown = events.toReversed()
  const before = (events[0]?.seq ?? 1) - 1
  return html`<section class="card timeline">
    <header><h2>Timeline</h2></header>
    ${eventList(shown.slice(0, atOnce), view)}
    ${
      shown.length > atOnce &&
      html`<details>
        <summary>${shown.length - atOnce} earlier events</summary>
        ${eventList(shown.slice(atOnce), view)}
      </details>`
    }
    ${
      before > 0 &&
      html`<p class="quiet">
        ${before} earlier events are in the
        <a href="/incidents/${incident.id}/report">report</a>.
      </p>`
    }
  </section>`
}

function eventList(events: readonly TimelineEvent[], view: View): Html {
  return html`<ol class="events">
    ${events.map((event) => eventRow(event, view))}
  </ol>`
}

/** Who it was and by which door; a name that stands in the sentence is not said twice. */
function whoHtml({ by: { door }, text }: TimelineEvent, name: string): Html {
  if (door === 'bot' || door === 'nagios') return html`<bdi>${name}</bdi>`
  return text.includes(name) ? html`${door}` : html`<bdi>${name}</bdi>, ${door}`
}

function eventRow(event: TimelineEvent, view: View): Html {
  const by =
    event.by.person === 'bot' || event.by.person === 'nagios'
      ? event.by.person
      : nameOf(view, event.by.person)
  return html`<li
    id="e${event.seq}"
    class="event-${event.type.split('.')[0]} event-${event.type.replace('.', '-')}"
  >
    ${recorded(event.at, view)}
    <div>
      ${textHtml(event.text)}
      <span class="quiet">${whoHtml(event, by)}</span>
    </div>
  </li>`
}

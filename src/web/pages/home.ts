// The first page: what is open now, and when nothing is, that all is well and who would be called.
import { printDuration } from '../../drplan/duration.ts'
import { owedText, readWarnings } from '../../command/warnings.ts'
import type { Owed, SystemWarning } from '../../command/warnings.ts'
import { systemIds } from '../../ids.ts'
import type { Readiness } from '../../ports.ts'
import type { Incident } from '../../incident/incident.ts'
import type { Line } from '../../message.ts'
import { onCall } from '../../oncall/shift.ts'
import { byHandLines } from '../../incident/by-hand.ts'
import { incidentCard, stateText, toneOf } from '../../incident/card.ts'
import { mostUrgentFirst } from '../../incident/urgency.ts'
import { nowCarriedOut } from '../../incident/decide-by.ts'
import { buttonsHtml } from '../card.ts'
import { lineHtml } from '../line.ts'
import type { Content } from '../frame.ts'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import { objectiveBar } from '../charts/objective.ts'
import type { Run } from '../../recovery/run.ts'
import { ago, countdown, moment } from '../time.ts'
import { nameOf } from '../view.ts'
import type { View } from '../view.ts'
import { otherRuns, waitsForYou } from './open-runs.ts'
import type { Sources } from './page.ts'
import { chip, incidentChip, systemState } from './state.ts'

export async function homePage(sources: Sources, view: View): Promise<Content> {
  const open = mostUrgentFirst(await sources.store.incidents({ open: true, limit: 50 }))
  const { systems, owed } = await readWarnings(sources.store, open)
  const { checks } = await sources.ready()
  const runs = await sources.store.runs({ open: true, limit: 100 })
  const quiet = systems.length + owed.length === 0 ? 'All quiet' : 'Not all is well'
  const title = open.length === 0 ? quiet : `${open.length} open`
  return {
    title,
    body: html`<h1>${heading(open.length, runs.length)}</h1>
      ${open.length + runs.length === 0 && html`<p class="calm">${chip(quiet === 'All quiet' ? 'good' : 'warn', quiet)}</p>`}
      ${byHandPart(byHandLines(runs), view)}
      ${waitsForYou(runs.filter(isUrgent), { sources, view, heading: 'Waits for you' })}
      <div class="stack">${open.map((incident) => openIncident(incident, view))}</div>
      ${waitsForYou(
        runs.filter((run) => !isUrgent(run)),
        { sources, view, heading: 'Waits for you, without an outage' },
      )}
      ${otherRuns(runs, view)} ${troublePart(checks)} ${owedPart(owed, view)} ${overview(open, systems, view)}`,
  }
}

/** What an outage waits for comes before the outages themselves; routine comes after them. */
function isUrgent({ incident, state }: Run): boolean {
  return incident !== undefined || state === 'unknown'
}

function heading(incidents: number, runs: number): string {
  if (incidents > 0) return 'Open now'
  return runs > 0 ? 'No incident is open' : 'Nothing is open'
}

function openIncident(incident: Incident, view: View): Html {
  const place = { view, incident: incident.id, scope: incident.id }
  return html`<article class="card incident tone-${toneOf(incident, view.now)}" id="open-${incident.id}">
    <header>
      <h2>
        <a href="/incidents/${incident.id}"
          ><span class="id">${incident.id}</span> <bdi>${incident.title}</bdi></a
        >
      </h2>
      <span class="chips">${incidentChip(incident)}</span>
    </header>
    <dl class="facts">
      <div>
        <dt>System</dt>
        <dd><code>${incident.system}</code></dd>
      </div>
      <div>
        <dt>Since</dt>
        <dd>
          ${moment(incident.marks.outage, view)}
          <span class="quiet">${ago(incident.marks.outage, view.now)}</span>
        </dd>
      </div>
      <div>
        <dt>Who has it</dt>
        <dd>${whoHasIt(incident, view)}</dd>
      </div>
      ${clockFact(incident, view)}
      <div class="wide">
        <dt>RTO ${printDuration(incident.objective.rto)}</dt>
        <dd>${objectiveBar(incident, view.now)}</dd>
      </div>
    </dl>
    ${carriedOutPart(incident)} ${buttonsHtml(incidentCard(incident, view), place)}
  </article>`
}

/** The same words as on its card, with the way to the run. */
function carriedOutPart(incident: Incident): Html | undefined {
  const done = nowCarriedOut(incident)
  if (done === undefined) return undefined
  return html`<p>
    <a href="/runs/${done.run}">${done.run}</a>${stateText(incident).slice(done.run.length)}.
  </p>`
}

function whoHasIt(incident: Incident, view: View): Html {
  if (incident.engineer !== undefined)
    return html`<strong><bdi>${nameOf(view, incident.engineer)}</bdi></strong>`
  const called = incident.pages.filter((page) => !page.stopped).map((page) => nameOf(view, page.person))
  if (called.length === 0) return html`<span class="tone-bad">nobody</span>`
  return html`<span class="tone-bad">nobody yet</span>
    <span class="quiet">calling ${called.join(', ')}</span>`
}

function clockFact(incident: Incident, view: View): Html | undefined {
  if (incident.state === 'watching')
    return html`<div>
      <dt>Resolves by itself</dt>
      <dd>${countdown(incident.until, view.now)}</dd>
    </div>`
  if (incident.state !== 'paging' && incident.state !== 'diagnosing') return undefined
  return html`<div>
    <dt>Diagnosis clock</dt>
    <dd>
      ${
        incident.clock.endedAt === undefined
          ? countdown(incident.clock.endsAt, view.now)
          : html`<span class="tone-bad">ran out</span>`
      }
    </dd>
  </div>`
}

/** What of the bot itself does not work, and what to do about it. */
function troublePart(checks: Readiness['checks']): Html | undefined {
  const failed = Object.entries(checks).filter(([, { ok }]) => !ok)
  if (failed.length === 0) return undefined
  return html`<section class="card tone-bad">
    <header><h2>The bot itself has trouble</h2></header>
    ${failed.map(([name, { text }]) => html`<p><code>${name}</code> <bdi>${text ?? 'does not work'}</bdi></p>`)}
  </section>`
}

function owedPart(owed: readonly Owed[], view: View): Html | undefined {
  if (owed.length === 0) return undefined
  return html`<section class="card tone-warn">
    <header><h2>Owed after a failover</h2></header>
    ${owed.map(
      (debt) => html`<p>${lineHtml(owedText(debt), view)} <a href="/runs/${debt.run}">${debt.run}</a></p>`,
    )}
    <p class="quiet">In full, and how to say that one is done: <code>debts</code></p>
  </section>`
}

function byHandPart(lines: readonly Line[], view: View): Html | undefined {
  if (lines.length === 0) return undefined
  return html`<section class="card tone-bad">
    <header><h2>A person must act now</h2></header>
    ${lines.map((line) => html`<p>${lineHtml(line, view)}</p>`)}
  </section>`
}

function overview(open: readonly Incident[], warnings: readonly SystemWarning[], view: View): Html {
  return html`<div class="columns">
    <section class="card">
      <header><h2>Systems</h2></header>
      <ul class="rows">
        ${systemIds.map((system) => html`<li><code>${system}</code> ${systemState(system, open, warnings, view)}</li>`)}
      </ul>
    </section>
    <section class="card">
      <header><h2>On call now</h2></header>
      <dl class="rows">${view.plan.oncall.rotations.map((rotation) => onCallRow(rotation.name, view))}</dl>
    </section>
  </div>`
}

function onCallRow(rotation: string, view: View): Html {
  const shift = onCall(view.plan, rotation, view.now)
  return html`<div>
    <dt>${rotation}</dt>
    <dd>
      ${
        shift
          ? html`<strong><bdi>${nameOf(view, shift.person)}</bdi></strong>
              <span class="quiet">${shift.why}</span>`
          : html`<span class="tone-bad">nobody</span>`
      }
    </dd>
  </div>`
}

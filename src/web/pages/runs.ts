// The newest recoveries, and one of them with its card, buttons and record.
import { printTook } from '../../drplan/duration.ts'
import { runName } from '../../recovery/news.ts'
import { readLate } from '../../command/late.ts'
import type { Late } from '../../command/late.ts'
import { toRunId } from '../../ids.ts'
import type { Run } from '../../recovery/run.ts'
import type { Card } from '../../message.ts'
import { cardHtml } from '../card.ts'
import type { Content } from '../frame.ts'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import { moment } from '../time.ts'
import { nameOf } from '../view.ts'
import type { View } from '../view.ts'
import { ownRunCard } from './open-runs.ts'
import type { Sources } from './page.ts'
import { runChip } from './state.ts'

export async function runsPage(sources: Sources, view: View): Promise<Content> {
  const [runs, late] = await Promise.all([
    sources.store.runs({ open: false, limit: 100 }),
    readLate({ store: sources.store, clock: { now: () => view.now } }),
  ])
  return {
    title: 'Runs',
    body: html`<h1>Runs</h1>
      ${lateList(late, view)}
      ${
        runs.length === 0
          ? html`<p class="calm">
              No recovery was proposed yet. Type <code>failover SYSTEM</code> to see what one would do:
              nothing happens until it is approved.
            </p>`
          : html`<div class="scroll card" tabindex="0" role="region" aria-label="Runs">
              <table class="systems">
                <thead>
                  <tr>
                    ${['Run', 'Recovery', 'State', 'Asked', 'By', 'Took', 'Incident'].map(
                      (column) => html`<th scope="col">${column}</th>`,
                    )}
                  </tr>
                </thead>
                <tbody>
                  ${runs.map((run) => runRow(run, view))}
                </tbody>
              </table>
            </div>`
      }`,
  }
}

/** What was refused after its asker had been answered: nothing else on the page would say so. */
function lateList(late: readonly Late[], view: View): Html {
  const refused = late.filter((one) => one.refused !== undefined)
  if (refused.length === 0) return html``
  return html`<section class="card" aria-label="Refused after a long look at the world">
    <h2>Refused after a long look at the world</h2>
    <ul>
      ${refused.map(
        ({ what, by, at, refused: why }) =>
          html`<li>
            <code>${what}</code> of <bdi>${nameOf(view, by)}</bdi>, ${moment(at, view)}:
            <bdi>${why}</bdi>
          </li>`,
      )}
    </ul>
  </section>`
}

function runRow(run: Run, view: View): Html {
  return html`<tr>
    <th scope="row"><a href="/runs/${run.id}">${run.id}</a></th>
    <td data-label="Recovery">${runName(run)}</td>
    <td data-label="State">${runChip(run)}</td>
    <td data-label="Asked">${moment(run.askedAt, view)}</td>
    <td data-label="By"><bdi>${nameOf(view, run.askedBy)}</bdi></td>
    <td data-label="Took">${took(run)}</td>
    <td data-label="Incident">
      ${run.incident === undefined ? '–' : html`<a href="/incidents/${run.incident}">${run.incident}</a>`}
    </td>
  </tr>`
}

function took(run: Run): string {
  if (run.state === 'done' || run.state === 'failed') return printTook(run.endedAt - run.startedAt)
  return '–'
}

export async function runPage(
  sources: Sources,
  view: View,
  words: readonly string[],
): Promise<Content | undefined> {
  const id = toRunId(words[0] ?? '')
  const found = id && (await sources.store.run(id))
  if (!id || !found) return undefined
  const run = found.state
  const about = run.incident === undefined ? {} : { incident: run.incident }
  return {
    title: `${id} ${runName(run)}`,
    ...about,
    body: html`<header class="heading">
        <h1><span class="id">${id}</span> ${runName(run)}</h1>
        <p class="chips">
          ${runChip(run)} ${run.incident && html`<a href="/incidents/${run.incident}">${run.incident}</a>`}
        </p>
      </header>
      ${cardHtml(ownCard(ownRunCard(run, sources, view), run), { view, scope: 'run', ...about })}`,
  }
}

/** The card under the page's heading, which has its name, and its state where one word says it. */
function ownCard(card: Card, run: Run): Card {
  const state = card.title.replace(`${run.id} · ${runName(run)} · `, '')
  return { ...card, title: state === run.state || run.state === 'proposed' ? '' : state }
}

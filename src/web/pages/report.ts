// The report of an incident on a page, and as a file to keep.
import { toIncidentId } from '../../ids.ts'
import type { IncidentId } from '../../ids.ts'
import { reportMarkdown } from '../../timeline/report-markdown.ts'
import { reportHtml } from '../../timeline/report-html.ts'
import { reportParts, reportTitle } from '../../timeline/report-parts.ts'
import type { Part } from '../../timeline/report-parts.ts'
import { reportOf } from '../../timeline/report.ts'
import type { Report } from '../../timeline/report.ts'
import { textHtml } from '../line.ts'
import type { Content } from '../frame.ts'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import type { View } from '../view.ts'
import type { Sources } from './page.ts'

/** How many of the newest runs are looked through for those of the incident. */
const lookedThrough = 500

export async function reportPage(
  sources: Sources,
  view: View,
  words: readonly string[],
): Promise<Content | undefined> {
  const id = toIncidentId(words[0] ?? '')
  const report = id && (await readReport(id, sources, view))
  if (!id || !report) return undefined
  return {
    title: `Report ${id}`,
    incident: id,
    body: html`<header class="heading">
        <h1>${reportTitle(report)}</h1>
        <p class="chips">
          <a href="/incidents/${id}">Incident</a>
          <a href="/incidents/${id}/report.html" download>HTML file</a>
          <a href="/incidents/${id}/report.md" download>Markdown file</a>
        </p>
      </header>
      <div class="report">${reportParts(report).map(partHtml)}</div>`,
  }
}

/** The report as a file of its own; undefined when there is no such incident. */
export async function reportFile(
  id: IncidentId,
  format: 'html' | 'md',
  sources: Sources,
  view: View,
): Promise<string | undefined> {
  const report = await readReport(id, sources, view)
  return report && (format === 'html' ? reportHtml(report) : reportMarkdown(report))
}

async function readReport(id: IncidentId, sources: Sources, view: View): Promise<Report | undefined> {
  const [found, events, head, runs] = await Promise.all([
    sources.store.incident(id),
    sources.store.timeline(id),
    sources.store.head(id),
    sources.store.runs({ open: false, limit: lookedThrough }),
  ])
  if (!found) return undefined
  return reportOf({ incident: found.state, events, head, runs }, view.plan, view.now)
}

function partHtml(part: Part): Html {
  return html`<section>
    ${part.level === 2 ? html`<h2>${part.heading}</h2>` : html`<h3>${part.heading}</h3>`}
    ${
      part.lines &&
      html`<ul class="lines">
        ${part.lines.map((line) => html`<li>${textHtml(line)}</li>`)}
      </ul>`
    }
    ${part.table && tableHtml(part.table, part.heading)}
  </section>`
}

/** On a narrow screen each row becomes a list of values, labelled with their columns. */
function tableHtml({ columns, rows }: NonNullable<Part['table']>, heading: string): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${heading}">
    <table class="cells">
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, index) => html`<td${cell === '' && html` class="none"`} data-label="${columns[index] ?? ''}">${textHtml(cell)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

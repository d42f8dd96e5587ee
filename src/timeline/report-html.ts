// A report as one HTML file that needs nothing else: for printing, mailing, keeping.
import { escapeMarkup } from '../escape.ts'
import { reportParts, reportTitle } from './report-parts.ts'
import type { Part } from './report-parts.ts'
import type { Report } from './report.ts'

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #8886; padding: .25rem .5rem; text-align: left; vertical-align: top; }
@media (max-width: 640px) {
  thead { display: none; }
  tr { display: block; border: 1px solid #8886; margin-bottom: .5rem; padding: .25rem .5rem; }
  td { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); gap: .5rem; border: 0; padding: .125rem 0; }
  td::before { content: attr(data-label); opacity: .75; font-size: .8125rem; }
}
`

/** The report as a whole document without script, link or outside resource. */
export function reportHtml(report: Report): string {
  const title = escapeHtml(reportTitle(report))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<h1>${title}</h1>
${reportParts(report).map(partHtml).join('\n')}
</body>
</html>
`
}

function partHtml(part: Part): string {
  const lines = (part.lines ?? []).map((line) => `<li>${escapeHtml(line)}</li>`)
  return [
    `<h${part.level}>${escapeHtml(part.heading)}</h${part.level}>`,
    ...(lines.length > 0 ? [`<ul>${lines.join('')}</ul>`] : []),
    ...(part.table ? [tableHtml(part.table)] : []),
  ].join('\n')
}

function tableHtml({ columns, rows }: NonNullable<Part['table']>): string {
  const head = columns.map((column) => `<th scope="col">${escapeHtml(column)}</th>`).join('')
  // On a narrow screen each row becomes a list of values, labelled with their columns.
  const body = rows.map((row) => {
    const cells = row.map(
      (cell, index) => `<td data-label="${escapeHtml(columns[index] ?? '')}">${escapeHtml(cell)}</td>`,
    )
    return `<tr>${cells.join('')}</tr>`
  })
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table>`
}

/** Text without markup; characters that control a terminal or the direction of writing are taken out. */
function escapeHtml(text: string): string {
  return escapeMarkup(text.replaceAll(/[^\P{Cc}\n\t]|\p{Bidi_Control}/gu, ''))
}

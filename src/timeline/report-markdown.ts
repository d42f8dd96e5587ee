// A report as Markdown: what came from Nagios or from people stays text, whatever is in it.
import { reportParts, reportTitle } from './report-parts.ts'
import type { Part } from './report-parts.ts'
import type { Report } from './report.ts'
import { withoutUnseen } from '../unseen.ts'

/** The report as a Markdown document (CommonMark with GitHub's tables). */
export function reportMarkdown(report: Report): string {
  const parts = reportParts(report).map(partText)
  return `# ${markdownText(reportTitle(report))}\n\n${parts.join('\n\n')}\n`
}

/**
 * Text on one line in which nothing is markup: no emphasis, link, image, HTML, table cell or mention. Control
 * characters and those that turn the direction of writing are taken out.
 */
export function markdownText(text: string): string {
  return withoutUnseen(text.replaceAll(/\s+/g, ' '))
    .trim()
    .replaceAll(/[\\`*_{}[\]<>|~#&!$^]/g, '\\$&')
    .replaceAll(/:(?=\/\/)|(?<=\bwww)\./gi, '\\$&')
    .replaceAll('@', '@\u2060')
    .replace(/^([-+=])/, '\\$1')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2')
}

function partText(part: Part): string {
  const blocks = [`${'#'.repeat(part.level)} ${markdownText(part.heading)}`]
  if (part.lines && part.lines.length > 0)
    blocks.push(part.lines.map((line) => `- ${markdownText(line)}`).join('\n'))
  if (part.table) {
    const rule = part.table.columns.map(() => '---')
    const rows = [part.table.columns, rule, ...part.table.rows].map((row, index) =>
      index === 1 ? `| ${row.join(' | ')} |` : `| ${row.map(markdownText).join(' | ')} |`,
    )
    blocks.push(rows.join('\n'))
  }
  return blocks.join('\n\n')
}

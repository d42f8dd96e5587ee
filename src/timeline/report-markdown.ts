// A report as Markdown: what came from Nagios or from people stays text, whatever is in it.
import { reportParts, reportTitle } from './report-parts.ts'
import type { Part } from './report-parts.ts'
import type { Report } from './report.ts'
import { withoutUnseen } from '../unseen.ts'

/** The report as a Markdown document (CommonMark with GitHub's tables). */
export function reportMarkdown(report: Report): string {
  const code = report.runs.flatMap((run) => run.code).toSorted((a, b) => b.length - a.length)
  const parts = reportParts(report).map((part) => partText(part, code))
  return `# ${markdownText(reportTitle(report))}\n\n${parts.join('\n\n')}\n`
}

/**
 * Text on one line in which nothing is markup: no emphasis, link, image, HTML, table cell or mention. Control
 * characters and those that turn the direction of writing are taken out.
 */
export function markdownText(text: string): string {
  return asBlock(escaped(text))
}

/** The same, with what in it is code, the longest first, as code: it is read, and copied, as it is. */
function markdownWithCode(text: string, code: readonly string[], place: 'line' | 'cell'): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return asBlock(
    piecesOf(line, code)
      .map((piece) => (typeof piece === 'string' ? escaped(piece) : codeSpan(piece.code, place)))
      .join(''),
  )
}

function piecesOf(text: string, code: readonly string[]): readonly (string | { readonly code: string })[] {
  const found = code.find((one) => one !== '' && text.includes(one))
  if (found === undefined) return [text]
  return text
    .split(found)
    .flatMap((piece, index) => [...(index === 0 ? [] : [{ code: found }]), ...piecesOf(piece, code)])
}

/** In more backticks than it has in a row. Within a table a bar would end the cell even there. */
function codeSpan(code: string, place: 'line' | 'cell'): string {
  const longest = Math.max(0, ...[...code.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  const pad = longest === 0 ? '' : ' '
  const text = withoutUnseen(code)
  return `${fence}${pad}${place === 'cell' ? text.replaceAll('|', '\\|') : text}${pad}${fence}`
}

/** The word joiner keeps an @ from being a mention, of which no escape would. */
function escaped(text: string): string {
  return withoutUnseen(text.replaceAll(/\s+/g, ' '))
    .replaceAll(/[\\`*_{}[\]<>|~#&!$^]/g, '\\$&')
    .replaceAll(/:(?=\/\/)|(?<=\bwww)\./gi, '\\$&')
    .replaceAll('@', '@\u2060')
}

/** Nothing at its beginning makes it a list or a heading. */
function asBlock(text: string): string {
  return text
    .trim()
    .replace(/^([-+=])/, '\\$1')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2')
}

function partText(part: Part, code: readonly string[]): string {
  const blocks = [`${'#'.repeat(part.level)} ${markdownText(part.heading)}`]
  if (part.lines && part.lines.length > 0)
    blocks.push(part.lines.map((line) => `- ${markdownWithCode(line, code, 'line')}`).join('\n'))
  if (part.table) {
    const rule = part.table.columns.map(() => '---')
    const rows = [part.table.columns, rule, ...part.table.rows].map((row, index) =>
      index === 1
        ? `| ${row.join(' | ')} |`
        : `| ${row.map((cell) => markdownWithCode(cell, code, 'cell')).join(' | ')} |`,
    )
    blocks.push(rows.join('\n'))
  }
  return blocks.join('\n\n')
}

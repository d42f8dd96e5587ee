// A card in a terminal: readable at 80 columns, without colours, and whatever text is in it.
import { printClock } from '../drplan/duration.ts'
import { quote } from '../command/words.ts'
import { momentSeenAt, momentText } from '../moment.ts'
import { columnsOf, harmless, harmlessLines, paint, wrap } from './text.ts'
import type { Instant } from '../ids.ts'
import type { Button, Card, Field, Line, Section, Span, Tone } from '../message.ts'
import type { Run, Style } from './text.ts'

export interface Terminal {
  /** How `dr` is called here; absent: `dr`. */
  readonly name?: string
  /** Columns. */
  readonly width: number
  readonly colour: boolean
  /** The IANA zone of the DR plan: all who read an answer, in whatever words, read the same times. */
  readonly zone: string
  readonly now: Instant
}

const marks: Readonly<Record<Tone, string>> = { good: '[ok] ', warn: '[look] ', bad: '[act] ', quiet: '' }
const indent = '  '
/** Narrower than this, a column of a table cannot be read. */
const narrowest = 8
/** A longer label stands on lines of its own. */
const longestLabel = 24

/** The card as lines of text, with a line end after each. Buttons are shown as what to type. */
export function cardText(card: Card, terminal: Terminal): string {
  const title: Run[] = [
    { text: marks[card.tone], style: card.tone },
    { text: harmless(card.title), style: 'strong' },
  ]
  const blocks = [
    wrapped(title, terminal, ''),
    fieldLines(card.fields ?? [], terminal),
    ...(card.sections ?? []).map((section) => sectionLines(section, terminal)),
    buttonLines(buttonsToShow(card), terminal),
    linkLines(card.links ?? [], terminal),
    footLines(card, terminal),
  ]
  const [first = [], ...rest] = blocks.filter((lines) => lines.length > 0)
  // The fields belong to the title; everything else stands apart.
  const gaps = rest.map((lines, index) => (index === 0 && card.fields?.length ? lines : ['', ...lines]))
  return `${[first, ...gaps].flat().join('\n')}\n`
}

/** The footer, and the zone of the times above, so that nobody need guess it. */
function footLines(card: Card, terminal: Terminal): readonly string[] {
  const zone: readonly Line[] = showsTime(card) ? [[`Times in ${terminal.zone}`]] : []
  const lines = card.footer === undefined ? zone : [card.footer, ...zone]
  return lines.flatMap((line) => wrapped(dimmed(runsOf(line, terminal)), terminal, indent))
}

function showsTime(card: Card): boolean {
  const lines = [
    ...(card.fields ?? []).map((field) => field.value),
    ...(card.sections ?? []).flatMap(({ lines: own = [], table }) => [...own, ...(table?.rows.flat() ?? [])]),
    card.footer ?? [],
  ]
  return lines
    .flat()
    .some(
      (span) => typeof span !== 'string' && 'at' in span && span.show !== 'countdown' && span.show !== 'ago',
    )
}

function wrapped(runs: readonly Run[], terminal: Terminal, before: string): readonly string[] {
  const width = Math.max(narrowest, terminal.width - before.length)
  return wrap(runs, width).map((line) => before + paint(line, terminal.colour))
}

function fieldLines(fields: readonly Field[], terminal: Terminal): readonly string[] {
  const labels = fields.map(({ label }) => harmless(label))
  const short = labels.map(columnsOf).filter((columns) => columns <= longestLabel)
  const width = Math.max(0, ...short)
  return fields.flatMap((field, index) => {
    const label = labels[index] ?? ''
    const value = runsOf(field.value, terminal, field.tone ?? 'plain')
    const [first = '', ...rest] = wrapped(value, { ...terminal, width: terminal.width - width - 4 }, '')
    const fits = columnsOf(label) <= longestLabel
    const above = fits ? [] : wrapped([{ text: label, style: 'quiet' }], terminal, indent)
    const head = paint([{ text: pad(fits ? label : '', width), style: 'quiet' }], terminal.colour)
    const after = rest.map((line) => `${' '.repeat(width + 4)}${line}`)
    return [...above, `${indent}${head}  ${first}`.trimEnd(), ...after]
  })
}

function sectionLines(section: Section, terminal: Terminal): readonly string[] {
  const heading = section.heading === undefined ? '' : harmless(section.heading)
  return [
    ...(heading === '' ? [] : wrapped([{ text: heading, style: 'strong' }], terminal, '')),
    ...(section.lines ?? []).flatMap((line) => wrapped(runsOf(line, terminal), terminal, indent)),
    ...(section.table === undefined ? [] : tableLines(section.table, terminal)),
    ...(section.preformatted === undefined
      ? []
      : harmlessLines(section.preformatted).map((line) => (line === '' ? '' : indent + line))),
  ]
}

function tableLines(table: NonNullable<Section['table']>, terminal: Terminal): readonly string[] {
  const head = table.columns.map((text): readonly Run[] => [{ text: harmless(text), style: 'quiet' }])
  const rows = [head, ...table.rows.map((row) => row.map((cell) => runsOf(cell, terminal)))]
  const widths = columnWidths(rows, terminal.width - indent.length)
  return rows.flatMap((row) => {
    const cells = widths.map((width, column) => wrap(row[column] ?? [], width))
    const height = Math.max(1, ...cells.map((cell) => cell.length))
    return Array.from({ length: height }, (_, line) => {
      const parts = cells.map((cell, column) => {
        const runs = cell[line] ?? []
        const gap = (widths[column] ?? 0) - columnsOf(textOf(runs))
        return paint(runs, terminal.colour) + ' '.repeat(Math.max(0, gap))
      })
      return (indent + parts.join('  ')).trimEnd()
    })
  })
}

/** What each column needs; the widest give way until all fit. */
function columnWidths(rows: readonly (readonly (readonly Run[])[])[], width: number): readonly number[] {
  const count = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(1, ...rows.map((row) => columnsOf(textOf(row[column] ?? [])))),
  )
  const room = width - 2 * (count - 1)
  const sum = (): number => widths.reduce((total, each) => total + each, 0)
  while (sum() > room && Math.max(...widths) > narrowest) {
    const widest = widths.indexOf(Math.max(...widths))
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}

/** A button that says no more than its command is left out where the text has that command already. */
function buttonsToShow({ buttons = [], sections = [] }: Card): readonly Button[] {
  const spans = sections.flatMap(({ lines = [] }) => lines.flat())
  const said = spans.flatMap((span) => (typeof span !== 'string' && 'command' in span ? [span.command] : []))
  return buttons.filter(({ label, command }) => label !== command || !said.includes(command))
}

function buttonLines(buttons: readonly Button[], terminal: Terminal): readonly string[] {
  if (buttons.length === 0) return []
  const typed = buttons.map(
    (button) => `${terminal.name ?? 'dr'} ${harmless(button.command)}${askedFor(button)}`,
  )
  const width = Math.max(...typed.map(columnsOf))
  const lines = buttons.flatMap((button, index) => {
    const command = { text: pad(typed[index] ?? '', width), style: 'code' } as const
    return wrapped([command, { text: `  ${harmless(button.label)}`, style: 'plain' }], terminal, indent)
  })
  return [paint([{ text: 'You can type', style: 'strong' }], terminal.colour), ...lines]
}

/** Each place with its address on a line of its own where it fits, so that a terminal can open it. */
function linkLines(links: NonNullable<Card['links']>, terminal: Terminal): readonly string[] {
  const labels = links.map(({ label }) => harmless(label))
  const width = Math.max(0, ...labels.map(columnsOf))
  return links.flatMap(({ link }, index) => {
    const label = { text: pad(labels[index] ?? '', width), style: 'quiet' } as const
    return wrapped([label, { text: `  ${harmless(link)}`, style: 'plain' }], terminal, indent)
  })
}

/** What else must be typed after the button's command. */
function askedFor(button: Button): string {
  if (button.typed !== undefined) {
    const bare = /^[\w.:/+-]+$/.test(button.typed)
    return ` ${bare ? button.typed : harmless(quote(button.typed))}`
  }
  return button.input === undefined ? '' : ' "..."'
}

function runsOf(line: Line, terminal: Terminal, style: Style = 'plain'): readonly Run[] {
  return line.map((span) => {
    if (typeof span === 'string') return { text: harmless(span), style }
    if ('at' in span) return { text: timeText(span, terminal), style }
    if ('code' in span) return { text: harmless(span.code), style: 'code' }
    if ('command' in span)
      return { text: harmless(`${terminal.name ?? 'dr'} ${span.command}`), style: 'code' }
    if ('strong' in span) return { text: harmless(span.strong), style: style === 'plain' ? 'strong' : style }
    return { text: harmless(`${span.text} (${span.link})`), style }
  })
}

function timeText(span: Extract<Span, { readonly at: Instant }>, terminal: Terminal): string {
  const ms = span.at - terminal.now
  const left = `${printClock(ms)} ${ms > 0 ? 'left' : 'over'}`
  if (span.show === 'countdown') return left
  if (span.show === 'ago') return `${printClock(Math.max(0, -ms))} ago`
  if (span.show === 'date-time') return momentText(span.at, terminal.zone)
  const time = momentSeenAt(span.at, terminal.now, terminal.zone)
  if (span.show === 'time') return time
  return ms > 0 ? `${left}, until ${time}` : `${left}, since ${time}`
}

function dimmed(runs: readonly Run[]): readonly Run[] {
  return runs.map(({ text }) => ({ text, style: 'quiet' }))
}

function textOf(runs: readonly Run[]): string {
  return runs.map(({ text }) => text).join('')
}

function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)))
}

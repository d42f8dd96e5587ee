// The body of a card as parts that can be shortened: what is said in them, item by item, and what was left out.
import type { Field, Line, Section, Tone } from '../../../message.ts'
import type { Shortenable } from '../../fit.ts'
import { cleanLines, cut } from '../../text.ts'
import type { Colour, Container, Element, RichTextBlock, TextRun } from './elements.ts'
import { localBlock, richBlock, runsOf, textRuns } from './rich.ts'

/** Characters of one line, cell or value: a line of a log that goes on for pages says nothing more to a person. */
const longestItem = 600
const longestValue = 300
const longestLabel = 80
/** Items of one part that are looked at; more never fit. */
const mostItems = 100

/** A part of the body. `items` are shown in order; `left` counts those that were left out. */
export interface Part extends Shortenable {
  readonly kind: 'fields' | 'lead' | 'list' | 'preformatted'
  readonly heading: readonly TextRun[]
  readonly items: readonly Element[]
}

/** The parts of a section: its lines, its table, its preformatted text; the heading stands over the first. */
export function partsOf(section: Section, zone: string, kind: 'lead' | 'list' = 'list'): readonly Part[] {
  const { heading = '', lines = [], table, preformatted, newestLast = false } = section
  const shown = newestLast ? lines.slice(-mostItems) : lines.slice(0, mostItems)
  const bodies = [
    partOf(kind, linesOf(shown, zone, kind === 'list' && lines.length > 1), lines.length, newestLast),
    partOf('list', rowsOf(table, zone), table?.rows.length ?? 0, newestLast),
    preformattedPart(preformatted),
  ]
  const above = textRuns(cut(heading.trim(), longestItem), { weight: 'Bolder' })
  const [first, ...rest] = bodies.filter(({ items }) => items.length > 0)
  if (first === undefined) return above.length === 0 ? [] : [{ ...partOf('list', [], 0), heading: above }]
  return [{ ...first, heading: above }, ...rest]
}

/** The fields as a part: a row each, the label in bold; what is bad has a mark beside its coloured words. */
export function fieldsPart(fields: readonly Field[], zone: string): readonly Part[] {
  if (fields.length === 0) return []
  const items = fields.slice(0, mostItems).map((field) => fieldRow(field, zone))
  return [partOf('fields', items, fields.length)]
}

/** A part as an element, with a note on what was left out; `more` leads to all of it. */
export function containerOf(part: Part, more: string | undefined): Container {
  const { heading, items, left, newestLast, kind } = part
  const unit = kind === 'preformatted' ? ' lines' : ''
  const words = newestLast ? `${left} earlier` : `and ${left} more${unit}`
  const note = left === 0 ? [] : [noteBlock(words, more)]
  const above = heading.length === 0 ? [] : [richBlock(heading)]
  const body = newestLast ? [...note, ...items] : [...items, ...note]
  return { type: 'Container', spacing: 'Medium', items: [...above, ...body] }
}

/** What was left out, and where all of it is. */
export function noteBlock(text: string, more: string | undefined): RichTextBlock {
  const line: Line =
    more === undefined ? [`${text} in the console`] : [`${text}: `, { link: more, text: 'open the console' }]
  return richBlock(runsOf(line, longestItem, { zone: 'UTC', isSubtle: true }), 'Small')
}

/** Lines as blocks; those of a list begin with a bullet. */
function linesOf(lines: readonly Line[], zone: string, bullets = false): readonly RichTextBlock[] {
  return lines
    .map((line) => runsOf(line, longestItem, { zone }))
    .filter((runs) => runs.length > 0)
    .map((runs) => richBlock(bullets ? [...textRuns('• '), ...runs] : runs, 'Small'))
}

function partOf(kind: Part['kind'], items: readonly Element[], all: number, newestLast = false): Part {
  return { kind, heading: [], items, left: all - items.length, newestLast }
}

/** A row as one item: its first cell, and under it what the other columns say, each with its column's name. */
function rowsOf(table: Section['table'], zone: string): readonly Element[] {
  if (table === undefined) return []
  return table.rows.slice(0, mostItems).flatMap(([first = [], ...rest]): readonly Element[] => {
    const named = rest.length > 1
    const cells = rest.map((cell, index) =>
      labelled(named ? table.columns[index + 1] : undefined, cell, zone),
    )
    const told = cells
      .filter((cell) => cell.length > 0)
      .flatMap((cell, index) => (index === 0 ? cell : [...textRuns(' · '), ...cell]))
    const name = runsOf(first, longestValue, { zone, weight: 'Bolder' })
    const lines = [name, told].filter((runs) => runs.length > 0)
    const items = lines.map((runs) => richBlock(runs, 'None'))
    return items.length === 0 ? [] : [{ type: 'Container', spacing: 'Small', items }]
  })
}

function labelled(label: string | undefined, cell: Line, zone: string): readonly TextRun[] {
  const value = runsOf(cell, longestValue, { zone })
  if (label === undefined || label.trim() === '' || value.length === 0) return value
  return [...textRuns(`${cut(label, longestLabel)}: `, { isSubtle: true }), ...value]
}

/** Spaces that matter: clients would show them as one, or as none. */
const wideSpace = /^ +| {2,}/g

const colours: Readonly<Record<Tone, Colour | undefined>> = {
  bad: 'Attention',
  warn: 'Warning',
  good: 'Good',
  quiet: undefined,
}

/** The label and beside it the value, in shares of the width, so that they stand under each other on every screen. */
function fieldRow({ label, value, tone }: Field, zone: string): Element {
  const shown = fieldValue(value, tone, zone)
  const name = textRuns(cut(label.trim(), longestLabel), { weight: 'Bolder' })
  if (name.length === 0) return shown
  return {
    type: 'ColumnSet',
    spacing: 'Small',
    columns: [
      { type: 'Column', width: 2, items: [richBlock(name)] },
      { type: 'Column', width: 5, items: [shown] },
    ],
  }
}

function fieldValue(value: Line, tone: Tone | undefined, zone: string): Element {
  const color = tone && colours[tone]
  const local = localBlock(value, color)
  if (local !== undefined) return tone === 'bad' ? { ...local, text: `🔴 ${local.text}` } : local
  const runs = runsOf(value, longestValue, { zone, ...(color && { color }) })
  return richBlock(tone === 'bad' ? [...textRuns('🔴 '), ...runs] : runs)
}

function preformattedPart(text: string | undefined): Part {
  const lines = text === undefined || text.trim() === '' ? [] : cleanLines(text.trimEnd())
  const items = lines.slice(0, mostItems).map((line) => {
    const [run] = textRuns(cut(line, longestItem), { fontType: 'Monospace' })
    const text = (run?.text || ' ').replaceAll(wideSpace, (blanks) => '\u00a0'.repeat(blanks.length))
    return richBlock([{ type: 'TextRun', fontType: 'Monospace', text }], 'None')
  })
  return partOf('preformatted', items, lines.length)
}

// The body of a card as parts that can be shortened: what is said in them, item by item, and what was left out.
import type { Field, Line, Section } from '../../../message.ts'
import { limits } from './blocks.ts'
import type { Rich, RichPart, RichText } from './blocks.ts'
import { lengthOf, richLine, richText, stacked } from './rich.ts'
import { shorter } from '../../fit.ts'
import { cleanLines, cut } from '../../text.ts'

/** Characters of one line, cell or value: a line of a log that goes on for pages says nothing more to a person. */
const longestItem = 600
const longestValue = 300
const longestLabel = 80
/** Items of one part that are looked at; more never fit. */
const mostItems = 100
/** Text of one block, with room for the note on what was left out. */
const longestPart = limits.text - 200

/** A part of the body. `items` are shown in order; `left` counts those that were left out. */
export interface Part {
  readonly kind: 'fields' | 'lead' | 'lines' | 'preformatted'
  readonly heading: readonly Rich[]
  readonly items: readonly (readonly Rich[])[]
  readonly left: number
  /** The items that are left out are the first ones. */
  readonly newestLast: boolean
}

/** The parts of a section: its lines, its table, its preformatted text; the heading stands over the first. */
export function partsOf(section: Section, kind: 'lead' | 'lines' = 'lines'): readonly Part[] {
  const { heading = '', lines = [], table, preformatted, newestLast = false } = section
  const bodies: readonly Body[] = [
    { kind, items: shownOf(lines, newestLast).map((line) => richLine(line, longestItem)), all: lines.length },
    { kind: 'lines', items: rowsOf(table), all: table?.rows.length ?? 0 },
    preformattedBody(preformatted),
  ]
  const filled = bodies.map((body) => filledPart(body, newestLast)).filter(({ items }) => items.length > 0)
  const above = richText(cut(heading.trim(), longestItem), { bold: true })
  const [first, ...rest] = filled
  if (first === undefined) return above.length === 0 ? [] : [emptyPart(above)]
  return [{ ...first, heading: above }, ...rest].map(fitted)
}

/** The fields as a part: a line each, the label in bold; what is bad has a mark beside its colourless words. */
export function fieldsPart(fields: readonly Field[]): readonly Part[] {
  if (fields.length === 0) return []
  const items = fields.slice(0, mostItems).map(fieldLine)
  return [fitted(filledPart({ kind: 'fields', items, all: fields.length }))]
}

/** A part as a block, with a note on what was left out; `more` leads to all of it. */
export function blockOf(part: Part, more: string | undefined): RichText {
  const above: readonly RichPart[] =
    part.heading.length === 0 ? [] : [{ type: 'rich_text_section', elements: part.heading }]
  const unit = part.kind === 'preformatted' ? ' lines' : ''
  const words = part.newestLast ? `${part.left} earlier` : `and ${part.left} more${unit}`
  const note = part.left === 0 ? [] : noteOf(words, more)
  return { type: 'rich_text', elements: [...above, ...bodyOf(part, note)] }
}

/** What was left out, and where all of it is. */
function noteOf(text: string, more: string | undefined): readonly Rich[] {
  if (more === undefined) return richText(`${text} in the console`)
  return richLine([`${text}: `, { link: more, text: 'open the console' }])
}

/** A note as a block of its own. */
export function noteBlock(text: string, more: string | undefined): RichText {
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: noteOf(text, more) }] }
}

function bodyOf({ kind, items, newestLast }: Part, note: readonly Rich[]): readonly RichPart[] {
  const under: readonly RichPart[] = note.length === 0 ? [] : [{ type: 'rich_text_section', elements: note }]
  if (items.length === 0) return under
  if (kind === 'preformatted') {
    const text = items.map((line) => line.map((piece) => (piece.type === 'text' ? piece.text : '')).join(''))
    const elements = [{ type: 'text', text: text.join('\n') }] as const
    return [{ type: 'rich_text_preformatted', elements }, ...under]
  }
  if (kind !== 'lines') return [{ type: 'rich_text_section', elements: stacked([...items, note]) }]
  const told = note.length === 0 ? [] : [note]
  const all = newestLast ? [...told, ...items] : [...items, ...told]
  if (all.length === 1) return [{ type: 'rich_text_section', elements: stacked(all) }]
  const elements = all.map((item) => ({ type: 'rich_text_section', elements: item }) as const)
  return [{ type: 'rich_text_list', style: 'bullet', elements }]
}

interface Body {
  readonly kind: Part['kind']
  readonly items: readonly (readonly Rich[])[]
  readonly all: number
}

function filledPart({ kind, items, all }: Body, newestLast = false): Part {
  const filled = items.filter((item) => item.length > 0)
  return { kind, heading: [], items: filled, left: all - items.length, newestLast }
}

function shownOf(lines: readonly Line[], newestLast: boolean): readonly Line[] {
  return newestLast ? lines.slice(-mostItems) : lines.slice(0, mostItems)
}

function emptyPart(heading: readonly Rich[]): Part {
  return { kind: 'lines', heading, items: [], left: 0, newestLast: false }
}

/** The part with as many items as the text of one block may hold. */
function fitted(part: Part): Part {
  let fitting = part
  while (fitting.items.length > 1 && textLength(fitting) > longestPart) fitting = shorter(fitting, 1)
  return fitting
}

function textLength({ heading, items }: Part): number {
  return [...heading, ...items.flat()].reduce((sum, piece) => sum + lengthOf(piece) + 1, 0)
}

/** A row as one item: its first cell, and under it what the other columns say, each with its column's name. */
function rowsOf(table: Section['table']): readonly (readonly Rich[])[] {
  if (table === undefined) return []
  const { columns, rows } = table
  return rows.slice(0, mostItems).map(([first = [], ...rest]) => {
    const cells = rest.map((cell, index) => labelled(rest.length > 1 ? columns[index + 1] : undefined, cell))
    const shown = cells.filter((cell) => cell.length > 0)
    const name = richLine(first, longestValue, { bold: true })
    const apart: readonly (readonly Rich[])[] = shown.length > 2 ? [joined(shown)] : shown
    return stacked([name, ...apart])
  })
}

function joined(cells: readonly (readonly Rich[])[]): readonly Rich[] {
  return cells.flatMap((cell, index) => (index === 0 ? cell : [...richText(' · '), ...cell]))
}

function labelled(label: string | undefined, cell: Line): readonly Rich[] {
  const value = richLine(cell, longestValue)
  if (label === undefined || label.trim() === '' || value.length === 0) return value
  return [...richText(`${cut(label, longestLabel)}: `), ...value]
}

function fieldLine({ label, value, tone }: Field): readonly Rich[] {
  const name = label.trim() === '' ? [] : richText(`${cut(label, longestLabel)}: `, { bold: true })
  const shown = richLine(value, longestValue)
  const mark = tone === 'bad' ? richText('🔴 ') : []
  return [...name, ...mark, ...(shown.length > 0 ? shown : richText('–'))]
}

function preformattedBody(text: string | undefined): Body {
  const lines = text === undefined || text.trim() === '' ? [] : cleanLines(text.trimEnd())
  const items = lines.slice(0, mostItems).map((line) => richText(cut(line, longestItem) || ' '))
  return { kind: 'preformatted', items, all: lines.length }
}

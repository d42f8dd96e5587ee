// Text for a terminal: made harmless, measured in columns, wrapped, coloured.
import { withoutUnseen } from '../unseen.ts'

/** How a run of characters looks. */
export type Style = 'plain' | 'strong' | 'code' | 'good' | 'warn' | 'bad' | 'quiet'

/** Text of one style. */
export interface Run {
  readonly text: string
  readonly style: Style
}

/** SGR parameters (ECMA-48). */
const codes: Readonly<Record<Exclude<Style, 'plain'>, number>> = {
  strong: 1,
  quiet: 2,
  bad: 31,
  good: 32,
  warn: 33,
  code: 36,
}
/** As reports have it. */
const mentionless = '@\u2060'
/** What JSON.stringify leaves as it is; all of these stand in strings, where an escape may take their place. */
const unseenInJson = /[\u007f-\u009f\p{Bidi_Control}\u2028\u2029]/gu
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** What terminals show two columns wide: emoji, and the scripts of East Asia. */
const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u

/**
 * Text in which nothing controls the terminal: escape sequences lose their escape character, which is shown as a
 * picture, and so is everything that would turn the direction of writing. Line ends become blanks.
 */
export function harmless(text: string): string {
  return withoutUnseen(text.replaceAll(/\s/g, ' '), picture)
}

/** The same for text whose lines and blanks matter. */
export function harmlessLines(text: string): readonly string[] {
  return text.split(/\r\n|\n|\r/).map((line) => harmless(line.replaceAll('\t', '  ')))
}

/** A document in Markdown: what keeps an @ in it from being a mention has no width, and stays. */
export function documentLines(markdown: string): readonly string[] {
  return markdown.split('\n').map((line) => line.split(mentionless).map(harmless).join(mentionless))
}

/**
 * Data as JSON over several lines, in which nothing controls the terminal either: what `harmless` would show as a
 * picture is written as JSON's own escape, so that whoever parses it gets what was there.
 */
export function jsonText(data: unknown): string {
  return JSON.stringify(data, undefined, 2).replaceAll(unseenInJson, escaped)
}

function escaped(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function picture(control: string): string {
  const code = control.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '\u2421' : '\ufffd'
}

/** How many columns a text takes. */
export function columnsOf(text: string): number {
  return cellsOf([{ text, style: 'plain' }]).reduce((sum, cell) => sum + cell.columns, 0)
}

interface Cell {
  readonly text: string
  readonly style: Style
  readonly columns: number
}

function cellsOf(runs: readonly Run[]): readonly Cell[] {
  return runs.flatMap(({ text, style }) => {
    if (/^[ -~]*$/.test(text)) return Array.from(text, (one) => ({ text: one, style, columns: 1 }))
    return Array.from(graphemes.segment(text), ({ segment }) => ({
      text: segment,
      style,
      columns: wide.test(segment) ? 2 : 1,
    }))
  })
}

/** Breaks runs into lines of at most `width` columns: between words, or inside a word that is longer than a line. */
export function wrap(runs: readonly Run[], width: number): readonly (readonly Run[])[] {
  const lines: Cell[][] = []
  let line: Cell[] = []
  let columns = 0
  for (const word of wordsOf(cellsOf(runs))) {
    const length = word.reduce((sum, cell) => sum + cell.columns, 0)
    const blank = word[0]?.text === ' '
    if (columns + length > width && columns > 0) {
      lines.push(line)
      line = []
      columns = 0
      if (blank) continue
    }
    for (const cell of word) {
      if (columns + cell.columns > width && columns > 0) {
        lines.push(line)
        line = []
        columns = 0
      }
      line.push(cell)
      columns += cell.columns
    }
  }
  return [...lines, line].map(withoutEnd).map(runsOf)
}

/** Words, and the blanks between them. */
function wordsOf(cells: readonly Cell[]): readonly (readonly Cell[])[] {
  const words: Cell[][] = []
  for (const cell of cells) {
    const last = words.at(-1)
    if (last === undefined || (last[0]?.text === ' ') !== (cell.text === ' ')) words.push([cell])
    else last.push(cell)
  }
  return words
}

function withoutEnd(cells: readonly Cell[]): readonly Cell[] {
  return cells.slice(0, cells.findLastIndex((cell) => cell.text !== ' ') + 1)
}

function runsOf(cells: readonly Cell[]): readonly Run[] {
  const runs: Run[] = []
  for (const { text, style } of cells) {
    const last = runs.at(-1)
    if (last?.style === style) runs[runs.length - 1] = { text: last.text + text, style }
    else runs.push({ text, style })
  }
  return runs
}

/** Runs as the terminal gets them. */
export function paint(runs: readonly Run[], colour: boolean): string {
  return runs
    .map(({ text, style }) =>
      colour && style !== 'plain' ? `\u001b[${codes[style]}m${text}\u001b[0m` : text,
    )
    .join('')
}

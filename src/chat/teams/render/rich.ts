// Spans of a card as runs of text: data stays data, times are written in a named zone or left to the reader's Teams.
import type { Instant } from '../../../ids.ts'
import type { Line, Span } from '../../../message.ts'
import { momentText, timeText } from '../../../moment.ts'
import { before, clean, cut, webAddress } from '../../text.ts'
import { limits } from './elements.ts'
import type { Colour, RichTextBlock, TextBlock, TextRun, TextStyle } from './elements.ts'

type TimeSpan = Extract<Span, { readonly at: Instant }>

/** Characters of one text that are looked at: as many as can be shown, and as many unseen ones. */
const longestRead = 2 * limits.text

/**
 * The functions of Adaptive Cards, which some renderers carry out in any text. One in somebody's text loses its form by
 * a space, so that it stays text.
 */
const functions = /\{\{(?=\s*(?:DATE|TIME)\s*\()/gi

/** How a line is written: the zone for its moments, and its style. */
export interface Writing extends TextStyle {
  readonly zone: string
}

/** A line as runs of at most `most` characters; what is too long is cut with an ellipsis. Never an empty run. */
export function runsOf(line: Line, most: number, { zone, ...style }: Writing): readonly TextRun[] {
  const runs: TextRun[] = []
  let left = most
  for (const run of line.flatMap((span) => spanRuns(span, zone, style))) {
    if (left < 1) break
    const fitting = { ...run, text: cut(run.text, Math.min(left, limits.text)) }
    left -= fitting.text.length
    append(runs, fitting)
  }
  return runs
}

/** Text with a style as one run, or nothing where there is no text. */
export function textRuns(text: string, style: TextStyle = {}): readonly TextRun[] {
  const harmless = harmlessText(text)
  return harmless === '' ? [] : [{ type: 'TextRun', text: harmless, ...style }]
}

/** Text of which no client makes more than text. */
export function harmlessText(text: string): string {
  return withoutFunctions(clean(text.slice(0, longestRead)))
}

function withoutFunctions(text: string): string {
  return text.replaceAll(functions, '{ {')
}

/** Runs as a block; `fallback` where there is nothing to read, since an empty block is refused. */
export function richBlock(
  runs: readonly TextRun[],
  spacing?: RichTextBlock['spacing'],
  fallback = '–',
): RichTextBlock {
  const inlines = runs.length > 0 ? runs : textRuns(fallback)
  return { type: 'RichTextBlock', inlines, ...(spacing && { spacing }) }
}

/** Letters, digits, spaces and what no Markdown begins with. */
const wordsOnly = /^[\p{L}\p{N} ,()–—]*$/u

/**
 * A line with moments in the reader's own zone; undefined where the line has none, or has words that could be markup:
 * Teams carries out its date functions only in the one element that is parsed (MicrosoftDocs/msteams-docs issue 8030).
 */
export function localBlock(line: Line, color: Colour | undefined): TextBlock | undefined {
  if (!line.some((span) => typeof span !== 'string' && 'at' in span)) return undefined
  const pieces = line.map((span) => {
    if (typeof span !== 'string') return 'at' in span ? `${before(span.show)}${localMoment(span)}` : undefined
    const words = clean(span)
    return wordsOnly.test(words) ? words : undefined
  })
  if (pieces.includes(undefined)) return undefined
  const text = cut(pieces.join(''), limits.text)
  return { type: 'TextBlock', text, wrap: true, ...(color && { color }) }
}

/** A line as plain text, its moments in `zone`: for what notifications show. */
export function plainLine(line: Line, zone: string): string {
  return line.flatMap((span) => spanRuns(span, zone, {}).map(({ text }) => text)).join('')
}

function spanRuns(span: Span, zone: string, style: TextStyle): readonly TextRun[] {
  if (typeof span === 'string') return textRuns(span, style)
  if ('code' in span) return textRuns(span.code, { ...style, fontType: 'Monospace' })
  if ('command' in span) return textRuns(typedText(span.command), { ...style, fontType: 'Monospace' })
  if ('strong' in span) return textRuns(span.strong, { ...style, weight: 'Bolder' })
  if ('link' in span) return linkRuns(span.link, span.text, style)
  return textRuns(`${before(span.show)}${namedMoment(span, zone)}`, style)
}

/** A command as it is typed in a channel; in a personal chat it is without the name (personal.ts). */
function typedText(command: string): string {
  return `@dr ${command}`
}

/** Only web addresses become links; anything else is shown as text. */
function linkRuns(link: string, text: string, style: TextStyle): readonly TextRun[] {
  const url = webAddress(link, limits.url)
  if (url === undefined) return textRuns(`${text} (${link})`, style)
  const [run] = textRuns(harmlessText(text).trim() === '' ? url : text, { ...style, color: 'Accent' })
  return run === undefined ? [] : [{ ...run, underline: true, selectAction: { type: 'Action.OpenUrl', url } }]
}

/** `03:12 CET`, `2026-11-23 03:12 CET`. */
function namedMoment({ at, show, day }: TimeSpan, zone: string): string {
  const written = show === 'date-time' || day ? momentText(at, zone) : timeText(at, zone)
  return `${written} ${zoneName(at, zone)}`
}

function zoneName(at: Instant, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeZoneName: 'short' }).formatToParts(at)
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? zone
}

/** A moment as Adaptive Cards' own functions: made of numbers only. */
function localMoment({ at, show, day }: TimeSpan): string {
  const moment = Temporal.Instant.fromEpochMilliseconds(at).toString({ smallestUnit: 'second' })
  const time = `{{TIME(${moment})}}`
  return show === 'date-time' || day ? `{{DATE(${moment}, SHORT)}} ${time}` : time
}

/** Runs of the same style become one: each costs as much as a line of text. */
function append(runs: TextRun[], run: TextRun): void {
  const last = runs.at(-1)
  const joins =
    last !== undefined &&
    last.text.length + run.text.length <= limits.text &&
    JSON.stringify({ ...last, text: '' }) === JSON.stringify({ ...run, text: '' })
  if (joins) runs[runs.length - 1] = { ...last, text: withoutFunctions(last.text + run.text) }
  else runs.push(run)
}

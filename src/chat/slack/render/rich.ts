// Spans of a card as elements of rich text: data stays data, times are shown in the reader's zone.
import type { Instant } from '../../../ids.ts'
import type { Line, Span } from '../../../message.ts'
import { momentText, timeText } from '../../../moment.ts'
import { limits } from './blocks.ts'
import type { Rich, TextStyle } from './blocks.ts'
import { before, clean, cut, webAddress } from '../../text.ts'
import { escaped } from './text.ts'

type TimeSpan = Extract<Span, { readonly at: Instant }>

/** How Slack writes a time, in the reader's zone and habit. */
function formatOf({ show, day }: TimeSpan): string {
  return show === 'date-time' || day ? '{date_short_pretty} {time}' : '{time}'
}

/** Characters of one text that are looked at: as many as can be shown, and as many unseen ones. */
const longestRead = 2 * limits.text

/** A line as rich text of at most `most` characters; what is too long is cut with an ellipsis. Never an empty element. */
export function richLine(line: Line, most: number = limits.text, style: TextStyle = {}): readonly Rich[] {
  const pieces: Rich[] = []
  let left = most
  for (const piece of line.flatMap((span) => richSpan(span, style))) {
    if (left < 1) break
    const fitting = shortened(piece, left)
    left -= lengthOf(fitting)
    append(pieces, fitting)
  }
  return pieces
}

/** Text with a style, or nothing where there is no text. */
export function richText(text: string, style: TextStyle = {}): readonly Rich[] {
  const harmless = clean(text.slice(0, longestRead))
  if (harmless === '') return []
  return [{ type: 'text', text: harmless, ...(Object.keys(style).length > 0 && { style }) }]
}

/** A break inside a part of rich text. */
const lineBreak: Rich = { type: 'text', text: '\n' }

/** Lines of rich text under each other, as one. */
export function stacked(lines: readonly (readonly Rich[])[]): readonly Rich[] {
  const pieces: Rich[] = []
  const filled = lines.filter((line) => line.length > 0)
  for (const [index, line] of filled.entries()) {
    if (index > 0) append(pieces, lineBreak)
    for (const piece of line) append(pieces, piece)
  }
  return pieces
}

/** Characters that a piece shows. */
export function lengthOf(piece: Rich): number {
  return piece.type === 'date' ? piece.fallback.length : piece.text.length
}

/** A line as Slack's message text: escaped, with its times as date tokens; as one piece per span, so that it can be cut. */
export function textPieces(line: Line): readonly string[] {
  return line.map((span) => {
    if (typeof span !== 'string' && 'at' in span) return `${before(span.show)}${dateToken(span)}`
    return escaped(clean(wordsOf(span).slice(0, longestRead)))
  })
}

/** A moment as Slack's own markup: made of numbers only. */
export function dateToken(span: TimeSpan): string {
  return `<!date^${seconds(span.at)}^${formatOf(span)}|${utc(span)}>`
}

/** A command as it is typed in Slack, wherever one is. */
function typedText(command: string): string {
  return `/dr ${command}`
}

/** The words of a span that is not a time. */
export function wordsOf(span: Exclude<Span, TimeSpan>): string {
  if (typeof span === 'string') return span
  if ('code' in span) return span.code
  if ('command' in span) return typedText(span.command)
  return 'strong' in span ? span.strong : span.text
}

function richSpan(span: Span, style: TextStyle): readonly Rich[] {
  if (typeof span === 'string') return richText(span, style)
  if ('code' in span) return richText(span.code, { ...style, code: true })
  if ('command' in span) return richText(typedText(span.command), { ...style, code: true })
  if ('strong' in span) return richText(span.strong, { ...style, bold: true })
  if ('link' in span) return richLink(span.link, span.text, style)
  const fallback = utc(span)
  const date: Rich = {
    type: 'date',
    timestamp: seconds(span.at),
    format: formatOf(span),
    fallback,
    ...(Object.keys(style).length > 0 && { style }),
  }
  return [...richText(before(span.show), style), date]
}

/** Only web addresses become links; anything else is shown as text. */
function richLink(link: string, text: string, style: TextStyle): readonly Rich[] {
  const url = webAddress(link, limits.url)
  if (url === undefined) return richText(`${text} (${link})`, style)
  const shown = clean(text)
  return [{ type: 'link', url, text: shown.trim() === '' ? url : shown }]
}

function append(pieces: Rich[], piece: Rich): void {
  const last = pieces.at(-1)
  const joins =
    last?.type === 'text' &&
    piece.type === 'text' &&
    last.text.length + piece.text.length <= limits.text &&
    JSON.stringify(last.style) === JSON.stringify(piece.style)
  if (joins) pieces[pieces.length - 1] = { ...last, text: last.text + piece.text }
  else pieces.push(piece)
}

function shortened(piece: Rich, most: number): Rich {
  return piece.type === 'date' ? piece : { ...piece, text: cut(piece.text, Math.min(most, limits.text)) }
}

function seconds(at: Instant): number {
  return Math.floor(at / 1_000)
}

/** `02:12 UTC`, `2026-11-23 02:12 UTC`: for whoever cannot be shown their own zone. */
function utc({ at, show, day }: TimeSpan): string {
  return `${show === 'date-time' || day ? momentText(at, 'UTC') : timeText(at, 'UTC')} UTC`
}

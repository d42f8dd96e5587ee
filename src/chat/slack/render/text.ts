// Text for Slack: made harmless, cut to length, escaped where Slack would parse it.
import { limits } from './blocks.ts'
import type { Plain } from './blocks.ts'

/** What is unseen and turns or hides other text: control characters, direction marks, line separators. */
const unseen = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff\ufff9-\ufffb]/gu

/** One line of harmless text: blanks of every kind become spaces, unseen characters go. */
export function clean(text: string): string {
  return text.toWellFormed().replaceAll(/\s/g, ' ').replaceAll(unseen, '')
}

/** The same for text whose lines and spaces matter. */
export function cleanLines(text: string): readonly string[] {
  return text.split(/\r\n|\n|\r/).map((line) => clean(line.replaceAll('\t', '  ')))
}

/** The text, with an ellipsis where it was cut; never longer than `most` UTF-16 units, never half a character. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

/** Plain text of 1 to `most` characters; Slack refuses empty texts, so `instead` stands in for one. */
export function plainText(text: string, most: number, instead = '…'): Plain {
  const shown = cut(clean(text.slice(0, 2 * limits.text)).trim(), most)
  return { type: 'plain_text', text: shown === '' ? instead : shown, emoji: false }
}

/** Text as Slack's message text wants it, so that nothing in it becomes a mention or a link. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** An address that a button or link may lead to: http or https, in its canonical form; undefined for anything else. */
export function webAddress(link: string, most: number): string | undefined {
  const url = URL.parse(link)
  if (url === null || !/^https?:$/.test(url.protocol) || url.href.length > most) return undefined
  return url.href
}

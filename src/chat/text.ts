// Text for a chat: made harmless, cut to length; which addresses may become links.
import type { Show } from '../message.ts'
import { withoutUnseen } from '../unseen.ts'

/** One line of harmless text: blanks of every kind become spaces, unseen characters go. */
export function clean(text: string): string {
  return withoutUnseen(text.toWellFormed().replaceAll(/\s/g, ' '))
}

/** The same for text whose lines and spaces matter. */
export function cleanLines(text: string): readonly string[] {
  return text.split(/\r\n|\n|\r/).map((line) => clean(line.replaceAll('\t', '  ')))
}

/** The text, with an ellipsis where it was cut; never longer than `most` UTF-16 units, never half a character. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

/** An address that a button or link may lead to: http or https, in its canonical form; undefined for anything else. */
export function webAddress(link: string, most: number): string | undefined {
  const url = URL.parse(link)
  if (url === null || !/^https?:$/.test(url.protocol) || url.href.length > most) return undefined
  return url.href
}

/** What stands before a moment: a message is not redrawn each second, so what is left is said as the point where it ends. */
export function before(show: Show): string {
  if (show === 'ago') return 'at '
  return show === 'countdown' || show === 'deadline' ? 'until ' : ''
}

/** A page of the console, such as `incidents/INC-12`, whether the address of the console ends with a slash or not. */
export function pageUrl(publicUrl: string, path: string): string {
  return new URL(path, publicUrl.endsWith('/') ? publicUrl : `${publicUrl}/`).href
}

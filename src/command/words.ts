// Cuts what a person typed into words: quotes of every kind, and what phones and chats do to plain text.
import type { Word } from './command.ts'

/** The longest command that is read, in UTF-16 code units. */
export const longestCommand = 2_000

const entities: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&#39;': "'",
  '&nbsp;': '\u00a0',
  '&#160;': '\u00a0',
}
const entity = /&(?:amp|lt|gt|quot|apos|nbsp|#39|#160);/g
const blank = /[\s\u200b\u2060]/

/** What closes a quoted word, by what opens it. Phones turn "..." into “...”, German ones into „...“. */
const closers: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '“': '”“"',
  '”': '”"',
  '„': '“”"',
  '«': '»',
  '‘': '’',
}

/** Takes off the HTML entities that chats put into plain text; one layer only. */
export function withoutEntities(text: string): string {
  return text.replace(entity, (found) => entities[found] ?? found)
}

/**
 * Cuts a text into words. A quote counts only where a word begins, and only when its closing quote ends the word, so
 * that `can't` and `5" disk` stay as they are. Inside double quotes `\"` is a quote and `\\` a backslash.
 */
export function wordsOf(text: string): readonly Word[] {
  const words: Word[] = []
  let at = 0
  while (at < text.length) {
    const from = skip(text, at, true)
    if (from === text.length) break
    const quoted = quotedAt(text, from)
    const end = quoted?.end ?? skip(text, from, false)
    const raw = text.slice(from, end)
    words.push({ text: quoted?.text ?? raw, quoted: quoted !== undefined, raw, gap: text.slice(at, from) })
    at = end
  }
  return words
}

/**
 * Words as one text: a single quoted word without its quotes, anything else exactly as it was typed. A word with an
 * escaped quote was put into quotes by a program, such as `dr` at a terminal, and is what stands in them.
 */
export function textOf(words: readonly Word[]): string {
  const [first] = words
  if (first === undefined) return ''
  if (words.length === 1) return first.text
  return words.map((word, index) => (index === 0 ? '' : word.gap) + asTyped(word)).join('')
}

function asTyped({ text, quoted, raw }: Word): string {
  return quoted && raw.includes(String.raw`\"`) ? text : raw
}

/** A text in quotes, so that it is read back as it is, whatever is in it. */
export function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&').replace(entity, (found) => `&amp;${found.slice(1)}`)}"`
}

/** A word as it is typed: bare when nothing in it could be misread. */
export function printWord(text: string): string {
  return /^[a-z0-9][\w.:/+-]*$/i.test(text) ? text : quote(text)
}

/** The text with each kind of dash and hyphen that a phone may put made the plain one. */
export function plainDashes(text: string): string {
  return text.replaceAll(/[\u2010-\u2015\u2212]/g, '-')
}

/** The first place at or after `from` that is not blank (or, with `blanks` false, that is). */
function skip(text: string, from: number, blanks: boolean): number {
  let at = from
  while (at < text.length && blank.test(text.charAt(at)) === blanks) at += 1
  return at
}

function quotedAt(text: string, from: number): { readonly text: string; readonly end: number } | undefined {
  const opener = text.charAt(from)
  const ends = closers[opener]
  if (ends === undefined) return undefined
  const escapes = opener !== "'" && opener !== '‘'
  let inside = ''
  for (let at = from + 1; at < text.length; at += 1) {
    const one = text.charAt(at)
    if (ends.includes(one)) {
      const end = at + 1
      return end === text.length || blank.test(text.charAt(end)) ? { text: inside, end } : undefined
    }
    const escaped = escapes && one === '\\' && /["\\]/.test(text.charAt(at + 1))
    if (escaped) at += 1
    inside += text.charAt(at)
  }
  return undefined
}

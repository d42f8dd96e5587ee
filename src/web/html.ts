// HTML as a tagged template that escapes whatever is put into it; there is no way to insert data unescaped.
import { escapeMarkup } from '../escape.ts'
import { withoutUnseen } from '../unseen.ts'

/** A piece of markup that was written in a template, never made from data. */
export interface Html {
  readonly markup: string
}

/** What may stand in a template. Texts are escaped; `undefined` and `false` are nothing. */
export type HtmlValue = Html | string | number | undefined | false | readonly HtmlValue[]

const kept = new Set(['\n', '\t'])

/** Markup with every value escaped, for element content and for quoted attributes alike. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let markup = strings[0] ?? ''
  for (const [index, value] of values.entries()) markup += render(value) + (strings[index + 1] ?? '')
  return { markup }
}

/**
 * Escapes text. Control characters and those that turn or hide the text around them (which could make a command look
 * like another one) become U+FFFD.
 */
function escape(text: string): string {
  return escapeMarkup(withoutUnseen(text, (character) => (kept.has(character) ? character : '\uFFFD')))
}

function render(value: HtmlValue): string {
  if (value === undefined || value === false) return ''
  if (typeof value === 'string') return escape(value.toWellFormed())
  if (typeof value === 'number') return String(value)
  if (isList(value)) return value.map(render).join('')
  return value.markup
}

function isList(value: Html | readonly HtmlValue[]): value is readonly HtmlValue[] {
  return Array.isArray(value)
}

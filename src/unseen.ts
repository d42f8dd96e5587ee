// Characters that nobody sees and that turn, break or hide the text around them: one class of them for every surface.

/**
 * Control characters, those that turn the direction of writing, line and paragraph separators, spaces without width,
 * marks of annotations, and tags. What joins letters in a script or an emoji (U+200C, U+200D) is none of them.
 */
const unseen = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\u200b\u2060\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u

const everyUnseen = new RegExp(unseen, 'gu')

/** The text with something else, by default nothing, in place of each of them. */
export function withoutUnseen(text: string, by: string | ((character: string) => string) = ''): string {
  if (!unseen.test(text)) return text
  return text.replace(everyUnseen, typeof by === 'string' ? () => by : by)
}

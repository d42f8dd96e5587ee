// Text as Slack wants it: plain texts of the right length, and escaped where Slack would parse it.
import { clean, cut } from '../../text.ts'
import { limits } from './blocks.ts'
import type { Plain } from './blocks.ts'

/** Plain text of 1 to `most` characters; Slack refuses empty texts, so `instead` stands in for one. */
export function plainText(text: string, most: number, instead = '…'): Plain {
  const shown = cut(clean(text.slice(0, 2 * limits.text)).trim(), most)
  return { type: 'plain_text', text: shown === '' ? instead : shown, emoji: false }
}

/** Text as Slack's message text wants it, so that nothing in it becomes a mention or a link. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

// One line of words as a Slack message: data stays data, in what is shown and in what a notification says.
import type { Line } from '../../message.ts'
import { limits } from './render/blocks.ts'
import type { SlackMessage } from './render/blocks.ts'
import { richLine, richText, textPieces } from './render/rich.ts'
import { cut } from './render/text.ts'

/** The line as a message; what is longer than Slack shows in one block is cut. */
export function messageOfLine(line: Line): SlackMessage {
  const elements = richLine(line)
  const shown = elements.length > 0 ? elements : richText('…')
  return {
    text: pieces(line),
    blocks: [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: shown }] }],
  }
}

/** Cut before it is escaped, so that no escape is cut in two. */
function pieces(line: Line): string {
  const short = line.map((span) => (typeof span === 'string' ? cut(span, limits.text / 2) : span))
  return textPieces(short).join('')
}

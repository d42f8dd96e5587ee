// Words as a Slack message: data stays data, in what is shown and in what a notification says.
import type { Line } from '../../message.ts'
import { limits } from './render/blocks.ts'
import type { Rich, SlackMessage } from './render/blocks.ts'
import { lengthOf, richLine, richText, stacked, textPieces } from './render/rich.ts'
import { told } from '../../told.ts'
import { cut } from '../text.ts'

/** The line as a message; what is longer than Slack shows in one block is cut. */
export function messageOfLine(line: Line): SlackMessage {
  const elements = richLine(line)
  const shown = elements.length > 0 ? elements : richText('…')
  return {
    text: pieces(line),
    blocks: [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: shown }] }],
  }
}

/** Together they stay below what Slack takes in one message. */
const blocksOfWords = 3

/** Plain words, each line of them a line of the message; of more than three blocks' full the last lines are left out. */
export function messageOfWords(text: string): SlackMessage {
  const lines = text.split('\n').map((line) => richLine(told(line)))
  const [first = richText('…'), ...more] = blockfuls(lines.filter((line) => line.length > 0))
  return {
    text: textPieces(told(cut(text, limits.text / 2))).join(''),
    blocks: [first, ...more].slice(0, blocksOfWords).map((elements) => ({
      type: 'rich_text',
      elements: [{ type: 'rich_text_section', elements }],
    })),
  }
}

/** Lines under each other, as many in each block as it holds. */
function blockfuls(lines: readonly (readonly Rich[])[]): readonly (readonly Rich[])[] {
  const full: (readonly Rich[])[] = []
  let current: (readonly Rich[])[] = []
  let length = 0
  for (const line of lines) {
    const more = line.reduce((sum, piece) => sum + lengthOf(piece), 1)
    if (current.length > 0 && length + more > limits.text) {
      full.push(stacked(current))
      current = []
      length = 0
    }
    current.push(line)
    length += more
  }
  return current.length > 0 ? [...full, stacked(current)] : full
}

/** Cut before it is escaped, so that no escape is cut in two. */
function pieces(line: Line): string {
  const short = line.map((span) => (typeof span === 'string' ? cut(span, limits.text / 2) : span))
  return textPieces(short).join('')
}

// What a person sees of Slack's blocks, as text: for reviewers beside the JSON, and for tests that ask what can be read.
import type {
  Block,
  ButtonElement,
  Input,
  Rich,
  RichPart,
  SlackMessage,
} from '../../src/chat/slack/render/blocks.ts'

/** A message as text: the notification, then the blocks as a reader in `zone` sees them. */
export function shownMessage({ text, blocks }: SlackMessage, zone: string): string {
  return `${text}\n${'-'.repeat(40)}\n${shownBlocks(blocks, zone)}\n`
}

export function shownBlocks(blocks: readonly (Block | Input)[], zone: string): string {
  return blocks.map((block) => shownBlock(block, zone)).join('\n\n')
}

function shownBlock(block: Block | Input, zone: string): string {
  switch (block.type) {
    case 'header':
      return `# ${block.text.text}`
    case 'rich_text':
      return block.elements.map((part) => shownPart(part, zone)).join('\n')
    case 'context':
      return `(${block.elements.map(({ text }) => dates(text, zone)).join(' ')})`
    case 'actions':
      return block.elements.map(shownButton).join('\n')
    case 'divider':
      return '---'
    case 'input':
      return `${block.label.text}${block.optional ? ' (optional)' : ''}: [${block.element.type}]`
    default:
      return block satisfies never
  }
}

function shownPart(part: RichPart, zone: string): string {
  switch (part.type) {
    case 'rich_text_section':
      return part.elements.map((piece) => shownPiece(piece, zone)).join('')
    case 'rich_text_list':
      return part.elements
        .map(({ elements }) => `• ${elements.map((piece) => shownPiece(piece, zone)).join('')}`)
        .map((item) => item.replaceAll('\n', '\n  '))
        .join('\n')
    case 'rich_text_preformatted':
      return part.elements.flatMap(({ text }) => text.split('\n').map((line) => `| ${line}`)).join('\n')
    default:
      return part satisfies never
  }
}

function shownPiece(piece: Rich, zone: string): string {
  if (piece.type === 'link') return `[${piece.text}](${piece.url})`
  const text = piece.type === 'date' ? moment(piece.timestamp, piece.format, zone) : piece.text
  if (piece.style?.code) return `\`${text}\``
  return piece.style?.bold && text.trim() !== '' ? `**${text}**` : text
}

function shownButton({ text, value, url, style, confirm }: ButtonElement): string {
  const asks =
    confirm === undefined
      ? ''
      : ` (asks: ${confirm.text.text} [${confirm.confirm.text}] [${confirm.deny.text}])`
  return `[${text.text}]${style ? ` ${style}` : ''} ${value ?? url ?? ''}${asks}`
}

function dates(text: string, zone: string): string {
  return text.replaceAll(/<!date\^(\d+)\^([^|]*)\|[^>]*>/g, (_token, seconds: string, format: string) =>
    moment(Number(seconds), format, zone),
  )
}

function moment(seconds: number, format: string, zone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(seconds * 1_000).toZonedDateTimeISO(zone)
  const time = local.toPlainTime().toString({ smallestUnit: 'minute' })
  return format.replace('{date_short_pretty}', local.toPlainDate().toString()).replace('{time}', time)
}

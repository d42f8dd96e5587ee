// A card as a Slack message: what is broken, who has it and the clocks first; always within Slack's limits.
import { parted } from '../../../message.ts'
import type { Card, Line, Tone } from '../../../message.ts'
import { fit, sizeOf } from '../../fit.ts'
import { limits } from './blocks.ts'
import type { Actions, Block, ButtonElement, Context, Header, SlackMessage } from './blocks.ts'
import { buttonElements } from './buttons.ts'
import { blockOf, fieldsPart, noteBlock, partsOf } from './parts.ts'
import { dateToken, textPieces, wordsOf } from './rich.ts'
import { before, clean, cut } from '../../text.ts'
import { escaped, plainText } from './text.ts'

export interface MessageOptions {
  /** The page of the console that shows all of it. */
  readonly more?: string
  /** The most that the blocks may take as JSON, in bytes. */
  readonly room?: number
  /** Number of the first button, where several cards are shown on one page. */
  readonly firstButton?: number
}

/** Characters of the small print. */
const longestFooter = 300
/** Characters of the message's text: what a notification shows, and a screen reader reads. */
const longestText = 1_500

const marks: Readonly<Record<Tone, string>> = {
  bad: '🔴',
  warn: '🟠',
  good: '🟢',
  quiet: '⚪',
}

/** The card as a message: `text` for notifications and screen readers, `blocks` for everybody else. */
export function messageOf(card: Card, options: MessageOptions = {}): SlackMessage {
  return { text: summaryText(card), blocks: cardBlocks(card, options) }
}

/** The card's blocks: the title, what stands first, the fields, the body and the buttons. */
export function cardBlocks(card: Card, options: MessageOptions = {}): readonly Block[] {
  const { lead, rest } = parted(card.sections ?? [])
  const top = [...lead.flatMap((section) => partsOf(section, 'lead')), ...fieldsPart(card.fields ?? [])]
  // No card has room for more parts than a message has for blocks.
  const left = Math.max(0, rest.length - limits.blocks)
  const kept = rest.at(-1)?.newestLast ? rest.slice(left) : rest.slice(0, limits.blocks)
  const body = kept.flatMap((section) => partsOf(section))
  const title = header(card)
  const all = options.room ?? limits.whole
  // What buttons do matters more than the text under them, but never all of the room is theirs.
  const buttons = actions(card, all / 2, options.firstButton)
  const foot = footer(card.footer ?? [])
  const around = [title, ...buttons, ...foot]
  const room = all - sizeOf(around)
  const blocks = limits.blocks - around.length - 1
  const more = options.more ?? card.page
  const { top: above, body: read } = fit(top, body, left, {
    room,
    blocks,
    draw: (part) => blockOf(part, more),
    note: (text) => noteBlock(text, more),
  })
  return [title, ...above, ...(top.length > 0 ? [...buttons, ...read] : [...read, ...buttons]), ...foot]
}

/** One or two lines: the title, then what it is about and the fields. Escaped; times are Slack's date tokens. */
function summaryText(card: Card): string {
  const { lead } = parted(card.sections ?? [])
  const lines: readonly Line[] = [
    ...lead.flatMap((section) => section.lines ?? []).slice(0, 3),
    ...(card.fields ?? []).slice(0, 8).map(({ label, value }): Line => [`${label}: `, ...value]),
  ]
  const title = escaped(cut(`${marks[card.tone]} ${clean(card.title)}`, limits.header))
  let text = title
  for (const [index, line] of lines.entries()) {
    const pieces = textPieces(shortLine(line))
    const next = `${text}${index === 0 ? '\n' : ' · '}${pieces.join('')}`
    if (next.length > longestText) break
    text = next
  }
  return text
}

/** A line of at most 200 characters beside its times. */
function shortLine(line: Line): Line {
  let left = 200
  return line.map((span) => {
    if (typeof span !== 'string' && 'at' in span) return span
    const words = left < 1 ? '' : cut(wordsOf(span), left)
    left -= words.length
    return words
  })
}

function header(card: Card): Header {
  return { type: 'header', text: plainText(`${marks[card.tone]} ${card.title}`, limits.header) }
}

function actions(card: Card, most: number, first: number | undefined): readonly (Actions | Context)[] {
  const elements = buttonElements(card, first)
  const fitting: ButtonElement[] = []
  let room = most
  for (const element of elements.slice(0, limits.actions)) {
    room -= sizeOf(element)
    if (room < 0) break
    fitting.push(element)
  }
  const wanted = (card.buttons?.length ?? 0) + (card.links?.length ?? 0)
  const left = wanted - fitting.length
  const all: readonly Actions[] = fitting.length === 0 ? [] : [{ type: 'actions', elements: fitting }]
  if (left === 0) return all
  const text = `${left} more ${left === 1 ? 'button is' : 'buttons are'} in the console`
  return [...all, { type: 'context', elements: [plainText(text, limits.text)] }]
}

/** Small print. Its times stand in elements of their own, so that the text around them is never parsed. */
function footer(line: Line): readonly Context[] {
  const elements: Context['elements'][number][] = []
  let words = ''
  let left = longestFooter
  const flush = (): void => {
    if (words.trim() !== '') elements.push(plainText(cut(words, left), longestFooter))
    left = Math.max(1, left - words.length)
    words = ''
  }
  for (const span of line) {
    if (typeof span === 'string' || !('at' in span)) {
      words += clean(wordsOf(span))
      continue
    }
    words += before(span.show)
    flush()
    elements.push({ type: 'mrkdwn', text: dateToken(span) })
  }
  flush()
  return elements.length === 0 ? [] : [{ type: 'context', elements: elements.slice(0, limits.context) }]
}

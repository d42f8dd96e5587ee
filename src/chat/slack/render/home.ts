// The home tab: what is open, what waits for the reader's approval, and when they are on call.
import type { Card, Line } from '../../../message.ts'
import { shorter, sizeOf } from '../../fit.ts'
import { limits } from './blocks.ts'
import type { Block, HomeView, RichText } from './blocks.ts'
import { cardBlocks } from './message.ts'
import { blockOf, noteBlock } from './parts.ts'
import type { Part } from './parts.ts'
import { richLine, richText } from './rich.ts'

/** What the home tab of one person is drawn from. */
export interface HomeParts {
  /** Open incidents, the most urgent first. */
  readonly open: readonly Card[]
  /** Runs that wait for this person. */
  readonly approvals: readonly Card[]
  /** When this person is on call, and who is now. */
  readonly shift: readonly Line[]
  /** What stands above all: that recoveries are frozen, that the reader is not in the DR plan. */
  readonly notes?: readonly Line[]
  /** What is not fine although no incident of its own is open, and what failovers still owe. */
  readonly uneasy?: readonly Line[]
  /** The console's address. */
  readonly more?: string
}

/** Bytes below which a card says too little to be shown. */
const leastRoom = 1_500
/** What a heading with its lines may take: bytes, lines, characters of a line. */
const wordsRoom = 1_200
const mostLines = 8
const longestLine = 200

/** The home tab, within Slack's limits: cards that find no room are counted, the console has them. */
export function homeView(parts: HomeParts): HomeView {
  let shown = Math.min(parts.open.length + parts.approvals.length, Math.floor(limits.whole / leastRoom))
  let blocks = drawn(parts, shown)
  while (shown > 0 && (sizeOf(blocks) > limits.whole || blocks.length > limits.viewBlocks)) {
    shown -= 1
    blocks = drawn(parts, shown)
  }
  return { type: 'home', blocks }
}

/** The tab with so many cards. Approvals come first to their room, since nobody else may give some of them. */
function drawn(parts: HomeParts, shown: number): readonly Block[] {
  const { open, approvals, shift, notes = [], uneasy = [], more } = parts
  const waiting = approvals.slice(0, shown)
  const broken = open.slice(0, shown - waiting.length)
  const room = Math.floor((limits.whole - 3 * wordsRoom - 600) / Math.max(1, shown))
  const cards = [...broken, ...waiting].map((card, index) => {
    const { footer: _small, ...rest } = card
    return cardBlocks(rest, { room, firstButton: index * 100 + 1, ...(more !== undefined && { more }) })
  })
  const calm = uneasy.length === 0 ? 'Nothing is broken.' : 'No incident is open, but not all is well.'
  const quiet: readonly Line[] = open.length === 0 ? [[calm]] : []
  return [
    ...words('', notes, more),
    ...words('What is open', quiet, more),
    ...cards.slice(0, broken.length).flat(),
    ...left(open.length - broken.length, 'incident', more),
    ...(uneasy.length === 0 ? [] : words('Not well', uneasy, more)),
    ...words('Waiting for you', approvals.length === 0 ? [['No approval.']] : [], more),
    ...cards.slice(broken.length).flat(),
    ...left(approvals.length - waiting.length, 'run', more),
    ...words('On call', shift, more),
  ]
}

/** A heading and lines under it, in no more than their room. */
function words(heading: string, lines: readonly Line[], more: string | undefined): readonly Block[] {
  const items = lines.slice(0, mostLines).map((line) => richLine(line, longestLine))
  const above = richText(heading, { bold: true })
  const left = lines.length - items.length
  let part: Part = { kind: 'lines', heading: above, items, left, newestLast: false }
  while (sizeOf(blockOf(part, more)) > wordsRoom && part.items.length > 1) part = shorter(part, 1)
  return part.items.length + part.heading.length === 0 ? [] : [blockOf(part, more)]
}

function left(count: number, what: string, more: string | undefined): readonly RichText[] {
  if (count <= 0) return []
  const text = `and ${count} more ${count === 1 ? what : `${what}s`}`
  return [noteBlock(text, more)]
}

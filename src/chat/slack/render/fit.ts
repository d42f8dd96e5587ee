// Leaves out of a card's body what matters least, until the rest fits.
import { sizeOf } from './blocks.ts'
import type { RichText } from './blocks.ts'
import { blockOf, noteOf, shorter } from './parts.ts'
import type { Part } from './parts.ts'

/** The room there is: bytes and blocks; `more` is where all of it can be read. */
export interface Frame {
  readonly room: number
  readonly blocks: number
  readonly more: string | undefined
}

/** What fits, as blocks: what stands at the top, and the body. */
export interface Fitting {
  readonly top: readonly RichText[]
  readonly body: readonly RichText[]
}

/** A part as the block it would be, with the block's size. */
interface Drawn {
  readonly part: Part
  readonly block: RichText
  readonly size: number
}

/** How many items of a list are kept for as long as another list is longer. */
const shortList = 3

/**
 * First the long tails of lists go, then all but one item of each part, then whole parts from the end (from the
 * beginning where the newest is last), then the tail of what stands at the top. `left`: parts that were left out before.
 */
export function fit(top: readonly Part[], body: readonly Part[], left: number, frame: Frame): Fitting {
  const draw = (part: Part): Drawn => drawn(part, frame.more)
  const upper = top.slice(0, frame.blocks).map(draw)
  const lower = body.slice(0, Math.max(0, frame.blocks - upper.length)).map(draw)
  const newestLast = body.at(-1)?.newestLast ?? false
  let gone = left + body.length - lower.length
  let note = partsNote(gone, newestLast, frame.more)
  while (sumOf(upper) + sumOf(lower) + noteSize(note) > frame.room) {
    if (shortenLongest(lower, draw)) continue
    if (lower.length > 0) {
      lower.splice(newestLast ? 0 : -1, 1)
      gone += 1
      note = partsNote(gone, newestLast, frame.more)
    } else if (!shortenLongest(upper, draw) && upper.pop() === undefined) break
  }
  const below = lower.map(({ block }) => block)
  const told = note === undefined ? [] : [note]
  return {
    top: upper.map(({ block }) => block),
    body: newestLast ? [...told, ...below] : [...below, ...told],
  }
}

function drawn(part: Part, more: string | undefined): Drawn {
  const block = blockOf(part, more)
  return { part, block, size: sizeOf(block) + 1 }
}

/** Shortens the part with the longest list of them; false when there is nothing left to shorten. */
function shortenLongest(parts: Drawn[], draw: (part: Part) => Drawn): boolean {
  const least = parts.some(({ part }) => part.items.length > shortList) ? shortList : 1
  let longest: Drawn | undefined
  for (const each of parts) {
    if (each.part.items.length > least && each.size > (longest?.size ?? 0)) longest = each
  }
  if (longest === undefined) return false
  parts[parts.indexOf(longest)] = draw(shorter(longest.part, least))
  return true
}

function partsNote(count: number, earlier: boolean, more: string | undefined): RichText | undefined {
  if (count <= 0) return undefined
  const unit = count === 1 ? 'part' : 'parts'
  const elements = noteOf(earlier ? `${count} earlier ${unit}` : `and ${count} more ${unit}`, more)
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] }
}

function sumOf(parts: readonly Drawn[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0)
}

function noteSize(note: RichText | undefined): number {
  return note === undefined ? 0 : sizeOf(note) + 1
}

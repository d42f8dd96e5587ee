// Leaves out of a card's body what matters least, until the rest fits.

/** A part of a card. `items` are shown in order; `left` counts those that were left out. */
export interface Shortenable {
  readonly items: readonly unknown[]
  readonly left: number
  /** The items that are left out are the first ones. */
  readonly newestLast: boolean
}

/** The room there is, in bytes and blocks, and how a chat draws a part and a note on what was left out. */
export interface Frame<P, B> {
  readonly room: number
  readonly blocks: number
  readonly draw: (part: P) => B
  readonly note: (text: string) => B
}

/** What fits, as blocks: what stands at the top, and the body. */
export interface Fitting<B> {
  readonly top: readonly B[]
  readonly body: readonly B[]
}

/** A part as the block it would be, with the block's size. */
interface Drawn<P, B> {
  readonly part: P
  readonly block: B
  readonly size: number
}

/** How many items of a list are kept for as long as another list is longer. */
const shortList = 3

/** Bytes of blocks as they travel. */
export function sizeOf(blocks: unknown): number {
  return Buffer.byteLength(JSON.stringify(blocks))
}

/** The part without a tenth of its items, at least one; never fewer than `least` are kept. */
export function shorter<P extends Shortenable>(part: P, least: number): P {
  const { items, newestLast, left } = part
  const fewer = Math.max(least, items.length - Math.max(1, Math.floor(items.length / 10)))
  const dropped = items.length - fewer
  return { ...part, items: newestLast ? items.slice(dropped) : items.slice(0, fewer), left: left + dropped }
}

/**
 * First the long tails of lists go, then all but one item of each part, then whole parts from the end (from the
 * beginning where the newest is last), then the tail of what stands at the top. `left`: parts that were left out before.
 */
export function fit<P extends Shortenable, B>(
  top: readonly P[],
  body: readonly P[],
  left: number,
  frame: Frame<P, B>,
): Fitting<B> {
  const draw = (part: P): Drawn<P, B> => drawn(part, frame)
  const upper = top.slice(0, frame.blocks).map(draw)
  const lower = body.slice(0, Math.max(0, frame.blocks - upper.length)).map(draw)
  const newestLast = body.at(-1)?.newestLast ?? false
  let gone = left + body.length - lower.length
  let note = partsNote(gone, newestLast, frame)
  while (sumOf(upper) + sumOf(lower) + noteSize(note) > frame.room) {
    if (shortenLongest(lower, draw)) continue
    if (lower.length > 0) {
      lower.splice(newestLast ? 0 : -1, 1)
      gone += 1
      note = partsNote(gone, newestLast, frame)
    } else if (!shortenLongest(upper, draw) && upper.pop() === undefined) break
  }
  const below = lower.map(({ block }) => block)
  const told = note === undefined ? [] : [note]
  return {
    top: upper.map(({ block }) => block),
    body: newestLast ? [...told, ...below] : [...below, ...told],
  }
}

function drawn<P, B>(part: P, { draw }: Frame<P, B>): Drawn<P, B> {
  const block = draw(part)
  return { part, block, size: sizeOf(block) + 1 }
}

/** Shortens the part with the longest list of them; false when there is nothing left to shorten. */
function shortenLongest<P extends Shortenable, B>(
  parts: Drawn<P, B>[],
  draw: (part: P) => Drawn<P, B>,
): boolean {
  const least = parts.some(({ part }) => part.items.length > shortList) ? shortList : 1
  let longest: Drawn<P, B> | undefined
  for (const each of parts) {
    if (each.part.items.length > least && each.size > (longest?.size ?? 0)) longest = each
  }
  if (longest === undefined) return false
  parts[parts.indexOf(longest)] = draw(shorter(longest.part, least))
  return true
}

function partsNote<P, B>(count: number, earlier: boolean, { note }: Frame<P, B>): B | undefined {
  if (count <= 0) return undefined
  const unit = count === 1 ? 'part' : 'parts'
  return note(earlier ? `${count} earlier ${unit}` : `and ${count} more ${unit}`)
}

function sumOf(parts: readonly { readonly size: number }[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0)
}

function noteSize(note: unknown): number {
  return note === undefined ? 0 : sizeOf(note) + 1
}

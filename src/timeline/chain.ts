// The hash chain of a timeline: appending to it, and finding out whether somebody altered it.
import { createHash } from 'node:crypto'
import { canonicalJson } from './canonical.ts'
import { emptyHead } from './event.ts'
import type { Happening, Head, TimelineEvent, TimelineId } from './event.ts'

/** Makes happenings the next events of a timeline that ends at `head`. */
export function chain(
  head: Head,
  timeline: TimelineId,
  happenings: readonly Happening[],
): readonly TimelineEvent[] {
  let end = head
  return happenings.map((happening) => {
    const content = { ...happening, timeline, seq: end.seq + 1, previous: end.hash }
    const event = { ...content, hash: hashOf(content) }
    end = headOf(event)
    return event
  })
}

/** Where a timeline ends after this event. */
export function headOf(event: TimelineEvent): Head {
  return { seq: event.seq, hash: event.hash }
}

type Verdict = { readonly ok: true } | { readonly ok: false; readonly seq: number; readonly problem: string }

/**
 * Checks a whole timeline, read from the store in order, against the head that is kept beside it. Finds each
 * altered, removed, inserted or moved event and a tail that was cut off; `seq` is the first place that is wrong. A record
 * whose hashes were all computed again is a whole one, though another: see `notedAt`.
 */
export function verifyChain(events: readonly TimelineEvent[], head: Head): Verdict {
  let end = emptyHead
  for (const event of events) {
    const problem = problemOf(event, end, events[0]?.timeline)
    if (problem !== undefined) return { ok: false, seq: end.seq + 1, problem }
    end = headOf(event)
  }
  if (end.seq < head.seq)
    return {
      ok: false,
      seq: end.seq + 1,
      problem: `events ${end.seq + 1} to ${head.seq} are missing at the end`,
    }
  if (end.seq > head.seq)
    return {
      ok: false,
      seq: head.seq + 1,
      problem: `the timeline ends at event ${head.seq}, but ${end.seq} were found`,
    }
  if (end.hash !== head.hash)
    return { ok: false, seq: end.seq, problem: `event ${end.seq} is not the one the timeline ended with` }
  return { ok: true }
}

/**
 * Which event a hash belongs to that was noted outside the store, whole or by its first digits; undefined for none.
 * Whoever can write to the store can compute all hashes again: such a record verifies, and only this tells it.
 */
export function notedAt(events: readonly TimelineEvent[], noted: string): number | undefined {
  return events.find((event) => event.hash.startsWith(noted))?.seq
}

function problemOf(event: TimelineEvent, end: Head, timeline: TimelineId | undefined): string | undefined {
  const { hash, ...content } = event
  // What was altered may hold anything, also what cannot be turned into a text by itself.
  if (event.seq !== end.seq + 1)
    return `event ${end.seq + 1} is missing: ${JSON.stringify(event.seq)} stands in its place`
  if (event.previous !== end.hash) return `event ${event.seq} does not follow the event before it`
  if (event.timeline !== timeline) return `event ${event.seq} belongs to ${JSON.stringify(event.timeline)}`
  if (hash !== hashOf(content)) return `event ${event.seq} was altered after it was written`
  return undefined
}

function hashOf(content: Omit<TimelineEvent, 'hash'>): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex')
}

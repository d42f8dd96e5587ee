// The timeline's hash chain: every alteration of the record is found.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../src/timeline/canonical.ts'
import { chain, headOf, verifyChain } from '../../src/timeline/chain.ts'
import { emptyHead, eventTypes } from '../../src/timeline/event.ts'
import type { Happening, Head, TimelineEvent } from '../../src/timeline/event.ts'

const happening: fc.Arbitrary<Happening> = fc
  .record(
    {
      type: fc.constantFrom(...eventTypes),
      at: fc.integer({ min: 0, max: 4_000_000_000_000 }),
      by: fc.record({
        person: fc.constantFrom('ann', 'bot', 'nagios'),
        door: fc.constantFrom('cli', 'web', 'bot'),
      }),
      text: fc.string({ unit: 'binary' }),
      data: fc.dictionary(fc.string(), fc.jsonValue()),
    },
    { requiredKeys: ['type', 'at', 'by', 'text'] },
  )
  .map((value) => value as Happening)

const timeline = fc
  .array(happening, { minLength: 1, maxLength: 8 })
  .map((happenings) => kept(chain(emptyHead, 'INC-1', happenings)))

/** As the store keeps and gives it back. */
function kept(events: readonly TimelineEvent[]): TimelineEvent[] {
  return JSON.parse(JSON.stringify(events)) as TimelineEvent[]
}

function endOf(events: readonly TimelineEvent[]): Head {
  const last = events.at(-1)
  return last === undefined ? emptyHead : headOf(last)
}

/** An event with one of its fields altered, added or removed. */
function altered(event: TimelineEvent, field: string, value: unknown): TimelineEvent {
  const copy: Record<string, unknown> = { ...event }
  if (value === undefined) delete copy[field]
  else copy[field] = value
  return copy as unknown as TimelineEvent
}

describe('the hash chain of a timeline', () => {
  test('an untouched record verifies, however it was appended', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 8 }), fc.nat(8), (happenings, cut) => {
        const first = chain(emptyHead, 'INC-1', happenings.slice(0, cut))
        const all = [...first, ...chain(endOf(first), 'INC-1', happenings.slice(cut))]

        expect(all).toEqual(chain(emptyHead, 'INC-1', happenings))
        expect(verifyChain(kept(all), endOf(all))).toEqual({ ok: true })
      }),
    )
  })

  test('each alteration of any field of any event is found at that event', () => {
    const fields = ['type', 'at', 'by', 'text', 'data', 'timeline', 'seq', 'previous', 'hash', 'extra']
    const value = fc.oneof(fc.jsonValue(), fc.constant(undefined))
    fc.assert(
      fc.property(timeline, fc.nat(), fc.constantFrom(...fields), value, (events, at, field, value) => {
        const place = at % events.length
        const changed = events.map((event, index) => (index === place ? altered(event, field, value) : event))
        fc.pre(canonicalJson(changed) !== canonicalJson(events))

        expect(verifyChain(changed, endOf(events))).toMatchObject({ ok: false, seq: place + 1 })
      }),
      { numRuns: 500 },
    )
  })

  test('an event that was altered together with its own hash is found', () => {
    fc.assert(
      fc.property(timeline, fc.nat(), fc.string(), (events, at, text) => {
        const place = at % events.length
        const before = events[place]
        fc.pre(before !== undefined && before.text !== text)
        const { previous, seq } = before
        const forged = chain({ seq: seq - 1, hash: previous }, 'INC-1', [{ ...before, text }])
        const changed = events.with(place, forged[0] ?? before)

        expect(verifyChain(changed, endOf(events)).ok).toBe(false)
      }),
    )
  })

  test('removing, doubling, moving and cutting off events is found', () => {
    fc.assert(
      fc.property(timeline, fc.nat(), fc.nat(), (events, first, second) => {
        const from = first % events.length
        const to = second % events.length
        const moved = events.toSpliced(from, 1).toSpliced(to, 0, ...events.slice(from, from + 1))

        expect(verifyChain(events.toSpliced(from, 1), endOf(events)).ok).toBe(false)
        expect(verifyChain(events.toSpliced(to, 0, ...events.slice(from, from + 1)), endOf(events)).ok).toBe(
          false,
        )
        expect(verifyChain(events.slice(0, from), endOf(events)).ok).toBe(false)
        expect(verifyChain(moved, endOf(events)).ok).toBe(from === to)
      }),
    )
  })

  test('an event appended behind the head, and a head of another record, are found', () => {
    fc.assert(
      fc.property(timeline, happening, (events, more) => {
        const longer = [...events, ...chain(endOf(events), 'INC-1', [more])]

        expect(verifyChain(kept(longer), endOf(events))).toMatchObject({ ok: false, seq: events.length + 1 })
        expect(verifyChain(events, { ...endOf(events), hash: 'f'.repeat(64) }).ok).toBe(false)
      }),
    )
  })

  test('equal data has the same canonical text, whatever the order of its keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (data) => {
        const reversed = Object.fromEntries(Object.entries(data).toReversed())

        expect(canonicalJson(reversed)).toBe(canonicalJson(data))
        expect(canonicalJson(JSON.parse(JSON.stringify(data)))).toBe(canonicalJson(data))
        expect(JSON.parse(canonicalJson(data))).toEqual(JSON.parse(JSON.stringify(data)))
      }),
    )
  })
})

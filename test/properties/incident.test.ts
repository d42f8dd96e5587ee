// What holds for an incident whatever happens to it, in whatever order.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadPlan } from '../../src/drplan/load.ts'
import type { Policy } from '../../src/incident/change.ts'
import { begin, decide, wakeAt } from '../../src/incident/decide.ts'
import type { Incident, Room } from '../../src/incident/incident.ts'
import { diagnosisLimit } from '../../src/incident/incident.ts'
import type { Attached, Decision, IncidentInput } from '../../src/incident/input.ts'
import { hears, isFor } from '../../src/incident/words.ts'
import type { Actor } from '../../src/timeline/event.ts'

const loaded = loadPlan(readFileSync('dr-plan.example.yml', 'utf8'), 'dr-plan.example.yml')
if ('errors' in loaded) throw new Error('the example plan is broken')
const policy: Policy = { plan: loaded.plan, chats: ['console', 'slack', 'teams'] }
const start = Date.UTC(2026, 10, 23, 3)
const people = Object.keys(loaded.plan.people)

const attached = fc.record<Attached>({
  alert: fc.constant('A-0'),
  key: fc.constantFrom('lb1;HAProxy', 'lb2;HAProxy', 'api1;API'),
  system: fc.constantFrom('lb', 'api'),
  state: fc.constantFrom('CRITICAL', 'OK'),
  output: fc.string({ maxLength: 20 }),
  at: fc.constant(start),
  since: fc.constant(start - 5_000),
  change: fc.constantFrom('broke', 'repeat', 'mended', 'quiet', 'other'),
  text: fc.string({ maxLength: 20 }),
})
const actor = fc.record<Actor>({
  person: fc.constantFrom(...people),
  door: fc.constantFrom('cli', 'web', 'nagios'),
})
const newsKinds = [
  'proposed',
  'approved',
  'step',
  'done',
  'failed',
  'cancelled',
  'denied',
  'expired',
  'unknown',
  'gone',
  'holds',
] as const
const input: fc.Arbitrary<IncidentInput> = fc.oneof(
  fc.record({ kind: fc.constant('tick' as const) }),
  fc.record({ kind: fc.constant('tick' as const) }),
  fc.record({
    kind: fc.constant('alerts' as const),
    attached: fc.array(attached, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('ack' as const), by: actor }),
  fc.record({ kind: fc.constant('note' as const), by: actor, text: fc.string() }),
  fc.record({
    kind: fc.constant('extend' as const),
    by: actor,
    duration: fc.integer({ min: 60_000, max: 40 * 60_000 }),
    reason: fc.string(),
  }),
  fc.record({ kind: fc.constant('escalate' as const), by: actor }),
  fc.record(
    {
      kind: fc.constant('resolve' as const),
      by: actor,
      what: fc.constantFrom('the cable was cut', 'it was the check'),
    },
    { requiredKeys: ['kind', 'by'] },
  ),
  fc.record({ kind: fc.constant('nagios-told' as const), ok: fc.boolean(), text: fc.string() }),
  fc.record({
    kind: fc.constant('page-result' as const),
    page: fc.constantFrom('p1', 'p2', 'p3', 'p4'),
    step: fc.integer({ min: 0, max: 3 }),
    outcome: fc.constantFrom('sent' as const, 'failed' as const),
  }),
  fc.record({
    kind: fc.constant('room' as const),
    chat: fc.constantFrom('console', 'slack', 'teams'),
    state: fc.constantFrom('open' as const, 'failed' as const),
    link: fc.constant('https://chat.example.com/C1'),
  }),
  fc.record({
    kind: fc.constant('unsaid' as const),
    chat: fc.constantFrom('console', 'slack'),
    at: fc.integer({ min: start, max: start + 3_600_000 }),
    reason: fc.constant('no answer'),
  }),
  fc.record({
    kind: fc.constant('caught-up' as const),
    chat: fc.constantFrom('console', 'slack'),
    until: fc.integer({ min: start, max: start + 3_600_000 }),
  }),
  fc.record({
    kind: fc.constant('chat-away' as const),
    chat: fc.constantFrom('slack', 'teams'),
    since: fc.integer({ min: start, max: start + 3_600_000 }),
    refused: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('chat-back' as const),
    chat: fc.constantFrom('slack', 'teams'),
    heard: fc.integer({ min: start, max: start + 3_600_000 }),
  }),
  fc.record(
    {
      kind: fc.constant('run-news' as const),
      run: fc.constantFrom('R-1' as const, 'R-2' as const),
      news: fc.constantFrom(...newsKinds),
      direction: fc.constantFrom('failover' as const, 'failback' as const),
      system: fc.constantFrom('lb' as const, 'api' as const),
      recovery: fc.constantFrom('backup', 'api'),
      by: actor,
      text: fc.string(),
      checkBy: fc.constant(start + 60_000),
      seen: fc.constant(true as const),
      waits: fc.constant(true as const),
      again: fc.constant(true as const),
      followed: fc.integer({ min: start, max: start + 3_600_000 }),
    },
    { requiredKeys: ['kind', 'run', 'news', 'direction', 'by', 'text', 'checkBy'] },
  ),
)
/** What happens, and how long after the thing before: often at once, sometimes exactly when a clock is due. */
const moves = fc.array(
  fc.tuple(input, fc.oneof(fc.integer({ min: 0, max: 400_000 }), fc.constant('wake' as const))),
  { maxLength: 60, size: 'max' },
)

interface Seen {
  readonly before: Incident
  readonly after: Incident
  readonly input: IncidentInput
  readonly decision: Decision
  readonly now: number
}

function play(
  list: readonly (readonly [IncidentInput, number | 'wake'])[],
  look: (seen: Seen) => void,
): Incident {
  let now = start
  const opened = begin(
    {
      id: 'INC-1',
      system: 'lb',
      title: 'HAProxy is down',
      by: { person: 'nagios', door: 'nagios' },
      attached: [],
    },
    now,
    policy,
  )
  let incident = opened.next
  for (const [what, wait] of list) {
    now = wait === 'wake' ? Math.max(now, wakeAt(incident) ?? now) : now + wait
    const given: IncidentInput = wait === 'wake' ? { kind: 'tick' } : what
    const decision = decide(incident, given, now, policy)
    const after = decision.kind === 'change' ? decision.next : incident
    look({ before: incident, after, input: given, decision, now })
    incident = after
  }
  return incident
}

function slackIn({ rooms }: Incident): Room | undefined {
  return rooms.find((each) => each.chat === 'slack')
}

describe('an incident, whatever happens to it', () => {
  it('has a next deadline as long as it is open, and once it is resolved until its rooms are put away', () => {
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ after }) => {
          const at = wakeAt(after)
          const away = after.rooms.every((room) => room.chat === 'console' || room.state === 'closed')
          if (after.state === 'resolved' && away) expect(at).toBeUndefined()
          else expect(Number.isFinite(at)).toBe(true)
        })
      }),
    )
  })

  it('is never looked at twice for the same deadline: what was due is dealt with', () => {
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ after, now }) => {
          let incident = after
          // A look may reveal that more is due at the same instant, but never without end.
          for (let looks = 0; looks < 6; looks += 1) {
            const decision = decide(incident, { kind: 'tick' }, now, policy)
            if (decision.kind !== 'change') return
            incident = decision.next
          }
          expect(wakeAt(incident) ?? Infinity).toBeGreaterThan(now)
        })
      }),
    )
  })

  it('has its rooms put away only while it is resolved, a day after, and back when there is a relapse', () => {
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ before, after, now }) => {
          const closed = after.rooms.some((room) => room.state === 'closed')
          if (closed) expect(after.state).toBe('resolved')
          if (closed && before.state === 'resolved' && before.closeAt !== undefined)
            expect(now).toBeGreaterThanOrEqual(before.at + 24 * 3_600_000)
        })
      }),
    )
  })

  it('notes down the words that a room cannot hear', () => {
    let found = 0
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ after, decision, now }) => {
          const deaf = slackIn(after)
          if (decision.kind !== 'change' || deaf === undefined || deaf.state === 'closed' || hears(deaf))
            return
          if (!decision.effects.some((wish) => wish.kind === 'say' && isFor(wish, deaf))) return
          found += 1
          expect(deaf.missed?.until).toBeGreaterThanOrEqual(now)
        })
      }),
    )
    expect(found).toBeGreaterThan(10)
  })

  it('tells of the absence of a chat once, and not in its own room, before it tells of its return', () => {
    let found = 0
    fc.assert(
      fc.property(moves, (list) => {
        let away = false
        play(list, ({ after, decision }) => {
          const events = decision.kind === 'change' ? decision.events : []
          for (const { type, data } of events.filter((event) => event.data?.['chat'] === 'slack')) {
            if (type === 'chat.away') expect(away).toBe(false)
            if (type === 'chat.back') expect(away).toBe(true)
            if (type === 'chat.away' || type === 'chat.back') {
              found += 1
              away = type === 'chat.away'
              const words =
                decision.kind === 'change' ? decision.effects.filter(({ kind }) => kind === 'say') : []
              expect(words).toMatchObject([{ except: data?.['chat'] }])
            }
          }
          // Once it is resolved nobody waits for the return.
          if (after.state === 'resolved') away = false
        })
      }),
      { numRuns: 500 },
    )
    expect(found).toBeGreaterThan(10)
  })

  it('forgets none of them before the room was told', () => {
    let found = 0
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ before, after, input }) => {
          const [missed, room] = [slackIn(before)?.missed, slackIn(after)]
          if (!missed || room?.state === 'closed') return
          found += 1
          const told = input.kind === 'caught-up' && input.chat === 'slack' && input.until >= missed.until
          expect(room?.missed === undefined).toBe(told)
          expect(room?.missed?.until ?? Infinity).toBeGreaterThanOrEqual(missed.until)
        })
      }),
    )
    expect(found).toBeGreaterThan(10)
  })

  it('stays resolved but for a relapse', () => {
    let found = 0
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ before, after, input }) => {
          if (before.state !== 'resolved' || after.state === 'resolved') return
          found += 1
          expect(input.kind).toBe('alerts')
        })
      }),
      { numRuns: 500 },
    )
    expect(found).toBeGreaterThan(10)
  })

  it('is not moved by what becomes of another system: no page stops, nothing is marked, it does not end', () => {
    const heard = new Set<string>()
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ before, after, input }) => {
          if (input.kind !== 'run-news' || input.system === undefined || input.system === before.system)
            return
          if (before.state !== 'resolved') heard.add(input.news)
          const { rooms: _, ...as } = before
          expect({ ...after, rooms: undefined }).toEqual({ ...as, rooms: undefined })
        })
      }),
      { numRuns: 500 },
    )
    expect(heard.size).toBe(newsKinds.length)
  })

  it('counts a page as out that is out, whatever its channel says later', () => {
    let found = 0
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ after, now }) => {
          for (const { id: page, steps } of after.pages) {
            for (const [step, { outcome }] of steps.entries()) {
              if (outcome !== 'sent') continue
              found += 1
              const late = {
                kind: 'page-result',
                page,
                step,
                outcome: 'failed',
                reason: 'no answer',
              } as const
              const next = decide(after, late, now, policy)
              if (next.kind === 'change') expect(next.next.pages).toEqual(after.pages)
            }
          }
        })
      }),
    )
    expect(found).toBeGreaterThan(10)
  })

  it('never goes down a level', () => {
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ before, after }) => expect(after.level).toBeGreaterThanOrEqual(before.level))
      }),
    )
  })

  it('is not changed by the same acknowledgement, page result or look a second time', () => {
    let found = 0
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ after, input, now }) => {
          if (!['ack', 'page-result', 'room', 'resolve', 'unsaid', 'caught-up'].includes(input.kind)) return
          found += 1
          const again = decide(after, input, now, policy)
          if (again.kind === 'change') expect(again.next).toEqual(after)
        })
      }),
    )
    expect(found).toBeGreaterThan(10)
  })

  it('pages nobody any more once the first call was acknowledged', () => {
    let found = 0
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ before, after, input }) => {
          if (before.state !== 'paging' || input.kind !== 'ack') return
          found += 1
          expect(after.pages.filter((page) => !page.stopped)).toEqual([])
        })
      }),
    )
    expect(found).toBeGreaterThan(10)
  })

  it('never lets a diagnosis take more than 30 minutes', () => {
    let found = 0
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ after }) => {
          if (!('clock' in after)) return
          found += 1
          expect(after.clock.endsAt - after.clock.startedAt).toBeLessThanOrEqual(diagnosisLimit)
        })
      }),
    )
    expect(found).toBeGreaterThan(10)
  })

  it('always pages somebody while nobody has it', () => {
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ after }) => {
          if (after.state !== 'paging') return
          expect(after.pages.some((page) => !page.stopped)).toBe(true)
        })
      }),
    )
  })

  it('leaves nobody waiting for a channel that does not answer: the next one is due within 5 seconds of it', () => {
    fc.assert(
      fc.property(moves, (list) => {
        play(list, ({ after }) => {
          for (const page of after.pages.filter((each) => !each.stopped)) {
            page.steps.forEach((step, index) => {
              const next = page.steps[index + 1]
              if (step.outcome !== 'ordered' || !next || next.outcome !== undefined) return
              expect(wakeAt(after)).toBeLessThanOrEqual(step.at + 5_000)
              const decision = decide(after, { kind: 'tick' }, step.at + 5_000, policy)
              const pages = decision.kind === 'change' ? decision.next.pages : after.pages
              const then = pages.find((each) => each.id === page.id)
              expect(then?.stopped !== undefined || then?.steps[index + 1]?.outcome !== undefined).toBe(true)
            })
          }
        })
      }),
    )
  })
})

// What holds for a run whatever is said to it and whatever its steps come to, in whatever order.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EffectBody } from '../../src/effect.ts'
import { never } from '../../src/errors.ts'
import type { DnsRecord } from '../../src/recovery/action.ts'
import { beginRun, decideRun, runWakeAt } from '../../src/recovery/decide.ts'
import type { RunInput } from '../../src/recovery/decide.ts'
import { stepOf, undoActions } from '../../src/recovery/draft.ts'
import { undoOf } from '../../src/recovery/ways/cloudflare/change.ts'
import type { Risk, Run, Step } from '../../src/recovery/run.ts'
import { noon, run as sample } from '../contracts/store-samples.ts'

const record: DnsRecord = {
  id: 'r1',
  name: 'api.example.com',
  type: 'A',
  content: '192.0.2.1',
  ttl: 300,
  proxied: false,
}
const zone = { id: 'z1', name: 'example.com', nameServers: ['ns1.example.com'] }

/** A step that changes a record of its own, or one that only looks. */
const steps: fc.Arbitrary<readonly Step[]> = fc
  .array(fc.boolean(), { minLength: 1, maxLength: 5 })
  .map((changes) =>
    changes.map((change, index) => {
      const before = [{ ...record, id: `r${index}` }]
      const after = [{ ...record, id: `r${index}`, content: '192.0.2.2' }]
      const action = { provider: 'cloudflare-dns', zone, before, after } as const
      return stepOf(`step ${index + 1}`, action, change ? undoOf(action) : undefined)
    }),
  )
const proposed = fc
  .record({ steps, risk: fc.constantFrom<Risk>('reversible', 'disruptive', 'loses-data') })
  .map(({ steps, risk }): Extract<Run, { state: 'proposed' }> => {
    const run = sample('R-1')
    if (run.state !== 'proposed') throw new Error('the sample is not a proposal')
    return { ...run, incident: 'INC-1', steps, proposal: { ...run.proposal, risk } }
  })

const by = fc.constantFrom(
  { person: 'ann', door: 'cli' } as const,
  { person: 'bob', door: 'web' } as const,
  { person: 'mia', door: 'web' } as const,
)
const roles = fc.constantFrom([], ['engineer'], ['approver'], ['viewer']) as fc.Arbitrary<
  readonly ('engineer' | 'approver' | 'viewer')[]
>
const at = { step: fc.integer({ min: 0, max: 4 }), attempt: fc.integer({ min: 0, max: 3 }) }
const said = fc.oneof(
  fc.record({ kind: fc.constant('approve' as const), by, roles, typed: fc.constantFrom('lb', 'nothing') }),
  fc.record({ kind: fc.constant('deny' as const), by }),
  fc.record({ kind: fc.constant('cancel' as const), by }),
  fc.record({
    kind: fc.constant('retry' as const),
    by,
    seen: fc.constantFrom('done' as const, 'not-done' as const, 'unclear' as const),
    text: fc.constant('looked'),
    since: fc.constant([]),
  }),
  fc.record({ kind: fc.constant('lapsed' as const), reason: fc.constant('drifted') }),
  fc.record({ kind: fc.constant('tick' as const) }),
)
type Kind =
  | 'intended'
  | 'started'
  | 'progress'
  | 'step-done'
  | 'step-failed'
  | 'not-started'
  | 'silent'
  | 'unclear'
/** What can truly be learned of a step in this phase; what leads on is likelier. */
const plausible: Readonly<Record<Step['phase'], readonly Kind[]>> = {
  ready: ['intended'],
  intended: ['started', 'started', 'started', 'started', 'step-done', 'not-started', 'silent', 'unclear'],
  started: ['step-done', 'step-done', 'step-done', 'progress', 'silent', 'unclear', 'step-failed'],
  done: ['intended'],
  failed: ['intended'],
}
const kinds = [...new Set(Object.values(plausible).flat())]

function learned(
  kind: Kind,
  where: { readonly step: number; readonly attempt: number },
  now: number,
): RunInput {
  switch (kind) {
    case 'intended':
      return { kind, ...where, until: now + 12_000 }
    case 'started':
      return { kind, ...where, until: now + 12_000, operation: { id: 'o' } }
    case 'progress':
      return { kind, ...where, note: 'goes on', checkAfter: 1_000 }
    case 'step-done':
      return { kind, ...where, note: 'is there' }
    case 'step-failed':
      return { kind, ...where, reason: 'broken', advice: 'look' }
    case 'not-started':
      return { kind, ...where, reason: 'not there' }
    case 'silent':
      return { kind, ...where, reason: 'no answer', after: 5_000 }
    case 'unclear':
      return { kind, ...where, reason: 'a third value' }
    default:
      return never(kind)
  }
}

/** What comes: something said, a report on the step that the run is at, or one that is stale or made up. */
type Move =
  | { readonly what: 'said'; readonly input: RunInput; readonly wait: number }
  | { readonly what: 'fresh'; readonly pick: number; readonly wait: number }
  | {
      readonly what: 'stale'
      readonly kind: Kind
      readonly step: number
      readonly attempt: number
      readonly wait: number
    }
const wait = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 700_000 }))
const kind = fc.constantFrom(...kinds)
const short = fc.constantFrom(0, 1_000, 60_000)
const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ what: fc.constant('said' as const), input: said, wait }) },
    {
      weight: 12,
      arbitrary: fc.record({ what: fc.constant('fresh' as const), pick: fc.nat(55), wait: short }),
    },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('stale' as const), kind, ...at, wait }) },
  ),
  { maxLength: 60, size: 'max' },
)

interface Seen {
  readonly before: Run
  readonly after: Run
  readonly input: RunInput
  readonly now: number
  readonly events: readonly string[]
  readonly effects: readonly EffectBody[]
}

function inputOf(run: Run, move: Move, now: number): RunInput {
  if (move.what === 'said') return move.input
  if (move.what === 'stale') return learned(move.kind, move, now)
  const step = run.state === 'running' || run.state === 'unknown' ? run.current : 0
  const { phase, attempts } = run.steps[step] ?? { phase: 'ready', attempts: 0 }
  const choices = plausible[phase]
  return learned(choices[move.pick % choices.length] ?? 'intended', { step, attempt: attempts }, now)
}

/** Plays the moves on a run and shows each. */
function play(first: Run, list: readonly Move[], look: (seen: Seen) => void): Run {
  let now = noon
  let run = first
  for (const move of list) {
    now += move.wait
    const input = inputOf(run, move, now)
    const decision = decideRun(run, input, now)
    const after = decision.kind === 'change' ? decision.next : run
    look({
      before: run,
      after,
      input,
      now,
      events: decision.kind === 'change' ? decision.events.map((one) => one.type) : [],
      effects: decision.kind === 'change' ? decision.effects : [],
    })
    run = after
  }
  return run
}

function approved(run: Run): Run {
  const input = {
    kind: 'approve',
    by: { person: 'mia', door: 'web' },
    roles: ['approver'],
    typed: 'lb',
  } as const
  const decision = decideRun(run, input, noon)
  if (decision.kind !== 'change') throw new Error('not approved')
  return decision.next
}

const final = ['done', 'denied', 'expired', 'cancelled']

describe('a run, whatever happens to it', () => {
  it('stays as it is once it is done, denied, expired or cancelled; failed, it only goes on by a retry', () => {
    fc.assert(
      fc.property(proposed, fc.boolean(), moves, (run, start, list) => {
        play(start ? approved(run) : run, list, ({ before, after, input }) => {
          if (final.includes(before.state)) expect(after).toBe(before)
          if (before.state === 'failed' && after !== before) expect(input.kind).toBe('retry')
        })
      }),
    )
  })

  it('has a next deadline as long as it is open, and none once it has ended', () => {
    fc.assert(
      fc.property(proposed, fc.boolean(), moves, (run, start, list) => {
        play(start ? approved(run) : run, list, ({ after }) => {
          const open = after.state === 'proposed' || after.state === 'running' || after.state === 'unknown'
          expect(runWakeAt(after) !== undefined).toBe(open)
        })
      }),
    )
  })

  it('never starts a step that it did not show, or before all steps in front of it are done', () => {
    fc.assert(
      fc.property(proposed, moves, (run, list) => {
        const shown = run.steps.map(({ title, action, undo }) => ({ title, action, undo }))
        play(approved(run), list, ({ after }) => {
          expect(after.steps.map(({ title, action, undo }) => ({ title, action, undo }))).toEqual(shown)
          const begun = after.steps.findLastIndex((step) => step.phase !== 'ready')
          expect(after.steps.slice(0, Math.max(0, begun)).every((step) => step.phase === 'done')).toBe(true)
        })
      }),
    )
  })

  it('begins a step only when it was ready, and ends one only when it was begun or looked at', () => {
    fc.assert(
      fc.property(proposed, moves, (run, list) => {
        play(approved(run), list, ({ before, after, input }) => {
          before.steps.forEach((step, index) => {
            const next = after.steps[index]
            if (next?.phase === 'intended' && step.phase !== 'intended') {
              expect(step.phase).toBe('ready')
              expect(next.attempts).toBe(step.attempts + 1)
            }
            if (next?.phase === 'started' && step.phase !== 'started') expect(step.phase).toBe('intended')
            const ended = next?.phase !== step.phase && (next?.phase === 'done' || next?.phase === 'failed')
            if (ended && input.kind !== 'retry') expect(['intended', 'started']).toContain(step.phase)
          })
        })
      }),
    )
  })

  it('is not changed by what is learned about another step, or about another try of it', () => {
    let found = 0
    fc.assert(
      fc.property(proposed, moves, (run, list) => {
        play(approved(run), list, ({ before, after, input }) => {
          if (!('attempt' in input)) return
          const current = 'current' in before ? before.current : undefined
          const attempts = before.steps[input.step]?.attempts
          if (input.step === current && input.attempt === attempts) return
          found += 1
          expect(after).toBe(before)
        })
      }),
    )
    expect(found).toBeGreaterThan(10)
  })

  it('begins no further step once somebody has said cancel', () => {
    let found = 0
    fc.assert(
      fc.property(proposed, moves, (run, list) => {
        let stopped = false
        play(approved(run), list, ({ before, after, input }) => {
          const attempts = (of: Run) => of.steps.reduce((sum, step) => sum + step.attempts, 0)
          if (stopped && input.kind !== 'retry' && before.state !== 'failed') {
            found += 1
            expect(attempts(after)).toBe(attempts(before))
          }
          if (input.kind === 'cancel' && before.state === 'running') stopped = true
          const waits = after.state === 'running' && after.cancelling !== undefined
          if (waits) expect(after.steps[after.current]?.phase).not.toBe('ready')
          if (input.kind === 'retry' && after !== before) stopped = false
        })
      }),
    )
    expect(found).toBeGreaterThan(10)
  })

  it('runs only with the approval that its risk wants', () => {
    let found = 0
    fc.assert(
      fc.property(
        proposed,
        fc.array(fc.record({ what: fc.constant('said' as const), input: said, wait }), {
          maxLength: 10,
          size: 'max',
        }),
        (run, list) => {
          play(run, list, ({ before, after, input, now }) => {
            if (before.state !== 'proposed' || after.state !== 'running') return
            if (input.kind !== 'approve') throw new Error(`started by ${input.kind}`)
            found += 1
            expect(now).toBeLessThan(run.expiresAt)
            if (run.proposal.risk === 'disruptive') expect(input.typed).toBe(run.proposal.typed)
            if (run.proposal.risk === 'loses-data') {
              expect(input.roles).toContain('approver')
              expect(input.by.person).not.toBe(run.askedBy)
            }
          })
        },
      ),
      { numRuns: 500 },
    )
    expect(found).toBeGreaterThan(10)
  })

  it('is not changed by the same approval, denial or cancel a second time', () => {
    let found = 0
    fc.assert(
      fc.property(proposed, fc.boolean(), moves, (run, start, list) => {
        play(start ? approved(run) : run, list, ({ before, after, input, now }) => {
          if (after === before || !['approve', 'deny', 'cancel'].includes(input.kind)) return
          found += 1
          expect(decideRun(after, input, now).kind).not.toBe('change')
        })
      }),
    )
    expect(found).toBeGreaterThan(10)
  })

  it('is undone by the undo of exactly the steps that are done, the last one first', () => {
    fc.assert(
      fc.property(proposed, moves, (run, list) => {
        const end = play(approved(run), list, () => undefined)
        const done = end.steps.filter((step) => step.phase === 'done').length

        const expected = run.steps.slice(0, done).flatMap((step) => (step.undo ? [step.undo] : []))
        expect(undoActions(end)).toEqual(expected.toReversed())
      }),
    )
  })

  it('tells its incident, and the one in whose room it was asked for, that it was approved and how it ends', () => {
    const came = new Set<string>()
    fc.assert(
      fc.property(proposed, fc.boolean(), moves, (waiting, start, list) => {
        const run = { ...waiting, askedIn: 'INC-2' } as const
        expect(beginRun(run, noon).effects).toMatchObject(toldOf('proposed'))
        play(start ? approved(run) : run, list, ({ before, after, events, effects }) => {
          if (after.state === before.state) return
          expect(events.length).toBeGreaterThan(0)
          // One that goes on after a retry was approved before.
          if (after.state === 'running' && before.state !== 'proposed') return
          came.add(after.state)
          const told = effects.filter(({ kind }) => kind === 'run-news')
          expect(told).toMatchObject(toldOf(after.state === 'running' ? 'approved' : after.state))
        })
      }),
      { numRuns: 500 },
    )
    expect([...came].toSorted()).toEqual(
      ['cancelled', 'denied', 'done', 'expired', 'failed', 'running', 'unknown'].toSorted(),
    )
  })
})

function toldOf(news: string): readonly object[] {
  const told = { kind: 'run-news', run: 'R-1', system: 'lb', news }
  return [
    { ...told, incident: 'INC-1' },
    { ...told, incident: 'INC-2' },
  ]
}

// Until when a recovery must be ordered: the sum always comes out, and the card never says what is over as if it were not.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadPlan } from '../../src/drplan/load.ts'
import { incidentCard, toneOf } from '../../src/incident/card.ts'
import type { Policy } from '../../src/incident/change.ts'
import { begin, decide, wakeAt } from '../../src/incident/decide.ts'
import { decideBy, noWayLeft, verification, waysOut } from '../../src/incident/decide-by.ts'
import type { Incident, WayOut } from '../../src/incident/incident.ts'
import { plain } from '../../src/message.ts'
import type { Run } from '../../src/recovery/run.ts'

const loaded = loadPlan(readFileSync('dr-plan.example.yml', 'utf8'), 'dr-plan.example.yml')
if ('errors' in loaded) throw new Error('the example plan is broken')
const { plan } = loaded
const policy: Policy = { plan, chats: ['console', 'slack'] }
const start = Date.UTC(2026, 10, 23, 3)
const ann = { person: 'ann', door: 'cli' } as const

const way: fc.Arbitrary<WayOut> = fc.record(
  {
    recovery: fc.constantFrom('backup', 'api', 'region', 'restore'),
    takes: fc.integer({ min: 1_000, max: 3_600_000 }),
    source: fc.constant('the DR plan'),
    follows: fc.integer({ min: 60_000, max: 600_000 }),
  },
  { requiredKeys: ['recovery', 'takes', 'source'] },
)
const ways = fc.array(way, { maxLength: 5 })
const rto = fc.integer({ min: 60_000, max: 3_600_000 })
const offset = fc.integer({ min: 0, max: 4_000_000 })

function opened(waysOf: readonly WayOut[], objective: number): Incident {
  const opening = { id: 'INC-1', system: 'lb', title: 'down', by: ann, attached: [] } as const
  const { next } = begin(opening, start, policy)
  return { ...next, objective: { rto: objective }, waysOut: waysOf }
}

function diagnosing(waysOf: readonly WayOut[], objective: number): Incident {
  const decision = decide(opened(waysOf, objective), { kind: 'ack', by: ann }, start, policy)
  if (decision.kind !== 'change') throw new Error('not acknowledged')
  return decision.next
}

function fieldOf(incident: Incident, now: number) {
  const field = incidentCard(incident, { plan, now }).fields?.find(({ label }) => label === 'Decide by')
  return field && { text: plain(field.value), tone: field.tone }
}

describe('the moment by which somebody must decide', () => {
  it('leaves exactly the time that the recovery and its verification take', () => {
    fc.assert(
      fc.property(ways, rto, offset, (all, objective, later) => {
        const incident = diagnosing(all, objective)

        for (const { at, newAt, takes, follows = 0 } of decideBy(incident, start + later)) {
          expect(newAt + takes + verification).toBe(incident.marks.outage + objective)
          expect(at + follows).toBe(newAt)
        }
      }),
    )
  })

  it('is that of the way that can wait longest, first', () => {
    fc.assert(
      fc.property(ways, rto, (all, objective) => {
        const moments = decideBy(diagnosing(all, objective), start).map(({ at }) => at)

        expect(moments).toEqual(moments.toSorted((a, b) => b - a))
        expect(moments).toHaveLength(all.length)
      }),
    )
  })

  it('turns the card red when no way is left, and only then says so', () => {
    fc.assert(
      fc.property(ways, rto, offset, (all, objective, later) => {
        const incident = diagnosing(all, objective)
        const now = start + later
        const left = all.filter(({ takes }) => incident.marks.outage + objective - takes - verification > now)
        const missed = incident.marks.outage + objective <= now

        const field = fieldOf(incident, now)

        expect(noWayLeft(incident, now)).toBe(all.length > 0 && left.length === 0)
        if (missed || all.length === 0) expect(field).toBeUndefined()
        else expect(field?.text.startsWith('no way is left')).toBe(left.length === 0)
        // Clients with an old DNS answer count: where none of the moments is for them, the card says so.
        const forAll = decideBy(incident, now).some(({ at }) => at > now)
        if (field && left.length > 0) expect(/^[^;]*for new lookups only/.test(field.text)).toBe(!forAll)
        if (all.length > 0) expect(toneOf(incident, now)).toBe(left.length > 0 ? 'warn' : 'bad')
      }),
    )
  })

  it('wakes the incident, and shows the card again, at each moment once', () => {
    fc.assert(
      fc.property(ways, rto, (all, objective) => {
        let incident = diagnosing(all, objective)
        const ways = decideBy(incident, start)
        const moments = ways.map(({ newAt }) => newAt)
        const forAll = ways.map(({ at }) => at)
        const due = [...moments, ...forAll, incident.marks.outage + objective].filter(
          (at) => at > incident.openedAt,
        )
        const shown: number[] = []
        let said = 0
        let warned = 0

        for (let turns = 0; turns < 200; turns += 1) {
          const now = wakeAt(incident) ?? Infinity
          if (now > start + objective) break
          const decision = decide(incident, { kind: 'tick' }, now, policy)
          expect(decision.kind).toBe('change')
          if (decision.kind !== 'change') return
          if (decision.next.lateUntil === now) shown.push(now)
          said += decision.events.filter(({ text }) => text.startsWith('No way is left')).length
          warned += decision.events.filter(({ text }) => text.startsWith('From now on')).length
          incident = decision.next
          expect(wakeAt(incident) ?? Infinity).toBeGreaterThan(now)
        }

        expect(shown).toEqual([...new Set(due)].toSorted((a, b) => a - b))
        expect(said).toBe(moments.some((at) => at > start) ? 1 : 0)
        const [lastForAll, last] = [Math.max(...forAll), Math.max(...moments)]
        expect(warned).toBe(lastForAll > start && lastForAll < last ? 1 : 0)
      }),
    )
  })

  it("is nobody's question any more while a recovery runs, and after it", () => {
    fc.assert(
      fc.property(ways, rto, offset, (all, objective, later) => {
        const decision = decide(
          diagnosing(all, objective),
          { kind: 'resolve', by: ann, what: 'a drill' },
          start,
          policy,
        )
        if (decision.kind !== 'change') throw new Error('not resolved')

        expect(fieldOf(decision.next, start + later)).toBeUndefined()
        expect(noWayLeft(decision.next, start + later)).toBe(false)
      }),
    )
  })
})

describe('how long a recovery takes', () => {
  const done = (took: number): Run =>
    ({
      state: 'done',
      system: 'lb',
      recovery: 'backup',
      direction: 'failover',
      startedAt: 0,
      endedAt: took,
    }) as Run

  it('is what was measured often enough, else at least what the plan says, else what the provider documents', () => {
    const sources = (system: 'lb' | 'db' | 'dns', history: readonly Run[]) =>
      waysOut(plan, system, { history: () => history }).map(({ recovery, takes, source }) => [
        recovery,
        takes,
        source,
      ])

    expect(sources('lb', [done(41_000)])).toEqual([
      ['backup', 120_000, 'the DR plan; measured so far: 41s in 1 run'],
      ['api', 120_000, 'the DR plan'],
    ])
    expect(sources('db', [])).toEqual([
      ['region', 60_000, 'the DR plan'],
      ['restore', 43_200_000, 'Azure SQL, "Recover using automated database backups"'],
      ['geo', 43_200_000, 'Azure SQL, "Overview of business continuity"'],
    ])
    // The wait for old answers, two days as a rule, is no part of what a switch of name servers takes.
    const guess = 'a guess: a person at the registrar, then the registry'
    expect(sources('dns', [])).toEqual([['standby', 900_000, guess]])
    expect(waysOut(plan, 'dns', {})).toMatchObject([{ follows: 172_800_000 }])
    expect(waysOut(plan, 'dns', { follows: () => 3_600_000 })).toMatchObject([{ follows: 3_600_000 }])
  })

  it('is not what a few runs took that were quicker than planned, and of what a person does never', () => {
    const took = (system: 'lb' | 'dns', recovery: string, all: readonly number[]): WayOut | undefined =>
      waysOut(plan, system, { history: () => all.map((ms) => ({ ...done(ms), system, recovery })) })[0]

    expect(took('lb', 'backup', [900, 900])?.takes).toBe(120_000)
    expect(took('lb', 'backup', [150_000])).toMatchObject({ takes: 150_000, source: 'measured: 1 run' })
    expect(took('lb', 'backup', [41_000, 900, 900])).toMatchObject({
      takes: 41_000,
      source: 'measured: 3 runs',
    })
    expect(took('dns', 'standby', [900, 900, 900, 900])).toMatchObject({
      takes: 900_000,
      source: 'a guess: a person at the registrar, then the registry; measured so far: 1s in 4 runs',
    })
    expect(took('dns', 'standby', [1_800_000])).toMatchObject({ takes: 1_800_000 })
  })
})

describe('the card', () => {
  const two: readonly WayOut[] = [
    { recovery: 'backup', takes: 120_000, source: 'the DR plan' },
    { recovery: 'restore', takes: 400_000, source: 'the DR plan' },
  ]
  it.each([
    [0, '03:07 UTC for backup (2m, and 30s to verify); 03:02 UTC for restore', 'warn'],
    [200_000, '03:07 UTC for backup (2m, and 30s to verify); too late for restore', 'warn'],
    [400_000, '03:07 UTC for backup (2m, and 30s to verify); too late for restore', 'bad'],
    [450_000, 'no way is left that meets the objective: backup takes 2m, restore takes 6m40s', 'bad'],
  ])('says after %i ms: %s', (later, text, tone) => {
    expect(fieldOf(diagnosing(two, 600_000), start + later)).toEqual({ text, tone })
  })

  it('says which way could not be carried out, and gives no moment for it', () => {
    const [backup, restore] = two
    const lacks = ['127.0.0.12 answered 503.']
    const one = diagnosing([{ ...backup, lacks } as WayOut, ...(restore ? [restore] : [])], 600_000)
    const none = diagnosing(
      two.map((each) => ({ ...each, lacks })),
      600_000,
    )

    expect(fieldOf(one, start)?.text).toBe(
      '03:02 UTC for restore (6m40s, and 30s to verify); not ready: backup',
    )
    expect(fieldOf(none, start)).toEqual({
      text: 'no recovery could be carried out now: not backup, restore',
      tone: 'bad',
    })
    expect(JSON.stringify(incidentCard(none, { plan, now: start }))).toContain(
      'Fail over to backup (not ready)',
    )
  })

  it('says nothing of an old TTL that is over since the incident opened', () => {
    const incident = diagnosing(
      [
        { recovery: 'backup', takes: 120_000, source: 'the DR plan', follows: 300_000 },
        { recovery: 'api', takes: 120_000, source: 'the DR plan', follows: 300_000 },
      ],
      600_000,
    )
    const now = start + 150_000
    expect(wakeAt(incident)).toBe(now)

    const decision = decide(incident, { kind: 'tick' }, now, { ...policy, follows: () => undefined })

    if (decision.kind !== 'change') throw new Error('it is not looked at again')
    expect(decision.events).toEqual([])
    expect(decision.effects).toContainEqual({ kind: 'card', incident: 'INC-1' })
    expect(decision.next.waysOut?.some(({ follows }) => follows !== undefined)).toBe(false)
    expect(wakeAt(decision.next)).toBeGreaterThan(now)
  })
})

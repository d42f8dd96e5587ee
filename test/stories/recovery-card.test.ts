// The card of a run in each of its states, as it reads in a terminal.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { plain } from '../../src/message.ts'
import type { Card } from '../../src/message.ts'
import { minute } from '../../src/ids.ts'
import { runCard } from '../../src/recovery/card.ts'
import { decideRun } from '../../src/recovery/decide.ts'
import type { RunInput } from '../../src/recovery/decide.ts'
import type { Run } from '../../src/recovery/run.ts'
import { incident, noon } from '../contracts/store-samples.ts'
import { ann, approving, asking, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'

const redis = oneRedis()
let bench: EngineBench
let proposed: Run

beforeAll(async () => {
  bench = await startEngine(redis())
  const next = incident('INC-1')
  const write = { kind: 'incident', id: 'INC-1', expected: 0, next, wakeAt: undefined } as const
  await bench.store.commit({ write })
  const overrides = [{ rule: 'target-healthy', reason: 'the probe is blocked' }]
  bench.world.backup.set('failing')
  proposed = (await bench.runs().propose(asking({ incident: 'INC-1', overrides }))).run
})
afterAll(() => bench.stop())

function text(card: Card): string {
  const sections = (card.sections ?? []).flatMap((section) => [
    `# ${section.heading ?? ''}`,
    ...(section.lines ?? []).map(plain),
    ...(section.table?.rows ?? []).map((row) => row.map(plain).join(' | ')),
  ])
  const fields = (card.fields ?? []).map((field) => `${field.label}: ${plain(field.value)}`)
  return [card.title, ...fields, ...sections, plain(card.footer ?? [])].join('\n')
}

function commands(card: Card): readonly string[] {
  return (card.buttons ?? []).map((button) => button.command)
}

function draw(run: Run, now = noon): Card {
  return runCard(run, now, bench.plan())
}

/** The run after all that was said and learned. */
function after(run: Run, ...inputs: readonly RunInput[]): Run {
  return inputs.reduce((so, input) => {
    const decision = decideRun(so, input, noon + 1_000)
    if (decision.kind !== 'change') throw new Error(`${input.kind} changes nothing`)
    return decision.next
  }, run)
}

const approve: RunInput = { kind: 'approve', by: ann, roles: ['engineer'] }
const at = { step: 0, attempt: 1 }
const begun: readonly RunInput[] = [
  { kind: 'intended', step: 0, attempt: 0, until: noon + 12_000 },
  { kind: 'started', ...at, operation: { id: 'R-1-s1' }, until: noon + 12_000 },
]

describe('the card of a run', () => {
  test('says all that must be known before somebody decides', () => {
    const card = draw(proposed, noon + 60_000)

    expect(text(card)).toMatchInlineSnapshot(`
      "R-1 · failover lb to backup · waits for approval
      Cost: No data is lost; clients that hold the old address follow within 5m.
      Expected: 2m (the DR plan)
      In effect for all: within 5m (the old TTL)
      Objective (RTO): until 12:10 UTC
      Risk: reversible
      Approval: Ann Onken, or another engineer or manager: dr approve R-1
      Valid: until 12:05 UTC
      # 
      api.example.com will point at backup (127.0.0.12)
      api.example.com A: 127.0.0.11, TTL 300 s → 127.0.0.12, TTL 60 s
      # 
      ⚠ target-healthy 127.0.0.12 answered 503; overridden by Ann Onken: the probe is blocked
      # Steps
      1. Set api.example.com to 127.0.0.12, TTL 60 s (undo: api.example.com to 127.0.0.11, TTL 300 s)
      2. Ask the name servers of example.com until all have it
      3. Ask 127.0.0.12 for api.example.com/health, after the change
      # Safety rules
      ✓ not-already-there The records do not point there yet
      ✓ no-other-records No other address records at api.example.com
      # To do afterwards
      api.example.com points at backup (127.0.0.12). When 127.0.0.11 works again: dr failback lb
      The TTL of api.example.com was lowered from 300 s to 60 s. Restored by: dr failback lb
      Asked for by Ann Onken through cli at 2026-03-13 12:00 UTC for INC-1"
    `)
    expect(card.tone).toBe('warn')
    expect(commands(card)).toEqual(['approve R-1', 'deny R-1'])
  })

  test('asks for the name where the run is disruptive, and for a second person where data can be lost', () => {
    const disruptive = { ...proposed, proposal: { ...proposed.proposal, risk: 'disruptive' as const } }
    const losing = { ...proposed, proposal: { ...proposed.proposal, risk: 'loses-data' as const } }

    expect(draw(disruptive).buttons?.[0]).toMatchObject({ command: 'approve R-1', typed: 'backup' })
    expect(text(draw(losing))).toContain(
      'a second person with the role approver (Bob Brandt, Mia Manger, Max Moser): dr approve R-1',
    )
  })

  test('shows how far it is, and offers to stop it', () => {
    const card = draw(after(proposed, approve, ...begun))

    expect(card.title).toBe('R-1 · failover lb to backup · running, step 1 of 3')
    expect(text(card)).toContain(
      '1. Set api.example.com to 127.0.0.12, TTL 60 s — going on (undo: api.example.com to 127.0.0.11, TTL 300 s)',
    )
    expect(text(card)).toContain('# To do afterwards')
    expect(text(card)).toContain('Approved by: Ann Onken through cli at 12:00 UTC')
    expect(commands(card)).toEqual(['cancel R-1'])
  })

  test('names the day of a moment that is not today', () => {
    const day = 86_400_000
    const slow = { ...proposed, proposal: { ...proposed.proposal, effectWithin: 2 * day } }
    const ended = after(slow, approve, ...begun, {
      kind: 'step-done',
      ...at,
      note: 'Cloudflare has it',
    })
    const done = { ...ended, state: 'done', startedAt: noon, endedAt: noon + 9_000 } as Run

    expect(text(draw(done))).toContain('In effect for all: by 2026-03-15 12:00 UTC (the old TTL of 2d)')
    expect(text(draw(done, noon + 2 * day))).toContain('by 12:00 UTC (the old TTL of 2d)')
    expect(text(draw(done, noon + 2 * day))).toContain('through cli at 2026-03-13 12:00 UTC')
  })

  test('keeps, when it has ended, what the clock spoke against at its approval', () => {
    const [hour, day] = [3_600_000, 86_400_000]
    const expected = { ...proposed.proposal.expected, duration: 12 * hour }
    const slow = { ...proposed, proposal: { ...proposed.proposal, expected, effectWithin: 2 * day } }
    const said = decideRun(slow, approve, noon + minute)
    if (said.kind !== 'change') throw new Error('it was not approved')
    const done = { ...said.next, state: 'done', startedAt: noon + minute, endedAt: noon + day } as Run
    const warned = [
      'The expected 12h was longer than the 9m that the objective (RTO) left when it was approved',
      'Clients could keep the old address for 2d, longer than the 9m that the objective (RTO) left when it was approved',
    ]

    expect(text(draw(slow, noon + minute))).toContain('The expected 12h is longer than the objective (RTO)')
    for (const now of [noon + day, noon + 9 * day])
      expect(text(draw(done, now))).toContain(
        `# What was warned of\n⚠ target-healthy 127.0.0.12 answered 503; overridden by Ann Onken: the probe is blocked\n⚠ ${warned.join('\n⚠ ')}\n#`,
      )
    expect(said.events[0]?.data).toMatchObject({ warned })
    expect(text(draw({ ...done, approvals: [] }))).not.toContain('when it was approved')
  })

  test('keeps nothing of a clock that spoke for it, or had run out already', () => {
    const after = (at: number): string => {
      const said = decideRun({ ...proposed, expiresAt: at + 1 }, approve, at)
      return said.kind === 'change' ? JSON.stringify(said.events[0]?.data) : said.kind
    }

    expect(after(noon)).toContain('"warned":[]')
    expect(after(noon + 10 * minute)).toContain('"warned":[]')
  })

  test('offers nothing more to press while it is stopping', () => {
    const card = draw(after(proposed, approve, ...begun, { kind: 'cancel', by: ann }))

    expect(card.title).toContain('stopping after step 1 of 3')
    expect(commands(card)).toEqual([])
  })

  test('says what to look at when an outcome is unknown', () => {
    const card = draw(after(proposed, approve, ...begun, { kind: 'unclear', ...at, reason: 'a third value' }))

    expect(card.tone).toBe('bad')
    expect(text(card)).toMatch(
      /the outcome of step 1 .* is not known: a third value\. Look at it, then: dr retry R-1, or dr cancel R-1/,
    )
    expect(commands(card)).toEqual(['retry R-1', 'cancel R-1'])
  })

  test('offers another try, and the way back once something was changed, when it failed', () => {
    const first: RunInput = { kind: 'step-failed', ...at, reason: 'refused', advice: 'Set the token' }
    const changed: readonly RunInput[] = [
      { kind: 'step-done', ...at, note: 'Cloudflare has it' },
      { kind: 'intended', step: 1, attempt: 0, until: noon },
      { kind: 'step-failed', step: 1, attempt: 1, reason: 'no answer', advice: 'Look at the name servers' },
    ]

    expect(commands(draw(after(proposed, approve, ...begun, first)))).toEqual(['retry R-1'])
    const failed = draw(after(proposed, approve, ...begun, ...changed))
    expect(commands(failed)).toEqual(['retry R-1', 'failback lb'])
    expect(text(failed)).toContain(
      'failed at step 2 of 3: no answer. Look at the name servers. To undo what was changed: dr failback lb',
    )
    expect(text(failed)).toContain('# Still to do\napi.example.com points at backup (127.0.0.12)')
  })

  test('offers to undo what is done, and not what is undone already', async () => {
    bench.world.backup.set('ok')
    const { run } = await bench.runs().propose(asking())
    await bench.runs().verdict(run.id, approving())
    await bench.settle()
    const done = await bench.run(run.id)

    expect(commands(draw(done))).toEqual(['failback lb'])
    expect(text(draw(done))).toContain('is done and verified in under 1s. Every client follows within 5m.')
    const undone: Run = { ...done, undoneBy: 'R-9' }
    expect(draw(undone).title).toBe('R-2 · failover lb to backup · done, undone by R-9')
    expect(commands(draw(undone))).toEqual([])
  })

  test('offers to propose again what came to nothing', () => {
    const denied = draw(after(proposed, { kind: 'deny', by: ann, reason: 'it is back' }))
    const drifted = draw(after(proposed, { kind: 'lapsed', reason: 'The world is not as shown' }))

    expect(text(denied)).toContain('Denied by Ann Onken (cli) at 12:00 UTC: it is back\nNothing was changed.')
    expect(text(drifted)).toContain(
      'does not start: The world is not as shown.\nNothing was changed. What was proposed: api.example.com will point at backup (127.0.0.12)\nTo have it proposed again: dr failover lb to backup',
    )
    expect([denied, drifted].map(commands)).toEqual([['failover lb to backup'], ['failover lb to backup']])
  })

  test('says what the clock says when it is shown, not what it said when it was proposed', () => {
    const longer = 'The expected 2m is longer than the objective (RTO) allows: until 12:10 UTC'

    expect(text(draw(proposed))).not.toContain('The expected 2m')
    expect(text(draw(proposed, noon + 500_000))).toContain(longer)
    expect(text(draw(proposed, noon + 660_000))).not.toContain('The expected 2m')
  })

  test('says before a verdict what it is about', () => {
    const disruptive = { ...proposed, proposal: { ...proposed.proposal, risk: 'disruptive' as const } }
    const [yes, no] = draw(disruptive).buttons ?? []

    // Whoever denies is not told what to type to approve.
    const approval = yes?.summary?.find((line) => plain(line).startsWith('Approval: '))
    expect(no?.summary).toEqual(yes?.summary?.filter((line) => line !== approval))
    expect(no?.summary).toHaveLength(8)
    expect(yes?.summary?.map(plain)).toEqual([
      'api.example.com will point at backup (127.0.0.12)',
      'api.example.com A: 127.0.0.11, TTL 300 s → 127.0.0.12, TTL 60 s',
      'Cost: No data is lost; clients that hold the old address follow within 5m.',
      'Expected: 2m (the DR plan)',
      'In effect for all: within 5m (the old TTL)',
      'Objective (RTO): until 12:10 UTC',
      'Risk: disruptive',
      'Approval: Ann Onken, or another engineer or manager, who types the name of the target: dr approve R-1 backup',
      '⚠ target-healthy 127.0.0.12 answered 503; overridden by Ann Onken: the probe is blocked',
    ])
  })

  test('says when the objective is missed', () => {
    expect(text(draw(proposed, noon + 660_000))).toContain('Objective (RTO): missed at 12:10 UTC')
  })
})

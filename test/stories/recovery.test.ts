// The load balancer's recovery, there and back, on the real Redis and the simulated Cloudflare, name servers and targets.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { incident, noon } from '../contracts/store-samples.ts'
import { ann, approving, asking, bob, cem, mia, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'

const redis = oneRedis()
let bench: EngineBench

beforeEach(async () => {
  bench = await startEngine(redis())
})
afterEach(() => bench.stop())

/** Lets the plan's recoveries of the load balancer change these records. */
function useRecords(records: readonly string[]): void {
  bench.setPlan((plan) => {
    const { lb } = plan.systems
    if (!lb) throw new Error('no lb')
    const recoveries = lb.recoveries.map((one) =>
      one.cloudflare ? { ...one, cloudflare: { ...one.cloudflare, records } } : one,
    )
    return { ...plan, systems: { ...plan.systems, lb: { ...lb, recoveries } } }
  })
}

/** Proposes and approves a failover and carries it to its end. */
async function failedOver(to = 'backup') {
  const { run } = await bench.runs().propose(asking({ recovery: to }))
  await bench.runs().verdict(run.id, approving({ typed: to }))
  await bench.settle()
  return bench.run(run.id)
}

async function openIncident(): Promise<void> {
  const next = incident('INC-1')
  await bench.store.commit({ write: { kind: 'incident', id: 'INC-1', expected: 0, next, wakeAt: undefined } })
}

describe('a failover of the load balancer', () => {
  test('is shown in full before anything happens', async () => {
    const { run, existing } = await bench.runs().propose(asking())

    expect(existing).toBe(false)
    expect(run).toMatchObject({ id: 'R-1', state: 'proposed', recovery: 'backup', expiresAt: noon + 300_000 })
    expect(run.proposal).toMatchObject({
      risk: 'reversible',
      targets: ['cloudflare:example.com/api.example.com'],
      changes: [
        { what: 'api.example.com A', before: '127.0.0.11, TTL 300 s', after: '127.0.0.12, TTL 60 s' },
      ],
      expected: { duration: 120_000, source: 'the DR plan' },
      effectWithin: 300_000,
    })
    expect(run.proposal.findings.map(({ rule, ok }) => `${rule} ${ok}`)).toEqual([
      'target-healthy true',
      'not-already-there true',
      'no-other-records true',
    ])
    expect(run.proposal.debts.map((debt) => debt.id)).toEqual([
      'points-at:api.example.com',
      'ttl:api.example.com',
    ])
    expect(run.steps.map((step) => step.title)).toEqual([
      'Ask 127.0.0.12 for api.example.com/health',
      'Set api.example.com to 127.0.0.12, TTL 60 s',
      'Ask the name servers of example.com until all have it',
      'Ask 127.0.0.12 for api.example.com/health, after the change',
    ])
    expect(bench.changing()).toBe(0)
  })

  test('goes there and comes back to exactly what was before', async () => {
    const there = await failedOver()

    expect(there.state).toBe('done')
    expect(bench.record()).toBe('127.0.0.12 60 false')
    expect(bench.changing()).toBe(1)

    const { run } = await bench.runs().propose(asking({ direction: 'failback' }))
    await bench.runs().verdict(run.id, approving())
    await bench.settle()

    expect(run).toMatchObject({ id: 'R-2', undoes: 'R-1' })
    expect(run.proposal.changes).toEqual([
      { what: 'api.example.com A', before: '127.0.0.12, TTL 60 s', after: '127.0.0.11, TTL 300 s' },
    ])
    expect(await bench.run('R-2')).toMatchObject({ state: 'done' })
    expect(await bench.run('R-1')).toMatchObject({ state: 'done', undoneBy: 'R-2' })
    expect(bench.record()).toBe('127.0.0.11 300 false')
    expect(await bench.told('R-1')).toContain(
      'run.undone R-1 (failover lb to backup) was undone by R-2; what it owed is paid by that',
    )
    await expect(bench.runs().propose(asking({ direction: 'failback' }))).rejects.toThrow(
      /Nothing of lb is to be undone/,
    )
  })

  test('goes back one by one when there were two', async () => {
    await failedOver('backup')
    await failedOver('api')

    for (const expected of ['127.0.0.12 60 false', '127.0.0.11 300 false']) {
      const { run } = await bench.runs().propose(asking({ direction: 'failback' }))
      await bench.runs().verdict(run.id, approving({ typed: 'lb' }))
      await bench.settle()
      expect(bench.record()).toBe(expected)
    }
  })

  test('writes every step, who approved it and what is owed into its own record', async () => {
    await failedOver()

    const told = await bench.told('R-1')

    expect(told.map((text) => text.split(' ')[0])).toEqual([
      'run.proposed',
      'run.approved',
      ...Array.from({ length: 4 }, () => 'run.step'),
      'run.done',
      'run.debt',
      'run.debt',
    ])
    expect(told[3]).toContain('step 2 of 4 is done: Set api.example.com to 127.0.0.12, TTL 60 s')
    expect(told[8]).toContain('The TTL of api.example.com was lowered from 300 s to 60 s')
  })

  test('tells its incident and writes into its timeline', async () => {
    await openIncident()
    const { run } = await bench.runs().propose(asking({ incident: 'INC-1' }))
    await bench.runs().verdict(run.id, approving())
    await bench.settle()

    expect(bench.news().map((text) => text.split(':')[0])).toEqual([
      'proposed',
      'approved',
      'step',
      'step',
      'step',
      'done',
    ])
    expect(await bench.told('INC-1')).toHaveLength(9)
    expect(await bench.told('R-1')).toHaveLength(0)
  })

  test('tells an incident again that still waits for it, and no other', async () => {
    await openIncident()
    const { run } = await bench.runs().propose(asking({ incident: 'INC-1' }))
    await bench.runs().verdict(run.id, approving())
    await bench.settle()
    await bench.runs().advance('R-1')
    await bench.settle()
    const told = bench.news().length
    const clock = { startedAt: noon, endsAt: noon }
    const next = { ...incident('INC-1'), state: 'recovering', run: run.id, clock, checkBy: noon } as const
    const write = { kind: 'incident', id: 'INC-1', expected: 1, next, wakeAt: undefined } as const
    await bench.store.commit({ write })

    await bench.runs().advance('R-1')
    await bench.settle()
    // It has only just ended: its news are on their way.
    expect(bench.news().slice(told)).toEqual([])
    bench.away(30_000)
    await bench.runs().advance('R-1')
    await bench.settle()

    expect(bench.news().slice(told)).toEqual([expect.stringMatching(/^done: R-1 .* is done and verified/)])
  })

  test('expects what the plan does while one quick run says little against it', async () => {
    await failedOver()
    const back = await bench.runs().propose(asking({ direction: 'failback' }))
    await bench.runs().verdict(back.run.id, approving())
    await bench.settle()

    const { run } = await bench.runs().propose(asking())

    expect(run.proposal.expected).toEqual({
      duration: 120_000,
      source: 'the DR plan; measured so far: 1s in 1 run',
    })
  })

  test('takes a record out of the proxy and puts it back behind it', async () => {
    bench.edit({ proxied: true, ttl: 1 })
    bench.setPlan((plan) => {
      const { lb } = plan.systems
      if (!lb) throw new Error('no lb')
      const recoveries = lb.recoveries.map((one) =>
        one.cloudflare ? { ...one, cloudflare: { ...one.cloudflare, proxied: false } } : one,
      )
      return { ...plan, systems: { ...plan.systems, lb: { ...lb, recoveries } } }
    })

    const there = await failedOver()

    expect(there.state).toBe('done')
    expect(there.proposal.effectWithin).toBe(300_000)
    expect(there.proposal.warnings.join()).toMatch(/leaves Cloudflare's proxy: no shield/)
    expect(bench.record()).toBe('127.0.0.12 60 false')
    expect(there.steps[1]?.undo).toMatchObject({ after: [{ content: '127.0.0.11', ttl: 1, proxied: true }] })
  })
})

describe('a failover of several records', () => {
  test('changes all of them in one batch, and puts each back as it was', async () => {
    const { cloudflare, zone, record } = bench.world
    cloudflare.edit(zone, (records) => {
      const first = records.find((one) => one.name === record)
      const shop = { id: 'd'.repeat(32), name: 'shop.example.com', content: '127.0.0.13', ttl: 1 }
      return first ? [...records, { ...first, ...shop }] : records
    })
    useRecords([record, 'shop.example.com'])

    const there = await failedOver()
    const changed = cloudflare.records(zone).filter((one) => one.type === 'A')
    const { run } = await bench.runs().propose(asking({ direction: 'failback' }))
    await bench.runs().verdict(run.id, approving())
    await bench.settle()

    expect(there.state).toBe('done')
    expect(there.proposal.targets).toEqual([
      'cloudflare:example.com/api.example.com',
      'cloudflare:example.com/shop.example.com',
    ])
    expect(changed.map(({ content, ttl }) => `${content} ${ttl}`)).toEqual(['127.0.0.12 60', '127.0.0.12 60'])
    expect(run.steps.map((step) => step.title).slice(0, 2)).toEqual([
      'Ask 127.0.0.11 for api.example.com/health',
      'Ask 127.0.0.13 for api.example.com/health',
    ])
    const back = cloudflare.records(zone).filter((one) => one.type === 'A')
    expect(back.map(({ name, content, ttl }) => `${name} ${content} ${ttl}`)).toEqual([
      'api.example.com 127.0.0.11 300',
      'shop.example.com 127.0.0.13 1',
    ])
    expect(bench.changing()).toBe(2)
  })

  test('that are one name twice is refused, since which one is meant cannot be known', async () => {
    const { cloudflare, zone, record } = bench.world
    cloudflare.edit(zone, (records) => {
      const first = records.find((one) => one.name === record)
      return first ? [...records, { ...first, id: 'd'.repeat(32), content: '127.0.0.13' }] : records
    })

    await expect(bench.runs().propose(asking())).rejects.toThrow(
      /must have exactly one A record .* Cloudflare has: A 127\.0\.0\.11, A 127\.0\.0\.13/,
    )
  })
})

describe('the safety rules', () => {
  test('refuse a target that fails its probe, and say how to take it on', async () => {
    bench.world.backup.set('failing')

    await expect(bench.runs().propose(asking())).rejects.toThrow(
      /target-healthy: 127\.0\.0\.12 answered 503\.\nNothing was changed\. Instead: failover lb to api[^]*--override target-healthy "reason"/,
    )
    expect(await bench.store.runs({ open: false, limit: 9 })).toEqual([])
  })

  test('let an override pass, recorded with its reason, and still ask the target afterwards', async () => {
    bench.world.backup.set('failing')
    const overrides = [{ rule: 'target-healthy', reason: 'the probe is blocked' }]

    const { run } = await bench.runs().propose(asking({ overrides }))
    await bench.runs().verdict(run.id, approving())
    await bench.settle()

    expect(run.proposal.findings[0]).toMatchObject({ ok: false, overriddenWith: 'the probe is blocked' })
    expect(await bench.run(run.id)).toMatchObject({ state: 'failed', current: 2 })
    expect(bench.record()).toBe('127.0.0.12 60 false')
    const [approved] = (await bench.store.timeline('R-1')).filter((event) => event.type === 'run.approved')
    expect(JSON.stringify(approved?.data)).toContain('the probe is blocked')
  })

  test('refuse an override of a rule that does not exist', async () => {
    const overrides = [{ rule: 'target-helthy', reason: 'x' }]

    await expect(bench.runs().propose(asking({ overrides }))).rejects.toThrow(
      /no safety rule target-helthy. It has: target-healthy/,
    )
  })

  test('refuse to go where the records point already', async () => {
    await failedOver()

    await expect(bench.runs().propose(asking())).rejects.toThrow(
      /not-already-there: api\.example\.com points at 127\.0\.0\.12 already/,
    )
  })

  test('refuse to leave another address of the same name behind', async () => {
    const { cloudflare, zone, record } = bench.world
    cloudflare.edit(zone, (records) => {
      const [first] = records.filter((one) => one.name === record)
      return first
        ? [...records, { ...first, id: 'f'.repeat(32), type: 'AAAA', content: '2001:db8::1' }]
        : records
    })

    await expect(bench.runs().propose(asking())).rejects.toThrow(
      /no-other-records: api\.example\.com AAAA 2001:db8::1/,
    )
  })

  test('refuse the way back when somebody else has changed what the run left', async () => {
    await failedOver()
    bench.edit({ content: '192.0.2.9' })

    await expect(bench.runs().propose(asking({ direction: 'failback' }))).rejects.toThrow(
      /world-as-left: api\.example\.com A is 192\.0\.2\.9, TTL 60 s, and was 127\.0\.0\.12, TTL 60 s/,
    )
    const overrides = [{ rule: 'world-as-left', reason: 'I set that myself' }]
    const { run } = await bench.runs().propose(asking({ direction: 'failback', overrides }))
    await bench.runs().verdict(run.id, approving())
    await bench.settle()
    expect(bench.record()).toBe('127.0.0.11 300 false')
  })

  test('refuse the way back to a server that is still broken', async () => {
    await failedOver()
    bench.world.lb.set('reset')

    await expect(bench.runs().propose(asking({ direction: 'failback' }))).rejects.toThrow(
      /target-healthy: 127\.0\.0\.11 closed the connection/,
    )
  })

  test('say what does not fit when plan and zone differ', async () => {
    bench.world.cloudflare.edit(bench.world.zone, (records) =>
      records.filter((one) => one.name !== bench.world.record),
    )

    await expect(bench.runs().propose(asking())).rejects.toThrow(
      /api\.example\.com must have exactly one A record to point at 127\.0\.0\.12; Cloudflare has: none/,
    )
    await expect(bench.runs().propose(asking({ recovery: 'bakcup' }))).rejects.toThrow(
      /It has: failover lb to backup/,
    )
    await expect(bench.runs().propose(asking({ system: 'db' }))).rejects.toThrow(
      /AZURE_SUBSCRIPTION_ID is not set/,
    )
  })
})

describe('who may let it run', () => {
  test('a disruptive one wants the name of its target typed', async () => {
    const { run } = await bench.runs().propose(asking({ recovery: 'api' }))

    await expect(bench.runs().verdict(run.id, approving())).rejects.toThrow(
      /Type the name .* approve R-1 api/,
    )
    await expect(bench.runs().verdict(run.id, approving({ typed: 'backup' }))).rejects.toThrow(
      /approve R-1 api/,
    )
    expect(await bench.runs().verdict(run.id, approving({ typed: 'api' }))).toMatchObject({
      state: 'running',
    })
  })

  test('one that can lose data wants a second person with the role approver', async () => {
    const { run } = await bench.runs().propose(asking({ recovery: 'last', by: bob }))

    await expect(bench.runs().verdict(run.id, approving({ by: bob }))).rejects.toThrow(
      /somebody else than you/,
    )
    await expect(bench.runs().verdict(run.id, approving({ by: cem }))).rejects.toThrow(
      /with the role approver/,
    )
    const approved = await bench.runs().verdict(run.id, approving({ by: mia }))
    expect(approved).toMatchObject({ state: 'running', approvals: [{ by: 'mia', door: 'web' }] })
  })

  test('a reversible one is confirmed by the asker or another engineer, and by nobody unknown', async () => {
    const { run } = await bench.runs().propose(asking())

    await expect(
      bench.runs().verdict(run.id, approving({ by: { person: 'stranger', door: 'web' } })),
    ).rejects.toThrow(/stranger is not in the DR plan/)
    expect(await bench.runs().verdict(run.id, approving({ by: cem }))).toMatchObject({ state: 'running' })
  })

  test('nobody once it was denied, cancelled or not approved in time', async () => {
    const denied = await bench.runs().propose(asking())
    await bench.runs().verdict(denied.run.id, { kind: 'deny', by: ann, reason: 'it is back' })
    await bench.runs().verdict(denied.run.id, { kind: 'deny', by: bob })
    const cancelled = await bench.runs().propose(asking())
    await bench.runs().verdict(cancelled.run.id, { kind: 'cancel', by: ann })
    const late = await bench.runs().propose(asking())
    await bench.pass(301_000)

    await expect(bench.runs().verdict(denied.run.id, approving())).rejects.toThrow(/R-1 is denied/)
    await expect(bench.runs().verdict(cancelled.run.id, approving())).rejects.toThrow(/R-2 is cancelled/)
    await expect(bench.runs().verdict(late.run.id, approving())).rejects.toThrow(
      /R-3 is expired. To have it proposed again: failover lb to backup/,
    )
    expect(await bench.run('R-1')).toMatchObject({ state: 'denied', by: { by: 'ann' }, reason: 'it is back' })
    expect(bench.changing()).toBe(0)
  })

  test('nobody while recoveries are frozen', async () => {
    const { run } = await bench.runs().propose(asking())
    expect(await bench.runs().freeze(mia, 'release night')).toBe(true)
    expect(await bench.runs().freeze(ann, undefined)).toBe(false)

    await expect(bench.runs().verdict(run.id, approving())).rejects.toThrow(
      /R-1 cannot start: recoveries were frozen by Mia Manger \(release night\)/,
    )
    expect(await bench.runs().frozen()).toEqual({ by: 'mia', reason: 'release night', since: noon })

    await bench.runs().unfreeze(mia)
    expect(await bench.runs().frozen()).toBeUndefined()
    expect(await bench.runs().verdict(run.id, approving())).toMatchObject({ state: 'running' })
  })
})

describe('the card of a run in a chat', () => {
  test('is shown again at each thing that a person would want to see, under one key', async () => {
    const { run } = await bench.runs().propose(asking())
    await bench.settle()
    const proposed = bench.shown()
    await bench.runs().verdict(run.id, approving())
    await bench.settle()
    const { state } = await bench.run(run.id)
    const last = (await bench.store.run(run.id))?.version

    expect(proposed).toEqual(['R-1-run-card-slack v1'])
    expect(state).toBe('done')
    expect(bench.shown().at(-1)).toBe(`R-1-run-card-slack v${last}`)
    expect(new Set(bench.shown().map((each) => each.split(' ')[0])).size).toBe(1)
  })

  test('is shown again when somebody denies it, when it lapses, and when another run has undone it', async () => {
    const { run: denied } = await bench.runs().propose(asking())
    await bench.runs().verdict(denied.id, { kind: 'deny', by: bob })
    await bench.settle()
    expect(bench.shown().at(-1)).toBe('R-1-run-card-slack v2')

    const { run: lapsed } = await bench.runs().propose(asking())
    await bench.settle()
    const before = bench.shown().length
    await bench.pass(301_000)
    expect((await bench.run(lapsed.id)).state).toBe('expired')
    expect(bench.shown().slice(before)).toContain('R-2-run-card-slack v2')

    const first = await failedOver()
    const { run: back } = await bench.runs().propose(asking({ direction: 'failback' }))
    await bench.runs().verdict(back.id, approving())
    await bench.settle()
    const version = (await bench.store.run(first.id))?.version
    expect(bench.shown()).toContain(`${first.id}-run-card-slack v${version}`)
    expect((await bench.run(first.id)).undoneBy).toBe(back.id)
  })
})

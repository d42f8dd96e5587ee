// A run that stopped half-way, and another recovery on the same target: people are told, or must take it on themselves.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readWarnings, uneasyLines } from '../../src/command/warnings.ts'
import { minute, second } from '../../src/ids.ts'
import type { RunId } from '../../src/ids.ts'
import { plain } from '../../src/message.ts'
import { runTitle } from '../../src/recovery/card.ts'
import type { Run } from '../../src/recovery/run.ts'
import type { Store } from '../../src/ports.ts'
import { ann, approving, asking, mia, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { restoring, startDatabases, twoRegions } from '../servers/databases.ts'
import type { DatabaseBench } from '../servers/databases.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { startTwoDatabases, withRecords } from './beside.ts'
import { cancelledAt, comesTo } from './cut-short.ts'

const redis = oneRedis()

async function status(store: Store): Promise<string> {
  return uneasyLines(await readWarnings(store, []))
    .map(plain)
    .join('\n')
}

/** orders is restored, and Azure refuses the swap at the step whose request goes there. */
async function refusedAt(bench: DatabaseBench, path: string, id: RunId = 'R-1'): Promise<Run> {
  bench.azure.fault({ kind: 'status', status: 400, code: 'BadRequest', on: 'change', path })
  await bench.order(restoring(42 * minute))
  const run = await bench.finish(id)
  bench.azure.fault(undefined)
  return run
}

describe('a database whose swap stopped half-way', () => {
  let bench: DatabaseBench

  beforeEach(async () => {
    bench = await startDatabases(redis(), {
      ...twoRegions,
      times: { restore: 10 * second, seed: 5 * second },
    })
  })
  afterEach(() => bench.stop())

  test('gets no other recovery before somebody has taken that on himself', async () => {
    await refusedAt(bench, 'replicationLinks')
    const sent = bench.sent().length
    const again = restoring(30 * minute)

    await expect(bench.runs().propose(again)).rejects.toThrow(
      'Refused by the safety rule no-half-way-run: R-1 (failover db to restore) failed at step 4 of 9 steps, and nobody has gone on with it or undone it. It has changed: "Take orders out of orders-fg". It has not changed: "Stop the replication of orders to sql-north", "Rename orders at sql-west to orders-before-r-1", "Rename orders at sql-north to orders-before-r-1", "Rename orders-r-1 to orders", "Put orders back into orders-fg; its copy is seeded again". To go on: retry R-1 (within 30m of its failure). To put it back: failback db. When it was put right by hand: deny R-1 "what was done". Nothing was changed. To start another recovery of db on top of it, and take that on yourself: the same again with --override no-half-way-run "reason"',
    )
    const overrides = [{ rule: 'no-half-way-run', reason: 'the replication must be stopped anyway' }]
    const { run } = await bench.runs().propose({ ...again, overrides })

    expect(run.proposal.findings.at(-1)).toMatchObject({
      rule: 'no-half-way-run',
      ok: false,
      overriddenWith: 'the replication must be stopped anyway',
    })
    expect(run.proposal.warnings[0]).toMatch(
      /^To go on: retry R-1 \(within 30m of its failure\)\. To put it back: failback db\./,
    )
    expect(bench.sent()).toHaveLength(sent)
  })

  test('is named as the reason why no other way is open', async () => {
    await refusedAt(bench, 'sql-west/databases/orders-r-1/move')

    await expect(bench.runs().propose(restoring(30 * minute))).rejects.toThrow(
      /sql-west has no database orders, .* Mind that R-1 \(failover db to restore\) failed at step 7 of 9 steps/,
    )
    await expect(bench.runs().propose(asking({ system: 'db', recovery: 'region' }))).rejects.toThrow(
      /not in the failover group orders-fg.* Mind that R-1 .* To go on: retry R-1 .* To put it back: failback db/,
    )
  })

  test('is put back, or gone on with, as if nothing else were there', async () => {
    await refusedAt(bench, 'sql-west/databases/orders-r-1/move')

    const { run } = await bench.runs().propose(asking({ system: 'db', direction: 'failback' }))
    await bench.runs().verdict('R-1', { kind: 'retry', by: ann })

    expect(run.proposal.warnings).toEqual([])
    expect(run.proposal.findings.every(({ ok }) => ok)).toBe(true)
    expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
    expect(await status(bench.store)).not.toContain('Stopped half-way')
  })

  test('keeps a proposal from starting that was made before and knows nothing of it', async () => {
    const { run: early } = await bench.runs().propose(restoring(30 * minute))
    await refusedAt(bench, 'replicationLinks', 'R-2')
    const sent = bench.sent().length

    await expect(bench.runs().verdict(early.id, approving({ by: mia }))).rejects.toThrow(
      /^Since R-1 was proposed, another run has stopped on the same target: R-2 \(failover db to restore\) failed at step 4 of 9 steps, .* Look at it again: db restore 2026-03-13T11:30:00Z orders$/,
    )
    expect(await bench.run('R-1')).toMatchObject({ state: 'expired' })
    await expect(bench.order(restoring(30 * minute))).rejects.toThrow(/no-half-way-run: R-2/)
    expect(bench.sent()).toHaveLength(sent)
  })

  test('is declared over with a reason, and is no hindrance any more', async () => {
    await refusedAt(bench, 'replicationLinks')
    const told = await status(bench.store)
    await expect(bench.runs().verdict('R-1', { kind: 'deny', by: ann })).rejects.toThrow(
      'R-1 stopped half-way. To say that nobody will go on with it, say what was put right by hand: deny R-1 "what was done"',
    )

    const reason = 'orders is in its group again, by the portal'
    const over = await bench.runs().verdict('R-1', { kind: 'deny', by: ann, reason })
    const { run } = await bench.runs().propose(restoring(30 * minute))

    expect(told).toMatch(
      /^Stopped half-way: R-1 \(failover db to restore\) failed at step 4 of 9 steps.*\(R-1\)$/m,
    )
    expect(over).toMatchObject({ state: 'failed', over: { by: 'ann', reason } })
    expect(runTitle(over)).toBe('R-1 · failover db to restore · failed at step 4 of 9, declared over')
    expect((await bench.told('R-1')).at(-1)).toBe(
      `run.over R-1 (failover db to restore) is declared over, half-way as it is: ${reason}`,
    )
    expect(await status(bench.store)).not.toContain('Stopped half-way')
    expect(run.proposal.findings.map(({ rule }) => rule)).not.toContain('no-half-way-run')
  })

  test('whose way back stopped half-way is gone on with by failback, and nothing else', async () => {
    await bench.order(restoring(42 * minute))
    await bench.finish('R-1')
    await bench.pass(6 * second)
    await bench.order(asking({ system: 'db', direction: 'failback' }))
    await cancelledAt(bench, 'R-2', 4)

    expect(await status(bench.store)).toMatch(
      /Stopped half-way: R-2 \(failback db\) was cancelled after 3 of \d steps, .* To go on: dr failback db\. When it was put right by hand: dr deny R-2/,
    )
    await expect(bench.runs().propose(restoring(30 * minute))).rejects.toThrow(
      /Mind that R-2 \(failback db\)/,
    )
    await bench.order(asking({ system: 'db', direction: 'failback' }))

    expect(await bench.finish('R-3')).toMatchObject({ state: 'done' })
    expect(await status(bench.store)).not.toContain('Stopped half-way')
  })
})

describe('a database that stopped half-way, beside another one of its failover group', () => {
  let bench: DatabaseBench

  beforeEach(async () => {
    bench = await startTwoDatabases(redis())
    await refusedAt(bench, 'replicationLinks')
  })
  afterEach(() => bench.stop())

  const overrides = [{ rule: 'no-half-way-run', reason: 'it must be now' }]

  test('is still broken when the other one was restored', async () => {
    await bench.order(restoring(30 * minute, { recovery: 'restore-billing', overrides }))
    const other = await bench.finish('R-2')

    expect(other).toMatchObject({ state: 'done', recovery: 'restore-billing' })
    expect(bench.azure.sql.group('orders-fg')).toMatchObject({ databases: ['billing'] })
    expect(await status(bench.store)).toMatch(/^Stopped half-way: R-1 \(failover db to restore\) failed/m)
    await expect(bench.runs().propose(restoring(31 * minute))).rejects.toThrow(/no-half-way-run: R-1/)
  })

  test('is still named when it was restored on top of that, until somebody says that all is well', async () => {
    await bench.order(restoring(30 * minute, { overrides }))
    const onTop = await bench.finish('R-2')
    const told = await status(bench.store)
    await expect(bench.runs().propose(restoring(31 * minute))).rejects.toThrow(/Mind that R-1/)
    await bench.runs().verdict('R-1', { kind: 'deny', by: ann, reason: 'orders is in its group again' })

    expect(onTop).toMatchObject({ state: 'done', recovery: 'restore' })
    expect(bench.azure.sql.group('orders-fg')).toMatchObject({ databases: ['billing'] })
    expect(told).toMatch(/^Stopped half-way: R-1 \(failover db to restore\) failed/m)
    expect(await status(bench.store)).not.toContain('Stopped half-way')
  })
})

describe('records whose failover stopped after the change', () => {
  let bench: EngineBench

  beforeEach(async () => {
    bench = await startEngine(redis())
    const { run } = await bench.runs().propose(asking())
    await bench.runs().verdict(run.id, approving())
    await comesTo(bench, 'R-1', 3)
  })
  afterEach(() => bench.stop())

  test('are led elsewhere at once, and whoever approves that is told what stands', async () => {
    bench.world.backup.set('failing')
    await bench.pass(40_000)
    const failed = await bench.run('R-1')

    const { run } = await bench.runs().propose(asking({ recovery: 'api' }))
    await bench.runs().verdict(run.id, approving({ typed: 'api' }))
    await bench.pass(40_000)

    expect(failed).toMatchObject({ state: 'failed', current: 3 })
    expect(run.proposal.warnings[0]).toMatch(
      /^R-1 \(failover lb to backup\) failed at step 4 of 4 steps, and nobody has gone on with it or undone it\. It has changed: "Set api\.example\.com to 127\.0\.0\.12, TTL 60 s"\. To go on: retry R-1 .* To put it back: failback lb\./,
    )
    expect(await bench.run('R-2')).toMatchObject({ state: 'done' })
    expect(await status(bench.store)).not.toContain('Stopped half-way')
  })

  test('do not hold up a proposal that stopped before it had changed anything', async () => {
    await bench.pass(40_000)
    const { run: second } = await bench.runs().propose(asking({ recovery: 'api' }))
    await bench.runs().verdict(second.id, approving({ typed: 'api' }))
    await bench.runs().verdict(second.id, { kind: 'cancel', by: ann })

    const { run } = await bench.runs().propose(asking({ recovery: 'api' }))

    expect(await bench.run('R-2')).toMatchObject({ state: 'cancelled', done: 0 })
    expect(run.proposal.warnings.join('\n')).not.toContain('R-2')
    expect(await status(bench.store)).not.toContain('Stopped half-way')
  })
})

describe('two records whose failover stopped after the change', () => {
  test('are named until later runs were carried out on both', async () => {
    const bench = await startEngine(redis())
    const { cloudflare, zone, record, backup, lb } = bench.world
    const www = `www.${zone}`
    cloudflare.edit(zone, (records) =>
      records.map((one) => (one.name === www ? { ...one, type: 'A', content: lb.host } : one)),
    )
    bench.setPlan((plan) => withRecords(plan, { backup: [record, www], api: [record], last: [www] }))
    const { run } = await bench.runs().propose(asking())
    await bench.runs().verdict(run.id, approving())
    await comesTo(bench, 'R-1', 3)
    backup.set('failing')
    await bench.pass(60_000)
    const failed = await bench.run('R-1')

    const { run: second } = await bench.runs().propose(asking({ recovery: 'api' }))
    await bench.runs().verdict(second.id, approving({ typed: 'api' }))
    await bench.pass(60_000)
    const between = await status(bench.store)
    const { run: third } = await bench.runs().propose(asking({ recovery: 'last' }))
    await bench.runs().verdict(third.id, approving({ by: mia, typed: 'last' }))
    await bench.pass(60_000)

    expect(failed).toMatchObject({ state: 'failed' })
    expect(await bench.run('R-2')).toMatchObject({ state: 'done' })
    expect(between).toMatch(/^Stopped half-way: R-1 \(failover lb to backup\) failed/m)
    expect(third.proposal.warnings[0]).toMatch(/^R-1 \(failover lb to backup\) failed/)
    expect(await bench.run('R-3')).toMatchObject({ state: 'done' })
    expect(await status(bench.store)).not.toContain('Stopped half-way')
    await bench.stop()
  })
})

describe('a record whose half-way run was covered by a later one', () => {
  test('is named again once that one was undone, which brings the half-way state back', async () => {
    const bench = await startEngine(redis())
    const { run } = await bench.runs().propose(asking())
    await bench.runs().verdict(run.id, approving())
    await comesTo(bench, 'R-1', 3)
    bench.world.backup.set('failing')
    await bench.pass(60_000)
    bench.world.backup.set('ok')
    const { run: onTop } = await bench.runs().propose(asking({ recovery: 'api' }))
    await bench.runs().verdict(onTop.id, approving({ typed: 'api' }))
    await bench.pass(60_000)
    const covered = await status(bench.store)

    const { run: back } = await bench.runs().propose(asking({ direction: 'failback' }))
    await bench.runs().verdict(back.id, approving({ typed: back.proposal.typed }))
    await bench.pass(60_000)

    expect(await bench.run('R-2')).toMatchObject({ state: 'done', undoneBy: 'R-3' })
    expect(covered).not.toContain('Stopped half-way')
    expect(back.proposal.warnings).toContain(
      'This undoes R-2 only: R-1 (failover lb to backup) is still to be undone afterwards, by: failback lb',
    )
    expect(await status(bench.store)).toMatch(/^Stopped half-way: R-1 \(failover lb to backup\) failed/m)
    await bench.stop()
  })
})

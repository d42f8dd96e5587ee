// The database brought back, failed over and swapped back: through the engine, over the wire, in two regions.
import { afterEach, describe, expect, test } from 'vitest'
import { minute } from '../../src/ids.ts'
import { plain } from '../../src/message.ts'
import { runCard } from '../../src/recovery/card.ts'
import type { Run } from '../../src/recovery/run.ts'
import { expectAgreement } from '../contracts/risk-and-cost.ts'
import { ann, approving, asking, mia } from '../servers/engine.ts'
import { alone, restoring, startDatabases } from '../servers/databases.ts'
import type { DatabaseBench } from '../servers/databases.ts'
import { oneRedis } from '../servers/one-redis.ts'

const redis = oneRedis()
let bench: DatabaseBench

afterEach(() => bench.stop())

const region = asking({ system: 'db', recovery: 'region' })
const geo = asking({ system: 'db', recovery: 'geo' })
const back = asking({ system: 'db', direction: 'failback' })
const force = [
  { rule: 'planned-possible', reason: 'the region burns' },
  { rule: 'loss-within-objective', reason: 'nobody can say how much' },
]

/** All requests that change something, as they went out. */
function requests(): string {
  return bench.azure.requests
    .filter(({ reason }) => reason === 'change')
    .map(({ method, path, body }) => {
      const line = `${method} ${path.replaceAll(/(?<=replicationLinks\/)[0-9a-f-]+/g, 'LINK')}`
      return body === '' ? line : `${line}\n${JSON.stringify(JSON.parse(body), null, 2)}`
    })
    .join('\n\n')
    .concat('\n')
}

function cardText(run: Run): string {
  const card = runCard(run, bench.now(), bench.plan())
  const fields = (card.fields ?? []).map(({ label, value }) => `${label}: ${plain(value)}`)
  const sections = (card.sections ?? []).flatMap(({ heading, lines = [], table }) => [
    '',
    ...(heading === undefined ? [] : [`# ${heading}`]),
    ...lines.map(plain),
    ...(table ? [table.columns.join(' | '), ...table.rows.map((row) => row.map(plain).join(' | '))] : []),
  ])
  return [card.title, '', ...fields, ...sections, ''].join('\n')
}

async function proposed(ask = region): Promise<Run> {
  const { run } = await bench.runs().propose(ask)
  expectAgreement(run.proposal)
  return run
}

describe('db restore', () => {
  test('lets the database of that moment take the name, keeps the old one, and is swapped back', async () => {
    bench = await startDatabases(redis())
    const old = bench.guid('sql-west', 'orders')

    const run = await proposed(restoring(42 * minute))
    expect(run.proposal.typed).toBe('orders')
    await expect(cardText(run)).toMatchFileSnapshot('../golden/cards/db-restore.txt')
    await bench.order(restoring(42 * minute))
    const done = await bench.finish('R-1')

    expect(done.state).toBe('done')
    const fresh = bench.guid('sql-west', 'orders')
    expect(bench.names('sql-west')).toEqual(['orders', 'orders-before-r-1'])
    expect(bench.guid('sql-west', 'orders-before-r-1')).toBe(old)
    const [restored] = bench.azure.sql.databases('sql-west').filter(({ guid }) => guid === fresh)
    expect(restored).toMatchObject({ tags: { team: 'shop' }, asOf: run.askedAt - 42 * minute })
    await expect(cardText(done)).toMatchFileSnapshot('../golden/cards/db-restore-done.txt')

    await bench.pass(5 * minute)
    await bench.order(back)
    expect(await bench.finish('R-2')).toMatchObject({
      state: 'done',
      undoes: 'R-1',
      proposal: { typed: 'orders' },
    })
    expect(bench.guid('sql-west', 'orders')).toBe(old)
    expect(bench.guid('sql-west', 'orders-r-1')).toBe(fresh)
    expect(bench.azure.sql.group('orders-fg')).toMatchObject({ primary: 'sql-west', databases: ['orders'] })
    await expect(requests()).toMatchFileSnapshot('../golden/requests/sql-restore.txt')
  })

  test('shows how far Azure is, and can be left while it goes on: the database in use is not touched', async () => {
    bench = await startDatabases(redis(), alone)
    await bench.order(restoring(42 * minute))

    await bench.pass(minute)

    const { steps } = await bench.run('R-1')
    expect(steps[0]?.note).toMatch(/^orders-r-1 is being restored, [1-9]\d %$/)
    const cancelled = await bench.runs().verdict('R-1', { kind: 'cancel', by: ann })
    expect(cancelled).toMatchObject({ state: 'cancelled', done: 0 })
    await bench.pass(5 * minute)
    expect(bench.names('sql-west')).toEqual(['orders', 'orders-r-1'])
    expect(bench.sent()).toHaveLength(1)
    expect(await bench.store.claims(['lock:azure-sql:sql-west/orders'])).toEqual([''])
  })

  test('of a deleted database makes it again under its own name', async () => {
    bench = await startDatabases(redis(), alone)
    bench.azure.sql.drop('sql-west', 'orders')
    await bench.pass(minute)

    await bench.order(asking({ system: 'db', recovery: 'restore' }))

    expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
    expect(bench.names('sql-west')).toEqual(['orders'])
    await expect(requests()).toMatchFileSnapshot('../golden/requests/sql-restore-deleted.txt')
  })

  test('is refused outside of the window, without a moment, and beside another restore', async () => {
    bench = await startDatabases(redis(), alone)
    const day = 24 * 60 * minute

    await expect(proposed(restoring(8 * day))).rejects.toThrow(/is before the first moment.*db restore 2026/)
    await expect(proposed(restoring(-5 * minute))).rejects.toThrow(/is after the last moment/)
    await expect(proposed(restoring(3 * minute))).rejects.toThrow(
      /restore-window: .* may be in no backup yet/,
    )
    await expect(proposed(asking({ system: 'db', recovery: 'restore' }))).rejects.toThrow(
      /To which moment\?.*db restore 10m ago orders/,
    )
    await bench.order(restoring(42 * minute))
    await bench.pass(20_000)
    await expect(proposed(restoring(50 * minute))).rejects.toThrow(
      /no-other-restore: orders-r-1 is Restoring at sql-west/,
    )
    await expect(proposed(geo)).resolves.toMatchObject({
      rivals: [{ id: 'R-1', name: 'failover db to restore' }],
    })
    expect(bench.sent()).toHaveLength(1)
  })

  test('does not start on another world than the one that was shown', async () => {
    bench = await startDatabases(redis(), alone)
    const { id } = await proposed(restoring(42 * minute))
    bench.azure.sql.rename('sql-west', 'orders', 'orders-2')

    await expect(bench.runs().verdict(id, approving({ by: mia }))).rejects.toThrow(
      /The world is not as R-1 showed it: orders is not at sql-west any more; there is no database orders at sql-west/,
    )

    expect(bench.sent()).toEqual([])
  })

  test('needs a second person', async () => {
    bench = await startDatabases(redis(), alone)
    const { id } = await proposed(restoring(42 * minute))

    await expect(bench.runs().verdict(id, approving())).rejects.toThrow(
      /can lose data: somebody else than you/,
    )
  })
})

describe('failover db', () => {
  test('is planned, loses nothing, and goes back the same way', async () => {
    bench = await startDatabases(redis())
    const run = await proposed()
    expect(run.proposal).toMatchObject({ risk: 'disruptive', cost: { dataLoss: 0 } })
    await expect(cardText(run)).toMatchFileSnapshot('../golden/cards/db-failover.txt')

    await bench.order(region)
    expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
    expect(bench.azure.sql.group('orders-fg').primary).toBe('sql-north')
    await expect(proposed()).rejects.toThrow(
      /not-already-there: sql-north is the primary of orders-fg already/,
    )
    await bench.order(back)

    expect(await bench.finish('R-2')).toMatchObject({ state: 'done' })
    expect(bench.azure.sql.group('orders-fg').primary).toBe('sql-west')
    await expect(requests()).toMatchFileSnapshot('../golden/requests/sql-failover.txt')
  })

  test('is forced only on the word of two, when the primary does not answer', async () => {
    bench = await startDatabases(redis())
    bench.azure.sql.down('sql-west', true)

    await expect(proposed()).rejects.toThrow(
      /planned-possible: sql-west, the primary, does not answer .*Instead: failover db to geo\..*--override planned-possible "reason" --override loss-within-objective "reason"/s,
    )
    const [planned] = force
    await expect(proposed({ ...region, overrides: planned ? [planned] : [] })).rejects.toThrow(
      /Refused by the safety rule loss-within-objective: what sql-west has not replicated yet would be lost, and how much/,
    )
    const run = await proposed({ ...region, overrides: force })
    expect(run.proposal).toMatchObject({ risk: 'loses-data' })
    expect(run.proposal.cost).not.toHaveProperty('dataLoss')
    expect(run.proposal.compared?.ways[0]).not.toHaveProperty('meets')
    await expect(cardText(run)).toMatchFileSnapshot('../golden/cards/db-forced.txt')
    await expect(bench.runs().verdict('R-1', approving({ typed: 'region' }))).rejects.toThrow(
      /second|somebody else/,
    )
    await bench.runs().verdict('R-1', approving({ by: mia }))

    expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
    expect(bench.azure.sql.group('orders-fg').primary).toBe('sql-north')
    await expect(requests()).toMatchFileSnapshot('../golden/requests/sql-forced.txt')
  })

  test('that is forced although it could be planned is not said to lose nothing, nor to meet the objective', async () => {
    bench = await startDatabases(redis())

    const { proposal } = await proposed({ ...region, overrides: force })

    expect(proposal.risk).toBe('loses-data')
    expect(proposal.cost).not.toHaveProperty('dataLoss')
    expect(proposal.compared?.says).toMatch(/^No way is known to meet the objective/)
    expect(proposal.compared?.ways[0]).not.toHaveProperty('meets')
    expect(proposal.compared?.ways[0]?.loses).toMatch(/not known: it is to be forced/)
  })

  test('does not start when somebody has failed it over meanwhile', async () => {
    bench = await startDatabases(redis())
    const { id } = await proposed()
    bench.azure.sql.failOver('orders-fg')

    await expect(bench.runs().verdict(id, approving({ typed: 'region' }))).rejects.toThrow(
      /The world is not as R-1 showed it: sql-north is the primary of orders-fg already/,
    )
  })
})

describe('db geo-restore', () => {
  test('makes the database in the other region while its own is down', async () => {
    bench = await startDatabases(redis(), alone)
    bench.azure.sql.down('sql-west', true)
    const run = await proposed(geo)
    expect(run.proposal.typed).toBe('orders')
    await expect(cardText(run)).toMatchFileSnapshot('../golden/cards/db-geo.txt')

    await bench.order(geo)

    expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
    expect(bench.names('sql-north')).toEqual(['orders'])
    await bench.order(back)
    expect(await bench.finish('R-2')).toMatchObject({ state: 'done' })
    expect(bench.names('sql-north')).toEqual(['orders-r-1'])
    await expect(requests()).toMatchFileSnapshot('../golden/requests/sql-geo.txt')
  })

  test('is refused to a server of the same region', async () => {
    const [west] = alone.servers
    bench = await startDatabases(redis(), {
      ...alone,
      servers: [...(west ? [west] : []), { group: 'dr-rg', name: 'sql-north', location: 'westeurope' }],
    })

    await expect(proposed(geo)).rejects.toThrow(
      /other-region: sql-west is in westeurope, sql-north in westeurope/,
    )
  })
})

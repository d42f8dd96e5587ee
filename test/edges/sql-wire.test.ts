// What goes to Azure SQL to look at it and to follow what it does, as a golden file; what changes is told beside its stories.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import { createSql } from '../../src/providers/sql/sql.ts'
import type { SqlFailoverAction, SqlRenameAction, SqlRestoreAction } from '../../src/recovery/sql-action.ts'
import { accessTo, startTestAzure } from '../servers/azure.ts'
import { twoRegions } from '../servers/databases.ts'

const calm = new AbortController().signal
const start = Date.UTC(2026, 10, 23, 9)
const place = { resourceGroup: 'dr-rg', server: 'sql-west' }
let now: number
let sim: AzureSim

beforeEach(async () => {
  now = start
  sim = await startTestAzure({ sql: twoRegions, now: () => now })
})
afterEach(() => sim.stop())

/** What went out meanwhile, each shape once. */
async function sentBy(name: string, work: () => Promise<unknown>): Promise<string> {
  const from = sim.requests.length
  await work()
  const shapes = sim.requests
    .slice(from)
    .filter(({ reason }) => reason !== 'token')
    .map(({ method, path, conditions, reason }) => {
      const plain = path
        .replaceAll(sim.subscription, 'SUBSCRIPTION')
        .replaceAll(/(?<=(?:[oO]peration\w*|replicationLinks)\/)[0-9a-f-]{36}/g, 'ID')
      return [`${method} ${plain}${reason === 'poll' ? ' (poll)' : ''}`, ...conditions].join('\n    ')
    })
  return [`# ${name}`, ...new Set(shapes), ''].join('\n')
}

test('each look at Azure SQL and each poll is what the SDK sends, with its own api-version', async () => {
  const { providers, reader } = createSql(createAzure(accessTo(sim)), { clock: { now: () => now } })
  const restore: SqlRestoreAction = {
    provider: 'sql-restore',
    mode: 'PointInTimeRestore',
    source: { ...place, database: 'orders' },
    sourceId: `/subscriptions/${sim.subscription}/resourceGroups/dr-rg/providers/Microsoft.Sql/servers/sql-west/databases/orders`,
    at: start - 3_600_000,
    target: { ...place, database: 'orders-r-1', location: 'westeurope' },
    settings: { tags: {} },
  }
  const rename: SqlRenameAction = {
    provider: 'sql-rename',
    place,
    from: 'orders-r-1',
    to: 'orders-kept',
    own: 'to',
  }
  const swap = { place, database: 'orders', aside: 'orders-before-r-1' }
  const group = { provider: 'sql-group', ...swap, group: 'orders-fg', member: false } as const
  const link = { provider: 'sql-link', ...swap, partner: 'sql-north' } as const
  const failover: SqlFailoverAction = {
    provider: 'sql-failover',
    place: { resourceGroup: 'dr-rg', server: 'sql-north' },
    group: 'orders-fg',
    database: 'orders',
    forced: false,
  }
  const parts = [
    await sentBy('the server', () => reader.server(place, calm)),
    await sentBy('its databases', () => reader.databases(place, calm)),
    await sentBy('its deleted databases', () => reader.dropped(place, calm)),
    await sentBy('its copies in the other region', () => reader.recoverable(place, 'orders', calm)),
    await sentBy('the links of a database', () => reader.links(place, 'orders', calm)),
    await sentBy('a failover group', () => reader.group(place, 'orders-fg', calm)),
    await sentBy('sql-restore looks', () => providers['sql-restore'].observe(restore, calm)),
    await sentBy('sql-group looks', () => providers['sql-group'].observe(group, calm)),
    await sentBy('sql-link looks', () => providers['sql-link'].observe(link, calm)),
    await sentBy('sql-failover looks', () => providers['sql-failover'].observe(failover, calm)),
  ]
  const restoring = await providers['sql-restore'].start(restore, 'R-1-s1', calm)
  parts.push(
    await sentBy('sql-restore follows', () => providers['sql-restore'].check(restore, restoring, now, calm)),
  )
  now += 3_600_000
  parts.push(
    await sentBy('sql-restore sees its end', () =>
      providers['sql-restore'].check(restore, restoring, now, calm),
    ),
    await sentBy('sql-rename looks', () => providers['sql-rename'].observe(rename, calm)),
  )
  const renaming = await providers['sql-rename'].start(rename, 'R-1-s2', calm)
  parts.push(
    await sentBy('sql-rename follows', () => providers['sql-rename'].check(rename, renaming, now, calm)),
  )
  const failing = await providers['sql-failover'].start(failover, 'R-2-s1', calm)
  parts.push(
    await sentBy('sql-failover follows', () => providers['sql-failover'].check(failover, failing, now, calm)),
  )

  await expect(parts.join('\n')).toMatchFileSnapshot('../golden/requests/sql-looks.txt')
})

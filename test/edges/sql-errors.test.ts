// Everything that can go wrong at Azure SQL, and what a person reads then: one text, kept as a golden file.
import { afterEach, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import type { AzureFault } from '../../sim/azure/faults.ts'
import { RetryableError, reasonOf } from '../../src/errors.ts'
import { createAzure, type AzureAccess } from '../../src/providers/azure/azure.ts'
import { createSql } from '../../src/providers/sql/sql.ts'
import type { SqlFailoverAction, SqlRenameAction, SqlRestoreAction } from '../../src/recovery/sql-action.ts'
import { expectNoSecret } from '../contracts/provider.ts'
import { accessTo, startTestAzure } from '../servers/azure.ts'
import { twoRegions } from '../servers/databases.ts'

const calm = new AbortController().signal
const start = Date.UTC(2026, 10, 23, 9)
const place = { resourceGroup: 'dr-rg', server: 'sql-west' }
let sim: AzureSim
let now = start

async function open(change: Partial<AzureAccess> = {}) {
  now = start
  sim = await startTestAzure({ sql: twoRegions, now: () => now })
  return createSql(createAzure(accessTo(sim, { timeout: 10_000, ...change })), { clock: { now: () => now } })
}
afterEach(() => sim.stop())

function restoring(change: Partial<SqlRestoreAction> = {}): SqlRestoreAction {
  return {
    provider: 'sql-restore',
    mode: 'PointInTimeRestore',
    source: { ...place, database: 'orders' },
    sourceId: `/subscriptions/${sim.subscription}/resourceGroups/dr-rg/providers/Microsoft.Sql/servers/sql-west/databases/orders`,
    at: start - 3_600_000,
    target: { ...place, database: 'orders-r-1', location: 'westeurope' },
    settings: { tags: {} },
    ...change,
  }
}

const rename: SqlRenameAction = {
  provider: 'sql-rename',
  place,
  from: 'orders',
  to: 'orders-before-r-1',
  own: 'to',
}
const takeOver: SqlFailoverAction = {
  provider: 'sql-failover',
  place: { resourceGroup: 'dr-rg', server: 'sql-north' },
  group: 'orders-fg',
  database: 'orders',
  forced: false,
}

/** What came of it, as a line of the golden. */
async function said(what: string, work: Promise<unknown>): Promise<string> {
  const outcome = await work.then(
    (value) => JSON.stringify(value),
    (thrown: unknown) => {
      expectNoSecret([sim.secret], thrown)
      const wait =
        thrown instanceof RetryableError
          ? `[tried again${thrown.after === undefined ? '' : ` after ${thrown.after / 1_000} s`}]`
          : '[for a person]'
      return `${reasonOf(thrown)} ${wait}`
    },
  )
  const plain = outcome.replace(/"poller":".*?[^\\]"/, '"poller":"..."')
  return `${what}: ${plain.replace(/(?<=replicationLinks\/)[0-9a-f-]{36}/, 'LINK')}`
}

const faults: readonly (readonly [string, AzureFault])[] = [
  [
    '401',
    { kind: 'status', status: 401, code: 'ExpiredAuthenticationToken', message: 'The access token expired.' },
  ],
  ['404', { kind: 'status', status: 404, code: 'ResourceNotFound', message: 'The Resource was not found.' }],
  [
    '409, something else is going on',
    {
      kind: 'status',
      status: 409,
      code: 'ConflictingDatabaseOperation',
      message: 'Another operation is in progress.',
    },
  ],
  [
    '409, a refusal',
    {
      kind: 'status',
      status: 409,
      code: 'SubscriptionDoesNotHaveServerQuota',
      message: 'The quota of databases is used up.',
    },
  ],
  ['429', { kind: 'status', status: 429, code: 'TooManyRequests', retryAfter: 17 }],
  ['500', { kind: 'status', status: 500 }],
  ['503 with a time', { kind: 'status', status: 503, code: 'ServiceUnavailable', retryAfter: 30 }],
  ['no answer', { kind: 'hang' }],
  ['a refused connection', { kind: 'reset' }],
  ['200 with a page', { kind: 'garbage' }],
]

test('each failure tells a person what it is and what to do', async () => {
  const parts: string[] = []
  for (const [name, fault] of faults) {
    const { providers } = await open(fault.kind === 'hang' ? { timeout: 1_000 } : {})
    const restore = providers['sql-restore']
    const reading = async () => {
      sim.fault({ ...fault, on: 'read' })
      return restore.observe(restoring(), calm)
    }
    const changing = async () => {
      sim.fault({ ...fault, on: 'change' })
      return restore.start(restoring(), 'R-1-s1', calm)
    }
    const following = async () => {
      sim.fault(undefined)
      const operation = await restore.start(
        restoring({ target: { ...place, database: 'orders-r-2', location: 'westeurope' } }),
        'R-2-s1',
        calm,
      )
      sim.fault({ ...fault, on: 'poll' })
      return restore.check(
        restoring({ target: { ...place, database: 'orders-r-2', location: 'westeurope' } }),
        operation,
        now,
        calm,
      )
    }
    parts.push(
      [
        `# ${name}`,
        await said('reading', reading()),
        await said('changing', changing()),
        await said('following', following()),
      ].join('\n'),
    )
    await sim.stop()
  }
  await open()

  await expect(`${parts.join('\n\n')}\n`).toMatchFileSnapshot('../golden/errors/sql.txt')
})

test('an operation that fails, that never ends, or that Azure refuses says what to do next', async () => {
  const lines: string[] = []
  const { providers } = await open()
  const restore = providers['sql-restore']
  const failover = providers['sql-failover']

  sim.sql.fails('restore', 'ElasticPoolOverStorageUsage', 'The elastic pool has no space left.')
  const failing = await restore.start(restoring(), 'R-1-s1', calm)
  now += 60 * 60_000
  lines.push(await said('a restore that fails', restore.check(restoring(), failing, now, calm)))
  lines.push(
    await said(
      'a moment that no backup holds',
      restore.start(restoring({ at: start - 9 * 86_400_000 }), 'R-1-s1', calm),
    ),
  )
  sim.sql.stuck(true)
  const endless = await restore.start(restoring(), 'R-1-s1', calm)
  now += 60_000
  lines.push(await said('a restore that goes on', restore.check(restoring(), endless, now, calm)))
  now += 13 * 3_600_000
  lines.push(await said('a restore that never ends', restore.check(restoring(), endless, now, calm)))
  lines.push(await said('a name that is taken', restore.start(restoring(), 'R-1-s1', calm)))
  lines.push(await said('a rename in a group', providers['sql-rename'].start(rename, 'R-1-s5', calm)))
  sim.sql.stuck(false)
  sim.sql.down('sql-west', true)
  lines.push(await said('a planned failover without its primary', failover.start(takeOver, 'R-1-s1', calm)))
  sim.sql.down('sql-west', false)
  sim.sql.fails(
    'failover',
    'GeoReplicationCannotBecomePrimaryDuringOutage',
    'The planned failover could not be completed: the primary server is not available.',
  )
  const planned = await failover.start(takeOver, 'R-1-s1', calm)
  now += 60_000
  lines.push(
    await said('a failover whose primary is lost meanwhile', failover.check(takeOver, planned, now, calm)),
  )
  lines.push(
    await said('a failover asked of the primary', failover.start({ ...takeOver, place }, 'R-1-s1', calm)),
  )
  sim.sql.stuck(true)
  const waiting = await failover.start(takeOver, 'R-1-s1', calm)
  now += 10 * 60_000
  lines.push(await said('a failover that never ends', failover.check(takeOver, waiting, now, calm)))

  await expect(`${lines.join('\n\n')}\n`).toMatchFileSnapshot('../golden/errors/sql-operations.txt')
})

test('each missing right is named', async () => {
  const lines: string[] = []
  const rights = [
    'servers/read',
    'servers/databases/read',
    'servers/databases/write',
    'servers/databases/move/action',
    'servers/databases/operations/read',
    'servers/databases/replicationLinks/read',
    'servers/databases/replicationLinks/delete',
    'servers/restorableDroppedDatabases/read',
    'servers/recoverableDatabases/read',
    'servers/failoverGroups/read',
    'servers/failoverGroups/write',
    'servers/failoverGroups/failover/action',
    'servers/failoverGroups/forceFailoverAllowDataLoss/action',
  ].map((right) => `Microsoft.Sql/${right}`)
  const { providers, reader } = await open()
  const swap = { place, database: 'orders', aside: 'orders-before-r-1' }
  const calls: readonly (() => Promise<unknown>)[] = [
    () => reader.server(place, calm),
    () => reader.databases(place, calm),
    () => providers['sql-restore'].start(restoring(), 'k', calm),
    () => providers['sql-rename'].start(rename, 'k', calm),
    () => providers['sql-failover'].observe(takeOver, calm),
    () => reader.links(place, 'orders', calm),
    () => providers['sql-link'].start({ provider: 'sql-link', ...swap, partner: 'sql-north' }, 'k', calm),
    () => reader.dropped(place, calm),
    () => reader.recoverable(place, 'orders', calm),
    () => reader.group(place, 'orders-fg', calm),
    () =>
      providers['sql-group'].start(
        { provider: 'sql-group', ...swap, group: 'orders-fg', member: false },
        'k',
        calm,
      ),
    () => providers['sql-failover'].start(takeOver, 'k', calm),
    () => providers['sql-failover'].start({ ...takeOver, forced: true }, 'k', calm),
  ]
  for (const [index, right] of rights.entries()) {
    sim.withhold([right])
    const line = await said(right, calls[index]?.() ?? Promise.reject(new Error('no call')))
    expect(line).toContain(`The right ${right} is missing`)
    lines.push(line)
  }

  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('../golden/errors/sql-rights.txt')
})

test('a restore that Azure took is followed although its first look was refused', async () => {
  const { providers } = await open()
  const restore = providers['sql-restore']
  sim.withhold(['Microsoft.Sql/locations/*'])

  const operation = await restore.start(restoring(), 'R-1-s1', calm)

  expect(operation.data).toEqual({ startedAt: start })
  expect(await restore.check(restoring(), operation, now, calm)).toMatchObject({ state: 'running' })
  now += 3_600_000
  expect(await restore.check(restoring(), operation, now, calm)).toMatchObject({ state: 'done' })
})

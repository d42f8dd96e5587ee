// `dr plan check --live` asks the databases their check query, and names the user, the right or the wall that is missing.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import type { Environment } from '../../src/config.ts'
import { startTestAzure } from '../servers/azure.ts'
import { twoRegions } from '../servers/databases.ts'
import { openLivePlan } from '../servers/live-plan.ts'
import type { Checked, LivePlan } from '../servers/live-plan.ts'

const query = 'SELECT COUNT(*) FROM orders'
let azure: AzureSim
let plan: LivePlan

beforeAll(async () => {
  azure = await startTestAzure({ sql: { ...twoRegions, answers: { [query]: [42] } } })
  plan = await openLivePlan(() => [azure.secret])
})
afterEach(() => {
  azure.tds.knows('entra', true)
  azure.tds.mayRead(true)
  azure.tds.answers(query, [42])
  azure.tds.fault(undefined)
})
afterAll(async () => {
  await azure.stop()
  await plan.close()
})

/** `away`: what a failover to the other region is. */
function systemsWith(
  auth: 'entra' | 'sql',
  away = 'method: failover-group, failover_group: orders-fg',
): string {
  const check = `check: { query: "${query}", expect: ">= 1", timeout: 2s, auth: ${auth} }`
  const at = 'resource_group: dr-rg, server: sql-west, database: orders'
  return `
  db:
    rto: 10m
    rpo: 10m
    alerts: [{ hostgroup: databases }]
    recoveries:
      - name: region
        azure_sql: { ${away}, ${at}, to_server: sql-north, ${check} }
      - name: restore
        azure_sql: { method: point-in-time, ${at}, ${check} }
`
}

async function check(auth: 'entra' | 'sql' = 'entra', env: Environment = {}): Promise<Checked> {
  await plan.write(systemsWith(auth))
  return plan.check({ ...azure.env, ...env })
}

test('asks the database, and the copy that would take over, and changes nothing', async () => {
  const { code, out } = await check()

  expect(out).toContain('✓ check query: orders at sql-north answered 42 (wanted: >= 1)')
  expect(out).toContain('✓ check query: orders at sql-west answered 42 (wanted: >= 1)')
  expect(code).toBe(0)
  expect(azure.tds.requests.filter(({ what }) => what === 'commit')).toEqual([])
  expect(azure.requests.filter(({ reason }) => reason === 'change')).toEqual([])
})

test.each([
  ['the user', () => azure.tds.knows('entra', false), /CREATE USER \[NAME\] FROM EXTERNAL PROVIDER/],
  ['the right', () => azure.tds.mayRead(false), /the right SELECT on dbo\.orders is missing.*db_datareader/],
  ['the table', () => azure.tds.answers(query, undefined), /208: Invalid object name 'orders'/],
  [
    'an answer',
    () => azure.tds.fault({ kind: 'hang', on: 'query' }),
    /gave no answer within 2s.*Look again in a few minutes/,
  ],
])('says what is missing: %s', async (_what, without, says) => {
  without()

  const { code, out } = await check()

  expect(out.replaceAll(/\s+/g, ' ')).toMatch(says)
  expect(out).toContain('✗ failover db to restore: not ready')
  expect(code).toBe(1)
})

test('data that is wrong now keeps no restore from being ready, since that asks the restored copy', async () => {
  azure.tds.answers(query, [0])

  const { code, out } = await check()
  const text = out.replaceAll(/\s+/g, ' ')

  expect(text).toContain('✓ failover db to restore: ready')
  expect(text).toContain(
    '✓ check query: orders at sql-west answered 0 (wanted: >= 1) as it is now: a restore asks the restored copy, not this',
  )
  expect(text).toContain('✗ failover db to region: not ready')
  expect(text).toContain(
    '✗ check query: orders at sql-north answered 0 (wanted: >= 1). A failover takes this data over as it is, and would end there as failed: look at the data, or correct "check" in the DR plan.',
  )
  expect(text).not.toContain('would stop there')
  expect(code).toBe(1)
})

test('nor a geo-restore, which asks the new database', async () => {
  azure.tds.answers(query, [0])
  await plan.write(systemsWith('entra', 'method: geo-restore'))

  const { code, out } = await plan.check(azure.env)

  expect(out).toContain('✓ failover db to region: ready')
  expect(code).toBe(0)
})

test('says that the settings of the user are missing, which the plan asks for', async () => {
  const { code, out } = await check('sql')

  expect(out).toContain('✗ check query: AZURE_SQL_USER and AZURE_SQL_PASSWORD are not set')
  expect(code).toBe(1)

  const { user, password } = azure.tds.login
  const mended = await check('sql', { AZURE_SQL_USER: user, AZURE_SQL_PASSWORD: password })
  expect(mended.out).not.toContain(password)
  expect(mended.code).toBe(0)
})

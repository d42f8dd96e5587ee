// The database's own commands, from what is typed to the database that is there: the whole way, and what is refused.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { noon } from '../contracts/store-samples.ts'
import { startDatabases } from '../servers/databases.ts'
import type { DatabaseBench } from '../servers/databases.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { said, startDesk } from './command-desk.ts'
import type { TestDesk } from './command-desk.ts'

const redis = oneRedis()
let bench: DatabaseBench
let desk: TestDesk

beforeAll(async () => {
  bench = await startDatabases(redis())
  desk = await startDesk(redis(), (one) => ({
    ...one,
    store: bench.store,
    runs: bench.runs(),
    plan: bench.plan,
    clock: { ...one.clock, now: bench.now },
    runCard: (run) => ({ title: `${run.id} ${run.proposal.summary}`, tone: 'quiet' }),
  }))
})
afterAll(() => bench.stop())

test('db restore refuses a time without a zone, and a database that the plan does not know', async () => {
  expect(said(await desk.say('ann', 'db restore 2026-03-13T12:14'))).toContain(
    'As Europe/Berlin has it: db restore 2026-03-13T12:14+01:00, or as UTC: db restore 2026-03-13T12:14Z',
  )
  expect(said(await desk.say('ann', 'db restore 10m ago customers'))).toContain('It has: orders.')
  expect(said(await desk.say('ann', 'db restore'))).toContain('To which moment?')
})

test('db restore 10m ago, typed twice, is one run; the second person lets it go; failback db swaps back', async () => {
  const first = await desk.say('ann', 'db restore 10m ago orders')
  const second = await desk.say('ann', 'db restore 10m ago orders')

  expect(first.run).toBe('R-1')
  expect(second.run).toBe('R-1')
  expect((await bench.run('R-1')).order).toEqual({
    kind: 'restore-point',
    at: noon - 600_000,
    database: 'orders',
  })
  expect((await desk.say('ann', 'approve R-1')).status).toBe('refused')
  expect((await desk.say('mia', 'approve R-1')).status).toBe('done')
  expect(await bench.finish('R-1')).toMatchObject({ state: 'done' })
  await desk.say('ann', 'failback db')
  await desk.say('mia', 'approve R-2')
  expect(await bench.finish('R-2')).toMatchObject({ state: 'done', undoes: 'R-1' })
})

test("db geo-restore proposes the plan's recovery of that method", async () => {
  // A copy that is being seeded must come to its end first.
  await bench.pass(120_000)
  const answer = await desk.say('ann', 'db geo-restore orders')

  expect(said(answer)).toContain('orders will be made again at sql-north (northeurope)')
})

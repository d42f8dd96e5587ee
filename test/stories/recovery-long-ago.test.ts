// A failover that stands is known however many proposals came to nothing since: to the way back, to the look, to status.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readWarnings } from '../../src/command/warnings.ts'
import { expired, writingRun } from '../contracts/store-samples.ts'
import { approving, asking, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'

const redis = oneRedis()
let bench: EngineBench

beforeEach(async () => {
  bench = await startEngine(redis())
})
afterEach(() => bench.stop())

/** R-1 is carried out, or fails at its change; then 250 proposals lapse. */
async function longAgo(): Promise<void> {
  await bench.runs().propose(asking())
  await bench.runs().verdict('R-1', approving())
  await bench.settle()
  const since = Array.from({ length: 250 }, () => bench.store.nextNumber('R'))
  for (const number of await Promise.all(since)) await bench.store.commit(writingRun(expired(`R-${number}`)))
}

test('a failover of long ago is what failback undoes', async () => {
  await longAgo()

  const { run } = await bench.runs().propose(asking({ direction: 'failback' }))

  expect(run.undoes).toBe('R-1')
})

test('a failover of long ago is told when somebody undoes it by hand, and what it owes is still owed', async () => {
  await longAgo()
  expect((await readWarnings(bench.store, [])).owed.length).toBeGreaterThan(0)
  bench.edit({ content: '192.0.2.9' })

  await bench.lookAtStanding()

  expect(await bench.run('R-1')).toHaveProperty('gone')
})

test('what is owed is shown no more once somebody says that it is done, and the record says who and how', async () => {
  await bench.runs().propose(asking())
  await bench.runs().verdict('R-1', approving())
  await bench.settle()
  const by = { person: 'mia', door: 'cli' } as const
  const before = (await readWarnings(bench.store, [])).owed
  const said = { kind: 'paid', by, debt: 1, what: 'the old entry is put back' } as const

  await bench.runs().verdict('R-1', said)
  await bench.runs().verdict('R-1', said)

  const after = (await readWarnings(bench.store, [])).owed
  const record = await bench.store.timeline('R-1')
  expect(before[0]).toMatchObject({ run: 'R-1', number: 1 })
  expect(after).toEqual(before.slice(1))
  expect(record.filter(({ type }) => type === 'run.paid')).toEqual([
    expect.objectContaining({
      by,
      text: `Not owed any more after R-1: ${before[0]?.text}. Done: the old entry is put back`,
    }),
  ])
  await expect(bench.runs().verdict('R-1', { ...said, debt: 9 })).rejects.toThrow(
    'R-1 has left nothing with the number 9',
  )
})

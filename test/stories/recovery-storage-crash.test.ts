// kill -9 at every commit of each way of storage, there and back, and lost answers: the run goes on, and nothing is asked of Azure twice.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { reasonOf } from '../../src/errors.ts'
import type { Run } from '../../src/recovery/run.ts'
import { pointsOf } from './cut-short.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { failoverTime, northValue, startStorage, westValue } from '../servers/storage.ts'
import type { StorageBench } from '../servers/storage.ts'

const redis = oneRedis()
let bench: StorageBench

beforeEach(async () => {
  bench = await startStorage(redis())
})
afterEach(() => bench.stop())

/** A way of the plan, how many commits it takes from the wish to its end, and how the world is afterwards. */
interface Way {
  readonly name: string
  readonly recovery: string
  /** What has happened to the account. */
  readonly outage?: () => void
  /** What a person does before the way back can be. */
  readonly copied?: () => void
  readonly commits: number
  readonly lasts: number
  readonly world: () => unknown
  readonly before: unknown
  readonly after: unknown
  /** After the way back, where that is not as before. */
  readonly back?: unknown
  readonly lock: string
}

const ways: readonly Way[] = [
  {
    name: 'switch',
    recovery: 'switch',
    commits: 11,
    lasts: 0,
    world: () => bench.azure.storage.settings.setting('example', 'storage:account', 'production').value,
    before: 'examplewest',
    after: 'examplenorth',
    lock: 'lock:app-configuration:localhost/storage:account (label production)',
  },
  {
    name: 'vault',
    recovery: 'vault',
    commits: 11,
    lasts: 0,
    world: () =>
      bench.azure.storage.vaults.versions('example', 'storage-connection').map(({ value }) => value),
    before: [westValue],
    after: [westValue, northValue],
    back: [westValue, northValue, westValue],
    lock: 'lock:key-vault:localhost/storage-connection',
  },
  {
    name: 'account, planned',
    recovery: 'account',
    commits: 12,
    lasts: failoverTime,
    world: () => bench.azure.storage.accounts.regions('examplewest').primary,
    before: 'westeurope',
    after: 'northeurope',
    lock: 'lock:azure-storage:examplewest',
  },
  {
    name: 'account, unplanned',
    recovery: 'account',
    outage: () => bench.azure.storage.accounts.unplanned('examplewest'),
    // It has no copy after that: somebody gives it one before it can go back.
    copied: () => bench.azure.storage.accounts.redundancy('examplewest', 'Standard_GRS', 'westeurope'),
    commits: 12,
    lasts: failoverTime,
    world: () => bench.azure.storage.accounts.regions('examplewest').primary,
    before: 'westeurope',
    after: 'northeurope',
    lock: 'lock:azure-storage:examplewest',
  },
]

const points = ways.flatMap((way) =>
  Array.from({ length: way.commits }, (_, index) => index + 1).flatMap((n) => [
    { ...way, n, when: 'before' as const },
    { ...way, n, when: 'after' as const },
  ]),
)

/** What a person types who sees nothing happen: the same again. */
async function order(recovery: string, direction: Run['direction'] = 'failover'): Promise<void> {
  const run = await bench.propose({ recovery, direction })
  if (run.state === 'proposed') await bench.approve(run)
  await bench.engine.settle()
}

/** Long enough for what goes on at Azure, and for whoever takes over after a crash; ends when nothing is under way. */
async function waitFor({ lasts }: Way): Promise<void> {
  for (let left = lasts + 35_000; left > 0; left -= 5_000) {
    await bench.engine.pass(5_000)
    const open = await bench.engine.store.runs({ open: true, limit: 9 })
    if (open.every(({ state }) => state === 'proposed')) return
  }
}

describe.each(ways)('the way $name', (way) => {
  beforeEach(() => way.outage?.())

  test('is tried at every commit', async () => {
    bench.engine.dieAt(1_000, 'before')

    await order(way.recovery)
    await waitFor(way)

    expect(bench.engine.commits()).toBe(way.commits)
    expect(await bench.engine.run('R-1')).toMatchObject({ state: 'done' })
    expect(way.world()).toEqual(way.after)
  })

  test('whose answer to the change is lost asks once, and is followed by looking', async () => {
    bench.azure.fault({ kind: 'lose-answer', on: reasonOfWay(way), times: 1 })

    await order(way.recovery)
    await waitFor(way)

    expect(await bench.engine.run('R-1')).toMatchObject({ state: 'done' })
    expect(bench.changes()).toHaveLength(1)
    expect(way.world()).toEqual(way.after)
  })

  test('whose change never arrives is asked again only after looking', async () => {
    bench.azure.fault({ kind: 'reset', on: reasonOfWay(way), times: 1 })

    await order(way.recovery)
    const waiting = await bench.engine.run('R-1')
    await waitFor(way)

    expect(waiting).toMatchObject({ state: 'running' })
    expect(waiting.steps.find(({ undo }) => undo)).toMatchObject({ phase: 'intended', attempts: 1 })
    expect(await bench.engine.run('R-1')).toMatchObject({ state: 'done' })
    expect(bench.changes()).toHaveLength(2)
    expect(way.world()).toEqual(way.after)
  })

  test('that was killed in the middle comes back with one more change', async () => {
    bench.engine.dieAt(way.commits - 4, 'before')
    await order(way.recovery).catch(() => undefined)
    bench.engine.crash()
    await waitFor(way)
    way.copied?.()

    await order(way.recovery, 'failback')
    await waitFor(way)

    expect(await bench.engine.run('R-1')).toMatchObject({ state: 'done', undoneBy: 'R-2' })
    expect(bench.changes()).toHaveLength(2)
  })
})

test.each(points)(
  '$when commit $n a crash of $name ends in one change, made once, and one record',
  async (way) => {
    const { recovery, n, when, lock } = way
    way.outage?.()
    bench.engine.dieAt(n, when)

    const died = await order(recovery)
      .then(() => waitFor(way))
      .catch((thrown: unknown) => reasonOf(thrown))
    bench.engine.crash()
    await waitFor(way)
    const open = await bench.engine.store.runs({ open: true, limit: 9 })
    const started = open.some(({ state }) => state !== 'proposed') || bench.changes().length > 0
    if (!started) await order(recovery)
    await waitFor(way)

    expect(died).toBe('the process died')
    const all = await bench.engine.store.runs({ open: false, limit: 9 })
    expect(all).toHaveLength(1)
    expect(all[0]).toMatchObject({ state: 'done' })
    expect(all[0]?.steps.map(({ phase }) => phase)).toEqual(all[0]?.steps.map(() => 'done'))
    expect(bench.changes()).toHaveLength(1)
    expect(way.world()).toEqual(way.after)
    expect(await bench.engine.store.claims([lock])).toEqual([''])
    const told = await bench.engine.told(all[0]?.id ?? 'R-1')
    expect(told.filter((text) => text.startsWith('run.done'))).toHaveLength(1)
  },
)

// Once an account has a copy again, its way back is the one of a planned failover.
describe.each(ways.filter(({ copied }) => copied === undefined))('the way back of $name', (way) => {
  const { recovery } = way
  // The run that is undone is marked so, in a commit of its own.
  const commits = way.commits + 1

  async function there(): Promise<void> {
    await order(recovery)
    await waitFor(way)
    expect(await bench.engine.run('R-1')).toMatchObject({ state: 'done' })
  }

  test('is tried at every commit', async () => {
    await there()
    bench.engine.dieAt(1_000, 'before')

    await order(recovery, 'failback')
    await waitFor(way)

    expect(bench.engine.commits()).toBe(commits)
    expect(way.world()).toEqual(way.back ?? way.before)
  })

  test('whose answer to the change is lost asks once', async () => {
    await there()
    bench.azure.fault({ kind: 'lose-answer', on: reasonOfWay(way), times: 1 })

    await order(recovery, 'failback')
    await waitFor(way)

    expect(await bench.engine.run('R-2')).toMatchObject({ state: 'done' })
    expect(bench.changes()).toHaveLength(2)
    expect(way.world()).toEqual(way.back ?? way.before)
  })

  test.each(pointsOf(commits))('$when commit $n ends in one change, made once', async ({ n, when }) => {
    await there()
    bench.engine.dieAt(n, when)

    const died = await order(recovery, 'failback')
      .then(() => waitFor(way))
      .catch((thrown: unknown) => reasonOf(thrown))
    bench.engine.crash()
    await waitFor(way)
    const known = await bench.engine.store.runs({ open: false, limit: 9 })
    const begun = known.some((run) => run.direction === 'failback' && run.state !== 'proposed')
    if (!begun) await order(recovery, 'failback')
    await waitFor(way)

    expect(died).toBe('the process died')
    const [back, ...rest] = await bench.engine.store.runs({ open: false, limit: 9 })
    expect(back).toMatchObject({ direction: 'failback', state: 'done' })
    expect(rest).toMatchObject([{ id: 'R-1', state: 'done', undoneBy: back?.id }])
    expect(bench.changes()).toHaveLength(2)
    expect(way.world()).toEqual(way.back ?? way.before)
    expect(await bench.engine.store.claims([way.lock])).toEqual([''])
  })
})

test('a failover of an account that is under way after a crash is followed, not called unknown', async () => {
  // Wish, approval, intent: the answer to the start is not recorded.
  bench.engine.dieAt(4, 'before')
  await order('account').catch(() => undefined)
  bench.engine.crash()

  await bench.engine.pass(failoverTime / 2)
  const going = await bench.engine.run('R-1')

  expect(bench.changes()).toHaveLength(1)
  expect(going).toMatchObject({ state: 'running' })
  expect(going.steps[0]).toMatchObject({ phase: 'started', operation: { id: 'R-1-s1' } })
  expect(going.steps[0]?.note).toMatch(/Azure moves examplewest to northeurope/)
})

function reasonOfWay({ recovery }: Way): 'setting-change' | 'secret-change' | 'change' {
  if (recovery === 'account') return 'change'
  return recovery === 'vault' ? 'secret-change' : 'setting-change'
}

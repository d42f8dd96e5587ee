// The switch to a standby zone and back through a crash at every commit: no record set is written twice.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { reasonOf } from '../../src/errors.ts'
import { approving, asking } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { startStandbyEngine } from '../servers/standby-engine.ts'
import { homeOf } from '../servers/standby.ts'
import type { StandbyWorld } from '../servers/standby.ts'
import { pointsOf } from './cut-short.ts'

const redis = oneRedis()
let bench: EngineBench
let standby: StandbyWorld

beforeEach(async () => {
  ;({ bench, standby } = await startStandbyEngine(redis()))
})
afterEach(async () => {
  await bench.stop()
  await standby.stop()
})

type Direction = 'failover' | 'failback'

async function order(direction: Direction): Promise<void> {
  const { run } = await bench.runs().propose(asking({ system: 'dns', direction }))
  if (run.state === 'proposed') await bench.runs().verdict(run.id, approving({ typed: run.proposal.typed }))
  await bench.settle()
}

/** The person at the registrar, and the bot's next looks. */
async function switched(direction: Direction): Promise<void> {
  standby.registry.delegate(direction === 'failover' ? standby.nameServers : homeOf(bench.world))
  await bench.pass(16_000)
}

/** Somebody who sees nothing happen orders it again, as long as nothing has been approved. */
async function afterCrash(direction: Direction): Promise<void> {
  bench.crash()
  await bench.settle()
  const all = await bench.store.runs({ open: false, limit: 9 })
  if (!all.some((run) => run.direction === direction && run.state !== 'proposed')) await order(direction)
  await switched(direction)
  await bench.pass(20_000)
}

const commits = { failover: 12, failback: 10 } as const
const written = ['PUT A/api', 'PUT CNAME/www', 'PUT TXT/@']

describe('a crash', () => {
  test('is tried at every commit of both ways', async () => {
    bench.dieAt(1_000, 'before')
    await order('failover')
    await switched('failover')
    const there = bench.commits()
    bench.dieAt(1_000, 'before')
    await order('failback')
    await switched('failback')

    expect({ failover: there, failback: bench.commits() }).toEqual(commits)
    expect(standby.changes().toSorted()).toEqual(written)
  })

  test.each(pointsOf(commits.failover))(
    '$when commit $n of the switch writes each record set once',
    async ({ n, when }) => {
      bench.dieAt(n, when)

      const died = await order('failover')
        .then(() => switched('failover'))
        .catch((thrown: unknown) => reasonOf(thrown))
      await afterCrash('failover')

      expect(died).toBe('the process died')
      expect(await bench.store.runs({ open: false, limit: 9 })).toMatchObject([{ state: 'done' }])
      expect(standby.changes().toSorted()).toEqual(written)
    },
  )

  test.each(pointsOf(commits.failback))(
    '$when commit $n of the way back leaves the run undone, once',
    async ({ n, when }) => {
      await order('failover')
      await switched('failover')
      bench.dieAt(n, when)

      const died = await order('failback')
        .then(() => switched('failback'))
        .catch((thrown: unknown) => reasonOf(thrown))
      await afterCrash('failback')

      expect(died).toBe('the process died')
      const [back, ...rest] = await bench.store.runs({ open: false, limit: 9 })
      expect(back).toMatchObject({ direction: 'failback', state: 'done' })
      expect(rest).toMatchObject([{ id: 'R-1', state: 'done', undoneBy: back?.id }])
      expect(standby.changes().toSorted()).toEqual(written)
    },
  )

  test('between a request and its record sends only what is missing', async () => {
    const { run } = await bench.runs().propose(asking({ system: 'dns' }))
    await bench.runs().verdict(run.id, approving({ typed: 'standby' }))
    standby.azure.fault({ kind: 'lose-answer', path: '/CNAME/www', times: 1 })
    await bench.pass(20_000)
    await switched('failover')

    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
    expect(standby.changes().toSorted()).toEqual(written)
  })
})

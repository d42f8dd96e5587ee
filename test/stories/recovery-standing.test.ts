// What a failover has set and does not hold any more, because HAProxy was reloaded or somebody changed it: people are told.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readWarnings, uneasyLines } from '../../src/command/warnings.ts'
import { plain } from '../../src/message.ts'
import type { Card } from '../../src/message.ts'
import { runCard } from '../../src/recovery/card.ts'
import { incident } from '../contracts/store-samples.ts'
import { approving, asking, mia, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { withRecords } from './beside.ts'
import { cancelledAt } from './cut-short.ts'
import { carryOut, openHouse, planWith } from './haproxy-house.ts'
import type { House } from './haproxy-house.ts'

const redis = oneRedis()
let bench: EngineBench

beforeEach(async () => {
  bench = await startEngine(redis())
  const next = { ...incident('INC-1'), system: 'api' as const }
  await bench.store.commit({ write: { kind: 'incident', id: 'INC-1', expected: 0, next, wakeAt: undefined } })
})
afterEach(() => bench.stop())

async function card(id: 'R-1'): Promise<Card> {
  return runCard(await bench.run(id), bench.now(), bench.plan())
}

async function status(): Promise<readonly string[]> {
  return uneasyLines(await readWarnings(bench.store, [])).map(plain)
}

describe('a reload of HAProxy', () => {
  let house: House

  beforeEach(async () => {
    house = await openHouse()
    bench.setPlan(planWith({ sockets: house.balancers.map(({ control }) => control) }))
  })
  afterEach(() => house.stop())

  test('that undoes a failover is noticed, said once with what to type, and done again', async () => {
    await carryOut(bench, { incident: 'INC-1' })
    await bench.lookAtStanding()
    const quiet = (await bench.run('R-1')).gone

    await house.balancers[0].reload()
    await bench.lookAtStanding()
    await bench.lookAtStanding()

    const [where = ''] = house.balancers[0].control.match(/127.*/) ?? []
    const words = `standby is in maintenance at ${where}, and was left ready; main is ready at ${where}, and was left in maintenance`
    expect(quiet).toBeUndefined()
    expect((await bench.told('INC-1')).filter((text) => text.startsWith('run.gone'))).toEqual([
      `run.gone R-1 (failover api to standby) does not hold any more: ${words}. A reload, or somebody, has undone it. To do it again: failover api to standby`,
    ])
    expect(bench.news().filter((text) => text.startsWith('gone: '))).toHaveLength(1)
    expect(await card('R-1')).toMatchObject({
      title: 'R-1 · failover api to standby · done, but does not hold any more',
      tone: 'bad',
      buttons: [{ command: 'failover api to standby' }],
    })
    expect((await status())[0]).toBe(
      `Does not hold any more: ${words}. To do it again: dr failover api to standby (R-1)`,
    )

    const again = await carryOut(bench, { incident: 'INC-1' })
    await bench.lookAtStanding()

    expect(again).toMatchObject({ id: 'R-2', state: 'done' })
    expect((await status()).join('\n')).not.toMatch(/does not hold/i)
    expect(await house.states()).toBe('main maint, standby ready | main maint, standby ready')
  })

  test('that brings the states back from a file is no matter', async () => {
    await carryOut(bench)
    const [first] = house.balancers
    await first.reload()
    for (const state of ['standby state ready', 'main state maint'])
      await first.tell(`set server api/${state}`)

    await bench.lookAtStanding()

    expect((await bench.run('R-1')).gone).toBeUndefined()
  })

  test('that is mended by hand is said too', async () => {
    await carryOut(bench, { incident: 'INC-1' })
    const [first] = house.balancers
    await first.reload()
    await bench.lookAtStanding()
    for (const state of ['standby state ready', 'main state maint'])
      await first.tell(`set server api/${state}`)

    await bench.lookAtStanding()

    expect((await bench.run('R-1')).gone).toBeUndefined()
    expect(bench.news().at(-1)).toBe('holds: R-1 (failover api to standby) holds again')
  })

  test('is noticed where another load balancer is silent, and is no news after a failback', async () => {
    await carryOut(bench, { incident: 'INC-1' })
    house.balancers[1].fault('reset')
    await house.balancers[0].reload()
    await bench.lookAtStanding()
    const noticed = (await bench.run('R-1')).gone
    house.balancers[1].fault(undefined)
    await carryOut(bench, {
      direction: 'failback',
      overrides: [{ rule: 'world-as-left', reason: 'it was reloaded' }],
    })

    await bench.lookAtStanding()

    expect(noticed?.text).toMatch(/^standby is in maintenance at [^;]*; main is ready at [^;]*$/)
    expect(await bench.run('R-1')).toMatchObject({ undoneBy: 'R-2' })
    expect(bench.news().filter((text) => /^(?:gone|holds): /.test(text))).toHaveLength(1)
    expect((await card('R-1')).title).toMatch(/done, undone by R-2$/)
  })
})

describe('records of a failover of the load balancer', () => {
  async function failedOver(
    recovery: string,
    direction: 'failover' | 'failback' = 'failover',
  ): Promise<void> {
    const ask = asking({ ...(direction === 'failover' ? { recovery } : {}), direction, incident: 'INC-1' })
    const { run } = await bench.runs().propose(ask)
    await bench.runs().verdict(run.id, approving({ by: mia, typed: run.proposal.typed }))
    await bench.pass(30_000)
  }

  function edit(name: string, content: string): void {
    bench.world.cloudflare.edit(bench.world.zone, (records) =>
      records.map((one) => (one.name === name ? { ...one, type: 'A', content } : one)),
    )
  }

  test('that somebody changes at Cloudflare are noticed', async () => {
    await failedOver('backup')
    await bench.lookAtStanding()
    const quiet = (await bench.run('R-1')).gone

    edit(bench.world.record, '192.0.2.9')
    await bench.lookAtStanding()

    expect(quiet).toBeUndefined()
    expect((await bench.run('R-1')).gone?.text).toBe(
      'api.example.com A is 192.0.2.9, TTL 60 s, and was 127.0.0.12, TTL 60 s',
    )
  })

  test('that a later failover has changed are that one’s matter', async () => {
    await failedOver('backup')
    await failedOver('api')

    await bench.lookAtStanding()

    expect((await bench.run('R-1')).gone).toBeUndefined()
    expect(await bench.run('R-2')).toMatchObject({ state: 'done' })
    expect((await bench.run('R-2')).gone).toBeUndefined()
  })

  test('are a failover’s matter again once the later one was undone', async () => {
    await failedOver('backup')
    await failedOver('api')
    await failedOver('api', 'failback')
    await bench.lookAtStanding()
    const quiet = (await bench.run('R-1')).gone

    edit(bench.world.record, '192.0.2.9')
    await bench.lookAtStanding()

    expect(await bench.run('R-2')).toMatchObject({ undoneBy: 'R-3' })
    expect(quiet).toBeUndefined()
    expect((await bench.run('R-1')).gone?.text).toMatch(/^api\.example\.com A is 192\.0\.2\.9/)
  })

  describe('of which a later one has changed one', () => {
    beforeEach(async () => {
      const { record, zone, lb } = bench.world
      const www = `www.${zone}`
      edit(www, lb.host)
      bench.setPlan((plan) => withRecords(plan, { backup: [record, www], api: [record] }))
      await failedOver('backup')
    })

    test('are still looked at but for that one, and said beside it', async () => {
      await failedOver('api')
      await bench.lookAtStanding()
      const quiet = (await bench.run('R-1')).gone

      edit('www.example.com', '192.0.2.9')
      edit(bench.world.record, '192.0.2.10')
      await bench.lookAtStanding()

      expect(await bench.run('R-2')).toMatchObject({ state: 'done' })
      expect(quiet).toBeUndefined()
      expect((await bench.run('R-1')).gone?.text).toMatch(/^www\.example\.com A is 192\.0\.2\.9[^;]*$/)
      expect((await bench.run('R-2')).gone?.text).toMatch(/^api\.example\.com A is 192\.0\.2\.10[^;]*$/)
      expect((await status()).filter((line) => line.startsWith('Does not hold'))).toHaveLength(2)
    })

    test('owe what no later one has taken over', async () => {
      await failedOver('api')

      const owed = (await status()).filter((line) => line.includes('points at'))

      expect(owed).toEqual([
        expect.stringMatching(/^Still to do: api\.example\.com points at api .*\(R-2\)$/),
        expect.stringMatching(/^Still to do: www\.example\.com points at backup .*\(R-1\)$/),
      ])
    })

    test('are looked at while a later one was stopped before it had changed anything', async () => {
      const { run } = await bench.runs().propose(asking({ recovery: 'api' }))
      await bench.runs().verdict(run.id, approving({ typed: 'api' }))
      await cancelledAt(bench, 'R-2', 2)
      edit(bench.world.record, '192.0.2.9')

      await bench.lookAtStanding()

      expect((await bench.run('R-1')).gone?.text).toMatch(/^api\.example\.com A is 192\.0\.2\.9/)
    })
  })
})

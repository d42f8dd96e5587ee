// `failover api` and `failback api` at two real HAProxys: what clients notice, what is refused, what people are told.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { approving, ann, bob, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { cancelledAt } from './cut-short.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { carryOut, ended, flow, openHouse, planWith, refusalOf, wanting } from './haproxy-house.ts'
import type { House } from './haproxy-house.ts'

const redis = oneRedis()
let bench: EngineBench
let house: House

beforeEach(async () => {
  ;[bench, house] = await Promise.all([startEngine(redis()), openHouse()])
  bench.setPlan(planWith({ sockets: house.balancers.map(({ control }) => control) }))
})
afterEach(async () => {
  await Promise.all([bench.stop(), house.stop()])
})

const before = 'main ready, standby maint | main ready, standby maint'
const after = 'main maint, standby ready | main maint, standby ready'

describe('while clients ask through both load balancers', () => {
  test('failover and failback lose no request, and each brings the traffic where it says', async () => {
    const clients = flow(house.balancers.map(({ url }) => url))
    await vi.waitFor(() => expect(clients.answered('main')).toBeGreaterThan(100))

    const over = await carryOut(bench)
    const atFailover = { main: clients.answered('main'), standby: clients.answered('standby') }
    await vi.waitFor(() => {
      expect(clients.answered('standby') - atFailover.standby).toBeGreaterThan(100)
    })
    const between = await house.states()
    const onlyStandby = clients.answered('main')
    const back = await carryOut(bench, { direction: 'failback' })
    const atFailback = { main: clients.answered('main'), standby: clients.answered('standby') }
    await vi.waitFor(() => {
      expect(clients.answered('main') - atFailback.main).toBeGreaterThan(100)
    })
    const asked = await clients.stop()

    expect(over).toMatchObject({ id: 'R-1', state: 'done' })
    expect(back).toMatchObject({ id: 'R-2', state: 'done', undoes: 'R-1' })
    expect(between).toBe(after)
    expect(onlyStandby).toBe(atFailover.main)
    expect(clients.answered('standby')).toBe(atFailback.standby)
    expect(await house.states()).toBe(before)
    expect(clients.failures()).toEqual([])
    expect(clients.answered('main') + clients.answered('standby')).toBe(asked)
    expect(await bench.run('R-1')).toMatchObject({ undoneBy: 'R-2' })
  })

  test('requests that are under way at main end there, and are waited for', async () => {
    house.main.become('slow')
    const clients = flow(house.balancers.map(({ url }) => url))
    await vi.waitFor(() => expect(clients.answered('main')).toBeGreaterThan(4))

    const run = await carryOut(bench)
    const asked = await clients.stop()

    expect(run.state).toBe('done')
    expect(run.steps.find(({ title }) => title.startsWith('Wait until the sessions'))?.note).toBe(
      'no sessions on main any more',
    )
    expect(clients.failures()).toEqual([])
    expect(clients.answered('main') + clients.answered('standby')).toBe(asked)
    expect(house.main.requests()).toBe(clients.answered('main'))
  })

  test('sessions that do not end in time are said and left alone', async () => {
    house.main.become('holding')
    const clients = flow([house.balancers[0].url], 2)
    await vi.waitFor(() => expect(house.main.requests()).toBe(2))

    const run = await carryOut(bench, {}, 1_000)
    house.main.become('well')
    const asked = await clients.stop()

    expect(run.steps.find(({ title }) => title.startsWith('Wait until the sessions'))?.note).toMatch(
      /^2 sessions on main still open after 10s; not waited for any longer$/,
    )
    expect(clients.failures()).toEqual([])
    expect(clients.answered('main') + clients.answered('standby')).toBe(asked)
  })
})

describe('the steps', () => {
  test('are commands in an order in which a server takes traffic only after fresh checks', async () => {
    await carryOut(bench)
    await carryOut(bench, { direction: 'failback' })

    const [first] = house.balancers
    expect(first.changing()).toMatchInlineSnapshot(`
      [
        "set server api/standby state drain;set server api/standby health down",
        "set server api/standby state ready",
        "set server api/main state drain",
        "set server api/main state maint",
        "set server api/main state drain;set server api/main health down",
        "set server api/main state ready",
        "set server api/standby state drain",
        "set server api/standby state maint",
      ]
    `)
    expect([...new Set(first.commands().filter((line) => line.startsWith('show')))]).toEqual([
      'show cli level;show servers state api;show stat api 4 -1',
      'show servers state api',
    ])
  })

  test('never let a check from before the maintenance count, even where one failure is enough', async () => {
    await house.stop()
    // Seldom enough that nothing but the old check is known when the bot looks.
    house = await openHouse({ fall: 1, standby: 'inter 1s' })
    bench.setPlan(planWith({ sockets: house.balancers.map(({ control }) => control) }))
    // HAProxy has seen standby healthy, then it was taken out; it fell ill meanwhile.
    await Promise.all(
      house.balancers.map(({ tell }) =>
        vi.waitFor(async () => expect(await tell('show stat api 4 -1')).toMatch(/standby.*UP.*L7OK/), 10_000),
      ),
    )
    await Promise.all(house.balancers.map(({ tell }) => tell('set server api/standby state maint')))
    house.standby.become('sick')

    const run = await carryOut(bench, {}, 1_000)

    expect(run).toMatchObject({ state: 'failed' })
    expect(run.state === 'failed' && run.reason).toMatch(
      /standby did not pass HAProxy's check within 1m: .* says DOWN L7STS/,
    )
    expect(await house.states()).toBe('main ready, standby drain | main ready, standby drain')
  })

  test('leave out what is so already: a backup server that HAProxy uses by itself', async () => {
    await house.stop()
    house = await openHouse({ standby: 'backup' })
    bench.setPlan(planWith({ sockets: house.balancers.map(({ control }) => control) }))

    const run = await carryOut(bench)

    expect(run.state).toBe('done')
    expect(house.balancers[0].changing()).toEqual([
      'set server api/main state drain',
      'set server api/main state maint',
    ])
  })
})

describe('the last server that works', () => {
  test('is not proposed to be taken out', async () => {
    await Promise.all(house.balancers.map(({ tell }) => tell('set server api/standby state ready')))
    house.standby.become('sick')
    await Promise.all(
      house.balancers.map(({ tell }) =>
        vi.waitFor(async () => expect(await tell('show stat api 4 -1')).toMatch(/standby.*DOWN/)),
      ),
    )

    const refusal = await refusalOf(bench.runs().propose(wanting()))

    expect(refusal).toMatch(/^Refused by the safety rule last-healthy-server: standby is down at /)
    expect(house.changing()).toEqual([])
  })

  test('is not drained either when the other one falls ill after the approval', async () => {
    await Promise.all(house.balancers.map(({ tell }) => tell('set server api/standby state ready')))
    // All checks have passed, so that the wait for them ends with its third commit.
    await Promise.all(
      house.balancers.map(({ tell }) =>
        vi.waitFor(async () => expect(await tell('show stat api 4 -1')).toMatch(/standby,.*,UP,/)),
      ),
    )
    const { run } = await bench.runs().propose(wanting())
    await bench.runs().verdict(run.id, approving())
    // The wait has passed; right before the drain somebody takes standby out.
    bench.dieAt(3, 'after')
    await bench.settle().catch(() => undefined)
    bench.crash()
    await Promise.all(house.balancers.map(({ tell }) => tell('set server api/standby state maint')))

    const failed = await ended(bench, run.id)

    expect(failed.state === 'failed' && failed.reason).toMatch(
      /^main was not taken out at 127\.0\.0\.1:\d+: api would have no server left there that takes traffic; standby is in maintenance \(MAINT\)\. Nothing was changed there\. Bring another server up first/,
    )
    expect(await house.states()).toBe(before)
  })

  test('goes when somebody takes it on himself by name', async () => {
    house.standby.become('sick')
    await Promise.all(house.balancers.map(({ tell }) => tell('set server api/standby state ready')))
    await Promise.all(
      house.balancers.map(({ tell }) =>
        vi.waitFor(async () => expect(await tell('show stat api 4 -1')).toMatch(/standby.*DOWN/)),
      ),
    )

    const run = await carryOut(bench, {
      overrides: [{ rule: 'last-healthy-server', reason: 'main corrupts data' }],
    })

    expect(run.state).toBe('done')
    expect(await house.states()).toBe(after)
  })
})

describe('a world that is not the one that was shown', () => {
  test('does not start the run, with the difference', async () => {
    const { run } = await bench.runs().propose(wanting())
    await house.balancers[1].tell('set server api/main state drain')

    const refusal = await refusalOf(bench.runs().verdict(run.id, approving()))

    expect(refusal).toMatch(
      /^The world is not as R-1 showed it: main is draining at 127\.0\.0\.1:\d+, and was ready\. Nothing was changed\. Look at it again: failover api to standby$/,
    )
    expect(house.changing()).toEqual([])
  })

  test('is not failed back onto, unless somebody says so', async () => {
    await carryOut(bench)
    await house.balancers[0].tell('set server api/main state ready')

    const refusal = await refusalOf(bench.runs().propose(wanting({ direction: 'failback' })))
    const back = await carryOut(bench, {
      direction: 'failback',
      overrides: [{ rule: 'world-as-left', reason: 'main is back at one of them' }],
    })

    expect(refusal).toMatch(
      /Refused by the safety rule world-as-left: main is ready at 127\.0\.0\.1:\d+, and was left in maintenance: somebody set it, or a reload/,
    )
    expect(back.state).toBe('done')
    expect(await house.states()).toBe(before)
  })
})

test('a failback that was cancelled half-way is gone on with, from where it stopped', async () => {
  await carryOut(bench)
  const { run } = await bench.runs().propose(wanting({ direction: 'failback' }))
  await bench.runs().verdict(run.id, approving())
  expect(await cancelledAt(bench, run.id, 3)).toMatchObject({ state: 'cancelled' })
  expect((await bench.told(run.id)).join('\n')).toContain(
    'To put back what it changed: failover api to standby. To go on: failback api',
  )

  // HAProxy has begun to check main: until that has passed, main counts as down.
  await vi.waitFor(() => bench.runs().propose(wanting({ direction: 'failback' })), {
    timeout: 20_000,
    interval: 50,
  })
  const back = await carryOut(bench, { direction: 'failback' })

  expect(back).toMatchObject({ id: 'R-3', state: 'done', undoes: 'R-1' })
  expect(back.proposal.warnings).toEqual([
    expect.stringMatching(
      /^R-2, an earlier way back, was cancelled half-way: this goes on from there\. It has done: "Have main checked at /,
    ),
  ])
  expect(await house.states()).toBe(before)
  expect(await bench.run('R-1')).toMatchObject({ undoneBy: 'R-3' })
})

describe('several load balancers', () => {
  test('of which one is silent are not changed halfway, unless somebody says so', async () => {
    const [first, second] = house.balancers
    second.fault('reset')

    const refusal = await refusalOf(bench.runs().propose(wanting()))
    const run = await carryOut(bench, {
      overrides: [{ rule: 'all-balancers-answer', reason: 'lb2 is down for maintenance' }],
    })

    expect(refusal).toMatch(
      /^Refused by the safety rule all-balancers-answer: The load balancer 127\.0\.0\.1:\d+ does not answer: it closed the connection without an answer\.\nNothing was changed\./,
    )
    expect(run.state).toBe('done')
    expect(await first.states()).toBe('main maint, standby ready')
    expect(await second.states()).toBe('main ready, standby maint')
    expect(run.proposal.debts.map(({ text }) => text).at(-1)).toMatch(
      /was left out: it may still send traffic/,
    )
  })

  test('of which one falls silent in the middle are gone on with when it is back', async () => {
    const [, second] = house.balancers
    const { run } = await bench.runs().propose(wanting())
    await bench.runs().verdict(run.id, approving())
    second.fault('reset')
    await bench.pass(20_000)
    const waiting = await bench.run(run.id)
    second.fault(undefined)

    const done = await ended(bench, run.id)

    expect(waiting).toMatchObject({ state: 'running', current: 1 })
    expect(done.state).toBe('done')
    expect(await house.states()).toBe(after)
  })

  test('that disagree on what main is are refused', async () => {
    await house.balancers[1].tell('set server api/standby addr 127.0.0.2')

    const refusal = await refusalOf(bench.runs().propose(wanting()))

    expect(refusal).toMatch(
      /safety rule same-servers: .* with standby at 127\.0\.0\.1:\d+; .* at 127\.0\.0\.2:/,
    )
  })

  test('can be told over their Unix sockets too', async () => {
    bench.setPlan(planWith({ sockets: house.balancers.map(({ unix }) => unix) }))

    const run = await carryOut(bench)

    expect(run.state).toBe('done')
    expect(await house.states()).toBe(after)
  })
})

describe('several people', () => {
  test('at two doors make one run, and a freeze stops it', async () => {
    const [first, second] = await Promise.all([
      bench.runs().propose(wanting()),
      bench.runs().propose(wanting({ by: bob })),
    ])
    await bench.runs().freeze(ann, 'maintenance')
    const frozen = await refusalOf(bench.runs().verdict(first.run.id, approving()))
    await bench.runs().unfreeze(ann)
    await Promise.all([
      bench.runs().verdict(first.run.id, approving()),
      bench.runs().verdict(second.run.id, approving({ by: bob })),
    ])

    const done = await ended(bench, first.run.id)

    expect(second.run.id).toBe(first.run.id)
    expect(frozen).toMatch(/recoveries were frozen by Ann Onken \(maintenance\)/)
    expect(done.approvals).toHaveLength(1)
    expect(house.balancers[0].changing()).toHaveLength(4)
  })
})

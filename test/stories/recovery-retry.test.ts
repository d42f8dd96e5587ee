// A retry is judged before it writes anything: one that is refused leaves everything as it was, and a freeze holds it, too.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { reasonOf } from '../../src/errors.ts'
import type { Recovery } from '../../src/drplan/schema.ts'
import type { Run } from '../../src/recovery/run.ts'
import { incident, resolved, writingRun } from '../contracts/store-samples.ts'
import { ann, approving, asking, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'

const redis = oneRedis()
let bench: EngineBench

beforeEach(async () => {
  bench = await startEngine(redis())
})
afterEach(() => bench.stop())

async function carryOut(direction: 'failover' | 'failback'): Promise<void> {
  const { run } = await bench.runs().propose(asking({ direction }))
  await bench.runs().verdict(run.id, approving())
  await bench.settle()
}

/** R-2, the way back of R-1, fails at its change, and a person then makes that change in the dashboard. */
async function wayBackFails(): Promise<void> {
  await carryOut('failover')
  bench.world.cloudflare.fault({ kind: 'success-false', on: 'change' })
  await carryOut('failback')
  await bench.pass(60_000)
  expect(await bench.run('R-2')).toMatchObject({ state: 'failed', current: 1 })
  bench.world.cloudflare.fault(undefined)
  bench.edit({ content: '127.0.0.11', ttl: 300 })
}

const retry = { kind: 'retry', by: ann } as const

describe('a retry of a way back whose change was made by hand', () => {
  test('marks the failover as undone', async () => {
    await wayBackFails()

    await bench.runs().verdict('R-2', retry)
    await bench.settle()

    expect(await bench.run('R-2')).toMatchObject({ state: 'done' })
    expect(await bench.run('R-1')).toMatchObject({ undoneBy: 'R-2' })
  })

  test('leaves the failover standing when it comes too late', async () => {
    await wayBackFails()
    bench.away(31 * 60_000)

    await expect(bench.runs().verdict('R-2', retry)).rejects.toThrow(/R-2 failed too long ago/)

    expect(await bench.run('R-1')).not.toHaveProperty('undoneBy')
  })

  test('leaves it standing when the rule to take on does not exist', async () => {
    await wayBackFails()
    const override = { rule: 'copy-recent', reason: 'why not' }

    await expect(bench.runs().verdict('R-2', { ...retry, override })).rejects.toThrow(
      /nothing to take on yourself/,
    )

    expect(await bench.run('R-1')).not.toHaveProperty('undoneBy')
  })

  test('leaves it standing while another run is at work on the same target', async () => {
    await wayBackFails()
    const lock = { name: 'lock:cloudflare:example.com/api.example.com', from: '', to: 'R-9' }
    await bench.store.commit({ write: undefined, claims: [lock] })

    await expect(bench.runs().verdict('R-2', retry)).rejects.toThrow(/R-9 is at work/)

    expect(await bench.run('R-1')).not.toHaveProperty('undoneBy')
  })

  test('leaves it standing while recoveries are frozen', async () => {
    await wayBackFails()
    await bench.runs().freeze(ann, 'release night')

    await expect(bench.runs().verdict('R-2', retry)).rejects.toThrow(/recoveries were frozen/)

    expect(await bench.run('R-1')).not.toHaveProperty('undoneBy')
    expect(await bench.run('R-2')).toMatchObject({ state: 'failed' })
  })
})

/** The plan's recoveries of the load balancer changed. */
function replan(change: (recoveries: readonly Recovery[]) => readonly Recovery[]): void {
  bench.setPlan((plan) => {
    const { lb } = plan.systems
    if (!lb) throw new Error('the plan has no load balancer')
    return { ...plan, systems: { ...plan.systems, lb: { ...lb, recoveries: [...change(lb.recoveries)] } } }
  })
}

/** The plan leads to another target than the one that was approved. */
function mendTarget(): void {
  replan((all) =>
    all.map((one) =>
      one.name === 'backup' && one.cloudflare
        ? { ...one, cloudflare: { ...one.cloudflare, to: bench.world.api.host } }
        : one,
    ),
  )
}

async function openOutage(): Promise<void> {
  const next = incident('INC-1')
  await bench.store.commit({ write: { kind: 'incident', id: 'INC-1', expected: 0, next, wakeAt: undefined } })
}

async function endOutage(): Promise<void> {
  const next = { ...resolved('INC-1'), at: bench.now() }
  await bench.store.commit({ write: { kind: 'incident', id: 'INC-1', expected: 1, next, wakeAt: undefined } })
}

/** R-1, for the outage INC-1, fails at its change, of which nothing happens. */
async function failsBeforeItsChange(): Promise<void> {
  await openOutage()
  await bench.runs().propose(asking({ incident: 'INC-1' }))
  await bench.runs().verdict('R-1', approving())
  bench.world.cloudflare.fault({ kind: 'success-false', on: 'change' })
  await bench.settle()
  await bench.pass(60_000)
  expect(await bench.run('R-1')).toMatchObject({ state: 'failed', current: 1 })
  bench.world.cloudflare.fault(undefined)
}

/** R-1, for the outage INC-1, has changed the record, and fails since a name server keeps the old one. */
async function failsAfterItsChange(): Promise<void> {
  await openOutage()
  await bench.runs().propose(asking({ incident: 'INC-1' }))
  await bench.runs().verdict('R-1', approving())
  bench.world.dns.fault({ kind: 'stale', queries: 100_000 })
  await bench.settle()
  await bench.pass(90_000)
  expect(await bench.run('R-1')).toMatchObject({ state: 'failed', current: 2 })
  bench.world.dns.fault(undefined)
}

describe('a retry of a run that has changed nothing yet', () => {
  /** What refuses it; the run and the world stay as they were. */
  async function refusal(): Promise<string> {
    const before = await bench.run('R-1')
    const world = { record: bench.record(), changing: bench.changing() }
    const words = await bench
      .runs()
      .verdict('R-1', retry)
      .then(({ state }) => `it is ${state}`, reasonOf)
    await bench.settle()
    expect(await bench.run('R-1')).toEqual(before)
    expect({ record: bench.record(), changing: bench.changing() }).toEqual(world)
    return words
  }

  test('is refused after its target was mended in the plan', async () => {
    await failsBeforeItsChange()
    mendTarget()

    expect(await refusal()).toBe(
      `The DR plan has changed since R-1 was proposed: cloudflare.to is ${bench.world.api.host}, and was ${bench.world.backup.host}. Nothing was changed. Look at it again: failover lb to backup`,
    )
  })

  test('is refused after its risk was raised: that asks for a second person', async () => {
    await failsBeforeItsChange()
    replan((all) => all.map((one) => ({ ...one, risk: 'loses-data' })))

    expect(await refusal()).toMatch(
      /^The DR plan has changed since R-1 was proposed: risk is loses-data, and was not there/,
    )
  })

  test('is refused after the recovery was taken out of the plan', async () => {
    await failsBeforeItsChange()
    replan((all) => all.slice(1))

    expect(await refusal()).toBe(
      'The DR plan has no recovery backup of lb any more. Nothing was changed. Propose one that it has, or put this one back into the plan and propose it again: failover lb to backup',
    )
  })

  test('is refused after its outage is over', async () => {
    await failsBeforeItsChange()
    await endOutage()

    expect(await refusal()).toBe(
      'INC-1 is resolved, so R-1 has lost its reason. If it is wanted all the same, propose it again: failover lb to backup',
    )
  })

  test('is refused after its zone was led away', async () => {
    await failsBeforeItsChange()
    bench.world.registry.delegate(['ns1-01.azure-dns.com'])

    expect(await refusal()).toMatch(
      /^Since R-1 was proposed, the zone was led away: .* Nothing was changed\. Look at it again: /,
    )
  })

  test('is refused after another run has stopped on the same target', async () => {
    await failsBeforeItsChange()
    const changed = await bench.run('R-1')
    const steps = changed.steps.map((step, at) => (at < 2 ? { ...step, phase: 'done' as const } : step))
    const endedAt = bench.now() + 1_000
    const other = { ...changed, id: 'R-2', steps, state: 'failed', current: 2, endedAt } as Run
    await bench.store.commit(writingRun(other))

    expect(await refusal()).toMatch(
      /^Since R-1 was proposed, another run has stopped on the same target: R-2 .* Look at it again: failover lb to backup$/,
    )
  })

  test('is refused with what to cancel first where its outcome was unknown and nothing has happened', async () => {
    await openOutage()
    await bench.runs().propose(asking({ incident: 'INC-1' }))
    await bench.runs().verdict('R-1', approving())
    bench.dieAt(4, 'after')
    await bench.settle().catch(() => undefined)
    bench.crash()
    bench.edit({ content: '192.0.2.9', ttl: 60 })
    await bench.pass(15_000)
    bench.edit({ content: '127.0.0.11', ttl: 300 })
    expect(await bench.run('R-1')).toMatchObject({ state: 'unknown', current: 1 })
    mendTarget()

    expect(await refusal()).toMatch(
      /^The DR plan has changed .*\. First: cancel R-1\. Nothing was changed\. Look at it again: /,
    )
  })

  test('goes on while nothing differs', async () => {
    await failsBeforeItsChange()

    await bench.runs().verdict('R-1', retry)
    await bench.settle()

    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
  })
})

describe('a retry of a run that stands half-way', () => {
  async function goesOn(): Promise<string> {
    await bench.runs().verdict('R-1', retry)
    await bench.settle()
    expect(await bench.run('R-1')).toMatchObject({ state: 'done' })
    return (await bench.told('INC-1')).find((text) => text.startsWith('run.step R-1 goes on')) ?? ''
  }

  test('goes on with what was approved, and the record says in what the plan differs', async () => {
    await failsAfterItsChange()
    mendTarget()

    expect(await goesOn()).toBe(
      `run.step R-1 goes on with step 3 of 4. The DR plan has changed since R-1 was proposed (cloudflare.to is ${bench.world.api.host}, and was ${bench.world.backup.host}), and it goes on with what was approved; for what the plan has now: cancel R-1, failover lb to backup`,
    )
    expect(bench.record()).toContain(bench.world.backup.host)
  })

  test('says so, too, where the plan has lost the recovery', async () => {
    await failsAfterItsChange()
    replan((all) => all.slice(1))

    expect(await goesOn()).toBe(
      'run.step R-1 goes on with step 3 of 4. The DR plan has changed since R-1 was proposed (it has no recovery backup of lb any more), and it goes on with what was approved; to stop it: cancel R-1',
    )
  })

  test('goes on after its outage is over, and the record says so, and how to put it back', async () => {
    await failsAfterItsChange()
    await endOutage()

    expect(await goesOn()).toBe(
      'run.step R-1 goes on with step 3 of 4. INC-1 is resolved, so R-1 has lost its reason; it stands half-way, and goes on with what was approved; to put back what it has changed: cancel R-1, failback lb',
    )
  })

  test('goes on where its change turns out to have been made by somebody', async () => {
    await failsBeforeItsChange()
    mendTarget()
    bench.edit({ content: '127.0.0.12', ttl: 60 })

    expect(await goesOn()).toContain('The DR plan has changed since R-1 was proposed')
  })

  test('says nothing of the plan for a way back', async () => {
    await wayBackFails()
    replan((all) => all.slice(1))

    await bench.runs().verdict('R-2', retry)

    expect((await bench.told('R-2')).join('\n')).not.toContain('The DR plan has changed')
  })
})

describe('while recoveries are frozen', () => {
  test('a retry does not go on from a step that turns out to be done', async () => {
    await bench.runs().propose(asking())
    await bench.runs().verdict('R-1', approving())
    bench.dieAt(4, 'after')
    await bench.settle().catch(() => undefined)
    bench.crash()
    bench.edit({ content: '192.0.2.9', ttl: 60 })
    await bench.pass(15_000)
    expect(await bench.run('R-1')).toMatchObject({ state: 'unknown', current: 1 })
    bench.edit({ content: '127.0.0.12', ttl: 60 })
    await bench.runs().freeze(ann, 'release night')

    await expect(bench.runs().verdict('R-1', retry)).rejects.toThrow(/recoveries were frozen/)

    expect(await bench.run('R-1')).toMatchObject({ state: 'unknown', current: 1 })
  })
})

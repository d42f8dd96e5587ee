// The DR plan is mended and reloaded while a proposal waits: nobody gets the old target, or the old risk.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { DrPlan, Recovery } from '../../src/drplan/schema.ts'
import { approving, asking, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'

let redis: TestRedis
let bench: EngineBench

beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.stop())
beforeEach(async () => {
  bench = await startEngine(redis)
})
afterEach(() => bench.stop())

/** The plan with its first recovery of the load balancer changed. */
function mend(change: (recovery: Recovery) => Recovery): void {
  bench.setPlan((plan) => {
    const { lb } = plan.systems
    const [first, ...rest] = lb?.recoveries ?? []
    if (!lb || !first) throw new Error('the plan has no recovery of the load balancer')
    return { ...plan, systems: { ...plan.systems, lb: { ...lb, recoveries: [change(first), ...rest] } } }
  })
}

/** The plan without its first recovery of the load balancer. */
function takeOut(): void {
  bench.setPlan((plan) => {
    const { lb } = plan.systems
    if (!lb) throw new Error('the plan has no load balancer')
    return { ...plan, systems: { ...plan.systems, lb: { ...lb, recoveries: lb.recoveries.slice(1) } } }
  })
}

function toApi(recovery: Recovery): Recovery {
  const { cloudflare } = recovery
  if (!cloudflare) throw new Error('it points no records')
  return { ...recovery, cloudflare: { ...cloudflare, to: bench.world.api.host } }
}

test('the same order after the target was mended is another proposal, with the new target', async () => {
  await bench.runs().propose(asking())
  mend(toApi)

  const { run, existing } = await bench.runs().propose(asking())
  await bench.runs().verdict(run.id, approving())
  await bench.settle()

  expect({ id: run.id, existing }).toEqual({ id: 'R-2', existing: false })
  expect(await bench.run('R-1')).toMatchObject({ state: 'expired', replacedBy: 'R-2' })
  expect(bench.record()).toContain(bench.world.api.host)
})

test('the same order after the risk was raised is another proposal, which asks for a second person', async () => {
  await bench.runs().propose(asking())
  mend((recovery) => ({ ...recovery, risk: 'loses-data' }))

  const { run, existing } = await bench.runs().propose(asking())

  expect(existing).toBe(false)
  expect(run.proposal.risk).toBe('loses-data')
})

test('an approval after the target was mended is refused, with the difference', async () => {
  await bench.runs().propose(asking())
  mend(toApi)

  const approved = bench.runs().verdict('R-1', approving())

  await expect(approved).rejects.toThrow(
    `The DR plan has changed since R-1 was proposed: cloudflare.to is ${bench.world.api.host}, and was ${bench.world.backup.host}. Nothing was changed. Look at it again: `,
  )
  expect(await bench.run('R-1')).toMatchObject({ state: 'expired' })
  expect(bench.changing()).toBe(0)
})

test('an approval while the target is being mended is refused, too: to look at the world takes time', async () => {
  await bench.runs().propose(asking())
  const { requests } = bench.world.cloudflare
  const before = requests.length
  bench.world.cloudflare.fault({ kind: 'slow', ms: 500, times: 1 })

  const approved = bench.runs().verdict('R-1', approving())
  await vi.waitFor(() => expect(requests.length).toBeGreaterThan(before))
  mend(toApi)

  await expect(approved).rejects.toThrow(/^The DR plan has changed since R-1 was proposed/)
  expect(await bench.run('R-1')).toMatchObject({ state: 'expired' })
  expect(bench.changing()).toBe(0)
})

test('a recovery that was taken out of the plan since is not carried out', async () => {
  await bench.runs().propose(asking())
  takeOut()

  await expect(bench.runs().verdict('R-1', approving())).rejects.toThrow(
    'The DR plan has no recovery backup of lb any more. Nothing was changed. Propose one that it has, or put this one back into the plan and propose it again: failover lb to backup',
  )
  expect(await bench.run('R-1')).toMatchObject({ state: 'expired' })
  expect(bench.changing()).toBe(0)
})

test('a way back is carried out at its first approval, though its recovery has left the plan since', async () => {
  const usual = bench.record()
  await bench.runs().propose(asking())
  await bench.runs().verdict('R-1', approving())
  await bench.settle()
  await bench.runs().propose(asking({ direction: 'failback' }))
  takeOut()

  await bench.runs().verdict('R-2', approving())
  await bench.settle()

  expect(await bench.run('R-2')).toMatchObject({ state: 'done' })
  expect(bench.record()).toBe(usual)
})

test('an approval after the system has left the plan is refused', async () => {
  await bench.runs().propose(asking())
  bench.setPlan((plan): DrPlan => {
    const { lb: _, ...systems } = plan.systems
    return { ...plan, systems }
  })

  await expect(bench.runs().verdict('R-1', approving())).rejects.toThrow(
    'The DR plan has no recovery backup of lb any more. Nothing was changed.',
  )
  expect(bench.changing()).toBe(0)
})

test('what concerns nobody here changes nothing: another estimate leaves the proposal as it is', async () => {
  await bench.runs().propose(asking())
  mend((recovery) => ({ ...recovery, expected: 300_000 }))

  expect(await bench.runs().propose(asking())).toMatchObject({ existing: true, run: { id: 'R-1' } })
})

// Changes at Cloudflare while the zone's parent leads to the standby: refused, told, or taken on.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { leadsTo } from '../../src/recovery/kinds/delegation.ts'
import { approving, asking, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { carriedOut, expired, writingRun } from '../contracts/store-samples.ts'
import { homeOf } from '../servers/standby.ts'

const azure = ['ns1-01.azure-dns.com', 'ns2-01.azure-dns.net']

const redis = oneRedis()
let bench: EngineBench

beforeEach(async () => {
  bench = await startEngine(redis())
})
afterEach(() => bench.stop())

/** R-1 has switched the name servers and stands; then 250 proposals lapse, and the plan loses its standby. */
async function switchedLongAgo(): Promise<void> {
  const { registry, zone } = bench.world
  const registrar = 'https://registrar.example.com'
  const before = homeOf(bench.world)
  const action = {
    provider: 'delegation',
    zone,
    parents: registry.servers,
    registrar,
    before,
    after: azure,
  } as const
  const undo = { ...action, before: azure, after: before }
  const steps = [{ title: 'switch', action, undo, phase: 'done', attempts: 1 }] as const
  const numbers = await Promise.all(Array.from({ length: 251 }, () => bench.store.nextNumber('R')))
  const switched = { ...carriedOut('R-1'), system: 'dns', recovery: 'standby', steps } as const
  await bench.store.commit(writingRun(switched))
  for (const number of numbers.slice(1)) await bench.store.commit(writingRun(expired(`R-${number}`)))
  bench.setPlan((plan) => {
    const { dns: _, ...systems } = plan.systems
    return { ...plan, systems }
  })
}

describe('failover lb', () => {
  test('is refused while the parent leads to the standby, with what to change there', async () => {
    bench.world.registry.delegate(azure)

    const proposed = bench.runs().propose(asking())

    await expect(proposed).rejects.toThrow(
      /parent-leads-here: The parent leads example\.com to ns1-01\.azure-dns\.com, ns2-01\.azure-dns\.net.*a change at Cloudflare reaches nobody/,
    )
    await expect(proposed).rejects.toThrow(
      `Instead: set ${bench.world.record} A ${bench.world.backup.host} by hand in the zone example.com of the resource group dr-rg at Azure DNS, or lead it back to Cloudflare at https://registrar.example.com/domains/example.com first.`,
    )
    expect(bench.changing()).toBe(0)
  })

  test('is proposed while the delegation names both: whoever asks Cloudflare gets the new address', async () => {
    bench.world.registry.delegate([...azure, ...homeOf(bench.world)])

    const { run } = await bench.runs().propose(asking())

    expect(run.proposal.findings.map(({ rule }) => rule)).not.toContain('parent-leads-here')
  })

  test('is not started when the zone was led away since it was proposed', async () => {
    const { run } = await bench.runs().propose(asking())
    bench.world.registry.delegate(azure)

    const approved = bench.runs().verdict(run.id, approving())

    await expect(approved).rejects.toThrow(
      /^Since R-1 was proposed, the zone was led away.*Nothing was changed/,
    )
    expect(await bench.run(run.id)).toMatchObject({ state: 'expired' })
    expect(bench.changing()).toBe(0)
  })

  test('is not started where only a switch of long ago says that the zone can be led away', async () => {
    await switchedLongAgo()
    const { run } = await bench.runs().propose(asking())
    bench.world.registry.delegate(azure)

    const approved = bench.runs().verdict(run.id, approving())

    await expect(approved).rejects.toThrow(/the zone was led away.*since R-1 \(failover dns\)/)
    expect(bench.changing()).toBe(0)
  })

  test('fails its check after the change when the zone is led away meanwhile', async () => {
    const { run } = await bench.runs().propose(asking())
    await bench.runs().verdict(run.id, approving())
    bench.world.registry.delegate(azure)

    await bench.settle()
    await bench.pass(90_000)

    const reason = expect.stringMatching(/the parent leads example\.com to ns1-01\.azure-dns\.com/)
    expect(await bench.run(run.id)).toMatchObject({ state: 'failed', reason })
  })

  test('goes on when somebody takes it on', async () => {
    bench.world.registry.delegate(azure)
    const overrides = [{ rule: 'parent-leads-here', reason: 'the way back is being entered just now' }]

    const { run } = await bench.runs().propose(asking({ overrides }))
    await bench.runs().verdict(run.id, approving())
    await bench.settle()

    expect(await bench.run(run.id)).toMatchObject({ state: 'done' })
  })

  test('is proposed with a warning when nobody at the parent answers', async () => {
    bench.world.registry.fault(0, { kind: 'drop' })

    const { run } = await bench.runs().propose(asking())

    expect(run.proposal.warnings.join('\n')).toMatch(
      /Nobody has seen whether example\.com still leads to Cloudflare.*do not answer/,
    )
  })
})

test('a name server is the same in upper case and with a final dot, and one of several is enough', () => {
  const here = ['ada.ns.cloudflare.com', 'bob.ns.cloudflare.com']

  expect(leadsTo(['Ada.NS.cloudflare.com.', ...azure], here)).toBe(true)
  expect(leadsTo(azure, here)).toBe(false)
})

test('failback lb is refused, too, while the standby answers', async () => {
  const { run } = await bench.runs().propose(asking())
  await bench.runs().verdict(run.id, approving())
  await bench.settle()
  bench.world.registry.delegate(azure)

  const proposed = bench.runs().propose(asking({ direction: 'failback' }))

  await expect(proposed).rejects.toThrow(
    new RegExp(`parent-leads-here.*Instead: set ${bench.world.record} A ${bench.world.lb.host} by hand`, 's'),
  )
})

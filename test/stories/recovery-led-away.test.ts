// Changes at Cloudflare while the zone's parent leads to the standby: refused, told, or taken on.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { approving, asking, startEngine } from '../servers/engine.ts'
import type { EngineBench } from '../servers/engine.ts'
import { startTestRedis } from '../servers/redis.ts'
import type { TestRedis } from '../servers/redis.ts'
import { homeOf } from '../servers/standby.ts'

const azure = ['ns1-01.azure-dns.com', 'ns2-01.azure-dns.net']

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

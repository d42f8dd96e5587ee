// `dr plan check --live`: each recovery against the real world, with each right and each part taken away in turn.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startCloudflareSim } from '../../sim/cloudflare.ts'
import { servedZone } from '../../sim/dns/answer.ts'
import { startWorld } from '../../sim/world.ts'
import type { World } from '../../sim/world.ts'
import type { Environment } from '../../src/config.ts'
import { openLivePlan } from '../servers/live-plan.ts'
import type { Checked, LivePlan } from '../servers/live-plan.ts'

let world: World
let plan: LivePlan

beforeEach(async () => {
  world = await startWorld()
  plan = await openLivePlan(() => [world.token])
  await plan.write(systemsOf(world))
})
afterEach(async () => {
  await world.stop()
  await plan.close()
})

function systemsOf({ lb, backup, record, httpPort, zone }: World): string {
  const probe = `{ url: "http://${record}:${httpPort}/health" }`
  return `
  cloudflare:
    rto: 10m
    alerts: [{ service: "Cloudflare*" }]
    recoveries:
      - name: bypass
        cloudflare_bypass: { zone: ${zone}, records: [${record}], to: ${lb.host} }
        probe: ${probe}
  lb:
    rto: 10m
    alerts: [{ host: "lb*" }]
    recoveries:
      - name: backup
        cloudflare: { zone: ${zone}, records: [${record}], to: ${backup.host} }
        probe: ${probe}
`
}

function check(env: Environment = {}, args: readonly string[] = []): Promise<Checked> {
  return plan.check(
    { CLOUDFLARE_API_TOKEN: world.token, CLOUDFLARE_BASE_URL: world.cloudflare.baseUrl, ...env },
    args,
  )
}

function proxied(): void {
  world.cloudflare.edit(world.zone, (records) =>
    records.map((one) => (one.name === world.record ? { ...one, proxied: true, ttl: 1 } : one)),
  )
}

test('says what is ready, with what was looked at and what nobody could look at, and changes nothing', async () => {
  proxied()

  const { code, out } = await check()

  expect(code).toBe(0)
  const text = out.slice(out.indexOf('⚠ failover')).replaceAll(String(world.httpPort), 'PORT')
  await expect(text).toMatchFileSnapshot('../golden/plans/live-ready.txt')
  expect(world.cloudflare.requests.filter((request) => request.changes)).toEqual([])
})

test('ends with 1 and says what is missing, of each recovery for itself', async () => {
  proxied()
  world.backup.set('failing')

  const { code, out } = await check()

  expect(code).toBe(1)
  expect(out).toContain('⚠ failover cloudflare to bypass: not known')
  expect(out).toContain('✗ failover lb to backup: not ready')
  expect(out).toContain('✗ target-healthy: 127.0.0.12 answered 503. Fix the target, or correct "probe"')
  expect(out).toContain(
    '1 of 2 recoveries could not be carried out now. Whether 1 of 2 recoveries could be carried out is not known: see ⚠.',
  )
})

test('gives the same as data', async () => {
  world.backup.set('failing')

  const { code, printed } = await check({}, ['--json'])

  expect(code).toBe(1)
  expect(JSON.parse(printed)).toMatchObject({
    ok: false,
    errors: [],
    live: {
      ok: false,
      recoveries: [
        { system: 'cloudflare', recovery: 'bypass', ready: true },
        { system: 'lb', recovery: 'backup', ready: false },
      ],
    },
  })
})

test('a recovery that is in force already is ready all the same', async () => {
  const { code, out } = await check()

  expect(code).toBe(0)
  expect(out).toContain('to bypass: nothing to do, it is so already')
  expect(out).toContain('✓ nothing-to-do: api.example.com points at 127.0.0.11 already')
})

test.each([
  ['no token', { CLOUDFLARE_API_TOKEN: '' }, 'CLOUDFLARE_API_TOKEN is not set. Set CLOUDFLARE_API_TOKEN'],
  [
    'a token that nobody gave out',
    { CLOUDFLARE_API_TOKEN: 'a-token-that-nobody-gave-out-0000000000' },
    '403 (9109 Invalid access token). Set CLOUDFLARE_API_TOKEN to an active token with the rights Zone:Read and DNS:Edit for example.com',
  ],
  [
    'a Cloudflare that cannot be reached',
    { CLOUDFLARE_BASE_URL: 'http://127.0.0.1:2/client/v4' },
    'the connection failed (ECONNREFUSED). Look again in a few minutes',
  ],
])('names what is missing: %s', async (_what, env, says) => {
  const { code, out } = await check(env)

  expect(code).toBe(1)
  expect(out).toContain(says)
})

test.each([
  [
    'DNS:Edit',
    { read: true, edit: false },
    'cloudflare-token: The token may read example.com, but lacks the right DNS:Edit. Add it to the token of CLOUDFLARE_API_TOKEN in the Cloudflare dashboard, under API Tokens.',
  ],
  [
    'Zone:Read',
    { read: false, edit: true },
    "world: Cloudflare shows this token no zone example.com. Correct the zone's name in the DR plan, or give the token in CLOUDFLARE_API_TOKEN the rights Zone:Read and DNS:Edit for it.",
  ],
])('names the one right that a token lacks: %s', async (_right, has, says) => {
  const value = 'a-token-that-has-one-right-000000000000'
  const served = servedZone(world.zone, [`localhost:${world.dns.port}`])
  const records = [{ type: 'A', name: world.record, content: world.lb.host, ttl: 300 }]
  const sim = await startCloudflareSim({ zones: [{ served, records }], token: world.token })
  const id = sim.zoneId(world.zone)
  await sim.stop()
  const limited = await startCloudflareSim({
    zones: [{ served, records }],
    token: world.token,
    tokens: [
      { value, id: '1'.repeat(32), status: 'active', read: has.read ? [id] : [], edit: has.edit ? [id] : [] },
    ],
  })

  const { code, out } = await check({ CLOUDFLARE_API_TOKEN: value, CLOUDFLARE_BASE_URL: limited.baseUrl })
  await limited.stop()

  expect(code).toBe(1)
  expect(out.split('\n').filter((line) => line.startsWith('    ✗'))).toEqual([
    `    ✗ ${says}`,
    `    ✗ ${says}`,
  ])
})

test.each([
  ['the record is gone', 'Cloudflare has: none'],
  [
    'another address of the name stands beside it',
    'no-other-records: api.example.com AAAA 2001:db8::1 would stay as it is',
  ],
])('names what is missing in the zone: %s', async (what, says) => {
  world.cloudflare.edit(world.zone, (records) =>
    what === 'the record is gone'
      ? records.filter((one) => one.name !== world.record)
      : records.flatMap((one) =>
          one.name === world.record
            ? [one, { ...one, id: 'f'.repeat(32), type: 'AAAA', content: '2001:db8::1' }]
            : [one],
        ),
  )

  const { code, out } = await check()

  expect(code).toBe(1)
  expect(out).toContain(says)
})

test('a plan with errors is not held against the world', async () => {
  await plan.writeText('organisation: 3\n')

  const { code, out } = await check()

  expect(code).toBe(1)
  expect(out).toContain('the plan is not used')
  expect(world.cloudflare.requests).toEqual([])
})

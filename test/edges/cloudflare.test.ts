// The Cloudflare provider where Cloudflare, or somebody else in the dashboard, does the unexpected.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startWorld, type World } from '../../sim/world.ts'
import { RetryableError, UserError } from '../../src/errors.ts'
import { createCloudflareDns } from '../../src/providers/cloudflare/cloudflare.ts'
import type { CloudflareDnsAction, DnsRecord } from '../../src/recovery/action.ts'
import { expectNoSecret, standingClock } from '../contracts/provider.ts'

const calm = new AbortController().signal
const clock = standingClock()
let world: World

beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.stop())

function provider(token = world.token, timeout = 2_000): ReturnType<typeof createCloudflareDns> {
  return createCloudflareDns({ token, baseUrl: world.cloudflare.baseUrl, timeout, clock })
}

async function failover(change: Partial<DnsRecord> = {}): Promise<CloudflareDnsAction> {
  const zone = await provider().zone(world.zone, calm)
  const before = await provider().records(zone.id, [world.record], calm)
  const after = before.map((record) => ({ ...record, content: world.backup.host, ttl: 60, ...change }))
  return { provider: 'cloudflare-dns', zone, before, after }
}

function changes(): readonly { readonly method: string; readonly path: string; readonly body: string }[] {
  return world.cloudflare.requests.filter((request) => request.changes)
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no failure',
    (thrown: unknown) => thrown,
  )
}

test('sets content and TTL in one batch, by record id', async () => {
  const action = await failover()

  await provider().start(action, 'R-1-s1', calm)

  expect(changes()).toHaveLength(1)
  expect(changes()[0]).toMatchObject({
    method: 'POST',
    path: `/client/v4/zones/${action.zone.id}/dns_records/batch`,
  })
  expect(JSON.parse(changes()[0]?.body ?? '')).toEqual({ patches: action.after })
  expect(world.cloudflare.records(world.zone)[0]).toMatchObject({ content: world.backup.host, ttl: 60 })
})

test('puts the very records back when the undo swaps before and after', async () => {
  const action = await failover()
  const undo = { ...action, before: action.after, after: action.before }
  await provider().start(action, 'R-1-s1', calm)

  await provider().start(undo, 'R-2-s1', calm)

  expect(await provider().records(action.zone.id, [world.record], calm)).toEqual(action.before)
})

test('sees by looking that a change was made although its answer was lost, and does not send it twice', async () => {
  const action = await failover()
  world.cloudflare.fault({ kind: 'lose-answer', on: 'change' })

  const thrown = await failure(provider().start(action, 'R-1-s1', calm))
  const facts = await provider().observe(action, calm)

  expect(thrown).toBeInstanceOf(RetryableError)
  expect(thrown).toMatchObject({ message: expect.stringContaining('look before trying again') })
  expect(provider().settled(action, facts)).toBe('done')
  expect(changes()).toHaveLength(1)
})

test.each(['hang', 'reset', 'status', 'rate-limit', 'success-false', 'garbage'] as const)(
  'sends a change once when Cloudflare answers it with %s, and sees that nothing was done',
  async (kind) => {
    const action = await failover()
    world.cloudflare.fault({ kind, on: 'change' })

    const thrown = await failure(provider(world.token, 300).start(action, 'R-1-s1', calm))
    const facts = await provider().observe(action, calm)

    expect(thrown).toBeInstanceOf(RetryableError)
    expect(provider().settled(action, facts)).toBe('not-done')
    expect(changes()).toHaveLength(1)
  },
)

test('does not take a 200 with success: false for an empty list of records', async () => {
  const action = await failover()
  world.cloudflare.fault({ kind: 'success-false' })

  await expect(provider().observe(action, calm)).rejects.toThrow('success: false (10000')
})

test('reads again once after a single 502', async () => {
  const action = await failover()
  world.cloudflare.fault({ kind: 'status', status: 502, times: 1 })

  expect(await provider().observe(action, calm)).toEqual({ records: action.before })
})

test('hands on how long the rate limit lasts instead of sleeping through it', async () => {
  const action = await failover()
  world.cloudflare.fault({ kind: 'rate-limit', retryAfter: 240 })

  const thrown = await failure(provider().observe(action, calm))

  expect(thrown).toMatchObject({ name: 'RetryableError', after: 240_000 })
  expect(world.cloudflare.requests.filter((request) => request.status === 429)).toHaveLength(1)
})

test.each([
  ['unknown', 'not-a-token-of-this-account-at-all-000'],
  ['malformed', 'short'],
  ['pasted with a line break', 'a-token-of-this\n-account-000000'],
  ['not set', ''],
])('says which token to set, with which rights, when the token is %s', async (_kind, token) => {
  const thrown = await failure(provider(token).zone(world.zone, calm))

  expect(thrown).toBeInstanceOf(UserError)
  expect(thrown).toMatchObject({
    code: 'cloudflare-token',
    message: expect.stringMatching(/CLOUDFLARE_API_TOKEN .*Zone:Read and DNS:Edit for example\.com/),
  })
  expectNoSecret(token === '' ? [] : [token], thrown)
})

test('says what to correct when the token sees no such zone', async () => {
  await expect(provider().zone('example.net', calm)).rejects.toMatchObject({
    code: 'cloudflare-not-found',
    message: expect.stringContaining("Correct the zone's name in the DR plan"),
  })
})

test('says what was refused, and changes nothing, when the plan names no IPv4 address', async () => {
  const action = await failover({ content: 'not-an-address' })

  await expect(provider().start(action, 'R-1-s1', calm)).rejects.toMatchObject({
    name: 'UserError',
    code: 'cloudflare-refused',
    message: expect.stringContaining('9005 Content for A record must be a valid IPv4 address.'),
  })
  expect(provider().settled(action, await provider().observe(action, calm))).toBe('not-done')
})

test('shows no token even if the other side repeats it', async () => {
  const echo = createServer((request, response) => {
    const errors = [{ code: 1, message: `bad header: ${request.headers.authorization}` }]
    response.writeHead(500, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ success: false, errors }))
  }).listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const baseUrl = `http://127.0.0.1:${(echo.address() as AddressInfo).port}/client/v4/`

  const thrown = await failure(
    createCloudflareDns({ token: world.token, baseUrl, clock }).zone('example.com', calm),
  )
  echo.close()

  expect(thrown).toMatchObject({ message: expect.stringContaining('bad header: Bearer [token]') })
  expectNoSecret([world.token], thrown)
})

test('says that Cloudflare cannot be reached when nothing listens there', async () => {
  const closed = createServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  closed.close()
  await once(closed, 'close')
  const away = createCloudflareDns({
    token: world.token,
    baseUrl: `http://127.0.0.1:${port}/client/v4`,
    clock,
  })

  await expect(away.zone(world.zone, calm)).rejects.toThrow('the connection failed (ECONNREFUSED)')
})

test('is unclear about a record that somebody set to a third value', async () => {
  const action = await failover()
  world.cloudflare.edit(world.zone, (records) =>
    records.map((one) => (one.name === world.record ? { ...one, content: '192.0.2.99' } : one)),
  )

  expect(provider().settled(action, await provider().observe(action, calm))).toBe('unclear')
})

test('is unclear about a record that was deleted, and fails the check at once', async () => {
  const action = await failover()
  const operation = await provider().start(action, 'R-1-s1', calm)
  world.cloudflare.edit(world.zone, (records) => records.filter((one) => one.name !== world.record))

  const progress = await provider().check(action, operation, clock.now(), calm)

  expect(provider().settled(action, await provider().observe(action, calm))).toBe('unclear')
  expect(progress).toMatchObject({ state: 'failed', reason: expect.stringContaining('is gone') })
})

test('is unclear about an A record that became a CNAME', async () => {
  const action = await failover()
  world.cloudflare.edit(world.zone, (records) =>
    records.map((one) =>
      one.name === world.record ? { ...one, type: 'CNAME' as const, content: 'lb.example.com' } : one,
    ),
  )

  expect(provider().settled(action, await provider().observe(action, calm))).toBe('unclear')
})

test('waits for a change that is not seen yet, for fifteen seconds', async () => {
  const action = await failover()
  const operation = await provider().start(action, 'R-1-s1', calm)
  world.cloudflare.edit(world.zone, (records) =>
    records.map((one) => (one.name === world.record ? { ...one, content: world.lb.host, ttl: 300 } : one)),
  )

  const early = await provider().check(action, operation, clock.now() + 14_000, calm)
  const late = await provider().check(action, operation, clock.now() + 15_000, calm)

  expect(early).toMatchObject({ state: 'running', checkAfter: 1_000 })
  expect(late).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining('api.example.com A 127.0.0.11 (TTL 300 s) instead of'),
  })
})

test('is done with several records of one name only when each of them is', async () => {
  world.cloudflare.edit(world.zone, (records) => [
    ...records,
    ...records.slice(0, 1).map((one) => ({ ...one, id: '0'.repeat(32), content: '192.0.2.2' })),
  ])
  const base = await failover()
  const after = base.before.map((record, index) => ({ ...record, content: `192.0.2.1${index}` }))
  const action = { ...base, after }
  await provider().start(action, 'R-1-s1', calm)
  const done = provider().settled(action, await provider().observe(action, calm))

  world.cloudflare.edit(world.zone, (records) =>
    records.map((one) => (one.id === base.before[0]?.id ? { ...one, content: base.before[0].content } : one)),
  )

  expect(base.before).toHaveLength(2)
  expect(done).toBe('done')
  expect(provider().settled(action, await provider().observe(action, calm))).toBe('unclear')
})

test('compares a proxied record without its TTL, and names and addresses whatever way they are written', async () => {
  world.cloudflare.edit(world.zone, (records) => [
    ...records,
    ...records
      .slice(0, 1)
      .map((one) => ({ ...one, id: 'a'.repeat(32), type: 'AAAA' as const, content: '2001:db8::1' })),
  ])
  const base = await failover()
  const after = base.before.map((record) => ({
    ...record,
    name: 'API.Example.com.',
    content: record.type === 'AAAA' ? '2001:0db8:0000::0002' : world.backup.host,
    proxied: true,
    ttl: 300,
  }))
  const action = { ...base, after }

  const operation = await provider().start(action, 'R-1-s1', calm)

  expect(await provider().check(action, operation, clock.now(), calm)).toMatchObject({ state: 'done' })
  expect(world.cloudflare.records(world.zone).filter((one) => one.proxied)).toHaveLength(2)
  expect(changes()[0]?.body).toContain('"ttl":1,')
})

test('leaves out of its facts what says nothing about where a name points', async () => {
  const zone = await provider().zone(world.zone, calm)

  expect(await provider().records(zone.id, [world.zone, `www.${world.zone}`], calm)).toMatchObject([
    { name: 'www.example.com', type: 'CNAME', content: 'api.example.com', ttl: 1, proxied: false },
  ])
})

test('takes the active one of several zones of a name, wherever it is listed', async () => {
  world.cloudflare.twin(world.zone, 'pending')

  expect((await provider().zone(world.zone, calm)).id).toBe(world.cloudflare.zoneId(world.zone))
})

test('takes none where two of the name are active: a person must say which is meant', async () => {
  world.cloudflare.twin(world.zone, 'active')

  expect(await failure(provider().zone(world.zone, calm))).toMatchObject({
    code: 'cloudflare-ambiguous',
    message: expect.stringMatching(/2 active zones .* Give CLOUDFLARE_API_TOKEN a token/),
  })
})

test('takes no zone and no record of another name, even where something between has dropped the filter', async () => {
  const zone = {
    id: 'f'.repeat(32),
    name: 'other.example',
    name_servers: ['ns.other.example'],
    status: 'active',
  }
  const record = { id: 'a'.repeat(32), name: `www.${world.zone}`, type: 'A', content: '203.0.113.7', ttl: 60 }
  const server = createServer((request, response) => {
    const result = request.url?.includes('dns_records') ? [record] : [zone]
    const answer = {
      success: true,
      errors: [],
      messages: [],
      result,
      result_info: { page: 1, total_pages: 1 },
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const cloudflare = createCloudflareDns({
    token: world.token,
    baseUrl: `http://127.0.0.1:${port}/client/v4`,
    timeout: 2_000,
    clock,
  })
  try {
    expect(await failure(cloudflare.zone(world.zone, calm))).toMatchObject({ code: 'cloudflare-not-found' })
    expect(await cloudflare.records(zone.id, [record.name], calm)).toHaveLength(1)
    expect(await cloudflare.records(zone.id, [world.record], calm)).toEqual([])
  } finally {
    server.close()
  }
})

// The Cloudflare simulator is as strict as the real API, so that what works against it works against Cloudflare.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startCloudflareSim, type CloudflareOptions, type CloudflareSim } from '../../sim/cloudflare.ts'
import { servedZone, type ServedZone } from '../../sim/dns/answer.ts'

const token = 'a-token-for-tests-only-0123456789'
let served: ServedZone
let sim: CloudflareSim
let zonePath: string

beforeEach(() => open())
afterEach(() => sim.stop())

async function open(more: Partial<CloudflareOptions> = {}): Promise<void> {
  served = servedZone('example.com', ['localhost:53'])
  const records = [
    { type: 'A', name: 'a.example.com', content: '192.0.2.1', ttl: 300 },
    { type: 'A', name: 'b.example.com', content: '192.0.2.2', ttl: 1, proxied: true },
    { type: 'CNAME', name: 'c.example.com', content: 'a.example.com', ttl: 60 },
  ]
  sim = await startCloudflareSim({ zones: [{ served, records }], token, ...more })
  zonePath = `/zones/${sim.zoneId('example.com')}`
}

async function reopen(more: Partial<CloudflareOptions>): Promise<void> {
  await sim.stop()
  await open(more)
}

interface Reply {
  readonly status: number
  readonly codes: readonly number[]
  readonly result: Readonly<Record<string, unknown>> & readonly unknown[]
  readonly retryAfter: string | null
}

async function ask(method: string, path: string, body?: unknown, bearer = token): Promise<Reply> {
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }
  const text = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(sim.baseUrl + path, { method, headers, ...text })
  const answer = (await response.json()) as {
    result: Reply['result']
    errors: { code: number; error_chain?: { code: number }[] }[]
  }
  const codes = answer.errors.flatMap((error) => [
    error.code,
    ...(error.error_chain ?? []).map((one) => one.code),
  ])
  return {
    status: response.status,
    codes,
    result: answer.result,
    retryAfter: response.headers.get('retry-after'),
  }
}

function idOf(name: string): string {
  return sim.records('example.com').find((record) => record.name === name)?.id ?? 'no such record'
}

test('carries out a batch in the order deletes, patches, puts, posts', async () => {
  const reply = await ask('POST', `${zonePath}/dns_records/batch`, {
    posts: [{ type: 'A', name: 'c.example.com', content: '192.0.2.3', ttl: 60 }],
    puts: [{ id: idOf('b.example.com'), type: 'A', name: 'b.example.com', content: '192.0.2.1' }],
    patches: [{ id: idOf('a.example.com'), content: '192.0.2.9' }],
    deletes: [{ id: idOf('c.example.com') }],
  })

  expect(reply.status).toBe(200)
  expect(sim.records('example.com')).toMatchObject([
    { name: 'a.example.com', content: '192.0.2.9', ttl: 300 },
    { name: 'b.example.com', content: '192.0.2.1', proxied: false },
    { name: 'c.example.com', type: 'A', content: '192.0.2.3' },
  ])
})

test('changes nothing at all when one part of a batch is refused', async () => {
  const before = sim.records('example.com')

  const reply = await ask('POST', `${zonePath}/dns_records/batch`, {
    patches: [
      { id: idOf('a.example.com'), content: '192.0.2.9' },
      { id: idOf('b.example.com'), content: 'nonsense' },
    ],
  })

  expect(reply).toMatchObject({ status: 400, codes: [9005] })
  expect(sim.records('example.com')).toEqual(before)
  expect(served.records.filter((record) => record.data === '192.0.2.9')).toEqual([])
})

test.each([
  ['a TTL under a minute', { ttl: 30 }, 400, [1004, 9021]],
  ['a TTL as text', { ttl: '300' }, 400, [1004, 9021]],
  ['no IPv4 address', { content: '192.0.2.256' }, 400, [9005]],
  ['no IPv6 address', { type: 'AAAA', content: '192.0.2.1' }, 400, [9006]],
  ['no host name', { type: 'CNAME', name: 'd.example.com', content: 'two words' }, 400, [9007]],
  ['a bad name', { name: 'a b' }, 400, [9000]],
  ['an identical record', { content: '192.0.2.1' }, 400, [81058]],
  ['a CNAME beside an A', { type: 'CNAME', content: 'b.example.com' }, 400, [81053]],
  ['an A beside a CNAME', { name: 'c.example.com' }, 400, [81054]],
] as const)('refuses %s', async (_what, input, status, codes) => {
  const record = { type: 'A', name: 'a.example.com', content: '192.0.2.7', ttl: 60, ...input }

  expect(await ask('POST', `${zonePath}/dns_records`, record)).toMatchObject({ status, codes })
})

test.each([
  ['GET', '/zones/0123', 404, 7003],
  ['GET', '/nothing', 404, 7003],
  ['DELETE', '/zones', 405, 7001],
  ['GET', `/zones/${'0'.repeat(32)}`, 403, 9109],
] as const)('answers %s %s with %i', async (method, path, status, code) => {
  expect(await ask(method, path)).toMatchObject({ status, codes: [code] })
})

test('answers 404 for a record that is not there', async () => {
  const path = `${zonePath}/dns_records/${'0'.repeat(32)}`

  expect(await ask('PATCH', path, { ttl: 60 })).toMatchObject({ status: 404, codes: [81044] })
})

test('lets a token read that may not edit', async () => {
  const id = sim.zoneId('example.com')
  const value = 'a-token-that-only-reads-0123456789'
  await reopen({ tokens: [{ value, id: '1'.repeat(32), status: 'active', read: [id], edit: [] }] })

  const read = await ask('GET', `${zonePath}/dns_records`, undefined, value)
  const edit = await ask('PATCH', `${zonePath}/dns_records/${idOf('a.example.com')}`, { ttl: 60 }, value)

  expect(read.status).toBe(200)
  expect(edit).toMatchObject({ status: 403, codes: [10_000] })
})

test('blocks everything for the rest of the window once the rate limit is passed', async () => {
  let now = 0
  await reopen({ rate: { limit: 2, window: 300_000 }, now: () => now })
  await ask('GET', '/zones')
  await ask('GET', '/zones')

  const third = await ask('GET', '/zones')
  now = 299_000
  const fourth = await ask('GET', '/zones')
  now = 300_000
  const later = await ask('GET', '/zones')

  expect(third).toMatchObject({ status: 429, retryAfter: '300' })
  expect(fourth).toMatchObject({ status: 429, retryAfter: '1' })
  expect(later.status).toBe(200)
})

test('pages through records and filters them by name and type', async () => {
  const second = await ask('GET', `${zonePath}/dns_records?per_page=2&page=2`)
  const named = await ask('GET', `${zonePath}/dns_records?name.exact=A.example.com&type=A`)

  expect(second.result).toMatchObject([{ name: 'c.example.com' }])
  expect(named.result).toMatchObject([{ name: 'a.example.com' }])
})

test('serves proxied names from the edge, and changes on the name servers when they are published', async () => {
  await reopen({ propagation: 'manual' })
  await ask('PATCH', `${zonePath}/dns_records/${idOf('a.example.com')}`, { content: '192.0.2.9' })
  const before = served.records.map((record) => [record.name, record.data, record.ttl])

  sim.publish()

  expect(before).toEqual([
    ['a.example.com', '192.0.2.1', 300],
    ['b.example.com', '198.51.100.1', 300],
    ['b.example.com', '198.51.100.2', 300],
    ['c.example.com', 'a.example.com', 60],
  ])
  expect(served.records[0]).toMatchObject({ data: '192.0.2.9' })
})

test('brings changes to the name servers by itself after the propagation delay', async () => {
  await reopen({ propagation: 20 })
  await ask('DELETE', `${zonePath}/dns_records/${idOf('a.example.com')}`)

  expect(served.records.some((record) => record.name === 'a.example.com')).toBe(true)
  await vi.waitFor(() => expect(served.records.some((record) => record.name === 'a.example.com')).toBe(false))
})

test('takes a fault from the control endpoint, and mends it there', async () => {
  const origin = new URL(sim.baseUrl).origin
  const put = async (fault: unknown): Promise<number> => {
    const response = await fetch(`${origin}/__sim/fault`, { method: 'PUT', body: JSON.stringify(fault) })
    return response.status
  }

  expect(await put({ kind: 'status', status: 503 })).toBe(200)
  expect((await ask('GET', '/zones')).status).toBe(503)
  expect(await put(null)).toBe(200)
  expect((await ask('GET', '/zones')).status).toBe(200)
  expect(await put({ kind: 'earthquake' })).toBe(400)
})

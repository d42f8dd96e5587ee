// What goes to Cloudflare, and what a person is told of each way in which Cloudflare says no: both as golden files.
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startCloudflareSim } from '../../sim/cloudflare.ts'
import type { CloudflareSim } from '../../sim/cloudflare.ts'
import type { ApiToken } from '../../sim/cloudflare/access.ts'
import type { CloudflareFault } from '../../sim/cloudflare/faults.ts'
import { servedZone } from '../../sim/dns/answer.ts'
import { RetryableError, reasonOf } from '../../src/errors.ts'
import { createCloudflareDns } from '../../src/providers/cloudflare/cloudflare.ts'
import { createCloudflareStatus } from '../../src/providers/cloudflare/status.ts'
import type { CloudflareDnsAction } from '../../src/recovery/action.ts'
import { expectNoSecret, standingClock } from '../contracts/provider.ts'

const calm = new AbortController().signal
const clock = standingClock()
const secret = 'a-token-for-tests-with-all-rights-00000'
let sim: CloudflareSim

beforeEach(async () => {
  sim = await startSim()
})
afterEach(() => sim.stop())

function startSim(tokens: readonly ApiToken[] = []): Promise<CloudflareSim> {
  const records = Array.from({ length: 200 }, (_, index) => ({
    type: 'A',
    name: `a${index}.example.com`,
    content: '192.0.2.1',
    ttl: 300,
    proxied: true,
  }))
  return startCloudflareSim({
    zones: [{ served: servedZone('example.com', []), records }],
    token: secret,
    tokens,
    now: clock.now,
  })
}

function provider(token = secret, timeout = 2_000): ReturnType<typeof createCloudflareDns> {
  return createCloudflareDns({ token, baseUrl: sim.baseUrl, timeout, clock })
}

async function change(names: readonly string[]): Promise<CloudflareDnsAction> {
  const zone = await provider().zone('example.com', calm)
  const before = await provider().records(zone.id, names, calm)
  const after = before.map((record) => ({ ...record, content: '192.0.2.20', ttl: 60, proxied: false }))
  return { provider: 'cloudflare-dns', zone, before, after }
}

function told(thrown: unknown): string {
  const after =
    thrown instanceof RetryableError && thrown.after !== undefined ? `, after ${thrown.after} ms` : ''
  const kind = thrown instanceof RetryableError ? `tried again${after}` : 'for a person'
  return `${reasonOf(thrown).replaceAll(sim.zoneId('example.com'), 'ZONE')} [${kind}]`
}

async function failure(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no failure',
    (thrown: unknown) => {
      expectNoSecret([secret], thrown)
      return told(thrown)
    },
  )
}

test('a person can act on what is said of each error', async () => {
  const action = await change(['a1.example.com'])
  const lines: string[] = []
  async function both(name: string, fault: CloudflareFault, from = provider()): Promise<void> {
    sim.fault(fault)
    lines.push(`# ${name}`, `reading:  ${await failure(from.observe(action, calm))}`)
    sim.fault(fault)
    lines.push(`changing: ${await failure(from.start(action, 'R-1-s1', calm))}`, '')
    sim.fault(undefined)
  }
  const readOnly = {
    value: 'a-token-that-may-only-read-000000000000',
    id: '1'.repeat(32),
    status: 'active',
  } as const
  const zoneId = sim.zoneId('example.com')
  await sim.stop()
  sim = await startSim([{ ...readOnly, read: [zoneId], edit: [] }])

  for (const [name, token] of [
    ['no token', ''],
    ['a token that Cloudflare does not know', 'a-token-that-nobody-gave-out-0000000000'],
  ] as const) {
    lines.push(`# ${name}`, `reading:  ${await failure(provider(token).observe(action, calm))}`)
    lines.push(`changing: ${await failure(provider(token).start(action, 'R-1-s1', calm))}`, '')
  }
  lines.push(
    '# 403: a token that may read, but not change',
    `changing: ${await failure(provider(readOnly.value).start(action, 'R-1-s1', calm))}`,
    '',
    '# a zone that the token does not see',
    `reading:  ${await failure(provider().zone('example.net', calm))}`,
    '',
  )
  await both('401', { kind: 'status', status: 401 })
  await both('403', { kind: 'status', status: 403 })
  await both('404', { kind: 'status', status: 404 })
  await both('409', { kind: 'status', status: 409 })
  await both('429, with the time that is left of the block', { kind: 'rate-limit', retryAfter: 217 })
  await both('500', { kind: 'status', status: 500 })
  await both('503', { kind: 'status', status: 503 })
  await both('no answer', { kind: 'hang' }, provider(secret, 100))
  await both('a connection that is closed', { kind: 'reset' })
  await both('200 with success: false', { kind: 'success-false' })
  await both('200 with something that is not JSON', { kind: 'garbage' })

  await expect(lines.join('\n')).toMatchFileSnapshot('../golden/errors/cloudflare.txt')
})

test('what is sent holds only fields that Cloudflare documents', async () => {
  const action = await change(['a1.example.com', 'a2.example.com'])
  await provider().start(action, 'R-1-s1', calm)
  await provider().observe(action, calm)
  await provider().observe(await change(['a3.example.com', 'a4.example.com', 'a5.example.com']), calm)

  const shapes = [
    ...new Set(sim.requests.map(({ method, path, body }) => `${method} ${path} ${body}`.trim())),
  ]
  const text = shapes.map((line) => withNames(line, action)).join('\n')

  await expect(`${text}\n`).toMatchFileSnapshot('../golden/requests/cloudflare.txt')
})

function withNames(line: string, { zone, before }: CloudflareDnsAction): string {
  const ids = [zone.id, ...before.map(({ id }) => id)]
  return ids.reduce((text, id, index) => text.replaceAll(id, index === 0 ? 'ZONE' : `RECORD-${index}`), line)
}

test('reads two hundred names in one request, and changes them in one', async () => {
  const names = Array.from({ length: 200 }, (_, index) => `a${index}.example.com`)
  const action = await change(names)
  const before = sim.requests.length

  await provider().start(action, 'R-1-s1', calm)
  const facts = await provider().observe(action, calm)

  expect(action.before).toHaveLength(200)
  expect(provider().settled(action, facts)).toBe('done')
  expect(sim.requests.length - before).toBe(2)
})

test('reads a zone of several pages to its end, each record once', async () => {
  const many = Array.from({ length: 12_001 }, (_, index) => ({
    ...(sim.records('example.com')[0] as object),
    id: index.toString(16).padStart(32, '0'),
    name: `b${index}.example.com`,
  }))
  sim.edit('example.com', () => many as unknown as ReturnType<CloudflareSim['records']>)
  const zone = await provider().zone('example.com', calm)

  const found = await provider().records(
    zone.id,
    ['b0.example.com', 'b6000.example.com', 'b12000.example.com'],
    calm,
  )

  expect(found.map(({ name }) => name)).toEqual(['b0.example.com', 'b12000.example.com', 'b6000.example.com'])
  expect(sim.requests.filter(({ path }) => path.includes('dns_records'))).toHaveLength(3)
})

test('shows what an answer says of itself as one line of bounded length, and never a part of the token', async () => {
  const message = `${'x'.repeat(290)} Bearer ${secret} \u001b[2J\r\n<!channel> \u202e`
  const echo = createServer((_request, response) => {
    response.writeHead(400, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ success: false, errors: [{ code: 1, message }] }))
  }).listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const baseUrl = `http://127.0.0.1:${(echo.address() as AddressInfo).port}/client/v4`

  const said = await failure(createCloudflareDns({ token: secret, baseUrl, clock }).zone('example.com', calm))
  echo.close()

  expect(said).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  expect(said).not.toContain(secret.slice(0, 4))
  expect(said.length).toBeLessThan(700)
})

test('knows whether a token may change the records, without changing any', async () => {
  const zoneId = sim.zoneId('example.com')
  const value = 'a-token-that-may-only-read-000000000000'
  await sim.stop()
  sim = await startSim([{ value, id: '1'.repeat(32), status: 'active', read: [zoneId], edit: [] }])

  expect(await provider().mayEdit('example.com', calm)).toBe(true)
  expect(await provider(value).mayEdit('example.com', calm)).toBe(false)
  expect(sim.requests.filter((request) => request.changes)).toEqual([])
})

test("tells what Cloudflare's status page says, and nothing when it cannot be read", async () => {
  const answers = [
    JSON.stringify({ status: { indicator: 'major', description: 'Partial\u202e System\r\nOutage' } }),
    'not json',
    JSON.stringify({ status: {} }),
    'x'.repeat(1_000_000),
  ]
  const page = createServer((_request, response) => response.end(answers.shift())).listen(0, '127.0.0.1')
  await once(page, 'listening')
  const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}/api/v2/status.json`
  const status = createCloudflareStatus(url)

  expect(await status(calm)).toBe('127.0.0.1 says: Partial System Outage (major). It is often late')
  expect([await status(calm), await status(calm), await status(calm)]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  page.close()
  await once(page, 'close')
  expect(await status(calm)).toBeUndefined()
  expect(await createCloudflareStatus(undefined)(calm)).toBeUndefined()
  expect(await status(AbortSignal.abort())).toBeUndefined()
})

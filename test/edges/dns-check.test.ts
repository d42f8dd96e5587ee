// The check of a zone's name servers: all of them, each asked directly, until they agree or time is up.
import { afterEach, expect, test } from 'vitest'
import { startDnsServer, type DnsServer } from '../../sim/dns.ts'
import { servedZone, type ServedRecord, type ServedZone } from '../../sim/dns/answer.ts'
import { createDnsCheck, type DnsCheckOptions } from '../../src/providers/dns/dns-check.ts'
import type { Progress } from '../../src/ports.ts'
import type { DnsCheckAction } from '../../src/recovery/action.ts'
import { standingClock } from '../contracts/provider.ts'

const calm = new AbortController().signal
const clock = standingClock()
const servers: DnsServer[] = []

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

function record(data: string, type: 'A' | 'AAAA' | 'CNAME' = 'A'): ServedRecord {
  return { name: 'api.example.com', type, ttl: 60, data }
}

async function nameServer(
  ...records: readonly ServedRecord[]
): Promise<DnsServer & { readonly zone: ServedZone }> {
  const zone = servedZone('example.com', ['localhost'])
  zone.records = records
  const server = await startDnsServer({ zones: [zone] })
  servers.push(server)
  return { ...server, zone }
}

function actionFor(nameServers: readonly string[], ...contents: readonly string[]): DnsCheckAction {
  const want = contents.map((content) => ({ name: 'api.example.com', type: 'A' as const, content }))
  return { provider: 'dns-check', nameServers, want, within: 30_000 }
}

async function check(action: DnsCheckAction, options: Partial<DnsCheckOptions> = {}): Promise<Progress> {
  const provider = createDnsCheck({ clock, timeout: 300, ...options })
  const operation = await provider.start(action, 'R-1-s2', calm)
  return provider.check(action, operation, clock.now(), calm)
}

test('waits while one of two name servers has the old record, and is done when both have the new one', async () => {
  const [first, second] = [await nameServer(record('192.0.2.20')), await nameServer(record('192.0.2.10'))]
  const action = actionFor([first.address, second.address], '192.0.2.20')

  const early = await check(action)
  second.zone.records = [record('192.0.2.20')]
  const late = await check(action)

  expect(early).toEqual({
    state: 'running',
    percent: 50,
    checkAfter: 1_000,
    note: `1 of 2 name servers answer with the new records; ${second.address} answers 192.0.2.10 for api.example.com A, wanted 192.0.2.20`,
  })
  expect(late).toEqual({ state: 'done', note: 'all 2 name servers answer with the new records' })
})

test('sees the change at once, past stale answers', async () => {
  const server = await nameServer(record('192.0.2.10'))
  server.fault({ kind: 'stale', queries: 1 })
  server.zone.records = [record('192.0.2.20')]
  const action = actionFor([server.address], '192.0.2.20')

  expect((await check(action)).state).toBe('running')
  expect((await check(action)).state).toBe('done')
})

test('gives up after the time it was given, counted from its start, also after a restart', async () => {
  const server = await nameServer(record('192.0.2.10'))
  const action = actionFor([server.address], '192.0.2.20')
  const provider = createDnsCheck({ clock, timeout: 300 })
  const operation = await provider.start(action, 'R-1-s2', calm)
  const restarted = createDnsCheck({ clock, timeout: 300 })

  const before = await restarted.check(action, operation, clock.now() + 29_999, calm)
  const after = await restarted.check(action, operation, clock.now() + 30_000, calm)
  const lost = await restarted.check(action, { id: 'R-1-s2' }, clock.now(), calm)

  expect(before.state).toBe('running')
  expect(after).toMatchObject({
    state: 'failed',
    reason: expect.stringMatching(/^After 30s not every name server answers .*wanted 192\.0\.2\.20\.$/),
  })
  expect(lost.state).toBe('failed')
})

test('does not pass while a name server answers with a further address', async () => {
  const server = await nameServer(record('192.0.2.20'), record('192.0.2.10'))

  expect(await check(actionFor([server.address], '192.0.2.20'))).toMatchObject({
    state: 'running',
    note: expect.stringContaining('answers 192.0.2.10 and 192.0.2.20 for'),
  })
  expect((await check(actionFor([server.address], '192.0.2.20', '192.0.2.10'))).state).toBe('done')
})

test('says when a name server knows no such record', async () => {
  const server = await nameServer()

  expect(await check(actionFor([server.address], '192.0.2.20'))).toMatchObject({
    note: expect.stringContaining('knows no record for api.example.com A'),
  })
})

test('compares CNAME and AAAA answers too', async () => {
  const alias = await nameServer(record('LB.example.com', 'CNAME'))
  const v6 = await nameServer(record('2001:db8::2', 'AAAA'))
  const name = 'api.example.com'
  const want = { provider: 'dns-check', within: 30_000 } as const

  const aliasDone = await check({
    ...want,
    nameServers: [alias.address],
    want: [{ name, type: 'CNAME', content: 'lb.example.com.' }],
  })
  const v6Done = await check({
    ...want,
    nameServers: [v6.address],
    want: [{ name, type: 'AAAA', content: '2001:0db8::0002' }],
  })

  expect(aliasDone.state).toBe('done')
  expect(v6Done.state).toBe('done')
})

test('finds name servers by host name, with and without a port', async () => {
  const server = await nameServer(record('192.0.2.20'))
  const resolveNameServer = async (host: string): Promise<readonly string[]> =>
    host === 'ns1.example.com' ? ['127.0.0.1'] : []

  const named = await check(actionFor([`localhost:${server.port}`], '192.0.2.20'))
  const mapped = await check(actionFor(['ns1.example.com'], '192.0.2.20'), {
    port: server.port,
    resolveNameServer,
  })
  const unknown = await check(actionFor(['ns2.example.com'], '192.0.2.20'), { resolveNameServer })

  expect(named.state).toBe('done')
  expect(mapped.state).toBe('done')
  expect(unknown).toMatchObject({
    state: 'running',
    note: expect.stringContaining('ns2.example.com has no address'),
  })
})

test('does not wait for a resolution of the name server that never ends', async () => {
  const resolveNameServer = (): Promise<readonly string[]> =>
    Promise.withResolvers<readonly string[]>().promise

  expect(await check(actionFor(['ns1.example.com'], '192.0.2.20'), { resolveNameServer })).toMatchObject({
    state: 'running',
    note: expect.stringContaining('ns1.example.com does not answer'),
  })
})

test('takes an address for an address in every form, and resolves only names', async () => {
  const server = await nameServer(record('192.0.2.20'))
  const asked: string[] = []
  const resolveNameServer = async (host: string): Promise<readonly string[]> => {
    asked.push(host)
    return ['127.0.0.1']
  }
  const { port } = server

  const bare = await check(actionFor(['127.0.0.1'], '192.0.2.20'), { port, resolveNameServer })
  const v6 = await check(actionFor(['[::1]:1', '::1'], '192.0.2.20'), { port: 1, resolveNameServer })
  await check(actionFor([`ns1.example.com:${port}`], '192.0.2.20'), { resolveNameServer })

  expect(bare.state).toBe('done')
  expect(v6).toMatchObject({ note: expect.stringContaining('[::1]:1 does not answer') })
  expect(asked).toEqual(['ns1.example.com'])
})

test('never passes for want of somebody or something to ask', async () => {
  const provider = createDnsCheck({ clock })

  for (const action of [actionFor([], '192.0.2.20'), actionFor(['127.0.0.1'])]) {
    await expect(provider.start(action, 'R-1-s2', calm)).rejects.toThrow('would check nothing')
    await expect(provider.observe(action, calm)).rejects.toThrow('would check nothing')
  }
})

// What Azure DNS and the parent's name servers do wrong, in the words that people read, and what is sent to Azure.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AzureFault } from '../../sim/azure/faults.ts'
import { reasonOf } from '../../src/errors.ts'
import type { Provider } from '../../src/ports.ts'
import type { StandbyDnsReader, StandbySet } from '../../src/readers.ts'
import { createAzure } from '../../src/providers/azure/azure.ts'
import { createAzureDns } from '../../src/providers/standby-dns/azure-dns.ts'
import { createDelegation } from '../../src/providers/dns/delegation.ts'
import { ask } from '../../src/providers/dns/query.ts'
import type { DelegationAction, StandbyChange, StandbyDnsAction } from '../../src/recovery/standby-action.ts'
import { startDnsServer } from '../../sim/dns.ts'
import { servedZone } from '../../sim/dns/answer.ts'
import { translate } from '../../src/recovery/standby/translate.ts'
import { compare } from '../../src/recovery/standby/compare.ts'
import type { ZoneRecord } from '../../src/readers.ts'
import { accessTo } from '../servers/azure.ts'
import { startStandby } from '../servers/standby.ts'
import type { StandbyWorld } from '../servers/standby.ts'

const zone = 'example.com'
const place = { resourceGroup: 'dr-rg', zone }
const calm = new AbortController().signal
const change: StandbyChange = { name: 'api', type: 'A', after: { ttl: 60, values: ['192.0.2.1'] } }
const action: StandbyDnsAction = { provider: 'standby-dns', ...place, changes: [change] }
const before = ['a.ns.example.net', 'b.ns.example.net']

let standby: StandbyWorld
let dns: Provider<'standby-dns'> & StandbyDnsReader

beforeEach(async () => {
  standby = await startStandby(zone, before)
  dns = createAzureDns(createAzure(accessTo(standby.azure, { timeout: 2_000 })))
})
afterEach(() => standby.stop())

function status(code: number, name: string, message: string): AzureFault {
  return { kind: 'status', status: code, code: name, message }
}

const faults: Readonly<Record<string, AzureFault>> = {
  '401 while reading': { ...status(401, 'InvalidAuthenticationToken', 'The token is invalid.'), on: 'read' },
  '409 while changing': { ...status(409, 'Conflict', 'Another change is under way.'), on: 'change' },
  '412 while changing': { ...status(412, 'PreconditionFailed', 'Not the one seen.'), on: 'change' },
  '400 while changing': { ...status(400, 'BadRequest', 'The record is invalid.'), on: 'change' },
  '429 with Retry-After': { ...status(429, 'TooManyRequests', 'Slow down.'), retryAfter: 17 },
  '503 while reading': { ...status(503, 'ServiceUnavailable', 'Busy.'), on: 'read' },
  '503 while changing': { ...status(503, 'ServiceUnavailable', 'Busy.'), on: 'change' },
  'a read that hangs': { kind: 'hang', on: 'read' },
  'a change that hangs': { kind: 'hang', on: 'change' },
  'a connection that is reset': { kind: 'reset', on: 'read' },
  'a page instead of an answer': { kind: 'garbage', on: 'read' },
  'a change whose answer is lost': { kind: 'lose-answer', on: 'change' },
}

/** What a person reads, without what differs from run to run. */
async function said(work: Promise<unknown>): Promise<string> {
  const text = await work.then(
    (value) => JSON.stringify(value),
    (thrown: unknown) => `${thrown instanceof Error ? thrown.name : ''}: ${reasonOf(thrown)}`,
  )
  return text
    .replaceAll(/localhost:\d+|127\.0\.0\.1:\d+/g, 'HOST')
    .replaceAll(standby.azure.subscription, 'SUBSCRIPTION')
}

describe('what people read', () => {
  test('of every failure stands in one file', async () => {
    // The SDK and the token are there before the failing begins, however slow this machine is just now.
    await vi.waitFor(() => dns.zone(place, calm), 10_000)
    const lines: string[] = []
    const add = async (name: string, work: Promise<unknown>): Promise<void> => {
      lines.push(`${name}\n    ${await said(work)}\n`)
    }
    const hasty = createAzureDns(createAzure(accessTo(standby.azure, { timeout: 400 })))
    await vi.waitFor(() => hasty.zone(place, calm), 10_000)
    for (const [name, fault] of Object.entries(faults)) {
      standby.azure.fault(fault)
      const provider = fault.kind === 'hang' ? hasty : dns
      await add(name, provider.start(action, 'R-1-s1', calm))
      standby.azure.fault(undefined)
      standby.azure.dns.edit(zone, 'api', 'A', undefined)
    }
    standby.azure.withhold(['Microsoft.Network/dnsZones/all/read'])
    await add('the right to read is missing', dns.start(action, 'R-1-s1', calm))
    standby.azure.withhold(['Microsoft.Network/dnsZones/A/write'])
    await add('the right to change is missing', dns.start(action, 'R-1-s1', calm))
    standby.azure.withhold([])
    await add('no such zone', dns.start({ ...action, zone: 'example.net' }, 'R-1-s1', calm))
    standby.azure.dns.edit(zone, 'api', 'A', { TTL: 60, ARecords: [{ ipv4Address: '192.0.2.99' }] })
    await add('changed by somebody since it was shown', dns.start(action, 'R-1-s1', calm))
    await add('read back otherwise', dns.check(action, { id: 'R-1-s1' }, 0, calm))
    const none = createAzureDns(createAzure(accessTo(standby.azure, { subscription: undefined })))
    await add('no subscription', none.start(action, 'R-1-s1', calm))
    for (const kind of ['drop', 'servfail', 'refuse'] as const) {
      for (const index of [0, 1]) standby.registry.fault(index, { kind })
      await add(`the parent: ${kind}`, watched())
    }
    const nobody = createDelegation({ timeout: 300, resolvers: standby.registry.servers })
    await add('the parent cannot be found', nobody.check(watch({ parents: [] }), { id: 'R-1-s2' }, 0, calm))

    await expect(lines.join('\n')).toMatchFileSnapshot('../golden/errors/dns.txt')
  })
})

function watch(fields: Partial<DelegationAction> = {}): DelegationAction {
  const parents = standby.registry.servers
  const registrar = 'https://registrar.example.com/'
  return { provider: 'delegation', zone, parents, before, after: ['ns1.example.org'], registrar, ...fields }
}

function watched(): Promise<unknown> {
  return createDelegation({ timeout: 300 }).check(watch(), { id: 'R-1-s2' }, 0, calm)
}

/** A condition on an etag, told by whose etag it is. */
function ofSet(condition: string, sets: readonly StandbySet[]): string {
  const owner = sets.find(({ etag }) => condition.endsWith(`: ${etag}`))
  return owner ? condition.replace(/: .*/, `: the etag seen of ${owner.type}/${owner.name}`) : condition
}

function record(type: string, name: string, content: string, fields: Partial<ZoneRecord> = {}): ZoneRecord {
  return { type, name, content, ttl: 300, proxied: false, ...fields }
}

const everyType: readonly ZoneRecord[] = [
  record('A', 'api.example.com', '192.0.2.1'),
  record('A', 'api.example.com', '192.0.2.2', { ttl: 60 }),
  record('AAAA', 'api.example.com', '2001:DB8:0::1'),
  record('CNAME', 'www.example.com', 'Api.example.com.', { ttl: 1 }),
  record('CNAME', 'example.com', 'api.example.com', { proxied: true }),
  record('MX', 'example.com', 'mx.example.net', { priority: 10 }),
  record('TXT', 'example.com', '"v=spf1 -all"'),
  record('TXT', 'long.example.com', `"${'a'.repeat(255)}" "${'b'.repeat(20)} \\"quoted\\""`),
  record('SRV', '_sip._tcp.example.com', '', {
    data: { priority: 1, weight: 5, port: 5060, target: 'sip.example.com' },
  }),
  record('CAA', 'example.com', '', { data: { flags: 0, tag: 'issue', value: 'ca.example.net' } }),
  record('NS', 'part.example.com', 'ns.example.org'),
  record('A', '*.example.com', '192.0.2.3'),
  record('TXT', 'www.example.com', 'beside an alias'),
  record('HTTPS', 'api.example.com', '1 . alpn="h2"', { data: {} }),
]

describe('what is sent to Azure', () => {
  test('is one request for each record set, with the etag that was seen', async () => {
    const { sets, left } = translate(zone, everyType, undefined)
    const first = compare(zone, sets, [])
    await dns.start({ ...action, changes: first.changes }, 'R-1-s1', calm)
    const seen = await dns.zone(place, calm)
    const fewer = compare(zone, sets.slice(1), seen.sets)
    await dns.start({ ...action, changes: fewer.changes }, 'R-1-s2', calm)
    const sent = standby.azure.requests
      .filter(({ path }) => path.includes('/dnsZones/'))
      .map(({ method, path, conditions, body }) => {
        const line = `${method} ${path.replace(standby.azure.subscription, 'SUBSCRIPTION')}`
        return [line, ...conditions.map((one) => ofSet(one, seen.sets)), body]
          .filter((part) => part !== '')
          .join('\n    ')
      })

    expect(compare(zone, sets.slice(1), (await dns.zone(place, calm)).sets)).toEqual({
      changes: [],
      byHand: [],
    })
    expect(left.map(({ text }) => text)).toEqual([
      'api.example.com HTTPS: records of type HTTPS cannot be copied to Azure DNS',
      'www.example.com TXT: Azure DNS has nothing beside the CNAME of that name',
    ])
    await expect(`${[...new Set(sent)].toSorted().join('\n')}\n`).toMatchFileSnapshot(
      '../golden/requests/dns.txt',
    )
  })

  test.each([
    ['makes a record set', undefined, { ttl: 60, values: ['192.0.2.1'] }],
    ['changes a record set', '192.0.2.7', { ttl: 60, values: ['192.0.2.1'] }],
    ['removes a record set', '192.0.2.7', undefined],
  ] as const)('overwrites nothing that somebody wrote while the bot %s', async (_what, was, after) => {
    const held = (address: string) => ({ TTL: 60, ARecords: [{ ipv4Address: address }] })
    if (was !== undefined) standby.azure.dns.edit(zone, 'api', 'A', held(was))
    const before = was === undefined ? {} : { before: { ttl: 60, values: [was] } }
    const changes = [{ name: 'api', type: 'A', ...before, ...(after && { after }) }] as const
    standby.azure.meanwhile('change', () => standby.azure.dns.edit(zone, 'api', 'A', held('192.0.2.99')))

    await expect(dns.start({ ...action, changes }, 'R-1-s1', calm)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/412 PreconditionFailed.*changed/),
    })

    expect(
      standby.azure.requests.filter(({ reason, status }) => reason === 'change' && status === 412),
    ).toHaveLength(1)
    expect(standby.azure.dns.sets(zone)).toMatchObject([{ name: 'api', properties: held('192.0.2.99') }])
  })

  test('reads zones of more than one page', async () => {
    for (let index = 0; index < 130; index += 1)
      standby.azure.dns.edit(zone, `n${index}`, 'A', { TTL: 60, ARecords: [{ ipv4Address: '192.0.2.1' }] })

    expect((await dns.zone(place, calm)).sets).toHaveLength(130)
  })
})

describe('the delegation', () => {
  test('is found by asking for the name servers of the closest zone above', async () => {
    const top = servedZone('com', [standby.registry.servers[0] ?? ''])
    const resolver = await startDnsServer({ zones: [top] })
    const found = createDelegation({ timeout: 500, resolvers: [resolver.address] })

    const facts = await found.observe(watch({ parents: [] }), calm)

    await resolver.stop()
    expect(facts['asked']).toBe(1)
  })

  test('is read over TCP when it does not fit into a datagram', async () => {
    const many = Array.from({ length: 40 }, (_, index) => `ns-${index}.a-rather-long-name.example.net`)
    standby.registry.delegate(many)

    const [server = ''] = standby.registry.servers
    const { authorities } = await ask(server, { name: zone, type: 'NS' }, { timeout: 2_000, signal: calm })

    expect(authorities).toHaveLength(40)
  })
})

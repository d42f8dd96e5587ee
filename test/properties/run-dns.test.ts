// What a change of DNS records does with TTLs and the proxy, and that its undo is exactly the world before.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Action, DnsRecord, ProbeAction } from '../../src/recovery/action.ts'
import { dnsSteps, effectWithin, proxyWarnings, typeFor } from '../../src/recovery/ways/cloudflare/change.ts'
import type { DnsChange } from '../../src/recovery/ways/cloudflare/change.ts'
import { plainContent } from '../../src/recovery/record-content.ts'
import { pointedAt } from '../../src/recovery/ways/cloudflare/records.ts'
import { batch } from '../../sim/cloudflare/records.ts'
import type { ApiRecord } from '../../sim/cloudflare/records.ts'

const zone = { id: 'z1', name: 'example.com', nameServers: ['ns1.example.com', 'ns2.example.com'] }
const probe: ProbeAction = {
  provider: 'probe',
  url: 'https://api.example.com/health?key=1',
  resolve: '192.0.2.20',
  timeout: 5_000,
}

const record = fc.record({
  id: fc.constant('r'),
  name: fc.constantFrom('api.example.com', 'www.example.com'),
  type: fc.constant('A' as const),
  content: fc.ipV4(),
  ttl: fc.constantFrom(1, 60, 120, 300, 3_600),
  proxied: fc.boolean(),
})
const change: fc.Arbitrary<DnsChange> = fc
  .record({
    pairs: fc.array(fc.tuple(record, record), { minLength: 1, maxLength: 4 }),
    probes: fc.constantFrom([], [probe]),
    askFirst: fc.boolean(),
  })
  .map(({ pairs, probes, askFirst }) => {
    const before: readonly DnsRecord[] = pairs.map(([one], index) => ({ ...one, id: `r${index}` }))
    const after = pairs.map(([one, other], index) => ({ ...other, id: `r${index}`, name: one.name }))
    return { zone, before, after, probes, askFirst }
  })

describe('a change of DNS records', () => {
  it('has one step that changes something, and its undo ends in exactly what was before', () => {
    fc.assert(
      fc.property(change, (given) => {
        const changing = dnsSteps(given).filter((step) => step.undo !== undefined)

        expect(changing).toHaveLength(1)
        expect(changing[0]?.action).toMatchObject({ before: given.before, after: given.after })
        expect(changing[0]?.undo).toMatchObject({ before: given.after, after: given.before })
      }),
    )
  })

  it('asks the name servers for every record that is not behind the proxy, and for no other', () => {
    fc.assert(
      fc.property(change, (given) => {
        const asked = dnsSteps(given).flatMap(({ action }) =>
          action.provider === 'dns-check' ? action.want : [],
        )

        const open = given.after.filter((one) => !one.proxied)
        expect(asked).toEqual(open.map(({ name, type, content }) => ({ name, type, content })))
      }),
    )
  })

  it('asks the target before the change unless somebody takes it on himself, and always after it', () => {
    fc.assert(
      fc.property(change, (given) => {
        const steps = dnsSteps(given)
        const at = steps.findIndex((step) => step.undo !== undefined)
        const probes = (part: typeof steps) => part.filter((step) => step.action.provider === 'probe').length

        expect(probes(steps.slice(0, at))).toBe(given.askFirst ? given.probes.length : 0)
        expect(probes(steps.slice(at))).toBe(given.probes.length)
      }),
    )
  })

  it('says how long clients may keep what they have: the longest old TTL of what leaves or never was behind the proxy', () => {
    fc.assert(
      fc.property(change, (given) => {
        const seconds = given.before.flatMap((one, index) =>
          one.proxied && given.after[index]?.proxied ? [] : [one.ttl === 1 ? 300 : one.ttl],
        )

        expect(effectWithin(given)).toBe(seconds.length === 0 ? undefined : Math.max(...seconds) * 1_000)
      }),
    )
  })

  it('warns of every record that changes its proxy mode', () => {
    fc.assert(
      fc.property(change, (given) => {
        const changed = given.before.filter((one, index) => one.proxied !== given.after[index]?.proxied)

        expect(proxyWarnings(given)).toHaveLength(changed.length)
      }),
    )
  })

  it('goes through the proxy to ask what is behind it', () => {
    const one: DnsRecord = {
      id: 'r',
      name: 'api.example.com',
      type: 'A',
      content: '192.0.2.1',
      ttl: 1,
      proxied: true,
    }
    const given = {
      zone,
      before: [one],
      after: [{ ...one, content: '192.0.2.20' }],
      probes: [probe],
      askFirst: true,
    }

    const titles = dnsSteps(given).map((step) => step.title)

    expect(titles).toEqual([
      'Ask 192.0.2.20 for api.example.com/health',
      'Set api.example.com to 192.0.2.20, proxied',
      'Ask api.example.com for api.example.com/health, after the change',
    ])
  })
})

describe('a destination', () => {
  it('has the type of record that can hold it, in the form in which Cloudflare keeps it', () => {
    expect(
      ['192.0.2.1', '2001:DB8:0::1', 'LB2.Example.com.'].map((to) => [typeFor(to), plainContent(to)]),
    ).toEqual([
      ['A', '192.0.2.1'],
      ['AAAA', '2001:db8::1'],
      ['CNAME', 'lb2.example.com'],
    ])
  })
})

describe('a bypass', () => {
  const open = fc.record({
    content: fc.ipV4(),
    ttl: fc.constantFrom(1, 60, 300, 86_400),
    proxied: fc.boolean(),
  })
  const apiRecord = (
    { content, ttl, proxied }: Pick<DnsRecord, 'content' | 'ttl' | 'proxied'>,
    index: number,
  ) => ({
    id: `r${index}`,
    name: `a${index}.example.com`,
    type: 'A' as const,
    content,
    proxiable: true,
    proxied,
    ttl: proxied ? 1 : ttl,
    settings: {},
    meta: {},
    comment: null,
    tags: [],
    created_on: '',
    modified_on: '',
  })

  it('and its undo, sent to Cloudflare one after the other, leave every record exactly as it was', () => {
    fc.assert(
      fc.property(fc.array(open, { minLength: 1, maxLength: 20 }), fc.option(fc.ipV4()), (all, to) => {
        const records: readonly ApiRecord[] = all.map(apiRecord)
        const before = records.map(({ id, name, content, ttl, proxied }) => {
          return { id, name, type: 'A' as const, content, ttl, proxied }
        })
        const after = before.map((one) => pointedAt(one, to ?? one.content, false))
        const [step] = dnsSteps({ zone, before, after, probes: [], askFirst: true })
        const send = (table: readonly ApiRecord[], action: Action | undefined) => {
          const patches = action?.provider === 'cloudflare-dns' ? action.after.map((one) => ({ ...one })) : []
          const empty = { deletes: [], puts: [], posts: [] }
          return batch({ zone: 'example.com', records: table, now: '' }, { ...empty, patches }).table.records
        }

        const bypassed = send(records, step?.action)

        expect(bypassed.every(({ proxied }) => !proxied)).toBe(true)
        expect(send(bypassed, step?.undo)).toEqual(records)
      }),
    )
  })
})

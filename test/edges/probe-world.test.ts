// The simulated world as a whole: the failover of a load balancer as its three providers see it.
import { Resolver } from 'node:dns/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startWorld, type World } from '../../sim/world.ts'
import { createCloudflareDns } from '../../src/providers/cloudflare/cloudflare.ts'
import { createDnsCheck } from '../../src/providers/dns/dns-check.ts'
import { createProbe } from '../../src/providers/probe.ts'
import type { ProbeAction } from '../../src/recovery/action.ts'
import { standingClock } from '../contracts/provider.ts'

const calm = new AbortController().signal
const clock = standingClock()
let world: World

beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.stop())

function probeOf(host: string, name = world.record): ProbeAction {
  return {
    provider: 'probe',
    url: `http://${name}/health`,
    resolve: host,
    port: world.httpPort,
    timeout: 2_000,
  }
}

test('fails over from a broken load balancer: target probed, record set, every name server agrees', async () => {
  const [probe, dnsCheck] = [createProbe(), createDnsCheck({ clock })]
  const cloudflare = createCloudflareDns({ token: world.token, baseUrl: world.cloudflare.baseUrl, clock })
  const zone = await cloudflare.zone(world.zone, calm)
  const before = await cloudflare.records(zone.id, [world.record], calm)
  const want = [{ name: world.record, type: 'A' as const, content: world.backup.host }]
  const change = {
    provider: 'cloudflare-dns' as const,
    zone,
    before,
    after: before.map((record) => ({ ...record, content: world.backup.host, ttl: 60 })),
  }
  const agree = { provider: 'dns-check' as const, nameServers: zone.nameServers, want, within: 30_000 }
  world.lb.set('failing')

  const broken = await probe.observe(probeOf(world.lb.host), calm)
  const healthy = await probe.observe(probeOf(world.backup.host), calm)
  const changed = await cloudflare.start(change, 'R-1-s1', calm)
  const asked = await dnsCheck.start(agree, 'R-1-s2', calm)

  expect(broken).toEqual({ ok: false, reason: 'answered 503' })
  expect(healthy).toEqual({ ok: true, reason: 'answered 200' })
  expect(await cloudflare.check(change, changed, clock.now(), calm)).toMatchObject({ state: 'done' })
  expect(await dnsCheck.check(agree, asked, clock.now(), calm)).toMatchObject({ state: 'done' })
})

test('starts with the record at the first load balancer, and three servers on one port number', async () => {
  const resolver = new Resolver()
  resolver.setServers([world.dns.address])

  const addresses = await resolver.resolve4(world.record, { ttl: true })
  const seen = await Promise.all(
    [world.lb, world.backup, world.api].map((target) => createProbe().observe(probeOf(target.host), calm)),
  )

  expect(addresses).toEqual([{ address: world.lb.host, ttl: 300 }])
  expect(new Set([world.lb.port, world.backup.port, world.api.port])).toEqual(new Set([world.httpPort]))
  expect(seen).toEqual(Array.from({ length: 3 }, () => ({ ok: true, reason: 'answered 200' })))
})

test('has servers that answer only for the host they serve', async () => {
  expect(await createProbe().observe(probeOf(world.lb.host, 'www.example.com'), calm)).toEqual({
    ok: false,
    reason: 'answered 421',
  })
})

test('leaves nothing behind when one of its ports is taken', async () => {
  const first = await startWorld()
  const http = first.httpPort
  await first.stop()

  await expect(startWorld({ ports: { http, cloudflare: world.cloudflare.port } })).rejects.toThrow(
    'EADDRINUSE',
  )
  const next = await startWorld({ ports: { http } })
  await next.stop()

  expect(next.httpPort).toBe(http)
})

test('takes the ports that it is given, and says when one of them is taken', async () => {
  const ports = { dns: world.dns.port, cloudflare: world.cloudflare.port, http: world.httpPort }
  await expect(startWorld({ ports })).rejects.toThrow('EADDRINUSE')
  await world.stop()

  world = await startWorld({ ports })

  expect(world).toMatchObject({ httpPort: ports.http, dns: { port: ports.dns } })
  expect(world.cloudflare.port).toBe(ports.cloudflare)
})

// The outside world of the demo and the stories: DNS, Cloudflare, two load balancers and an API server on loopback.
import { startCloudflareSim, type CloudflareOptions, type CloudflareSim } from './cloudflare.ts'
import { startDnsServer, type DnsServer } from './dns.ts'
import { servedZone } from './dns/answer.ts'
import { startRegistry, type Registry } from './registry.ts'
import { startTarget, type Target } from './target.ts'

export interface World {
  readonly dns: DnsServer
  /** The name server of the zone above, which leads to `dns` in the beginning. */
  readonly registry: Registry
  readonly cloudflare: CloudflareSim
  /** What the simulated Cloudflare takes as CLOUDFLARE_API_TOKEN. */
  readonly token: string
  /** Zone `example.com`; the record `api.example.com` points at `lb` in the beginning. */
  readonly zone: string
  readonly record: string
  /** All four serve `http://api.example.com:{httpPort}/health`, each at its own address. */
  readonly httpPort: number
  readonly lb: Target
  readonly backup: Target
  readonly api: Target
  /** Where proxied names lead: it stands for Cloudflare's edge, and answers by itself. */
  readonly edge: Target
  readonly stop: () => Promise<void>
}

export interface WorldOptions {
  /** 0 or absent: any free one. */
  readonly ports?: { readonly dns?: number; readonly cloudflare?: number; readonly http?: number }
  readonly propagation?: NonNullable<CloudflareOptions['propagation']>
}

const zone = 'example.com'
const record = 'api.example.com'
const token = 'sim-cloudflare-token-for-the-demo-only'
const addresses = { lb: '127.0.0.11', backup: '127.0.0.12', api: '127.0.0.13', edge: '127.0.0.14' } as const

/**
 * Starts everything, or nothing: when a port is taken, what was started is stopped again. The zone's name server is
 * given as `localhost:PORT`, which the DNS check understands, so that
 * a port that is not 53 needs no configuration.
 */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const ports = options.ports ?? {}
  await using started = new AsyncDisposableStack()
  const targets = await startTargets(ports.http ?? 0)
  for (const target of Object.values(targets)) started.defer(target.stop)
  const nameServers: string[] = []
  const served = servedZone(zone, nameServers)
  const dns = await startDnsServer({ zones: [served], port: ports.dns ?? 0 })
  started.defer(dns.stop)
  nameServers.push(`localhost:${dns.port}`)
  const registry = await startRegistry({ zone, nameServers, count: 1 })
  started.defer(registry.stop)
  const cloudflare = await startCloudflareSim({
    zones: [
      {
        served,
        records: [
          { type: 'A', name: record, content: addresses.lb, ttl: 300, proxied: false },
          { type: 'CNAME', name: `www.${zone}`, content: record, ttl: 1, proxied: false },
          { type: 'TXT', name: zone, content: 'v=spf1 -all', ttl: 3_600 },
        ],
      },
    ],
    token,
    port: ports.cloudflare ?? 0,
    edge: [addresses.edge],
    propagation: options.propagation ?? 0,
  })
  started.defer(cloudflare.stop)
  const parts = started.move()
  return {
    dns,
    registry,
    cloudflare,
    token,
    zone,
    record,
    httpPort: targets.lb.port,
    ...targets,
    stop: () => parts.disposeAsync(),
  }
}

/** Four servers on one port number; a number that is taken at one of the addresses is not used at any. */
async function startTargets(port: number): Promise<Pick<World, 'lb' | 'backup' | 'api' | 'edge'>> {
  for (let tries = 0; ; tries += 1) {
    const lb = await startTarget({ name: 'lb', serves: record, host: addresses.lb, port })
    const rest = await Promise.allSettled([
      startTarget({ name: 'backup', serves: record, host: addresses.backup, port: lb.port }),
      startTarget({ name: 'api', serves: record, host: addresses.api, port: lb.port }),
      startTarget({ name: 'edge', serves: record, host: addresses.edge, port: lb.port }),
    ])
    const [backup, api, edge] = rest
    if (backup.status === 'fulfilled' && api.status === 'fulfilled' && edge.status === 'fulfilled') {
      return { lb, backup: backup.value, api: api.value, edge: edge.value }
    }
    await lb.stop()
    for (const one of rest) if (one.status === 'fulfilled') await one.value.stop()
    const failed = rest.find((one) => one.status === 'rejected')
    if (port !== 0 || tries >= 20) throw failed?.reason
  }
}

// The world of a standby zone: Azure DNS with name servers of its own, and the registry that leads to one or the other.
import { startDnsServer, type DnsServer } from '../../sim/dns.ts'
import { servedZone } from '../../sim/dns/answer.ts'
import { startRegistry, type Registry } from '../../sim/registry.ts'
import type { AzureOptions, AzureSim } from '../../sim/azure.ts'
import type { World } from '../../sim/world.ts'
import { startTestAzure } from './azure.ts'

export interface StandbyWorld {
  readonly azure: AzureSim
  /** Azure's name servers of the zone, sorted, as they are entered at the registrar. */
  readonly nameServers: readonly string[]
  /** Where a resolver is sent to ask them: `127.0.0.1:PORT`. */
  readonly servers: readonly DnsServer[]
  readonly registry: Registry
  /** Requests to Azure that change a record set: `PUT A/api`. */
  readonly changes: () => readonly string[]
  readonly stop: () => Promise<void>
}

/**
 * Two name servers at Azure for the zone, two of the parent; the registry leads to `home`. `more`: what else is at
 * Azure.
 */
export async function startStandby(
  zone: string,
  home: readonly string[],
  more: AzureOptions = {},
): Promise<StandbyWorld> {
  const nameServers: string[] = []
  const served = servedZone(zone, nameServers)
  const servers = [await startDnsServer({ zones: [served] }), await startDnsServer({ zones: [served] })]
  nameServers.push(...servers.map(({ port }) => `localhost:${port}`).toSorted())
  const [azure, registry] = await Promise.all([
    startTestAzure({ ...more, dnsZones: [{ group: 'dr-rg', served }] }),
    startRegistry({ zone, nameServers: home }),
  ])
  return {
    azure,
    nameServers,
    servers,
    registry,
    changes: () =>
      azure.requests
        .filter(({ method, path }) => method !== 'GET' && path.includes('/dnsZones/'))
        .map(({ method, path }) => `${method} ${/dnsZones\/[^/]+\/([^?]+)/.exec(path)?.[1] ?? ''}`),
    stop: async () => {
      await Promise.all([azure.stop(), registry.stop(), ...servers.map((server) => server.stop())])
    },
  }
}

/** The name servers that Cloudflare has for the world's zone. */
export function homeOf(world: World): readonly string[] {
  return world.dns.zones[0]?.nameServers ?? []
}

/** The example plan's standby zone, with the parent's name servers of this world. */
export function withParents(plan: string, { registry }: Pick<StandbyWorld, 'registry'>, more = ''): string {
  return plan.replace(
    /( +)sync_every: 10m\n(?: +parents: .*\n)?/,
    (_lines, indent: string) =>
      `${indent}sync_every: 10m\n${indent}parents: ${JSON.stringify(registry.servers)}\n${more && `${indent}${more}\n`}`,
  )
}

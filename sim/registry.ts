// The registry above a zone: name servers of the parent zone, real ones, that lead to whatever a person enters at the registrar.
import { startDnsServer, type DnsFault, type DnsServer } from './dns.ts'
import { servedZone, type ServedRecord } from './dns/answer.ts'

export interface Registry {
  /** The parent's name servers, as `parents` of the DR plan takes them. */
  readonly servers: readonly string[]
  /** What a person does at the registrar: these name servers, from now on. */
  readonly delegate: (nameServers: readonly string[]) => void
  /** Key tags of DS records at the parent; none: the zone is not signed. */
  readonly sign: (keyTags: readonly number[]) => void
  /** Makes one of the parent's name servers fail, or answer as it was for a while; undefined mends it. */
  readonly fault: (index: number, fault: DnsFault | undefined) => void
  /** Questions so far, to all of them. */
  readonly questions: () => number
  readonly stop: () => Promise<void>
}

export interface RegistryOptions {
  readonly zone: string
  readonly nameServers: readonly string[]
  /** TTL of the delegation in seconds. Default: what .com has. */
  readonly ttl?: number
  readonly count?: number
}

const day = 86_400

/** Starts `count` (default 2) name servers of the parent zone on 127.0.0.1. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const { zone, ttl = 2 * day } = options
  const parent = zone.slice(zone.indexOf('.') + 1)
  const served = servedZone(parent, ['localhost'])
  let nameServers = options.nameServers
  let keyTags: readonly number[] = []
  const publish = (): void => {
    served.records = [
      ...nameServers.map((data): ServedRecord => ({ name: zone, type: 'NS', ttl, data })),
      ...keyTags.map((keyTag): ServedRecord => ({
        name: zone,
        type: 'DS',
        ttl: day,
        data: { keyTag, algorithm: 13, digestType: 2, digest: Buffer.alloc(32, 7) },
      })),
    ]
    served.serial += 1
  }
  publish()
  const servers: DnsServer[] = []
  for (let index = 0; index < (options.count ?? 2); index += 1)
    servers.push(await startDnsServer({ zones: [served] }))
  return {
    servers: servers.map(({ address }) => address),
    delegate: (next) => {
      nameServers = next
      publish()
    },
    sign: (next) => {
      keyTags = next
      publish()
    },
    fault: (index, fault) => servers[index]?.fault(fault),
    questions: () => servers.reduce((sum, { questions }) => sum + questions.length, 0),
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

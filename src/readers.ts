// What is read of the systems before there is an action: for proposals, for commands that show, for readiness.
import type { Instant } from './ids.ts'
import type { DnsRecord } from './recovery/action.ts'

/** What proposals read of Cloudflare before there is an action. */
export interface DnsReader {
  readonly zone: (
    name: string,
    signal: AbortSignal,
  ) => Promise<{ readonly id: string; readonly name: string; readonly nameServers: readonly string[] }>
  readonly records: (
    zoneId: string,
    names: readonly string[],
    signal: AbortSignal,
  ) => Promise<readonly DnsRecord[]>
}

/** What is read of Cloudflare beside its records. */
export interface CloudflareReader {
  /** Whether the token may change the zone's records, as Cloudflare lists its rights; undefined when it lists none. */
  readonly mayEdit: (zone: string, signal: AbortSignal) => Promise<boolean | undefined>
  /** What its status page says, in words; undefined when that is off or silent. A hint only, and late. */
  readonly status: (signal: AbortSignal) => Promise<string | undefined>
}

/** What is read of the systems before there is an action: for proposals, for commands that show, for readiness. */
export interface Readers {
  readonly dns: DnsReader
  readonly cloudflare: CloudflareReader
  readonly workers: WorkersReader
}

/** A storage queue as it was seen; `oldest`: when the message at its head was put in. */
export interface QueueSeen {
  readonly name: string
  readonly messages: number
  readonly oldest?: Instant
}

/** A pool of workers as it was seen. `instances`: how many are in each state, by Azure's names. */
export interface PoolSeen {
  readonly capacity: number
  readonly updating: boolean
  readonly instances: Readonly<Record<string, number>>
}

/** A setting that changes a pool's size by itself, within `min` and `max`. */
export interface AutoscaleSeen {
  readonly name: string
  readonly min: number
  readonly max: number
}

/** Where a pool of workers is. */
export interface PoolPlace {
  readonly resourceGroup: string
  readonly vmss: string
}

/** What is read of a pool of workers and of the queues that it empties. */
export interface WorkersReader {
  readonly pool: (place: PoolPlace, signal: AbortSignal) => Promise<PoolSeen>
  /** Only those that are on. */
  readonly autoscale: (place: PoolPlace, signal: AbortSignal) => Promise<readonly AutoscaleSeen[]>
  readonly queues: (
    account: string,
    names: readonly string[],
    signal: AbortSignal,
  ) => Promise<readonly QueueSeen[]>
}

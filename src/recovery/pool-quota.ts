// What a pool's machines take of the subscription's quotas of cores, as it was read.

/** A limit of cores that Azure holds against a pool; `used`: by all machines of the subscription in that region. */
export interface CoreQuota {
  /** As the Azure portal shows it: `Standard DSv5 Family vCPUs`. */
  readonly name: string
  readonly used: number
  readonly limit: number
}

/** What a pool's machines take of the subscription's quotas. */
export interface PoolQuota {
  readonly capacity: number
  /** Azure's name: `Standard_D4s_v5`. */
  readonly size: string
  readonly coresEach: number
  readonly region: string
  /** Each of them must have room for all the cores of a further machine. */
  readonly quotas: readonly CoreQuota[]
}

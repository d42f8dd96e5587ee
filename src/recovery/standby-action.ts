// What the actions of a standby zone do, as data: record sets at Azure DNS, and the delegation that leads to them.

/** Types of record sets that the standby zone can hold. */
export type StandbyType = 'A' | 'AAAA' | 'CAA' | 'CNAME' | 'MX' | 'NS' | 'PTR' | 'SRV' | 'TXT'

/** What a record set holds: TTL in seconds, and each record as text, sorted. */
export interface StandbyContent {
  readonly ttl: number
  readonly values: readonly string[]
}

/** One record set, as it is and as it shall be; absent: there is none. `name` is relative to the zone, `@` its own. */
export interface StandbyChange {
  readonly name: string
  readonly type: StandbyType
  readonly before?: StandbyContent
  readonly after?: StandbyContent
}

/** Makes, changes and removes record sets of the standby zone at Azure DNS; what is after already is left alone. */
export interface StandbyDnsAction {
  readonly provider: 'standby-dns'
  readonly resourceGroup: string
  readonly zone: string
  readonly changes: readonly StandbyChange[]
}

/**
 * Waits until the parent zone leads to other name servers, which a person enters at the registrar. Only looks.
 * `before`, `after`: host names, sorted. `parents`: who is asked; empty: the parent's own name servers.
 */
export interface DelegationAction {
  readonly provider: 'delegation'
  readonly zone: string
  readonly parents: readonly string[]
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly registrar: string
}

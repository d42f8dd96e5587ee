// What a step does to one provider, as data. An action is what is shown, approved, digested and run.
import type { DelegationAction, StandbyDnsAction } from './standby-action.ts'
import type { Duration } from '../ids.ts'
import type { SqlAction } from './sql-action.ts'

/** One DNS record as it should be (or was). TTL in seconds; 1 means automatic at Cloudflare. */
export interface DnsRecord {
  /** The provider's id of the record, so that undo restores the very record. */
  readonly id: string
  readonly name: string
  readonly type: 'A' | 'AAAA' | 'CNAME'
  readonly content: string
  readonly ttl: number
  readonly proxied: boolean
}

/** Sets records of one Cloudflare zone, all in one batch. `before` is the snapshot that makes the undo. */
export interface CloudflareDnsAction {
  readonly provider: 'cloudflare-dns'
  readonly zone: { readonly id: string; readonly name: string; readonly nameServers: readonly string[] }
  readonly before: readonly DnsRecord[]
  readonly after: readonly DnsRecord[]
}

/** Asks an HTTP(S) address from outside; `resolve` is the address to connect to instead of what DNS says. */
export interface ProbeAction {
  readonly provider: 'probe'
  readonly url: string
  readonly resolve?: string
  /** Without `resolve`: who is asked for the address; what this machine's own DNS says may be old, or other inside. */
  readonly nameServers?: readonly string[]
  /** Asks behind a certificate that nobody trusts too: for where another rule, or only Cloudflare, judges it. */
  readonly anyCertificate?: true
  /** Port to connect to when it is not the URL's own. */
  readonly port?: number
  /** Expected status; default: any 2xx. */
  readonly status?: number
  /** Text the body must contain. */
  readonly contains?: string
  readonly timeout: Duration
}

/** Asks the zone's own name servers until each of them answers with the wanted content. */
export interface DnsCheckAction {
  readonly provider: 'dns-check'
  readonly nameServers: readonly string[]
  /**
   * Of a zone that may be led away: its parent must lead to one of the name servers; what it does not say counts for
   * nothing.
   */
  readonly parent?: Pick<DelegationAction, 'zone' | 'parents' | 'registrar'>
  readonly want: readonly {
    readonly name: string
    readonly type: 'A' | 'AAAA' | 'CNAME'
    readonly content: string
  }[]
  /** How long to go on asking. */
  readonly within: Duration
}

/** Looks at the certificate that each server shows for a name: whether clients trust it without a proxy in between. */
export interface CertificateAction {
  readonly provider: 'certificate'
  /** `at`: the address or host name to connect to. */
  readonly want: readonly { readonly name: string; readonly at: string; readonly port: number }[]
  readonly timeout: Duration
}

/** A server's administrative state at HAProxy: takes traffic; takes no new traffic and is checked; is left alone. */
export type ServerState = 'ready' | 'drain' | 'maint'

/**
 * Sets the state of one server at one load balancer, which is told at `control`: its runtime API (`tcp://host:port`,
 * `unix:/path`) or its Data Plane API (`https://host:port`). `before`: as it was when this was proposed. A server that
 * is drained out of maintenance gets no traffic, but counts as healthy only after fresh checks.
 */
export interface HaproxyServerAction {
  readonly provider: 'haproxy-server'
  readonly control: string
  readonly backend: string
  readonly server: string
  readonly before: ServerState
  readonly after: ServerState
  /** Somebody takes it on himself that no server is left. */
  readonly evenLast?: true
}

/** Writes into haproxy.cfg, through the Data Plane API, whether a server starts in maintenance (`disabled`). */
export interface HaproxyFileAction {
  readonly provider: 'haproxy-file'
  readonly control: string
  readonly backend: string
  readonly server: string
  readonly before: FileState
  readonly after: FileState
}

export type FileState = 'enabled' | 'disabled'

/**
 * Waits at several load balancers until HAProxy's own check of the server has passed (`checked`), or until the server
 * has no sessions any more (`idle`). When time is up, `checked` has failed, and `idle` goes on and says how many are left.
 */
export interface HaproxyWaitAction {
  readonly provider: 'haproxy-wait'
  readonly controls: readonly string[]
  readonly backend: string
  readonly server: string
  readonly until: 'checked' | 'idle'
  readonly within: Duration
}

/** Where an Azure Storage account has its copies. `sku`: how redundant it is, by Azure's name (`Standard_GRS`). */
export interface StorageRegions {
  readonly primary: string
  readonly secondary?: string
  readonly sku: string
}

/**
 * Moves an Azure Storage account to its paired region. planned: both regions work, they are swapped, nothing is lost.
 * unplanned: what was written after the last sync is lost, and the account is not geo-redundant any more.
 */
export interface StorageFailoverAction {
  readonly provider: 'storage-failover'
  readonly resourceGroup: string
  readonly account: string
  readonly type: 'planned' | 'unplanned'
  readonly before: StorageRegions
}

/** What a setting of Azure App Configuration holds. */
export interface SettingContent {
  readonly value: string
  readonly contentType?: string
  readonly description?: string
  readonly tags: Readonly<Record<string, string>>
}

/** Sets one setting of Azure App Configuration, only while it is still the one that was seen. */
export interface AppConfigurationAction {
  readonly provider: 'app-configuration'
  /** The store's https address. */
  readonly store: string
  readonly key: string
  readonly label?: string
  readonly before: SettingContent
  readonly after: SettingContent
  /** Of the setting as it was seen; absent in an undo, which is written before its time. */
  readonly etag?: string
}

/** One version of a secret. */
export interface SecretVersion {
  readonly secret: string
  readonly version: string
}

/**
 * Gives a secret of a Key Vault the value that a version of it, or of another secret, has. The value itself is in no
 * action, fact or operation.
 */
export interface KeyVaultSecretAction {
  readonly provider: 'key-vault-secret'
  /** The vault's https address. */
  readonly vault: string
  readonly secret: string
  readonly from: SecretVersion
  /** The version that was current when it was seen; absent in an undo, which is written before its time. */
  readonly current?: string
}

/** Looks how full queues are. Accounts that are `needed` must answer within the time; of others it is said. */
export interface StorageQueuesAction {
  readonly provider: 'storage-queues'
  readonly accounts: readonly {
    readonly account: string
    readonly queues: readonly string[]
    readonly needed: boolean
  }[]
  readonly within: Duration
}

/** Sets how many instances an Azure VM scale set shall have. Azure then starts or removes them, which takes minutes. */
export interface ScaleSetCapacityAction {
  readonly provider: 'scale-set-capacity'
  readonly resourceGroup: string
  readonly vmss: string
  readonly before: number
  readonly after: number
  /** How long Azure's operation is waited for; then it goes on, and the wait for the instances judges it. */
  readonly within: Duration
}

/** Waits until as many instances run as `after` says, or, of fewer than `before`, until the others are gone. */
export interface ScaleSetWaitAction {
  readonly provider: 'scale-set-wait'
  readonly resourceGroup: string
  readonly vmss: string
  readonly before: number
  readonly after: number
  readonly within: Duration
}

/** Between how many instances an autoscale profile decides; `usual`: how many when its metrics cannot be read. */
export interface AutoscaleLimits {
  readonly profile: string
  readonly min: number
  readonly max: number
  readonly usual: number
}

/** Sets the limits of all profiles of an autoscale setting; its rules and times stay as they are. */
export interface AutoscaleLimitsAction {
  readonly provider: 'autoscale-limits'
  readonly resourceGroup: string
  readonly setting: string
  readonly before: readonly AutoscaleLimits[]
  readonly after: readonly AutoscaleLimits[]
}

export type Action =
  | CloudflareDnsAction
  | ProbeAction
  | DnsCheckAction
  | CertificateAction
  | HaproxyServerAction
  | HaproxyFileAction
  | HaproxyWaitAction
  | SqlAction
  | StorageFailoverAction
  | AppConfigurationAction
  | KeyVaultSecretAction
  | StorageQueuesAction
  | ScaleSetCapacityAction
  | ScaleSetWaitAction
  | AutoscaleLimitsAction
  | StandbyDnsAction
  | DelegationAction
export type ProviderName = Action['provider']
export type ActionOf<N extends ProviderName> = Extract<Action, { readonly provider: N }>

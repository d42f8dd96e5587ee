// A change of DNS records as steps: ask the target, change in one batch, ask the name servers, ask the target again.
import { isIP } from 'node:net'
import type { Duration } from '../../../ids.ts'
import { minute, second } from '../../../ids.ts'
import type { Action, CertificateAction, CloudflareDnsAction, DnsRecord, ProbeAction } from '../../action.ts'
import { stepOf } from '../../draft.ts'
import type { Proposal, Step } from '../../run.ts'
import { valueOf } from '../../kinds/cloudflare-dns.ts'
import { whereOf } from '../../kinds/probe.ts'
import type { Parent } from './led-away.ts'

/** How long the zone's name servers are asked until all of them have the change. */
const nameServersWithin: Duration = minute
/** What Cloudflare's automatic TTL, and the TTL of every proxied record, is (its page on TTL): 300 s. */
const automaticTtl: Duration = 300 * second
/** TTL of the changed records in seconds: the least that every Cloudflare plan takes. */
export const shortTtl = 60

export interface DnsChange {
  readonly zone: CloudflareDnsAction['zone']
  readonly before: readonly DnsRecord[]
  readonly after: readonly DnsRecord[]
  /** One for each server that the records will point at; empty when the plan has no probe. */
  readonly probes: readonly ProbeAction[]
  /** False when somebody takes a target on himself that fails its probe: it is asked only afterwards. */
  readonly askFirst: boolean
  /** Certificates that clients will see without the proxy: looked at before the change. */
  readonly certificates?: CertificateAction
  /** Who says where the zone leads, which may be elsewhere: the check after the change begins there. */
  readonly parent?: Parent | undefined
  /** What is asked after the change, instead of what follows from the probes. */
  readonly askLast?: readonly ProbeAction[]
}

/** The batch that makes the change. */
export function actionOf({ zone, before, after }: DnsChange): CloudflareDnsAction {
  return { provider: 'cloudflare-dns', zone, before, after }
}

/** The same batch the other way round: exact ids, contents, TTLs and proxy modes. */
export function undoOf(action: CloudflareDnsAction): CloudflareDnsAction {
  return { ...action, before: action.after, after: action.before }
}

/** All steps, in their order. Only the batch changes anything. */
export function dnsSteps(change: DnsChange): readonly Step[] {
  const action = actionOf(change)
  const first = change.askFirst ? change.probes.map((probe) => stepOf(askTitle(probe), probe)) : []
  const title = change.after.map((record) => `${record.name} to ${valueOf(record)}`).join('; ')
  return [
    ...first,
    ...certificateSteps(change),
    stepOf(`Set ${title}`, action, undoOf(action)),
    ...nameServerSteps(change),
    ...lastProbes(change).map((probe) => stepOf(`${askTitle(probe)}, after the change`, probe)),
  ]
}

function certificateSteps({ certificates }: DnsChange): readonly Step[] {
  if (certificates === undefined) return []
  const where = [...new Set(certificates.want.map(({ at }) => at))].join(', ')
  return [stepOf(`Look whether clients trust the certificate of ${where}`, certificates)]
}

/** Behind the proxy the name servers answer with Cloudflare's own addresses, which say nothing about the change. */
function nameServerSteps({ zone, after, parent }: DnsChange): readonly Step[] {
  // An alias at the zone's own name is flattened: the name servers answer with the addresses that it leads to.
  const open = after.filter(
    ({ name, type, proxied }) => !proxied && !(type === 'CNAME' && name === zone.name),
  )
  const want = open.map(({ name, type, content }) => ({ name, type, content }))
  if (want.length === 0) return []
  const { nameServers } = zone
  const action: Action = {
    provider: 'dns-check',
    nameServers,
    want,
    within: nameServersWithin,
    ...(parent ? { parent } : {}),
  }
  return [stepOf(`Ask the name servers of ${zone.name} until all have it`, action)]
}

/** What goes through the proxy is asked through it; what does not is asked at its own address. */
function lastProbes({ zone, after, probes, askLast }: DnsChange): readonly ProbeAction[] {
  const [first] = probes
  if (askLast) return askLast
  return first && after.some((record) => record.proxied) ? [asClient(first, zone)] : probes
}

/** The same question on the way that clients take: the name's address as the zone's name servers give it now. */
export function asClient(probe: ProbeAction, zone: DnsChange['zone']): ProbeAction {
  const { resolve: _, port: _port, anyCertificate: _any, ...through } = probe
  return { ...through, nameServers: zone.nameServers }
}

function askTitle(probe: ProbeAction): string {
  const url = URL.parse(probe.url)
  return `Ask ${whereOf(probe)} for ${url ? `${url.host}${url.pathname}` : 'its health'}`
}

/** What is locked while it runs. */
export function targetsOf(zone: string, records: readonly DnsRecord[]): readonly string[] {
  return [...new Set(records.map((record) => `cloudflare:${zone}/${record.name}`))].sort()
}

/** Before and after, a row for each record. */
export function rowsOf({ before, after }: DnsChange): Proposal['changes'] {
  return before.flatMap((record, index) => {
    const wanted = after[index]
    return wanted
      ? [{ what: `${record.name} ${record.type}`, before: valueOf(record), after: valueOf(wanted) }]
      : []
  })
}

/**
 * After the change: how long clients may keep what they have, by the old TTLs. A record that stays behind the proxy
 * changes at Cloudflare itself, at once for every client; undefined when that is true of all.
 */
export function effectWithin({ before, after }: DnsChange): Duration | undefined {
  const kept = before.flatMap((record, index) => {
    if (record.proxied && after[index]?.proxied) return []
    return [record.ttl === 1 ? automaticTtl : record.ttl * second]
  })
  return kept.length === 0 ? undefined : Math.max(...kept)
}

/** What a change of the proxy mode means for the clients, in words. */
export function proxyWarnings({ before, after }: DnsChange): readonly string[] {
  return before.flatMap((record, index) => {
    const wanted = after[index]
    if (!wanted || record.proxied === wanted.proxied) return []
    return wanted.proxied
      ? [`${record.name} goes behind Cloudflare's proxy: the server must accept Cloudflare's addresses`]
      : [
          `${record.name} leaves Cloudflare's proxy: no shield, the server's address becomes public, and clients may keep Cloudflare's addresses for about 5 minutes`,
        ]
  })
}

/** The type of record that points at this destination. */
export function typeFor(to: string): DnsRecord['type'] {
  const family = isIP(to)
  if (family === 4) return 'A'
  return family === 6 ? 'AAAA' : 'CNAME'
}

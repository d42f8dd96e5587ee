// Before a bypass: the same question through Cloudflare and directly at the origin, and the origin's certificate.
import { second } from '../../../ids.ts'
import type { Recovery } from '../../../drplan/schema.ts'
import type { CertificateAction, DnsRecord, ProbeAction } from '../../action.ts'
import type { Calls } from '../../calls.ts'
import { certificateText, certificatesIn } from '../../kinds/certificate.ts'
import { probeFacts, whereOf } from '../../kinds/probe.ts'
import type { Facts } from '../../../ports.ts'
import type { Proposal } from '../../run.ts'
import { targetHealthy } from '../../safety.ts'
import type { Verdict } from '../../safety.ts'
import { asClient } from './change.ts'
import type { DnsChange } from './change.ts'
import { together } from '../../../together.ts'

/** What was seen; all empty when the plan has no probe. */
export interface Looked {
  /** The question at each origin, past Cloudflare. */
  readonly direct: readonly { readonly action: ProbeAction; readonly facts: Facts }[]
  /**
   * The question on the way that clients take now. It may come and go while Cloudflare is in trouble, so nothing
   * stands on it.
   */
  readonly edge?: { readonly ok: boolean; readonly reason: string; readonly way: string }
  /** One look at all certificates; none when the probe does not ask over https. */
  readonly certificate: readonly { readonly action: CertificateAction; readonly facts: Facts }[]
  readonly certificates?: readonly { readonly ok: boolean; readonly text: string }[]
  readonly shown?: NonNullable<Proposal['looked']>
}

interface Look extends Pick<DnsChange, 'zone' | 'before' | 'after'> {
  readonly probe: Recovery['probe']
}

/** Asks on all ways at once. Only looks. */
export async function lookAtWays(
  calls: Pick<Calls, 'observe'>,
  { probe, zone, before, after }: Look,
): Promise<Looked> {
  if (probe === undefined) return { direct: [], certificate: [] }
  const actions = directProbes(probe, after)
  const certificates = certificatesOf(probe, after)
  const client = asClient({ provider: 'probe', ...probe }, zone)
  const [edgeFacts, directFacts, certificateFacts] = await together([
    calls.observe(client),
    together(actions.map((action) => calls.observe(action))),
    certificates && calls.observe(certificates),
  ])
  const direct = actions.map((action, index) => ({ action, facts: directFacts[index] ?? {} }))
  const proxied = before.some((record) => record.proxied)
  const way = `${proxied ? 'Through Cloudflare' : 'As DNS leads now'} (${whereOf(client)})`
  const edge = { ...probeFacts(edgeFacts), way }
  return {
    direct,
    edge,
    certificate: certificates && certificateFacts ? [{ action: certificates, facts: certificateFacts }] : [],
    ...(certificateFacts
      ? {
          certificates: certificatesIn(certificateFacts).map((seen) => ({
            ok: seen.ok,
            text: certificateText(seen),
          })),
        }
      : {}),
    shown: shownOf(edge, direct, proxied),
  }
}

/** One question for each origin. Its certificate has a rule of its own, and does not hide how the origin answers. */
function directProbes(
  probe: NonNullable<Recovery['probe']>,
  after: readonly DnsRecord[],
): readonly ProbeAction[] {
  const origins = probe.resolve === undefined ? after.map((record) => record.content) : [probe.resolve]
  return [...new Set(origins)].map((resolve) => ({
    provider: 'probe',
    ...probe,
    resolve,
    ...(isHttps(probe.url) ? { anyCertificate: true as const } : {}),
  }))
}

function certificatesOf(
  probe: NonNullable<Recovery['probe']>,
  after: readonly DnsRecord[],
): CertificateAction | undefined {
  if (!isHttps(probe.url)) return undefined
  const port = probe.port ?? (Number(URL.parse(probe.url)?.port) || 443)
  const want = after.map(({ name, content }) => ({
    // A server can only be asked for a name itself, not for all names that a wildcard stands for.
    name: name.replace(/^\*/, 'dr-probe'),
    at: probe.resolve ?? content,
    port,
  }))
  return { provider: 'certificate', want, timeout: Math.max(probe.timeout, second) }
}

function isHttps(url: string): boolean {
  return URL.parse(url)?.protocol === 'https:'
}

function shownOf(
  edge: NonNullable<Looked['edge']>,
  direct: Looked['direct'],
  proxied: boolean,
): NonNullable<Proposal['looked']> {
  const origins = direct.map(({ action, facts }) => {
    const { ok, reason } = probeFacts(facts)
    return { way: `Directly at the origin (${whereOf(action)})`, ok, answer: reason }
  })
  const ways = [{ way: edge.way, ok: edge.ok, answer: edge.reason }, ...origins]
  return {
    says: saying(
      edge.ok,
      origins.every(({ ok }) => ok),
      proxied,
    ),
    ways,
  }
}

function saying(edge: boolean, origin: boolean, proxied: boolean): string {
  if (!proxied) return 'The records are not behind Cloudflare now'
  if (edge && origin) return 'Both ways work from here: a bypass would fix nothing that this probe sees'
  if (edge) return 'Cloudflare answers, and the origin does not without it: it may let in only Cloudflare'
  return origin
    ? 'Cloudflare is what is broken: the origin answers without it'
    : 'The origin itself does not answer, so Cloudflare is not what is broken, or not alone'
}

/** Never point at an origin that does not answer directly; the refusal says what Cloudflare answers at the same time. */
export function originHealthy({ direct, edge, shown }: Looked): Verdict {
  const targets = direct.map(({ action, facts }) => ({ where: whereOf(action), ...probeFacts(facts) }))
  const verdict = targetHealthy(targets)
  if (verdict.ok || !edge || !shown) return verdict
  return { ...verdict, text: `${verdict.text}; ${edge.way}: ${edge.reason}. ${shown.says}` }
}

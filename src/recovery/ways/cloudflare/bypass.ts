// The block `cloudflare_bypass`: records leave Cloudflare's proxy and point directly at the load balancer.
import { plainContent } from '../../record-content.ts'
import { UserError } from '../../../errors.ts'
import { printDuration } from '../../../drplan/duration.ts'
import type { DnsRecord } from '../../action.ts'
import { expectedDuration, inTime } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import type { Debt } from '../../run.ts'
import {
  batchLimit,
  findings,
  isOverridden,
  noOtherRecords,
  notAlreadyThere,
  originCertificate,
  refuseUnsafe,
} from '../../safety.ts'
import type { Verdict } from '../../safety.ts'
import { digestOf } from '../../world.ts'
import { lookAtWays, originHealthy } from './bypass-look.ts'
import type { Looked } from './bypass-look.ts'
import { checkThroughCloudflare } from './check.ts'
import { actionOf, asClient, dnsSteps, effectWithin, rowsOf, targetsOf } from './change.ts'
import type { DnsChange } from './change.ts'
import { elsewhere, pointedAt, recordFor } from './records.ts'
import { insteadOf, leadsWarnings, lookAtParent, parentLeadsHere, parentToAsk } from './led-away.ts'
import { draftFailback } from './records-back.ts'
import { wayOf } from '../way.ts'
import type { With } from '../way.ts'
import { together } from '../../../together.ts'

type BypassRecovery = With<'cloudflare_bypass'>

export const bypass = wayOf('cloudflare_bypass', {
  draft: draftBypass,
  check: (context, recovery) =>
    checkThroughCloudflare(context, recovery.cloudflare_bypass.zone, (same) => draftBypass(same, recovery)),
  failback: draftFailback,
  changes: ['cloudflare-dns'],
})

/**
 * Looks at the records, and at the service on both ways, through Cloudflare and directly; then says what would be
 * done. Throws UserError when the records are not as the plan has them, or a safety rule refuses.
 */
async function draftBypass(context: Context, recovery: BypassRecovery): Promise<Draft> {
  const { ask, calls } = context
  const { zone: zoneName, records, to } = recovery.cloudflare_bypass
  const zone = await calls.readers.dns.zone(zoneName, calls.limit())
  const found = await calls.readers.dns.records(zone.id, records, calls.limit())
  const before = recordsOf(recovery, found)
  const after = before.map((record) =>
    pointedAt(record, to === undefined ? record.content : plainContent(to), false),
  )
  const [looked, aliases, hint, leads] = await together([
    lookAtWays(calls, { probe: recovery.probe, zone, before, after }),
    proxiedAliases(context, { zone, before, after }),
    calls.readers.cloudflare.status(calls.limit()),
    lookAtParent(context, zoneName),
  ])
  const rest = found.filter((record) => !before.some((one) => one.id === record.id))
  const away = parentLeadsHere(leads, zone)
  const verdicts: readonly Verdict[] = [
    ...away,
    originHealthy(looked),
    originCertificate(looked.certificates),
    notAlreadyThere(before, after),
    noOtherRecords(records, [...rest, ...aliases]),
    ...[batchLimit(after.length)].filter(({ ok }) => !ok),
  ]
  const list = findings(verdicts, ask.overrides)
  const originDown = list.some(({ rule, ok }) => rule === 'target-healthy' && !ok)
  const ways = [...elsewhere(context, recovery), ...(originDown ? balancerWays(context) : [])]
  const others = insteadOf(leads, away, after, ways)
  refuseUnsafe(list, `failover ${ask.system} to ${recovery.name}`, others)

  const askFirst = !isOverridden(list, 'target-healthy')
  const trusted = !isOverridden(list, 'origin-certificate')
  const moved = { zone, before, after, parent: parentToAsk(leads, list) }
  const change = changeOf(looked, { ...moved, askFirst, trusted })
  const ground = [...(askFirst ? looked.direct : []), ...(trusted ? looked.certificate : [])]
  const kind = { system: ask.system, direction: 'failover', recovery: recovery.name } as const
  const expected = expectedDuration(context.history, kind, recovery)
  const within = effectWithin(change)
  return {
    recovery: recovery.name,
    steps: dnsSteps(change),
    proposal: {
      targets: targetsOf(zone.name, before),
      typed: recovery.name,
      risk: recovery.risk ?? 'reversible',
      ...inTime(
        (is) =>
          `${namesOf(after)} ${is('will lead', after.length === 1 ? 'was led' : 'were led')} past Cloudflare, directly to ${originsOf(after)}`,
      ),
      changes: rowsOf(change),
      ...(looked.shown === undefined
        ? {}
        : { looked: { ...looked.shown, ...(hint === undefined ? {} : { hint }) } }),
      findings: list,
      expected,
      cost: { text: costText(within) },
      debts: debtsOf(change),
      digest: digestOf([...ground, { action: actionOf(change), facts: { records: found } }]),
      warnings: [...leadsWarnings(leads), ...warningsOf(change, looked)],
      ...(within === undefined ? {} : { effectWithin: within }),
      ...(context.objectiveAt === undefined ? {} : { objectiveAt: context.objectiveAt }),
    },
  }
}

/** What helps when the load balancer itself does not answer: nothing that leads to it does. */
function balancerWays({ plan }: Context): readonly string[] {
  return (plan.systems.lb?.recoveries ?? []).map(({ name }) => `failover lb to ${name}`)
}

/** With a destination, the one record of each name that can hold it; without, all address records as they are. */
function recordsOf({ cloudflare_bypass: { records, to } }: BypassRecovery, found: readonly DnsRecord[]) {
  const names = [...new Set(records.map(plainContent))]
  if (to !== undefined) return names.map((name) => recordFor(name, plainContent(to), found))
  return names.flatMap((name) => {
    const here = found.filter((record) => record.name === name)
    if (here.length > 0) return here
    throw new UserError(
      'records-unlike-plan',
      `${name} has no address record at Cloudflare. Nothing was changed. Correct the record at Cloudflare, or "records" of the recovery in the DR plan.`,
    )
  })
}

type Moved = Pick<DnsChange, 'zone' | 'before' | 'after' | 'parent'>

/** An alias of a name that stays behind the proxy would go on leading there. */
async function proxiedAliases({ calls }: Context, { zone, after }: Moved): Promise<readonly DnsRecord[]> {
  const known = new Set(after.map((record) => record.name))
  const inZone = (name: string): boolean => name === zone.name || name.endsWith(`.${zone.name}`)
  const names = after
    .filter(({ type, content }) => type === 'CNAME' && inZone(content) && !known.has(content))
    .map(({ content }) => content)
  if (names.length === 0) return []
  const found = await calls.readers.dns.records(zone.id, [...new Set(names)], calls.limit())
  return found.filter((record) => record.proxied)
}

/** After the change the service is asked as clients ask, and by then with a certificate that they trust. */
function changeOf(
  looked: Looked,
  {
    zone,
    before,
    after,
    parent,
    askFirst,
    trusted,
  }: Moved & { readonly askFirst: boolean; readonly trusted: boolean },
): DnsChange {
  const probes = looked.direct.map(({ action }) => action)
  const [certificate] = looked.certificate
  const [first] = probes
  const last = first && asClient(first, zone)
  return {
    zone,
    before,
    after,
    parent,
    probes,
    askFirst,
    ...(certificate && trusted ? { certificates: certificate.action } : {}),
    askLast: last ? [trusted ? last : { ...last, anyCertificate: true }] : [],
  }
}

function namesOf(records: readonly DnsRecord[]): string {
  return [...new Set(records.map((record) => record.name))].join(', ')
}

function originsOf(records: readonly DnsRecord[]): string {
  return [...new Set(records.map((record) => record.content))].join(', ')
}

function costText(within: number | undefined): string {
  const follow = within === undefined ? '' : ` Clients may keep what they have for ${printDuration(within)}.`
  return `No data is lost, but the names are without Cloudflare's shield until the way back.${follow}`
}

/** What stops working without Cloudflare, and what may never have worked without it. */
function warningsOf({ before, after }: DnsChange, { direct }: Looked): readonly string[] {
  const leaving = before.filter((record) => record.proxied)
  if (leaving.length === 0) return []
  const within = printDuration(effectWithin({ ...emptied, before: leaving, after: leaving.map(open) }) ?? 0)
  const asked =
    direct.length === 0
      ? 'the DR plan has no probe, so nobody has asked the origin'
      : 'the origin was asked from here only'
  return [
    `Everything that Cloudflare does for ${namesOf(leaving)} stops: the shield against DDoS, WAF, rate limits, Workers, redirect and cache rules, Access`,
    `A firewall that lets in only Cloudflare's addresses, Authenticated Origin Pulls or a Tunnel would lock clients out: ${asked}`,
    `${originsOf(after)} becomes public and can be attacked directly: change it after the way back`,
    `Clients may keep Cloudflare's addresses for ${within}`,
  ]
}

const emptied: DnsChange = {
  zone: { id: '', name: '', nameServers: [] },
  before: [],
  after: [],
  probes: [],
  askFirst: false,
}

function open(record: DnsRecord): DnsRecord {
  return { ...record, proxied: false }
}

function debtsOf({ before, after }: DnsChange): readonly Debt[] {
  const shield = before.flatMap((record): readonly Debt[] =>
    record.proxied
      ? [
          {
            id: `unshielded:${record.id}`,
            text: `${record.name} ${record.type} is without Cloudflare's shield`,
            remedy: 'When Cloudflare works again: dns protect',
          },
        ]
      : [
          {
            id: `points-at:${record.id}`,
            text: `${record.name} ${record.type} pointed at ${record.content} before`,
            remedy: 'Restored by: dns protect',
          },
        ],
  )
  if (!before.some((record) => record.proxied)) return shield
  const exposed: Debt = {
    id: 'exposed',
    text: `${originsOf(after)} stands in public DNS`,
    remedy: "After dns protect: give the origin another address, or let in only Cloudflare's addresses",
  }
  return [...shield, exposed]
}

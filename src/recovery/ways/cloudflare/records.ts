// The block `cloudflare`: the plan's DNS records point at another server.
import { plainContent } from '../../record-content.ts'
import { UserError } from '../../../errors.ts'
import { printDuration } from '../../../drplan/duration.ts'
import type { Recovery } from '../../../drplan/schema.ts'
import type { DnsRecord, ProbeAction } from '../../action.ts'
import { actionOf, dnsSteps, effectWithin, proxyWarnings } from './change.ts'
import { rowsOf, shortTtl, targetsOf, typeFor } from './change.ts'
import type { DnsChange } from './change.ts'
import { checkThroughCloudflare } from './check.ts'
import { insteadOf, leadsWarnings, lookAtParent, parentLeadsHere, parentToAsk } from './led-away.ts'
import { draftFailback } from './records-back.ts'
import { wayOf } from '../way.ts'
import type { With } from '../way.ts'
import { expectedDuration, inTime } from '../../draft.ts'
import type { Context, Draft } from '../../draft.ts'
import type { Debt } from '../../run.ts'
import {
  findings,
  isOverridden,
  noOtherRecords,
  notAlreadyThere,
  refuseUnsafe,
  targetHealthy,
} from '../../safety.ts'
import { probeFacts, whereOf } from '../../kinds/probe.ts'
import { digestOf } from '../../world.ts'
import { together } from '../../../together.ts'

/** A recovery of the plan that points DNS records at another server. */
type DnsRecovery = With<'cloudflare'>

export const records = wayOf('cloudflare', {
  draft: draftFailover,
  check: (context, recovery) =>
    checkThroughCloudflare(context, recovery.cloudflare.zone, (same) => draftFailover(same, recovery)),
  failback: draftFailback,
  changes: ['cloudflare-dns'],
})

/**
 * Looks at the zone, its records and, from outside, at the target, all at once; then says what would be done. Throws
 * UserError when the records are not as the plan has them, or a safety rule refuses.
 */
async function draftFailover(context: Context, recovery: DnsRecovery): Promise<Draft> {
  const { ask, calls } = context
  const { cloudflare } = recovery
  const probe = probeOf(recovery)
  const [{ zone, found }, facts, leads] = await together([
    read(context, cloudflare),
    probe && calls.observe(probe),
    lookAtParent(context, cloudflare.zone),
  ])
  const to = plainContent(cloudflare.to)
  const before = cloudflare.records.map((name) => recordFor(name, to, found))
  const after = before.map((record) => pointedAt(record, to, cloudflare.proxied ?? record.proxied))
  const alike = found.filter((record) => !before.some((one) => one.id === record.id))
  const target = probe && facts ? { where: whereOf(probe), ...probeFacts(facts) } : undefined
  const away = parentLeadsHere(leads, zone)
  const verdicts = [
    ...away,
    targetHealthy(target && [target]),
    notAlreadyThere(before, after),
    noOtherRecords(cloudflare.records, alike),
  ]
  const list = findings(verdicts, ask.overrides)
  const others = insteadOf(leads, away, after, elsewhere(context, recovery))
  refuseUnsafe(list, `failover ${ask.system} to ${recovery.name}`, others)

  const askFirst = !isOverridden(list, 'target-healthy')
  const parent = parentToAsk(leads, list)
  const change: DnsChange = { zone, before, after, probes: probe ? [probe] : [], askFirst, parent }
  const ground = probe && facts && askFirst ? [{ action: probe, facts }] : []
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
          `${cloudflare.records.join(', ')} ${is('will point', after.length === 1 ? 'was pointed' : 'were pointed')} at ${recovery.name} (${to})`,
      ),
      changes: rowsOf(change),
      findings: list,
      expected,
      cost: {
        text:
          within === undefined
            ? 'No data is lost; the change is made at Cloudflare itself, for all clients at once.'
            : `No data is lost; clients that hold the old address follow within ${printDuration(within)}.`,
      },
      debts: debtsOf(change, recovery.name, ask.system),
      digest: digestOf([...ground, { action: actionOf(change), facts: { records: found } }]),
      warnings: [...leadsWarnings(leads), ...proxyWarnings(change)],
      ...(within === undefined ? {} : { effectWithin: within }),
      ...(context.objectiveAt === undefined ? {} : { objectiveAt: context.objectiveAt }),
    },
  }
}

async function read(
  { calls }: Context,
  { zone: name, records }: DnsRecovery['cloudflare'],
): Promise<{ readonly zone: DnsChange['zone']; readonly found: readonly DnsRecord[] }> {
  const zone = await calls.readers.dns.zone(name, calls.limit())
  return { zone, found: await calls.readers.dns.records(zone.id, records, calls.limit()) }
}

/** The probe of the plan, at the address that the records will have unless the plan says otherwise. */
function probeOf(recovery: DnsRecovery): ProbeAction | undefined {
  if (recovery.probe === undefined) return undefined
  const { to } = recovery.cloudflare
  return { provider: 'probe', resolve: plainContent(to), ...recovery.probe }
}

/** The one record of this name that can point at `to`. A plan and a zone that do not fit are for people to mend. */
export function recordFor(name: string, to: string, found: readonly DnsRecord[]): DnsRecord {
  const type = typeFor(to)
  const here = found.filter((record) => record.name === plainContent(name))
  const [record, second] = here.filter((one) => one.type === type)
  if (record && !second) return record
  const seen = here.length === 0 ? 'none' : here.map((one) => `${one.type} ${one.content}`).join(', ')
  throw new UserError(
    'records-unlike-plan',
    `${name} must have exactly one ${type} record to point at ${to}; Cloudflare has: ${seen}. Nothing was changed. Correct the record at Cloudflare, or "records" and "to" of the recovery in the DR plan.`,
  )
}

/** The TTL goes down in the same change, so that the next one is seen soon; what is lower already stays. */
export function pointedAt(record: DnsRecord, content: string, proxied: boolean): DnsRecord {
  const lowered = record.ttl === 1 ? shortTtl : Math.min(record.ttl, shortTtl)
  return { ...record, content, proxied, ttl: proxied ? 1 : lowered }
}

function debtsOf({ before, after }: DnsChange, name: string, system: string): readonly Debt[] {
  return before.flatMap((record, index) => {
    const wanted = after[index]
    if (!wanted) return []
    const points: Debt = {
      id: `points-at:${record.name}`,
      text: `${record.name} points at ${name} (${wanted.content})`,
      remedy: `When ${record.content} works again: failback ${system}`,
    }
    const was = record.ttl === 1 ? 'automatic' : `${record.ttl} s`
    const ttl: Debt = {
      id: `ttl:${record.name}`,
      text: `The TTL of ${record.name} was lowered from ${was} to ${wanted.ttl} s`,
      remedy: `Restored by: failback ${system}`,
    }
    return wanted.ttl === record.ttl || record.proxied || wanted.proxied ? [points] : [points, ttl]
  })
}

/** The plan's other recoveries of the system, as they would be typed. */
export function elsewhere({ ask, plan }: Context, recovery: Recovery): readonly string[] {
  const all = plan.systems[ask.system]?.recoveries ?? []
  return all.filter((one) => one.name !== recovery.name).map((one) => `failover ${ask.system} to ${one.name}`)
}

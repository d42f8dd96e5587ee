// Whether a change at Cloudflare reaches anybody: a zone with a standby may be answered by other name servers by now.
import { RetryableError, reasonOf } from '../../../errors.ts'
import { leadsTo, saysText } from '../../kinds/delegation.ts'
import type { DelegationSeen } from '../../kinds/delegation.ts'
import type { CloudflareDnsAction, DnsRecord } from '../../action.ts'
import type { Context } from '../../draft.ts'
import { isOverridden } from '../../safety.ts'
import type { Verdict } from '../../safety.ts'
import type { Finding, Run } from '../../run.ts'
import { standingIn } from '../../standby/standing.ts'
import { standbyBlocks } from '../../standby/state.ts'
import type { DelegationAction } from '../../standby-action.ts'
import { lookAtDelegation } from '../standby-dns/parts.ts'

type Zone = CloudflareDnsAction['zone']

/** Who is asked where the zone leads: the name servers of the zone above; empty: they are found by asking. */
export type Parent = Pick<DelegationAction, 'zone' | 'parents' | 'registrar'>

/** What was seen at the parent of a zone that can be led away. */
export interface Leads {
  readonly parent: Parent
  /** Undefined: nobody there answers, for `why`. */
  readonly seen?: DelegationSeen
  readonly why?: string
  readonly standby?: { readonly resourceGroup: string }
  /** The switch to the standby that stands or is under way. */
  readonly run?: Run
}

type Asking = Pick<Context, 'calls' | 'plan' | 'history'>

/**
 * Asks the zone's parent. Undefined where nothing leads the zone away: the plan has no standby for it, and no run of
 * this bot has switched it.
 */
export async function lookAtParent(context: Asking, zoneName: string): Promise<Leads | undefined> {
  const zone = zoneName.toLowerCase()
  const block = standbyBlocks(context.plan).find((one) => one.zone.toLowerCase() === zone)
  const run = standingIn(context.history, zone)
  const switched = run?.steps.map(({ action }) => action).find((one) => one.provider === 'delegation')
  const known = block ?? switched
  if (!known) return undefined
  const parent = { zone, parents: known.parents ?? [], registrar: known.registrar }
  const of = {
    parent,
    ...(run ? { run } : {}),
    ...(block ? { standby: { resourceGroup: block.resource_group } } : {}),
  }
  try {
    const seen = await lookAtDelegation(context, parent)
    return seen.answered === 0 ? { ...of, why: seen.silent.join('; ') } : { ...of, seen }
  } catch (thrown) {
    if (thrown instanceof RetryableError) return { ...of, why: reasonOf(thrown) }
    throw thrown
  }
}

/** A change at name servers that nobody is led to would be done, verified there, and help nobody. None where all is well. */
export function parentLeadsHere(
  leads: Leads | undefined,
  { nameServers }: Pick<Zone, 'nameServers'>,
): readonly Verdict[] {
  const text = leads && awayText(leads, nameServers)
  return text === undefined ? [] : [{ rule: 'parent-leads-here', ok: false, text }]
}

/** Where the parent leads instead; undefined when every answer leads here, or nobody answers. */
function awayText({ parent, seen, run }: Leads, nameServers: readonly string[]): string | undefined {
  if (!seen || seen.says.every((one) => leadsTo(one, nameServers))) return undefined
  const because = run ? `, since ${run.id} (${run.direction} dns)` : ''
  const some = seen.says.some((one) => leadsTo(one, nameServers))
  const reach = some ? 'reaches only some resolvers' : 'reaches nobody'
  return `The parent leads ${parent.zone} to ${saysText(seen.says)}${because}, and Cloudflare's name servers are ${nameServers.join(', ')}: a change at Cloudflare ${reach}`
}

/** What to do instead: `ways`, unless nobody is led here: the same change where the zone is answered, or leading it back. */
export function insteadOf(
  leads: Leads | undefined,
  away: readonly Verdict[],
  after: readonly DnsRecord[],
  ways: readonly string[],
): readonly string[] {
  if (!leads || away.length === 0) return ways
  const { parent, standby, run } = leads
  const sets = after.map(({ name, type, content }) => `${name} ${type} ${content}`).join(', ')
  const there = standby
    ? `in the zone ${parent.zone} of the resource group ${standby.resourceGroup} at Azure DNS`
    : 'at the DNS provider that answers now'
  const back =
    run?.direction === 'failover'
      ? 'lead it back first: failback dns'
      : `lead it back to Cloudflare at ${parent.registrar} first`
  return [`set ${sets} by hand ${there}`, back]
}

/** What people must know that no rule refuses. */
export function leadsWarnings(leads: Leads | undefined): readonly string[] {
  if (!leads) return []
  const { parent, run, why } = leads
  const unseen =
    why === undefined
      ? []
      : [
          `Nobody has seen whether ${parent.zone} still leads to Cloudflare: the parent's name servers do not answer (${why}). If it was led to the standby, this change reaches nobody`,
        ]
  const under = run && (run.state === 'running' || run.state === 'unknown')
  const copied = under
    ? [
        `${run.id} (${run.direction} dns) is under way: what is changed here is not in the copy at the standby`,
      ]
    : []
  return [...unseen, ...copied]
}

/** What the check after the change begins with, unless somebody takes on that the zone leads elsewhere. */
export function parentToAsk(leads: Leads | undefined, list: readonly Finding[]): Parent | undefined {
  return isOverridden(list, 'parent-leads-here') ? undefined : leads?.parent
}

/** Before the start of a run: where the parent leads by now, when that is not where its change is made; else undefined. */
export async function ledAway(context: Asking, run: Run): Promise<string | undefined> {
  if (isOverridden(run.proposal.findings, 'parent-leads-here')) return undefined
  for (const { action } of run.steps) {
    if (action.provider !== 'cloudflare-dns') continue
    const [away] = parentLeadsHere(await lookAtParent(context, action.zone.name), action.zone)
    if (away) return away.text
  }
  return undefined
}

// What both directions of a switch of name servers share: the watch, the check of name servers, what a person must do.
import { printDuration } from '../../../drplan/duration.ts'
import { minute, second } from '../../../ids.ts'
import type { Duration } from '../../../ids.ts'
import type { DnsCheckAction, ProbeAction } from '../../action.ts'
import type { DelegationAction } from '../../standby-action.ts'
import type { Context } from '../../draft.ts'
import { expectedDuration, stepOf } from '../../draft.ts'
import { delegationIn, saysText } from '../../kinds/delegation.ts'
import type { DelegationSeen } from '../../kinds/delegation.ts'
import type { Debt, Proposal, Run, Step } from '../../run.ts'
import { absolute } from '../../standby/translate.ts'
import type { WantedSet } from '../../standby/translate.ts'
import { digestOf, groundOf } from '../../world.ts'
import { together } from '../../../together.ts'

/** How long name servers are asked until all of them have what they shall have. */
const nameServersWithin: Duration = minute
/** Names that are asked for at each name server: enough to see that it has the zone. */
const mostAsked = 30
/** A person at the registrar, and a registry that takes it over; nobody guarantees either. */
export const switchExpected: Proposal['expected'] = {
  duration: 15 * minute,
  source: 'a guess: a person at the registrar, then the registry',
}
/** Of most top-level domains, in seconds, when the parent could not be asked. */
export const usualTtl = 172_800

/** The delegation as it is; a watch of it that ends where it begins. */
export async function lookAtDelegation(
  { calls }: Pick<Context, 'calls'>,
  of: Pick<DelegationAction, 'zone' | 'parents' | 'registrar'>,
): Promise<DelegationSeen> {
  const { zone, parents, registrar } = of
  const action: DelegationAction = { provider: 'delegation', zone, parents, registrar, before: [], after: [] }
  return delegationIn(await calls.observe(action))
}

/** The step in which a person switches the name servers, while the bot watches. */
export function watchStep(action: DelegationAction): Step {
  const back = { ...action, before: action.after, after: action.before }
  return stepOf(`Wait until the parent leads ${action.zone} to ${action.after.join(', ')}`, action, back)
}

/** All name servers must answer with these record sets; undefined when there is none that can be compared. */
export function nameServerCheck(
  zone: string,
  nameServers: readonly string[],
  sets: readonly WantedSet[],
): DnsCheckAction | undefined {
  const want = sets
    .filter(({ name }) => !name.includes('*'))
    .flatMap(({ name, type, values }) =>
      type === 'A' || type === 'AAAA' || type === 'CNAME'
        ? [{ name: absolute(zone, name), type, contents: values }]
        : [],
    )
    .slice(0, mostAsked)
    .flatMap(({ name, type, contents }) => contents.map((content) => ({ name, type, content })))
  if (want.length === 0) return undefined
  return { provider: 'dns-check', nameServers, want, within: nameServersWithin }
}

/** The plan's question on the way that clients take once these name servers are asked. */
export function probeThrough(probe: NonNullable<DrProbe>, nameServers: readonly string[]): ProbeAction {
  const { resolve: _, ...asked } = probe
  return { provider: 'probe', ...asked, nameServers }
}

type DrProbe = Omit<ProbeAction, 'provider'> | undefined

/** What a person does at the registrar, in order, with what to expect of it. */
export function switchByHand(action: DelegationAction, seen: DelegationSeen): readonly string[] {
  const { zone, registrar, after } = action
  const ttl = seen.ttl === 0 ? usualTtl : seen.ttl
  const old = seen.says.length === 0 ? 'the old ones' : saysText(seen.says)
  const keep = printDuration(ttl * second)
  return [
    `Open ${registrar} and make these, and only these, the name servers of ${zone}: ${after.join(', ')}. They take the place of ${old}`,
    seen.keyTags.length === 0
      ? 'DNSSEC: no DS record stands at the parent, so there is nothing to remove. Do not turn DNSSEC on while you are there'
      : `DNSSEC: remove the DS record ${seen.keyTags.join(', ')} there first. Resolvers that check signatures refuse the zone until they have forgotten it, up to ${printDuration(seen.dsTtl * second)} later`,
    `Then wait: the registry takes over the change within minutes as a rule. Resolvers that have cached the old name servers keep using them for up to ${keep} (the parent's TTL); all others follow at once`,
    `The bot asks the parent's name servers and ends by itself when they lead to the new ones. To stop its watching, which changes nothing at the registrar: cancel`,
  ]
}

/** Of the debt of a switch that leads past Cloudflare's proxy; what of it stays after the way back is owed by that. */
export function unshieldedId(zone: string): string {
  return `unshielded:${zone}`
}

export function unshieldedText(names: string): string {
  return `${names}: without Cloudflare's shield, origin addresses public in DNS`
}

/** The names in what `unshieldedText` has said. */
export function unshieldedNames({ text }: Pick<Debt, 'text'>): string {
  return text.replace(unshieldedText(''), '')
}

/** How long clients may follow the old name servers. */
export function followWithin({ ttl }: DelegationSeen): Duration {
  return (ttl === 0 ? usualTtl : ttl) * second
}

/** Measured, else as the plan says, else how long such a switch takes as a rule. */
export function expectedSwitch(
  { plan, history }: Pick<Context, 'plan' | 'history'>,
  kind: Pick<Run, 'system' | 'direction' | 'recovery'>,
): Proposal['expected'] {
  const recovery = plan.systems[kind.system]?.recoveries.find(({ name }) => name === kind.recovery)
  return expectedDuration(history, kind, recovery, switchExpected)
}

/** The digest of the world that these steps stand on, as it will be looked at before they start. */
export async function digestNow({ calls }: Pick<Context, 'calls'>, steps: readonly Step[]): Promise<string> {
  const seen = await together(
    groundOf(steps).map(async ({ action }) => ({ action, facts: await calls.observe(action) })),
  )
  return digestOf(seen)
}

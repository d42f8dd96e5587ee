// The delegation of a zone at its parent: which name servers it leads to, and whether it says that the zone is signed.
import { z } from 'zod'
import type { Facts } from '../../ports.ts'
import type { DelegationAction } from '../standby-action.ts'
import type { Kind } from './kind.ts'

const DelegationFacts = z.object({
  /** What the parent's name servers say, each answer once: host names, sorted. */
  says: z.array(z.array(z.string())),
  /** Of DS records at the parent: with any, resolvers demand signatures. */
  keyTags: z.array(z.number()),
  /** Seconds. */
  ttl: z.number(),
  dsTtl: z.number(),
  asked: z.number(),
  answered: z.number(),
  silent: z.array(z.string()),
})

export type DelegationSeen = Readonly<z.infer<typeof DelegationFacts>>

export const delegation: Kind<DelegationAction> = {
  undoText: ({ after }) => `by hand at the registrar: ${after.join(', ')}`,
  ground: (_action, facts) => {
    const { says, keyTags } = delegationIn(facts)
    return { says, keyTags }
  },
  differences: ({ zone, before }, facts) => {
    const { says } = delegationIn(facts)
    const differs = says.length !== 1 || says.some((one) => one.join() !== before.join())
    return differs ? [`the parent leads ${zone} to ${saysText(says)}, and led to ${before.join(', ')}`] : []
  },
}

export function delegationIn(facts: Facts): DelegationSeen {
  return DelegationFacts.parse(facts)
}

/** Whether an answer leads to one of these name servers: more may be named at the parent than the provider knows. */
export function leadsTo(says: DelegationSeen['says'][number], nameServers: readonly string[]): boolean {
  const here = new Set(nameServers.map(plain))
  return says.some((one) => here.has(plain(one)))
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}

/** All that is said, in words. */
export function saysText(says: DelegationSeen['says']): string {
  if (says.length === 0) return 'nowhere that could be asked'
  return says.map((one) => (one.length === 0 ? 'no name servers' : one.join(', '))).join(' or to ')
}

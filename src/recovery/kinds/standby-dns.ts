// Record sets of the standby zone: what is said of them, and in what they differ from what was seen before.
import { z } from 'zod'
import type { Facts } from '../../ports.ts'
import type { StandbyContent, StandbyDnsAction } from '../standby-action.ts'
import { contentText, isEqual } from '../standby/compare.ts'
import { absolute } from '../standby/translate.ts'
import type { Kind } from './kind.ts'

const StandbyFacts = z.object({
  sets: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      content: z.object({ ttl: z.number(), values: z.array(z.string()) }).nullable(),
    }),
  ),
})

export const standbyDns: Kind<StandbyDnsAction> = {
  undoText: ({ zone, changes }) =>
    changes
      .slice(0, 3)
      .map(({ name, type, after }) => `${absolute(zone, name)} ${type} to ${contentText(after)}`)
      .concat(changes.length > 3 ? [`and ${changes.length - 3} more`] : [])
      .join('; '),
  ground: (_action, facts) => facts,
  differences: ({ zone, changes }, facts) =>
    changes.flatMap((change) => {
      const have = contentIn(facts, change.name, change.type)
      if (isEqual(have, change.before)) return []
      return [
        `${absolute(zone, change.name)} ${change.type} at the standby is ${contentText(have)}, and was ${contentText(change.before)}`,
      ]
    }),
}

/** What the standby zone holds of one record set; undefined: nothing. */
export function contentIn(facts: Facts, name: string, type: string): StandbyContent | undefined {
  const { sets } = StandbyFacts.parse(facts)
  return sets.find((one) => one.name === name && one.type === type)?.content ?? undefined
}

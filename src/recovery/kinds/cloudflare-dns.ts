// Records of a Cloudflare zone: what is said of them, and in what they differ from what was seen before.
import { z } from 'zod'
import type { CloudflareDnsAction, DnsRecord } from '../action.ts'
import type { Kind } from './kind.ts'

/** What is observed: the records at the action's names, sorted. */
export const RecordFacts = z.object({
  records: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      type: z.enum(['A', 'AAAA', 'CNAME']),
      content: z.string(),
      ttl: z.number(),
      proxied: z.boolean(),
    }),
  ),
})

export const cloudflareDns: Kind<CloudflareDnsAction> = {
  undoText: ({ after }) => after.map((record) => `${record.name} to ${valueOf(record)}`).join('; '),
  ground: (_action, facts) => facts,
  differences: ({ before }, facts) => recordDifferences(before, RecordFacts.parse(facts).records),
  holding: {
    parts: (action) => action.after.map((record) => partOf(action, record)),
    gone: (action, facts, parts) =>
      recordDifferences(
        action.after.filter((record) => parts.has(partOf(action, record))),
        RecordFacts.parse(facts).records,
      ),
  },
}

function partOf({ zone }: CloudflareDnsAction, { id }: DnsRecord): string {
  return `cloudflare:${zone.id}/${id}`
}

/** What is there now instead of what was expected, a sentence part each. */
export function recordDifferences(
  expected: readonly DnsRecord[],
  found: readonly DnsRecord[],
): readonly string[] {
  return expected.flatMap((want) => {
    const have = found.find((record) => record.id === want.id)
    if (!have) return [`${want.name} ${want.type} ${valueOf(want)} is gone`]
    return valueOf(have) === valueOf(want) && have.type === want.type
      ? []
      : [`${have.name} ${have.type} is ${valueOf(have)}, and was ${valueOf(want)}`]
  })
}

/** `203.0.113.10, TTL 300 s`, or `203.0.113.10, proxied`. */
export function valueOf(record: DnsRecord): string {
  if (record.proxied) return `${record.content}, proxied`
  return `${record.content}, TTL ${record.ttl === 1 ? 'automatic (300 s)' : `${record.ttl} s`}`
}

// The part of the world that a proposal stands on: what was seen, its digest, and in what it differs later.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Facts } from '../ports.ts'
import { canonicalJson } from '../timeline/canonical.ts'
import type { Action, DnsRecord, ProbeAction } from './action.ts'
import type { Step } from './run.ts'

/** An action and what its provider saw of it. */
export interface Seen {
  readonly action: Action
  readonly facts: Facts
}

const RecordFacts = z.object({
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
const ProbeFacts = z.object({ ok: z.boolean(), reason: z.string() })

/** What a probe found: whether the target is good, and in words that follow its name. */
export function probeFacts(facts: Facts): Readonly<z.infer<typeof ProbeFacts>> {
  return ProbeFacts.parse(facts)
}

/**
 * The steps whose world is looked at before anything starts: those that change something, and those that look before
 * the first change. What comes after the change cannot be seen yet.
 */
export function groundOf(steps: readonly Step[]): readonly Step[] {
  const first = steps.findIndex((step) => step.undo !== undefined)
  return steps.filter((step, index) => index < first || step.undo !== undefined)
}

/** SHA-256 (hex) over what matters: whether a target is good, not how fast; and every record at the names. */
export function digestOf(seen: readonly Seen[]): string {
  const ground = seen.map(({ action, facts }) => ({
    provider: action.provider,
    facts: action.provider === 'probe' ? { where: whereOf(action), ok: probeFacts(facts).ok } : facts,
  }))
  return createHash('sha256').update(canonicalJson(ground)).digest('hex')
}

/** In what the world is not as the actions have it as `before`, in words; empty when no difference can be named. */
export function differencesIn(seen: readonly Seen[]): readonly string[] {
  return seen.flatMap(({ action, facts }) => {
    switch (action.provider) {
      case 'cloudflare-dns':
        return recordDifferences(action.before, RecordFacts.parse(facts).records)
      case 'probe': {
        const { ok, reason } = probeFacts(facts)
        return ok ? [] : [`${whereOf(action)} ${reason}`]
      }
      case 'dns-check':
        return []
    }
  })
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

/** The address that a probe connects to. */
export function whereOf(action: ProbeAction): string {
  return action.resolve ?? URL.parse(action.url)?.hostname ?? 'the target'
}

// A probe: whether a target is good counts, not how fast it was.
import { z } from 'zod'
import type { Facts } from '../../ports.ts'
import type { ProbeAction } from '../action.ts'
import { onlyLooks } from './kind.ts'
import type { Kind } from './kind.ts'

const ProbeFacts = z.object({ ok: z.boolean(), reason: z.string() })

export const probe: Kind<ProbeAction> = {
  undoText: () => onlyLooks,
  ground: (action, facts) => ({ where: whereOf(action), ok: probeFacts(facts).ok }),
  differences: (action, facts) => {
    const { ok, reason } = probeFacts(facts)
    return ok ? [] : [`${whereOf(action)} ${reason}`]
  },
}

/** What a probe found: whether the target is good, and in words that follow its name. */
export function probeFacts(facts: Facts): Readonly<z.infer<typeof ProbeFacts>> {
  return ProbeFacts.parse(facts)
}

/** The address that a probe connects to. */
export function whereOf(action: ProbeAction): string {
  return action.resolve ?? URL.parse(action.url)?.hostname ?? 'the target'
}

// Asking name servers: it comes after the change, so there is nothing yet that could differ.
import type { DnsCheckAction } from '../action.ts'
import { onlyLooks } from './kind.ts'
import type { Kind } from './kind.ts'

export const dnsCheck: Kind<DnsCheckAction> = {
  undoText: () => onlyLooks,
  ground: (_action, facts) => facts,
  differences: () => [],
}

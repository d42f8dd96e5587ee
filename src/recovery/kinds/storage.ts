// Azure Storage accounts and their queues: what is said of them, and in what they differ from what was seen before.
import { z } from 'zod'
import type { StorageFailoverAction, StorageQueuesAction } from '../action.ts'
import { onlyLooks } from './kind.ts'
import type { Kind } from './kind.ts'

/** How an account is replicated to its other region. `lastSync`: all that was written before it is there. */
const Replication = z.object({
  /** Live, Bootstrap or Unavailable, by Azure's names. */
  status: z.string(),
  lastSync: z.number().exactOptional(),
  canFailOver: z.boolean(),
  canFailOverPlanned: z.boolean(),
  /** How redundant it is after a failover that is not planned, by Azure's name. */
  skuAfterwards: z.string().exactOptional(),
})

/** A storage account as Azure's resource provider tells it. */
export const AccountFacts = z.object({
  primary: z.string(),
  secondary: z.string().exactOptional(),
  sku: z.string(),
  /** Whether Azure calls each region available. */
  primaryUp: z.boolean(),
  secondaryUp: z.boolean(),
  failingOver: z.boolean(),
  /** Absent: it has no copy in another region. */
  replication: Replication.exactOptional(),
})
export type AccountFacts = Readonly<z.infer<typeof AccountFacts>>

const QueuesSeen = z.union([
  z.object({
    account: z.string(),
    queues: z.array(z.object({ name: z.string(), messages: z.number() })),
  }),
  z.object({ account: z.string(), problem: z.string() }),
])
/** What was found of an account's queues, or why nothing could be. */
export type QueuesSeen = Readonly<z.infer<typeof QueuesSeen>>
export const QueuesFacts = z.object({ accounts: z.array(QueuesSeen) })

export const storageFailover: Kind<StorageFailoverAction> = {
  undoText: ({ account, before }) =>
    before.secondary === undefined
      ? `${account} back to where it was`
      : `${account} back to ${before.secondary}: another failover, once it is geo-redundant again`,
  // The last sync moves on all the time: it is the price that is shown, not what the proposal stands on.
  ground: ({ account, type }, facts) => {
    const { primary, secondary, sku, failingOver, replication } = AccountFacts.parse(facts)
    const possible = type === 'planned' ? replication?.canFailOverPlanned : replication?.canFailOver
    return { account, primary, secondary, sku, failingOver, possible: possible ?? false }
  },
  differences: ({ account, before, type }, facts) => {
    const seen = AccountFacts.parse(facts)
    return [
      ...(seen.failingOver ? [`a failover of ${account} is under way`] : []),
      ...(seen.primary === before.primary
        ? []
        : [`the primary region of ${account} is ${seen.primary}, and was ${before.primary}`]),
      ...(seen.sku === before.sku ? [] : [`${account} is ${seen.sku}, and was ${before.sku}`]),
      ...(seen.replication?.canFailOverPlanned === false && type === 'planned'
        ? [`Azure does not offer a planned failover of ${account} any more`]
        : []),
      ...(seen.replication?.canFailOver === false && type === 'unplanned'
        ? [`Azure does not offer a failover of ${account} any more`]
        : []),
    ]
  },
}

export const storageQueues: Kind<StorageQueuesAction> = {
  undoText: () => onlyLooks,
  // Depths change with every message; that the needed ones answer is what a proposal stands on.
  ground: (action, facts) => missingAccounts(action, QueuesFacts.parse(facts).accounts),
  differences: (action, facts) => {
    const { accounts } = QueuesFacts.parse(facts)
    const missing = missingAccounts(action, accounts)
    return accounts.flatMap((seen) =>
      'problem' in seen && missing.includes(seen.account) ? [plain(seen.problem)] : [],
    )
  },
}

/** The needed accounts that did not answer. */
export function missingAccounts(
  { accounts }: Pick<StorageQueuesAction, 'accounts'>,
  seen: readonly QueuesSeen[],
): readonly string[] {
  return seen.flatMap((one) => {
    const needed = accounts.some(({ account, needed: must }) => must && account === one.account)
    return needed && 'problem' in one ? [one.account] : []
  })
}

/** `examplewest: orders 1,240, mails 0`. */
export function queuesText(seen: QueuesSeen): string {
  if ('problem' in seen) return `${seen.account} not known: ${plain(seen.problem)}`
  const each = seen.queues.map(({ name, messages }) => `${name} ${countText(messages)}`)
  return `${seen.account}: ${each.join(', ')}`
}

/** `1,240`. */
export function countText(count: number): string {
  return count.toLocaleString('en-US')
}

/** A sentence as a part of another one. */
function plain(text: string): string {
  return text.replace(/\.$/, '')
}

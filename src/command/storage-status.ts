// What `status storage` shows beside the incident: how far each account's copy is behind, and how full its queues are.
import { storageAccounts } from '../drplan/accounts.ts'
import type { PlannedAccount } from '../drplan/accounts.ts'
import { printDuration } from '../drplan/duration.ts'
import { reasonOf } from '../errors.ts'
import { second } from '../ids.ts'
import type { Duration } from '../ids.ts'
import type { Line, Section } from '../message.ts'
import type { AccountSeen, QueueSeen } from '../readers.ts'
import type { Desk } from './desk.ts'

/** How long Azure is waited for, in real milliseconds: chats wait for three seconds. */
const patience = 2.5 * second

/** What was read of an account, or why it was not. */
interface SeenAccount {
  readonly account: string
  readonly replication?: AccountSeen
  readonly replicationProblem?: string
  readonly queues?: readonly QueueSeen[]
  readonly queuesProblem?: string
}

/** Reads all accounts of the plan at once; what does not answer in time is said so. */
export async function storageStatus(
  desk: Desk,
): Promise<{ readonly sections: readonly Section[]; readonly accounts: readonly SeenAccount[] }> {
  const plan = desk.plan()
  const planned = storageAccounts(plan)
  if (planned.length === 0) return { sections: [], accounts: [] }
  const signal = AbortSignal.timeout(patience)
  const accounts = await Promise.all(planned.map((one) => look(desk, one, signal)))
  const rpo = plan.systems.storage?.rpo
  const columns = ['Account', 'Copy in the other region', 'Queues']
  const rows = accounts.map((seen): readonly Line[] => [
    [seen.account],
    [replicationText(seen, rpo, desk.clock.now())],
    [queuesText(seen)],
  ])
  return { sections: [{ heading: 'Storage accounts now', table: { columns, rows } }], accounts }
}

async function look(
  desk: Desk,
  { account, resourceGroup, queues }: PlannedAccount,
  signal: AbortSignal,
): Promise<SeenAccount> {
  const { storage } = desk.readers
  const [replication, depths] = await Promise.allSettled([
    resourceGroup === undefined ? undefined : storage.account({ resourceGroup, account }, signal),
    queues.length === 0 ? undefined : storage.queues(account, queues, signal),
  ])
  return {
    account,
    ...(replication.status === 'rejected'
      ? { replicationProblem: reasonOf(replication.reason) }
      : replication.value === undefined
        ? {}
        : { replication: replication.value }),
    ...(depths.status === 'rejected'
      ? { queuesProblem: reasonOf(depths.reason) }
      : depths.value === undefined
        ? {}
        : { queues: depths.value }),
  }
}

function replicationText(
  { replication: seen, replicationProblem }: SeenAccount,
  rpo: Duration | undefined,
  now: number,
): string {
  if (replicationProblem !== undefined) return `not known: ${replicationProblem}`
  if (seen === undefined) return 'not watched: the DR plan names its resource group nowhere'
  const { primary, secondary = 'the other region', sku, failingOver, replication } = seen
  if (failingOver) return `a failover from ${primary} is under way`
  if (replication === undefined) return `none: it is ${sku} in ${primary}`
  if (replication.lastSync === undefined)
    return `not known: its replication to ${secondary} is ${replication.status}`
  const behind = Math.max(0, now - replication.lastSync)
  const objective =
    rpo === undefined
      ? ''
      : behind > rpo
        ? `, more than the objective (RPO) of ${printDuration(rpo)}`
        : `, objective (RPO) ${printDuration(rpo)}`
  return `${printDuration(behind)} behind in ${secondary}${objective}`
}

function queuesText({ queues, queuesProblem }: SeenAccount): string {
  if (queuesProblem !== undefined) return `not known: ${queuesProblem}`
  if (queues === undefined) return 'none in the DR plan'
  return queues.map(({ name, messages }) => `${name} ${messages.toLocaleString('en-US')}`).join(', ')
}

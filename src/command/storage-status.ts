// What `status storage` shows beside the incident: how far each account's copy is behind, and how full its queues are.
import { storageAccounts } from '../drplan/accounts.ts'
import type { PlannedAccount } from '../drplan/accounts.ts'
import { printDuration } from '../drplan/duration.ts'
import type { Duration } from '../ids.ts'
import type { Line, Section } from '../message.ts'
import type { AccountSeen, QueueSeen } from '../readers.ts'
import type { Desk } from './desk.ts'
import { looking, queuesInTime, type Looking, type Part, type SeenQueues } from './looking.ts'

/** What was read of an account, or why it was not. */
interface SeenAccount {
  readonly account: string
  /** Absent: the plan does not say where the account is. */
  readonly replication?: Part<AccountSeen>
  readonly queues: SeenQueues<QueueSeen>
}

/** Reads all accounts of the plan at once; what does not answer in time is said so. */
export async function storageStatus(
  desk: Desk,
): Promise<{ readonly sections: readonly Section[]; readonly accounts: readonly SeenAccount[] }> {
  const plan = desk.plan()
  const planned = storageAccounts(plan)
  if (planned.length === 0) return { sections: [], accounts: [] }
  const looks = looking()
  const accounts = await Promise.all(planned.map((one) => look(desk, one, looks)))
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
  { readers: { storage } }: Desk,
  { account, resourceGroup, queues }: PlannedAccount,
  looks: Looking,
): Promise<SeenAccount> {
  const [replication, depths] = await Promise.all([
    resourceGroup === undefined
      ? undefined
      : looks.at('Azure', (signal) => storage.account({ resourceGroup, account }, signal)),
    queuesInTime(looks, queues, (name, signal) => storage.queues(account, [name], signal)),
  ])
  return { account, ...(replication === undefined ? {} : { replication }), queues: depths }
}

function replicationText({ replication: part }: SeenAccount, rpo: Duration | undefined, now: number): string {
  if (part === undefined) return 'not watched: the DR plan names its resource group nowhere'
  if ('problem' in part) return `not known: ${part.problem}`
  const { seen } = part
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

function queuesText({ queues: { seen, silent } }: SeenAccount): string {
  const each = [
    ...seen.map(({ name, messages }) => `${name} ${messages.toLocaleString('en-US')}`),
    ...silent.map(({ names, problem }) => `${names.join(' and ')} not known: ${problem}`),
  ]
  return each.length === 0 ? 'none in the DR plan' : each.join(', ')
}

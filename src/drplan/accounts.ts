// The storage accounts that a DR plan names: where they are, and which queues of them matter.
import type { DrPlan } from './schema.ts'

/** An account of the plan. `resourceGroup`: absent for one that the applications are only led to. */
export interface PlannedAccount {
  readonly account: string
  readonly resourceGroup?: string
  readonly queues: readonly string[]
}

/** Each account once, those with a copy to watch first. */
export function storageAccounts(plan: DrPlan): readonly PlannedAccount[] {
  const blocks = (plan.systems.storage?.recoveries ?? []).flatMap(({ azure_storage: block }) => block ?? [])
  const all: readonly PlannedAccount[] = [
    ...blocks.map(({ account, resource_group, queues }) => ({
      account,
      resourceGroup: resource_group,
      queues,
    })),
    ...blocks.flatMap(({ to_account: account, queues }) =>
      account === undefined ? [] : [{ account, queues }],
    ),
  ]
  const groups = Map.groupBy(all, ({ account }) => account)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    return first ? [{ ...first, queues: [...new Set(group.flatMap(({ queues }) => queues))] }] : []
  })
}

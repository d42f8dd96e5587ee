// Whether a plan has enough people to approve what loses data, whatever its recoveries call their risk.
import { systemIds } from '../ids.ts'
import type { DrPlan, Recovery } from './schema.ts'
import type { Complaint } from './source.ts'

/** A recovery that loses data begins with the word of a second person, so one approver is not enough. */
export function checkApprovers(plan: DrPlan): readonly Complaint[] {
  const risky = systemIds
    .flatMap((id) => (plan.systems[id]?.recoveries ?? []).map((recovery) => ({ id, recovery })))
    .find(({ recovery }) => canLoseData(recovery))
  const approvers = Object.values(plan.people).filter((person) => person.roles.includes('approver'))
  if (risky === undefined || approvers.length > 1) return []
  const { id, recovery } = risky
  const whatever = recovery.risk === 'loses-data' ? '' : ', whatever its "risk" says'
  return [
    {
      path: ['people'],
      part: 'key',
      found: `${approvers.length === 0 ? 'nobody' : 'only one person'} has the role approver, but "${recovery.name}" of "${id}" can lose data and needs a second person${whatever}`,
      write: 'Give the role approver to two people at least',
    },
  ]
}

/** As the recovery decides it when it is proposed: restores always, failovers of Azure when they are forced. */
function canLoseData({ risk, azure_sql: sql, azure_storage: storage }: Recovery): boolean {
  return risk === 'loses-data' || sql !== undefined || storage?.method === 'account-failover'
}

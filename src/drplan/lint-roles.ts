// Whether the roles of a plan fit what it wants of people: who is called may answer, and enough may approve.
import { systemIds } from '../ids.ts'
import type { PersonId } from '../ids.ts'
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

/** Escalation calls until somebody says "I have it": who may not say it is only woken. Rotations are looked at as such. */
export function checkEscalated(plan: DrPlan): readonly Complaint[] {
  const targets = plan.escalation.flatMap(({ to }, level) =>
    to.map((target, index) => ({ target, path: ['escalation', level, 'to', index] })),
  )
  return targets.flatMap(({ target, path }, order): readonly Complaint[] => {
    const [kind, name = ''] = target.split(':')
    if (targets.slice(0, order).some((earlier) => earlier.target === target)) return []
    if (kind === 'person') return mayNotAnswer(plan, name, path)
    const people = kind === 'group' ? (plan.groups[name]?.people ?? []) : []
    return people.flatMap((person, index) => mayNotAnswer(plan, person, ['groups', name, 'people', index]))
  })
}

function mayNotAnswer(plan: DrPlan, person: PersonId, path: Complaint['path']): readonly Complaint[] {
  const roles = plan.people[person]?.roles ?? []
  if (roles.some((role) => role === 'engineer' || role === 'manager')) return []
  const has = roles.length === 0 ? 'no role' : `${roles.join(', ')} only`
  return [
    {
      path,
      found: `"${person}" is called by escalation, but with ${has} may not acknowledge`,
      write: `Add engineer or manager to people.${person}.roles, or name somebody who has one of them`,
    },
  ]
}

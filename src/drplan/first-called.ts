// Who is called first and may not carry out what the plan says is to be done then.
import type { PersonId } from '../ids.ts'
import type { DrPlan } from './schema.ts'

/**
 * What somebody who is called by a rotation may not do, in words: an outage needs them to say that they have it, and,
 * where the rotation is called first, to order a recovery. Undefined for somebody who may all of it.
 */
export function lacking(plan: DrPlan, person: PersonId, rotation: string): string | undefined {
  const roles = plan.people[person]?.roles ?? []
  if (roles.includes('engineer')) return undefined
  const has = roles.length === 0 ? 'no role' : `${roles.join(', ')} only`
  if (!roles.includes('manager')) return `with ${has} may not acknowledge`
  const first = plan.escalation[0]?.to.includes(`rotation:${rotation}`) ?? false
  return first ? `with ${has} may order no recovery (failover, failback, db restore)` : undefined
}

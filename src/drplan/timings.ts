// The clocks of an incident of one system, as the plan says now.
import type { SystemId } from '../ids.ts'
import type { Timings } from '../incident/incident.ts'
import type { DrPlan } from './schema.ts'

/** The timings that an incident of this system is opened with: the plan's, and the system's own diagnosis clock. */
export function timingsOf(plan: DrPlan, system: SystemId): Timings {
  const diagnosis = { ...plan.diagnosis, ...plan.systems[system]?.diagnosis }
  return {
    nextEngineerAfter: plan.paging.next_engineer_after,
    remind: diagnosis.remind,
    deadline: diagnosis.deadline,
    resolveAfter: plan.after_recovery.resolve_after,
    relapseWithin: plan.after_recovery.relapse_within,
  }
}

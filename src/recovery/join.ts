// A failover that was begun before its outage was reported: the incident that opens meanwhile takes it as its recovery.
import { unlessNewer } from '../errors.ts'
import { toIncidentId } from '../ids.ts'
import { systemClaim } from '../incident/incidents.ts'
import { apply } from './commit.ts'
import type { LoopDeps } from './commit.ts'
import type { Run } from './run.ts'

/** The run as it is then; unchanged while no incident of its system is open, or when it has one. */
export async function joinIncident(deps: LoopDeps, run: Run): Promise<Run> {
  if (run.state !== 'running' || run.direction !== 'failover' || run.incident !== undefined) return run
  const [holder = ''] = await deps.store.claims([systemClaim(run.system)])
  const id = toIncidentId(holder)
  const incident = id && (await unlessNewer(deps.store.incident(id)))?.state
  if (!incident || incident.state === 'resolved') return run
  return (await apply(deps, run.id, { kind: 'joined', incident: incident.id })).run
}

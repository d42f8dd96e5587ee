// To which incident a problem belongs: its system's own, the one of a system it depends on, or a new one.
import type { IncidentId, Instant, SystemId } from '../ids.ts'
import { isSystemId } from '../ids.ts'
import type { DrPlan } from '../drplan/schema.ts'
import type { Incident } from '../incident/incident.ts'

/** `explained`: another system's outage is the cause. `relapse`: it was resolved a short while ago. */
export type Place =
  | { readonly kind: 'own' | 'explained' | 'relapse'; readonly incident: IncidentId }
  | { readonly kind: 'new' }

/** `newest` gives the newest incident of a system, ended or not. */
export function place(
  plan: DrPlan,
  system: SystemId,
  newest: (system: SystemId) => Incident | undefined,
  times: { readonly now: Instant; readonly at: Instant },
): Place {
  const own = newest(system)
  if (own && own.state !== 'resolved') return { kind: 'own', incident: own.id }
  const cause = causeOf(plan, system, newest, times.at)
  if (cause) return { kind: 'explained', incident: cause.id }
  if (own?.state === 'resolved' && times.now - own.at <= own.timings.relapseWithin) {
    return { kind: 'relapse', incident: own.id }
  }
  return { kind: 'new' }
}

/**
 * The nearest system below that is down, or was when the problem was seen; what broke after it worked again has
 * another cause.
 */
function causeOf(
  plan: DrPlan,
  system: SystemId,
  newest: (system: SystemId) => Incident | undefined,
  at: Instant,
): Incident | undefined {
  const seen = new Set<SystemId>([system])
  let layer: readonly SystemId[] = [system]
  while (layer.length > 0) {
    layer = layer
      .flatMap((each) => plan.systems[each]?.depends_on ?? [])
      .filter(isSystemId)
      .filter((each) => !seen.has(each))
    for (const below of layer) {
      seen.add(below)
      const incident = newest(below)
      if (incident && wasDown(incident, at)) return incident
    }
  }
  return undefined
}

function wasDown(incident: Incident, at: Instant): boolean {
  if (incident.state === 'resolved') return false
  return incident.state === 'watching' ? at <= incident.since : true
}

// Gathers alerts into as few commits as their order allows: one for each incident, however a storm mixes them.
import type { IncidentId, Instant, SystemId } from '../ids.ts'
import type { Policy } from '../incident/change.ts'
import type { Attached } from '../incident/input.ts'
import type { Alert } from '../intake/alert.ts'
import { meaning } from './meaning.ts'
import type { Meaning, View } from './meaning.ts'

/** One commit's worth: what goes to one incident. */
export interface Parcel {
  readonly system: SystemId
  readonly to: IncidentId | 'new'
  readonly attached: Attached[]
  readonly alerts: Alert[]
}

export interface IgnoredAlert {
  readonly alert: Alert
  readonly reason: string
  readonly late: boolean
}

/** What can be committed together, from the front of the alerts. */
export interface Gathered {
  /** Alerts that are in it. */
  readonly taken: number
  readonly parcels: readonly Parcel[]
  readonly ignored: readonly IgnoredAlert[]
  /** An acknowledgement stands alone. */
  readonly acknowledged?: {
    readonly alert: Alert
    readonly meant: Extract<Meaning, { kind: 'acknowledged' }>
  }
}

/**
 * Takes alerts from the front; the records in `view` follow. What may change where later alerts belong (it opens an
 * incident, mends, or wakes one that was over) shares its commit with alerts of the same incident only.
 */
export function gather(view: View, alerts: readonly Alert[], policy: Policy, now: Instant): Gathered {
  const parcels = new Map<IncidentId | 'new', Parcel>()
  const ignored: IgnoredAlert[] = []
  let allSteady = true
  let taken = 0
  for (const alert of alerts) {
    const meant = meaning(view, alert, policy, now)
    if (meant.kind === 'acknowledged') {
      if (taken > 0) break
      return { taken: 1, parcels: [], ignored: [], acknowledged: { alert, meant } }
    }
    if (meant.kind === 'ignored') {
      ignored.push({ alert, reason: meant.reason, late: meant.late === true })
    } else {
      const parcel = parcels.get(meant.to)
      const steady = isSteady(view, meant)
      const fits = parcels.size === 0 || (parcels.size === 1 && parcel !== undefined && isFor(parcel, meant))
      if (!fits && !(allSteady && steady)) break
      allSteady &&= steady
      put(parcels, parcel, meant, alert)
    }
    if (meant.record) view.objects.set(alert.key, meant.record)
    taken += 1
  }
  return { taken, parcels: [...parcels.values()], ignored }
}

type Attach = Extract<Meaning, { kind: 'attach' }>

/** It only adds to an outage that goes on: whatever comes later belongs where it would have belonged without it. */
function isSteady(view: View, meant: Attach): boolean {
  if (meant.to === 'new' || meant.attached.change === 'mended') return false
  const state = view.byId.get(meant.to)?.state.state
  return state === 'paging' || state === 'diagnosing' || state === 'recovering'
}

/** Two systems that each need a new incident do not share one. */
function isFor(parcel: Parcel, meant: Attach): boolean {
  return meant.to !== 'new' || parcel.system === meant.system
}

function put(
  parcels: Map<IncidentId | 'new', Parcel>,
  parcel: Parcel | undefined,
  meant: Attach,
  alert: Alert,
): void {
  const to = parcel ?? { system: meant.system, to: meant.to, attached: [], alerts: [] }
  to.attached.push(meant.attached)
  to.alerts.push(alert)
  parcels.set(meant.to, to)
}
